"""`transforms.compaction.ports.Rows` over Parquet files: DuckDB reads and sorts, pyarrow writes.

Two libraries on purpose: what one has written, the other reads back and counts. DuckDB sorts and
groups in a bounded memory and puts on disk what does not fit, so a partition may be large.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from infra.local.athena.column_types import duckdb_type, glue_type
from infra.local.firehose.parquet import parquet_writer
from infra.local.firehose.settings import Parquet
from infra.replay.row_path import lake_schema
from schemas.amounts import unscaled_sum
from schemas.tables import AMOUNTS, LAKE_ROWS, PRICED_IN_PRICING_CURRENCY
from transforms.compaction.planning import TARGET_FILE_BYTES
from transforms.compaction.ports import UnfitError
from transforms.compaction.verification import DeliveryFigures, Figures

MEMORY_BYTES = 512 * 1024 * 1024
"""What DuckDB may hold before it puts rows on disk."""
ROW_GROUP_ROWS = 100_000
"""A reader skips whole row groups by their minimum and maximum, so many small ones skip better; but
each costs a part of the footer and a read per column. So many rows take some 3 MB of a file, and
150 MB of memory while they are written."""

_KEY = "delivery_id, ordinal, baseline_version, policy_version"
_CURRENT_ORDER = f"service_name, sub_account_id, {_KEY}"
"""Queries of the truth name a service or an account; the view joins the delivery."""
_PAST_ORDER = "delivery_id, service_name, sub_account_id, ordinal, baseline_version, policy_version"
"""Who asks for what is not true any more names the delivery."""


class ParquetRows:
    """Files of charge rows on this machine; a context that holds one DuckDB.

    Args:
        parquet: how the stream writes its files; the new ones look the same.
        scratch: a folder for what does not fit in memory.
        target_bytes: the size at which a new file is closed.
        row_group_rows: rows of a row group.
        memory_bytes: what DuckDB may hold.
    """

    def __init__(
        self,
        parquet: Parquet,
        scratch: Path,
        *,
        target_bytes: int = TARGET_FILE_BYTES,
        row_group_rows: int = ROW_GROUP_ROWS,
        memory_bytes: int = MEMORY_BYTES,
    ) -> None:
        self._parquet = parquet
        self._target_bytes = target_bytes
        self._row_group_rows = row_group_rows
        self._connection = duckdb.connect(
            ":memory:",
            config={
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "memory_limit": f"{memory_bytes}B",
                "preserve_insertion_order": "false",
                "temp_directory": str(scratch / "spilled"),
            },
        )
        self._lake_types = _lake_types(self._connection)

    def __enter__(self) -> "ParquetRows":
        """Return itself."""
        return self

    def __exit__(self, *raised: object) -> None:
        """Close DuckDB; what it had on disk is gone with it."""
        self._connection.close()

    def figures(self, files: Sequence[Path]) -> Figures:
        """Read files and return what they hold, copies of a row counted once.

        Raises:
            UnfitError: a file cannot be read, or has columns that are not the lake's.
        """
        if not files:
            return Figures(0)
        with self._opened(files):
            stored, different = self._keys()
            # Where no two keys have one hash there are no copies, and nothing has to be held.
            copies = stored != different
            found = self._rows(_SUMS.format(once="distinct" if copies else ""))
            events = dict(self._rows(_EVENTS)) if copies else {}
        deliveries: dict[str, DeliveryFigures] = {}
        for row in found:
            deliveries[row[0]] = _added(deliveries.get(row[0]), row)
        for name, count in events.items():
            deliveries[name] = replace(deliveries[name], events=count)
        return Figures(stored, deliveries)

    def rewrite(self, files: Sequence[Path], current: Collection[str], folder: Path) -> list[Path]:
        """Write the rows of files into as few files as sensible, each row once, sorted."""
        written: list[Path] = []
        with self._opened(files):
            stored, different = self._keys()
            without = ""
            if stored != different:
                self._connection.execute(_COPIES)
                without = _WITHOUT_COPIES
            self._connection.execute(_TRUTH, [[*current]])
            for (is_current,) in self._rows(_GROUPS):
                rows = self._connection.sql(
                    f"select {_COLUMNS} from places where {_IS_CURRENT} = {is_current} {without} "
                    f"order by {_CURRENT_ORDER if is_current else _PAST_ORDER}"
                )
                reader = rows.to_arrow_reader(self._row_group_rows)
                written += self._written(reader, folder, len(written))
        return written

    def _keys(self) -> tuple[int, int]:
        """Return how many rows there are, and about how many keys: fewer, or the same."""
        ((stored, different),) = self._rows(_KEYS)
        return stored, different

    def _rows(self, sql: str) -> list[Any]:
        found: list[Any] = self._connection.sql(sql).fetchall()
        return found

    def _written(self, reader: Any, folder: Path, number: int) -> Iterator[Path]:
        """Write sorted rows into files of the wanted size; yield each when it is whole."""
        groups = _groups(reader, self._row_group_rows)
        group = next(groups, None)
        while group is not None:
            path = folder / f"new-{number:06}.parquet"
            with path.open("wb") as stream, self._writer(stream) as writer:
                while group is not None and stream.tell() < self._target_bytes:
                    writer.write_table(group, row_group_size=self._row_group_rows)
                    group = next(groups, None)
            yield path
            number += 1

    def _writer(self, stream: Any) -> Any:
        return parquet_writer(stream, lake_schema(), self._parquet)

    @contextmanager
    def _opened(self, files: Sequence[Path]) -> Iterator[None]:
        """Open the files as `places`, and as `files` with the lake's columns and no others.

        Raises:
            UnfitError: a file cannot be read, in DuckDB's words.
        """
        connection = self._connection
        try:
            connection.read_parquet(
                [str(file) for file in files],
                union_by_name=True,
                filename=True,
                file_row_number=True,
                hive_partitioning=False,
            ).create_view("stored")
            columns = _as_in_the_lake(connection.table("stored"), self._lake_types)
            connection.execute(_PLACES.format(columns=columns))
            connection.execute(_FILES)
            yield
        except duckdb.Error as error:
            said = " ".join(str(error).split()).replace(f"{files[0].parent}/", "")
            raise UnfitError(f"its files cannot be read: {said[:300]}") from error


_COLUMNS = ", ".join(column.name for column in LAKE_ROWS.columns)
_PLACES = (
    "create or replace temp view places as select {columns}, filename, file_row_number from stored"
)
_FILES = f"create or replace temp view files as select {_COLUMNS} from places"
_KEYS = f"select count(*), count(distinct hash({_KEY})) from files"
_TRUTH = "create or replace temp table truth as select unnest($1::varchar[]) as id"
_COPIES = f"""
create or replace temp table copies as
select filename, file_row_number from (
    select filename, file_row_number,
           row_number() over (partition by {_KEY} order by filename, file_row_number) as nth
    from places
) where nth > 1
"""
_WITHOUT_COPIES = (
    "and (filename, file_row_number) not in (select (filename, file_row_number) from copies)"
)
_IS_CURRENT = "(delivery_mode = 'append' or delivery_id in (select id from truth))"
_GROUPS = f"select distinct {_IS_CURRENT} as is_current from files order by is_current desc"
_AMOUNTS = ", ".join(AMOUNTS)
_SUMS = f"""
select delivery_id, billing_currency, pricing, count(*), sum(fingerprint::hugeint),
       {", ".join(f"sum({name})" for name in AMOUNTS)}
from (
    select {{once}} {_KEY}, billing_currency,
           coalesce(pricing_currency, billing_currency) as pricing, {_AMOUNTS},
           hash(files) as fingerprint
    from files
) group by 1, 2, 3
"""
_EVENTS = f"select delivery_id, count(*) from (select distinct {_KEY} from files) group by 1"


def _lake_types(connection: Any) -> dict[str, str]:
    """Return the lake's columns and their types, as DuckDB spells them."""
    typed = ", ".join(
        f"cast(null as {duckdb_type(glue_type(c.type))}) as {c.name}" for c in LAKE_ROWS.columns
    )
    return _types(connection.sql(f"select {typed}"))


def _types(relation: Any) -> dict[str, str]:
    return dict(zip(relation.columns, map(str, relation.types), strict=True))


def _as_in_the_lake(relation: Any, wanted: Mapping[str, str]) -> str:
    """Return the lake's columns as the files have them; one that none of them has is null.

    Raises:
        UnfitError: they have a column the lake does not know, or of another type.
    """
    stored = _types(relation)
    unknown = sorted(stored.keys() - wanted.keys() - {"filename", "file_row_number"})
    if unknown:
        raise UnfitError(f"its files have columns that are not known here: {', '.join(unknown)}")
    for name, kind in wanted.items():
        if stored.get(name, kind) != kind:
            raise UnfitError(f"its files have {name} as {stored[name]}, and the lake as {kind}")
    return ", ".join(
        name if name in stored else f"cast(null as {kind}) as {name}"
        for name, kind in wanted.items()
    )


def _added(known: DeliveryFigures | None, row: Sequence[Any]) -> DeliveryFigures:
    """Add the rows of one pair of currencies to a delivery's."""
    _, billing, pricing, rows, fingerprint, *amounts = row
    known = known or DeliveryFigures(0, 0)
    sums = dict(known.sums)
    for name, amount in zip(AMOUNTS, amounts, strict=True):
        if amount is not None:
            key = (pricing if name in PRICED_IN_PRICING_CURRENCY else billing, name)
            sums[key] = sums.get(key, 0) + unscaled_sum(str(amount))
    return DeliveryFigures(
        known.rows + rows, known.events + rows, sums, known.fingerprint + fingerprint
    )


def _groups(reader: Any, size: int) -> Iterator[pa.Table]:
    """Yield what an Arrow reader gives in tables of `size` rows; the last may be smaller."""
    schema = lake_schema()
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in reader:
        waiting.append(batch)
        rows += batch.num_rows
        while rows >= size:
            table = pa.Table.from_batches(waiting)
            yield table.slice(0, size).cast(schema)
            waiting = table.slice(size).to_batches()
            rows -= size
    if rows:
        yield pa.Table.from_batches(waiting).cast(schema)
