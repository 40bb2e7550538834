"""Stop texts in a stream: nothing at or behind a stop is let through, nor half of one."""

from __future__ import annotations


class StopBuffer:
    """Passes text on until a stop appears; holds back what might be the beginning of one."""

    def __init__(self, stops: tuple[str, ...]) -> None:
        self._stops = stops
        self._held = ""
        self.hit = False
        """A stop appeared; nothing more comes out."""

    def push(self, text: str) -> str:
        """Take new text, give what is safe to show."""
        if self.hit:
            return ""
        self._held += text
        found = [(at + len(stop), at) for stop in self._stops if (at := self._held.find(stop)) >= 0]
        if found:
            self.hit = True
            _, start = min(found)  # the first to be complete, however the text arrived
            return self._release(start)
        return self._release(len(self._held) - self._possible_start())

    def flush(self) -> str:
        """Give what was held back, at the end of the stream."""
        return "" if self.hit else self._release(len(self._held))

    def _release(self, count: int) -> str:
        safe, self._held = self._held[:count], self._held[count:]
        return safe

    def _possible_start(self) -> int:
        """Length of the longest tail of the held text that begins a stop, in code points."""
        longest = max((len(stop) for stop in self._stops), default=0)
        for size in range(min(longest - 1, len(self._held)), 0, -1):
            tail = self._held[-size:]
            if any(stop.startswith(tail) for stop in self._stops):
                return size
        return 0
