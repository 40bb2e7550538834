"""Stop texts in a stream: neither a stop text nor part of one is shown, nor anything after it."""

from __future__ import annotations


class StopBuffer:
    """Passes text on until a stop text appears; withholds what may be the beginning of one."""

    def __init__(self, stops: tuple[str, ...]) -> None:
        self._stops = stops
        self._held = ""
        self.hit = False
        """A stop text appeared; no more text is passed on."""

    def push(self, text: str) -> str:
        """Add text; return what may be shown now."""
        if self.hit:
            return ""
        self._held += text
        found = [(at + len(stop), at) for stop in self._stops if (at := self._held.find(stop)) >= 0]
        if found:
            self.hit = True
            _, start = min(found)  # the first to be complete, however the text was cut
            return self._release(start)
        return self._release(len(self._held) - self._partial_stop())

    def flush(self) -> str:
        """Return what was withheld, at the end of the stream."""
        return "" if self.hit else self._release(len(self._held))

    def _release(self, count: int) -> str:
        safe, self._held = self._held[:count], self._held[count:]
        return safe

    def _partial_stop(self) -> int:
        """Return the length of the longest tail that begins a stop text, in code points."""
        longest = max((len(stop) for stop in self._stops), default=0)
        for size in range(min(longest - 1, len(self._held)), 0, -1):
            tail = self._held[-size:]
            if any(stop.startswith(tail) for stop in self._stops):
                return size
        return 0
