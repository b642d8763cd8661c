"""The library's latency beside plain DuckDB: the same files, one read through our views.

Plain DuckDB answers the same question on the same files of the same days, without views: it neither
leaves out copies nor asks which delivery counts. The ratio is the price of that and of Athena's
types. `python -m tests.benchmarks.querying 5000000` is the issue's figure; `make bench` runs fewer.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb

from infra.athena.catalog import views
from infra.athena.library import library
from infra.local.athena import LocalAthena
from infra.local.athena.engine import Columns, Rows
from infra.local.aws.athena.parameters import with_parameters
from schemas.tables import CHARGES_STORED, TABLES
from tests.benchmarks.compacting import make_lake
from tests.benchmarks.memory import peak

EVENTS = 50_000
_RUNS = 3
_ENOUGH_SECONDS = 2.0
"""After which a query is not asked again."""
_COST = "coalesce(effective_cost, billed_cost)"
PLAIN = {
    "service_days": f"""
        select billing_currency, charge_date, service_name, sum({_COST})
        from {{files}} where charge_category <> 'Tax' group by all""",
    "movers": f"""
        select billing_currency, sub_account_id, service_name, coalesce(resource_id, sku_id) as r,
            sum({_COST}) filter (charge_date < '{{split}}'),
            sum({_COST}) filter (charge_date >= '{{split}}')
        from {{files}} where charge_category <> 'Tax' group by all
        order by abs(sum({_COST})) desc limit 50""",
    "cost_by_tag": f"""
        select billing_currency, tags['Environment'], sum({_COST})
        from {{files}} where charge_category <> 'Tax' group by all""",
    "invoices": """
        select billing_currency, billing_period, invoice_id, invoice_issuer_name, sum(billed_cost)
        from {files} group by all""",
}
"""The same question by query, as one would ask DuckDB."""


def run(events: int = EVENTS) -> None:
    """Make a lake and ask everything."""
    with tempfile.TemporaryDirectory() as folder:
        lake = Path(folder, "lake")
        days = make_lake(lake, events)
        files = sorted((lake / CHARGES_STORED.prefix).rglob("*.parquet"))
        size = sum(file.stat().st_size for file in files)
        print(
            f"Library, {events:,} events on {len(days)} days, {len(files):,} files, "
            f"{size / 1e6:,.0f} MB; best of up to {_RUNS}, milliseconds"
        )
        given = {
            "first_day": days[0], "last_day": days[-1], "split_day": days[len(days) // 2],
            "first_month": days[0][:7], "last_month": days[-1][:7], "tag": "Environment",
        }  # fmt: skip
        _ask_all(LocalAthena(lake, TABLES, views()), lake, given)
        print(f"  peak memory {peak() / 1e6:,.0f} MB")


def _ask_all(athena: LocalAthena, lake: Path, given: dict[str, str]) -> None:
    for name, query in library().items():
        values = {
            **query.examples(), **{p.name: given.get(p.name, p.example) for p in query.parameters}
        }  # fmt: skip
        sql = with_parameters(query.sql, query.literals(values))
        took, rows = _best(lambda sql=sql: athena.read(sql, _count)[1])  # type: ignore[misc]
        line = f"  {name:24}{took:>9,.0f}{rows:>12,} rows"
        if name in PLAIN:
            plain, _ = _best(lambda name=name: _plain(lake, PLAIN[name], given))  # type: ignore[misc]
            line += f"   plain DuckDB {plain:>7,.0f}   {took / plain:5.1f} x"
        print(line)


def _count(_: Columns, chunks: Iterator[Rows]) -> int:
    return sum(map(len, chunks))


def _plain(lake: Path, sql: str, given: dict[str, str]) -> int:
    files = f"read_parquet('{lake}/{CHARGES_STORED.prefix}**/*.parquet', hive_partitioning = true)"
    with duckdb.connect() as connection:
        return len(connection.sql(sql.format(files=files, split=given["split_day"])).fetchall())


def _best(ask: Callable[[], int]) -> tuple[float, int]:
    taken = []
    for _ in range(_RUNS):
        began = time.perf_counter()
        rows = ask()
        taken.append(time.perf_counter() - began)
        if sum(taken) > _ENOUGH_SECONDS:
            break
    return min(taken) * 1000, rows


if __name__ == "__main__":
    run(int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS)
