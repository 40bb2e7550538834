"""The program's own complaint about how it was called."""


class UsageError(Exception):  # it is the user's mistake, in the words of the exit codes
    """The arguments make no sense; one sentence says what to give instead. Exit code 2."""
