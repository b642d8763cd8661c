"""Lines of JSON from a pipe, such as standard input: what was read cannot be read again."""

import os
import select
from collections.abc import Iterator
from typing import Any

from producers.sources.focus import MAPPER_VERSION
from producers.sources.focus_object import FocusObjects
from producers.streams import Item
from producers.streams.lines import Lines

_PIECE = 1 << 16
_WAIT_SECONDS = 0.2


class PipedLines:
    """One FOCUS-shaped object a line.

    Args:
        file: a file descriptor.
        name: how people call it.
        objects: maps the lines.
    """

    kind = "focus"
    mapper_version = MAPPER_VERSION

    def __init__(self, file: int, name: str, objects: FocusObjects) -> None:
        self.name = name
        self._file = file
        self._objects = objects

    def items(self, position: Any) -> Iterator[Item | None]:
        """Yield a row for each line until the pipe ends; what came before is not asked for."""
        lines = Lines()
        number = 0
        while True:
            if not select.select([self._file], [], [], _WAIT_SECONDS)[0]:
                yield None
                continue
            data = os.read(self._file, _PIECE)
            for line, _ in lines.feed(data) if data else lines.rest():
                number += 1
                if line.strip():
                    yield Item(self._objects.map_line(0, number, line), None)
            if not data:
                return
