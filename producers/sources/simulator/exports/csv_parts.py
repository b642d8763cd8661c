"""Gzipped CSV, the same bytes for the same rows: no time and no name in the gzip header."""

import csv
import gzip
import io
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import BinaryIO

from producers.sources import Value
from producers.sources.simulator.exports.columns import Column
from producers.sources.simulator.exports.parts import Format

_LEVEL = 6


class CsvPart:
    """One file of rows; maps are JSON, nulls are empty.

    Args:
        stream: where it is written; the caller closes it.
        columns: its header.
    """

    def __init__(self, stream: BinaryIO, columns: Sequence[Column]) -> None:
        packed = gzip.GzipFile(
            filename="", mode="wb", compresslevel=_LEVEL, fileobj=stream, mtime=0
        )
        self._text = io.TextIOWrapper(io.BufferedWriter(packed, 1 << 16), "utf-8", newline="")
        self._writer = csv.writer(self._text, lineterminator="\n")
        self._writer.writerow([column.name for column in columns])
        self._maps = [i for i, column in enumerate(columns) if column.kind == "map"]

    def write(self, cells: Sequence[Value]) -> None:
        """Write one row."""
        if self._maps:
            cells = list(cells)
            for i in self._maps:
                if (cell := cells[i]) is not None:
                    assert isinstance(cell, Mapping)
                    cells[i] = _json(tuple(cell.items()))
        self._writer.writerow(cells)

    def close(self) -> None:
        """Write what is left."""
        self._text.close()


@lru_cache(maxsize=65_536)
def _json(items: tuple[tuple[str, str], ...]) -> str:
    return json.dumps(dict(items), ensure_ascii=False, separators=(",", ":"))


CSV = Format("csv", ".csv.gz", CsvPart)
