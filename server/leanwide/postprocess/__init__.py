"""What becomes of model text before anybody sees it. Pure."""
