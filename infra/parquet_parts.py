"""Parquet files of exported rows that keep every digit.

AWS's own CUR 2.0 Parquet has doubles for its costs, and a double ends after 15 to 17 digits. Here
numbers are decimal(38,20): as many decimals as a price of ten times a quantity of ten can have. A
number with more is an error, never rounded. Times are UTC, maps are real maps.
"""

from collections.abc import Sequence
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from producers.sources import Value
from producers.sources.simulator.exports.columns import Column
from producers.sources.simulator.exports.parts import Format

_GROUP = 20_000
"""Rows of a row group: what is held until it is written."""

_TYPES = {
    "text": pa.string(),
    "number": pa.decimal128(38, 20),
    "time": pa.timestamp("ms", tz="UTC"),
    "map": pa.map_(pa.string(), pa.string()),
}


class ParquetPart:
    """One Parquet file, written a row group at a time.

    Args:
        stream: where it is written; the caller closes it.
        columns: its columns.
    """

    def __init__(self, stream: BinaryIO, columns: Sequence[Column]) -> None:
        self._schema = pa.schema([(column.name, _TYPES[column.kind]) for column in columns])
        self._writer = pq.ParquetWriter(stream, self._schema, compression="snappy")
        self._rows: list[Sequence[Value]] = []

    def write(self, cells: Sequence[Value]) -> None:
        """Take one row."""
        self._rows.append(cells)
        if len(self._rows) == _GROUP:
            self._flush()

    def close(self) -> None:
        """Write what is left, and the footer."""
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if not self._rows:
            return
        cells = zip(self._schema, zip(*self._rows, strict=True), strict=True)
        arrays = [_array(field.type, column) for field, column in cells]
        self._writer.write_batch(pa.record_batch(arrays, schema=self._schema))
        self._rows.clear()


def _array(kind: Any, cells: Sequence[Value]) -> Any:
    if pa.types.is_map(kind):
        return pa.array([None if c is None else list(c.items()) for c in cells], kind)  # type: ignore[union-attr]
    return pa.array(cells, pa.string()).cast(kind)


PARQUET = Format("parquet", ".snappy.parquet", ParquetPart)
