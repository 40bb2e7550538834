"""First requests at new places, compared with a llama-server on the same model."""
