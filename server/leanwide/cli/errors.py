"""The error for wrong usage of the program."""


class UsageError(Exception):
    """The arguments are wrong; one sentence says what is needed. Exit code 2."""
