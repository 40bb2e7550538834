"""HumanEval-Infilling at several expert counts and contexts: exact matches, and code that runs."""
