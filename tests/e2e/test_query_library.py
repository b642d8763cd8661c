"""`finops query NAME`: every form of the answer, and the library in the embedded Athena."""

import csv
import io
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from infra.athena.library import library
from infra.cli import run
from infra.ingesting import run_ingest
from infra.local.aws.server import LocalAws
from infra.wiring import Platform, start
from tests import samples
from tests.e2e.conftest import Answer
from tests.sources import file_source

DAYS = ("--param", "first_day=2024-09-01", "--param", "last_day=2024-09-30")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LocalAws, Platform, Path]]:
    """A running lake with the real sample."""
    folder: Path = tmp_path_factory.mktemp("finops")
    with start(folder) as (aws, platform):
        run_ingest(platform, file_source(samples.REAL))
        yield aws, platform, folder


@pytest.fixture
def query(stack: tuple[LocalAws, Platform, Path], capsys: pytest.CaptureFixture[str]) -> "Query":
    """Run `finops query …` over it."""
    return Query(stack[2], capsys)


class Query:
    """`finops query` over one lake."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._folder, self._capsys = folder, capsys

    def __call__(self, *arguments: str) -> Answer:
        """Run it."""
        code = run(["query", *arguments, "--data-dir", str(self._folder)])
        said = self._capsys.readouterr()
        return Answer(code, said.out, said.err)


def expected() -> dict[str, Decimal]:
    """Return what each service cost, from the file."""
    found: dict[str, list[Decimal]] = {}
    for row in samples.rows(samples.REAL):
        cost = samples.stored(samples.value(row["EffectiveCost"]) or Decimal(0))
        found.setdefault(row["ServiceName"], []).append(cost)
    return {name: samples.total(costs) for name, costs in found.items()}


def test_json_is_a_list_and_the_scan_a_line_on_standard_error(query: Query) -> None:
    """Amounts are strings."""
    told = query("cost_by_tag", "--json", "--param", "tag=environment", *DAYS)
    assert told.code == 0
    assert samples.total([Decimal(row["effective"]) for row in told.json]) == samples.total(
        list(expected().values())
    )
    facts = json.loads(told.err)
    assert facts["bytes_scanned"] > 0
    assert (facts["bytes_billed"], facts["usd"]) == (10 * 1024 * 1024, "0.000048")


def test_csv_and_table_and_parquet_hold_the_same(query: Query, tmp_path: Path) -> None:
    """Exact amounts in each."""
    name = ("service-change", "--param", "split_day=2024-09-01", *DAYS)
    as_csv = query(*name, "--csv")
    rows = list(csv.DictReader(io.StringIO(as_csv.out)))
    assert {row["service"]: Decimal(row["later"]) for row in rows} == expected()
    file = tmp_path / "x.parquet"
    told = query(*name, "--parquet", str(file))
    assert told.out == f"  {len(rows)} rows in {file}\n"
    table = pq.read_table(file)
    assert str(table.schema.field("later").type) == "decimal128(38, 12)"
    assert dict(zip(*table.select(["service", "later"]).to_pydict().values(), strict=True)) == (
        expected()
    )
    as_table = query(*name)
    assert as_table.out.endswith(f"  {len(rows)} rows\n")
    assert as_table.err == as_csv.err == told.err
    assert as_table.err.startswith("  scanned ")


def test_parquet_and_csv_of_focus_have_focus_s_names_and_times(
    query: Query, tmp_path: Path
) -> None:
    """Which Athena does not keep."""
    months = ("--param", "first_month=2024-09", "--param", "last_month=2024-09")
    file = tmp_path / "focus.parquet"
    assert query("focus", *months, "--parquet", str(file)).code == 0
    schema = pq.read_schema(file)
    assert [field.name for field in schema] == [name for name, _ in library()["focus"].columns]
    assert str(schema.field("ChargePeriodStart").type) == "timestamp[us, tz=UTC]"
    (first, *_) = csv.DictReader(io.StringIO(query("focus", *months, "--csv").out))
    assert first["BillingPeriodStart"] == "2024-09-01T00:00:00Z"


def test_the_list_and_a_query_s_sql_need_no_lake(query: Query) -> None:
    """For people and for scripts."""
    listed = query("list")
    assert (listed.code, listed.err) == (0, "")
    assert all(f"  {name} " in listed.out for name in library())
    assert [entry["name"] for entry in query("list", "--json").json] == list(library())
    shown = query("movers", "--show")
    assert shown.out.startswith("-- Which resources moved the cost most, up and down?\n-- 1. split")
    assert shown.out.endswith(library()["movers"].sql + "\n")
    assert query("movers", "--show", "--json").json["sql"] == library()["movers"].sql


def test_csv_holds_every_character_of_a_text(query: Query) -> None:
    """Blanks that do not break, other letters, tabs and newlines; booleans as in SQL."""
    sql = (
        "select 'Caf\u00e9\u00a0Cr\u00e8me' as a, 'x' || chr(9) || chr(10) || 'y' as b, 1 < 2 as c"
    )
    rows = list(csv.reader(io.StringIO(query("--csv", "--sql", sql).out)))
    assert rows == [["a", "b", "c"], ["Caf\u00e9\u00a0Cr\u00e8me", "x\t\ny", "true"]]


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("show tables", "charges_stored"),
        ("describe charges_stored", "billed_cost"),
        ("show create view findings", "cross join unnest"),
        ("show partitions charges_stored", "0 rows"),
        ("explain select count(*) from charges", "TableScan"),
    ],
)
def test_what_lists_is_shown_too(query: Query, sql: str, said: str) -> None:
    """Its result is lines of text, not CSV."""
    answer = query("--sql", sql)
    assert (answer.code, said in answer.out) == (0, True), answer


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--sql", " "), "--sql is empty; write one SELECT"),
        (("--json", "--sql", "select 1 as a, 2 as a"), "two columns are called a; give them names"),
        (("--sql", "select * from charges_stored limit"), "SYNTAX_ERROR"),
    ],
)
def test_what_cannot_be_asked_says_what_to_do(
    query: Query, arguments: tuple[str, ...], said: str
) -> None:
    """One line, and exit code 2."""
    answer = query(*arguments)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err


def test_a_tag_of_quotes_is_a_tag(query: Query) -> None:
    """A value is no SQL."""
    told = query("cost_by_tag", "--json", "--param", "tag=x') or ('1'='1", *DAYS)
    assert (told.code, [row["name"] for row in told.json]) == (0, [None])


def test_the_library_lies_in_the_workgroup(stack: tuple[LocalAws, Platform, Path]) -> None:
    """As saved queries and as prepared statements, each with its SQL."""
    _, platform, _ = stack
    athena, group = platform.client("athena"), platform.names.workgroup
    pages = athena.get_paginator("list_named_queries").paginate(WorkGroup=group)
    saved = [
        athena.get_named_query(NamedQueryId=id_)["NamedQuery"]
        for page in pages
        for id_ in page["NamedQueryIds"]
    ]
    assert {(q["Name"], q["Database"], q["QueryString"]) for q in saved} == {
        (name, platform.names.database, query.sql) for name, query in library().items()
    }
    for name, query in library().items():
        answer = athena.get_prepared_statement(StatementName=name, WorkGroup=group)
        assert answer["PreparedStatement"]["QueryStatement"] == query.sql
