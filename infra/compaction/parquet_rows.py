"""`transforms.compaction.ports.Rows` over Parquet files: DuckDB reads and sorts, pyarrow writes.

Two libraries on purpose: what one has written, the other reads back and counts. DuckDB sorts and
groups in a bounded memory and puts on disk what does not fit, so a partition may be large.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa

from infra.compaction.row_groups import BATCH_ROWS, Positions, RowGroups
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
each costs a part of the footer, a dictionary and a read per column: of 50,000 rows, files were 13 %
larger. So many rows take 5 MB of a file, and 150 MB of memory while they are sorted and written."""

_KEY = "delivery_id, ordinal, baseline_version, policy_version"


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
        self._sums = _SUMS.replace("{fingerprint}", _fingerprint(self._lake_types))

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
            found = self._rows(self._sums.format(once="distinct" if copies else ""))
            events = dict(self._rows(_EVENTS)) if copies else {}
        deliveries: dict[str, DeliveryFigures] = {}
        for row in found:
            deliveries[row[0]] = _added(deliveries.get(row[0]), row)
        for name, count in events.items():
            deliveries[name] = replace(deliveries[name], events=count)
        return Figures(stored, deliveries)

    def rewrite(self, files: Sequence[Path], current: Collection[str], folder: Path) -> list[Path]:
        """Write the rows of files into as few files as sensible, each row once, sorted.

        The keys alone are sorted; then every row is put with those of its future row group, on
        disk, and each group is sorted and written by itself.
        """
        with self._opened(files), TemporaryDirectory(dir=folder) as waiting:
            self._connection.execute(_NUMBERS, [[str(file) for file in files]])
            self._connection.execute(_TRUTH, [[*current]])
            self._connection.execute(_ORDERED)
            ((truth, past),) = self._rows(_PARTS)
            groups = RowGroups(lake_schema(), (truth, past), self._row_group_rows, Path(waiting))
            reader = self._connection.sql(_POSITIONS).to_arrow_reader(BATCH_ROWS)
            groups.take(files, Positions(reader))
            return list(self._written(groups.sorted(), folder))

    def _keys(self) -> tuple[int, int]:
        """Return how many rows there are, and about how many keys: fewer, or the same."""
        ((stored, different),) = self._rows(_KEYS)
        return stored, different

    def _rows(self, sql: str) -> list[Any]:
        found: list[Any] = self._connection.sql(sql).fetchall()
        return found

    def _written(self, groups: Iterator[tuple[int, pa.Table]], folder: Path) -> Iterator[Path]:
        """Write row groups into files of the wanted size, none with two parts; yield their paths.

        A file is whole when the next one is asked for.
        """
        with ExitStack() as last:
            file: _NewFile | None = None
            for number, (part, rows) in enumerate(groups):
                if file is None or file.part != part or file.size >= self._target_bytes:
                    last.close()
                    path = folder / f"new-{number:06}.parquet"
                    file = last.enter_context(_NewFile(path, part, self._parquet))
                    yield path
                file.write(rows)
                del rows  # before the next group is read

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
        except duckdb.OutOfMemoryException as error:
            raise UnfitError("it needs more memory or disk than there is for it") from error
        except duckdb.Error as error:
            said = " ".join(str(error).split()).replace(f"{files[0].parent}/", "")
            raise UnfitError(f"its files cannot be read: {said[:300]}") from error


class _NewFile:
    """A file of the lake that is being written."""

    def __init__(self, path: Path, part: int, parquet: Parquet) -> None:
        self.part = part
        self._stream = path.open("wb")
        self._writer = parquet_writer(self._stream, lake_schema(), parquet)

    def __enter__(self) -> "_NewFile":
        """Return itself."""
        return self

    def __exit__(self, *raised: object) -> None:
        """Write the footer."""
        with self._stream:
            self._writer.close()

    @property
    def size(self) -> int:
        """Bytes that are written."""
        return self._stream.tell()

    def write(self, rows: pa.Table) -> None:
        """Write one row group."""
        self._writer.write_table(rows, row_group_size=rows.num_rows)


_COLUMNS = ", ".join(column.name for column in LAKE_ROWS.columns)
_PLACES = (
    "create or replace temp view places as select {columns}, filename, file_row_number from stored"
)
_FILES = f"create or replace temp view files as select {_COLUMNS} from places"
_KEYS = f"select count(*), count(distinct hash({_KEY})) from files"
_TRUTH = "create or replace temp table truth as select unnest($1::varchar[]) as id"
_NUMBERS = """
create or replace temp table numbers as
select unnest($1::varchar[]) as filename, unnest(range(len($1::varchar[]))) as file
"""
_ORDERED = f"""
create or replace temp table ordered as
select file, file_row_number, is_past, nth = 1 as is_first,
       row_number() over (
           partition by nth = 1
           order by is_past, case when is_past then delivery_id end, service_name, sub_account_id,
                    {_KEY}
       ) - 1 as position
from (
    select file, file_row_number, service_name, sub_account_id, {_KEY},
           not (delivery_mode = 'append' or delivery_id in (select id from truth)) as is_past,
           row_number() over (partition by {_KEY} order by file, file_row_number) as nth
    from places join numbers using (filename)
)
"""
"""Where every row goes: the truth by service and account, which queries name (the view joins the
delivery); behind it what is not true any more, by delivery. Of copies the first goes somewhere."""
_PARTS = """
select count_if(is_first and not is_past), count_if(is_first and is_past) from ordered
"""
_POSITIONS = """
select case when is_first then position end as position from ordered order by file, file_row_number
"""
_AMOUNTS = ", ".join(AMOUNTS)
_SUMS = f"""
select delivery_id, billing_currency, pricing, count(*), sum(fingerprint::hugeint),
       {", ".join(f"sum({name})" for name in AMOUNTS)}
from (
    select {{once}} {_KEY}, billing_currency,
           coalesce(pricing_currency, billing_currency) as pricing, {_AMOUNTS},
           {{fingerprint}} as fingerprint
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


def _fingerprint(types: Mapping[str, str]) -> str:
    """Return a hash of every column of a row.

    DuckDB has one hash for null and an empty list, and for `[a, b], [c]` and `[a], [b, c]`. As JSON
    text they differ, and so do keys in another order; decimals keep every digit.
    """
    texts = [
        f"to_json({name})::varchar"
        if kind.startswith(("MAP", "STRUCT")) or kind.endswith("[]")
        else name
        for name, kind in types.items()
    ]
    return f"hash(row({', '.join(texts)}))"


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
