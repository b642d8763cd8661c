"""Athena's result files: CSV in which every value is quoted, and an unquoted nothing is NULL.

The csv module cannot tell "" from nothing before Python 3.12, and its readers none of them.
"""

import codecs
import re
from collections.abc import Iterable, Iterator

from transforms.errors import QueryError

Line = list[str | None]
_FIELD = re.compile(r'(?:"((?:[^"]|"")*+)")?+([,\n])')
"""A whole field and what follows it; a quote inside is doubled."""


def read_result_file(pieces: Iterable[bytes]) -> Iterator[Line]:
    """Yield the lines of a result file, its header first, while its pieces come.

    Args:
        pieces: the file, cut anywhere.

    Raises:
        QueryError: it ends within a value, or is no result file.
    """
    text = ""
    line: Line = []
    for piece in _decoded(pieces):
        text += piece
        position = 0
        while field := _FIELD.match(text, position):
            position = field.end()
            value, end = field.groups()
            line.append(value.replace('""', '"') if value else value)
            if end == "\n":
                yield line
                line = []
        text = text[position:]
    if text or line:
        raise QueryError(f"Athena's result file is damaged at {text[:40]!r}; ask again")


def read_listing(pieces: Iterable[bytes], columns: int) -> Iterator[Line]:
    """Yield the lines of a listing: of several columns divided by tabs, of one as they are."""
    for text in "".join(_decoded(pieces)).splitlines():
        cells: Line = [*text.split("\t", columns - 1)]
        yield cells + [""] * (columns - len(cells))


def _decoded(pieces: Iterable[bytes]) -> Iterator[str]:
    decode, last = codecs.getincrementaldecoder("utf-8")().decode, b""
    for piece in pieces:
        last = piece or last
        yield decode(piece)
    if last and not last.endswith(b"\n"):
        yield "\n"
