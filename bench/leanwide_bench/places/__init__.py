"""First requests at places that nobody typed at before, beside a llama-server on the same model."""
