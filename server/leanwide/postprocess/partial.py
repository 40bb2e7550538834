"""What of an unfinished answer may be shown."""


def whole_lines(text: str) -> str:
    """Keep the whole lines of an answer that was cut short; a single line is shown as it is."""
    head, newline, _ = text.rpartition("\n")
    return head if newline and head.strip() else text
