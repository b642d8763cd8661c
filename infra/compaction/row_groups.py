"""Rows on their way into sorted row groups: put with their group on disk, then a group at a time.

An external sort by distribution: the position of every row is known before, so that each goes
straight to its group. Memory is that of a batch, and of one group.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

BATCH_ROWS = 20_000
"""Rows that are read at a time: some 30 MB."""
_POSITION = pa.field("position", pa.int64())
_OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4")


class Positions:
    """Where each row of some files goes, in the order in which the files are read.

    Args:
        reader: Arrow batches of one column: the position, null for a row that is left out.
    """

    def __init__(self, reader: Any) -> None:
        self._reader = iter(reader)
        self._waiting = pa.chunked_array([], pa.int64())

    def next(self, rows: int) -> pa.ChunkedArray:
        """Return the positions of the next rows."""
        while len(self._waiting) < rows:
            chunk = next(self._reader).column(0)
            self._waiting = pa.chunked_array([*self._waiting.chunks, chunk], pa.int64())
        found, self._waiting = self._waiting[:rows], self._waiting[rows:]
        return found


class RowGroups:
    """Sorted row groups; no group spans two parts.

    Args:
        schema: the columns of the rows.
        parts: how many rows each part has: positions count through them, in this order.
        size: rows of a group; the last one of a part may be smaller.
        folder: where rows wait.
    """

    def __init__(self, schema: pa.Schema, parts: Sequence[int], size: int, folder: Path) -> None:
        self._schema = schema
        self._folder = folder
        self._groups: list[tuple[int, int]] = []
        begin = 0
        for part, rows in enumerate(parts):
            self._groups += [(start, part) for start in range(begin, begin + rows, size)]
            begin += rows

    def take(self, files: Sequence[Path], positions: Positions) -> None:
        """Read files and put every row with those of its group."""
        schema = self._schema.append(_POSITION)
        writers = [
            pa.ipc.new_stream(str(self._path(number)), schema, options=_OPTIONS)
            for number in range(len(self._groups))
        ]
        try:
            for file in files:
                with pq.ParquetFile(file, coerce_int96_timestamp_unit="us") as parquet:
                    for batch in parquet.iter_batches(BATCH_ROWS):
                        rows = _as(pa.Table.from_batches([batch]), self._schema)
                        self._put(rows, positions.next(rows.num_rows), writers)
        finally:
            for writer in writers:
                writer.close()

    def sorted(self) -> Iterator[tuple[int, pa.Table]]:
        """Yield every group with the number of its part, in order; its rows are gone then."""
        for number, (_, part) in enumerate(self._groups):
            path = self._path(number)
            with pa.memory_map(str(path)) as source, pa.ipc.open_stream(source) as reader:
                rows = reader.read_all().sort_by(_POSITION.name)
            path.unlink()
            yield part, rows.drop_columns([_POSITION.name])

    def _put(self, rows: pa.Table, positions: pa.ChunkedArray, writers: Sequence[Any]) -> None:
        rows = rows.append_column(_POSITION, positions)
        order = pc.sort_indices(positions)
        rows = rows.take(order[: len(positions) - positions.null_count])
        sorted_positions = rows[_POSITION.name].to_pylist()
        ends = [bisect_left(sorted_positions, start) for start, _ in self._groups[1:]]
        for writer, begin, end in zip(
            writers, [0, *ends], [*ends, len(sorted_positions)], strict=True
        ):
            if end > begin:
                writer.write_table(rows.slice(begin, end - begin))

    def _path(self, number: int) -> Path:
        return self._folder / f"group-{number:06}.arrow"


def _as(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return the columns of a schema; one that is not there is null."""
    known = set(rows.column_names)
    columns = [
        rows[field.name].cast(field.type)
        if field.name in known
        else pa.nulls(rows.num_rows, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)
