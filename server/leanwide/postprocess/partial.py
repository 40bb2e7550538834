"""The part of an unfinished answer that may be shown."""


def whole_lines(text: str) -> str:
    """Return the whole lines of an answer that was cut short; a single line as it is."""
    head, newline, _ = text.rpartition("\n")
    return head if newline and head.strip() else text
