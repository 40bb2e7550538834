"""What a request may spend: modes, profiles, budgets and the router between them. Pure."""
