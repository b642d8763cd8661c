"""Bytes as they come, cut into lines; a line is given out when its end is there. Pure."""

from collections.abc import Iterator

from producers.sources.focus_object import MAX_LINE_BYTES

KEPT_BYTES = MAX_LINE_BYTES + 1
"""Of a line that is too long this much is held, enough to see that it is; the rest is passed."""


class Lines:
    """Cuts a stream of bytes into lines.

    Memory: one line, at most `KEPT_BYTES` of it.
    """

    def __init__(self) -> None:
        self._begun = bytearray()
        self._passed = 0

    @property
    def begun(self) -> int:
        """Bytes of the line that has no end yet."""
        return len(self._begun) + self._passed

    def feed(self, data: bytes) -> Iterator[tuple[bytes, int]]:
        """Yield each line that ends in `data`, without its end, and how many bytes it took."""
        start = 0
        while (end := data.find(b"\n", start)) >= 0:
            self._hold(data[start:end])
            yield self._take(1)
            start = end + 1
        self._hold(data[start:])

    def rest(self) -> Iterator[tuple[bytes, int]]:
        """Yield the last line, where the source ended without a line's end."""
        if self.begun:
            yield self._take(0)

    def _hold(self, piece: bytes) -> None:
        room = max(0, KEPT_BYTES - len(self._begun))
        self._begun += piece[:room]
        self._passed += max(0, len(piece) - room)

    def _take(self, end: int) -> tuple[bytes, int]:
        size = self.begun + end
        line = bytes(self._begun).removesuffix(b"\r")
        self._begun.clear()
        self._passed = 0
        return line, size
