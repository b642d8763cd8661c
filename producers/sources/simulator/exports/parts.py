"""Writes a table as numbered files of a bounded number of rows, in a format of the caller's."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain, count, islice
from pathlib import Path
from typing import BinaryIO, Protocol

from producers.sources import Value
from producers.sources.simulator.exports.columns import Column, Hours, Table

_TOLD_EVERY = 10_000

Progress = Callable[[int], None]
"""Told the rows that are written so far."""


class PartWriter(Protocol):
    """A file of rows that is being written."""

    def write(self, cells: Sequence[Value]) -> None:
        """Write one row."""
        ...

    def close(self) -> None:
        """Write what is left; the stream below stays open."""
        ...


@dataclass(frozen=True, slots=True)
class Format:
    """How the files are written."""

    name: str
    suffix: str
    open: Callable[[BinaryIO, Sequence[Column]], PartWriter]


@dataclass(frozen=True, slots=True)
class Part:
    """A file that was written."""

    path: Path
    rows: int
    size: int


def write_parts(
    table: Table,
    hours: Hours,
    form: Format,
    path_of: Callable[[int], Path],
    rows_per_file: int,
    progress: Progress,
) -> list[Part]:
    """Write a bill; the files appear under their names when all of them are whole.

    Args:
        table: how the bill reads.
        hours: the bill.
        form: the files' format.
        path_of: the path of the file with a number, from 1.
        rows_per_file: at most so many rows a file.
        progress: told now and then.

    Raises:
        OSError: a file cannot be written.
    """
    rows = _counted(table.rows(hours), progress)
    written: list[tuple[Path, Path, int]] = []
    try:
        for number in count(1):
            first = next(rows, None)
            # A bill without charges, such as that of a rare service, is a header.
            if first is None and written:
                break
            path = path_of(number)
            path.parent.mkdir(parents=True, exist_ok=True)
            hidden = path.with_name(f".{path.name}.unfinished")
            written.append((hidden, path, 0))
            its = chain([first], islice(rows, rows_per_file - 1)) if first is not None else ()
            written[-1] = (hidden, path, _write(hidden, table.columns, form, its))
        for hidden, path, _ in written:
            hidden.replace(path)
    except BaseException:
        for hidden, _, _ in written:
            hidden.unlink(missing_ok=True)
        raise
    return [Part(path, rows, path.stat().st_size) for _, path, rows in written]


def _write(
    path: Path, columns: Sequence[Column], form: Format, rows: Iterable[Sequence[Value]]
) -> int:
    number = 0
    with ExitStack() as opened:
        part = form.open(opened.enter_context(path.open("wb")), columns)
        opened.callback(part.close)
        for cells in rows:
            part.write(cells)
            number += 1
    return number


def _counted(rows: Iterator[Sequence[Value]], progress: Progress) -> Iterator[Sequence[Value]]:
    number = 0
    for number, cells in enumerate(rows, start=1):
        yield cells
        if number % _TOLD_EVERY == 0:
            progress(number)
    progress(number)
