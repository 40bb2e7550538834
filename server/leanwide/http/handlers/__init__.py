"""One function for each thing that the endpoint answers."""
