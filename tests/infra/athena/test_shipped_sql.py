"""All SQL we ship keeps to the subset that Athena and the local engine answer alike."""

from importlib import resources
from pathlib import Path

import pytest
from sqlglot import exp, parse_one

from infra.athena.library import library
from infra.local.athena.functions import KNOWN
from tests.infra.athena.subset import FUNCTIONS, departures, sums_over_currencies

FOLDER = Path(str(resources.files("infra"))) / "athena"
FILES = sorted(FOLDER.rglob("*.sql"))
VIEWS = sorted((FOLDER / "views").glob("*.sql"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_shipped_sql_is_in_the_subset(file: Path) -> None:
    """Views, the report's queries and the library."""
    assert departures(file.read_text("utf-8")) == []


def test_the_local_engine_knows_every_function_of_the_subset() -> None:
    """Or a query of it would run on AWS alone."""
    assert FUNCTIONS <= KNOWN


@pytest.mark.parametrize("name", library())
def test_no_query_adds_currencies(name: str) -> None:
    """Every sum is grouped, or its window partitioned, by its currency."""
    assert sums_over_currencies(library()[name].sql) == []


@pytest.mark.parametrize("file", VIEWS, ids=lambda file: file.stem)
def test_windows_over_charges_begin_with_the_day(file: Path) -> None:
    """Or Athena could not leave out the files of other days."""
    tree = parse_one(file.read_text("utf-8"), read="trino")
    for window in tree.find_all(exp.Window):
        select = window.find_ancestor(exp.Select)
        assert select is not None
        if any("charges" in table.name for table in select.find_all(exp.Table)):
            assert window.args["partition_by"][0].name == "charge_date"


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("select tags['a'] as a from charges", "a subscript"),
        ("select approx_distinct(x) as a from t", "the function approx_distinct"),
        ("select list_sum(x) as a from t", "the function list_sum"),
        ("select a / b as c from t", "a ratio"),
        ("select a + 1 as b, count(*) as n from t group by b", "group by the output b"),
        ("select a + 1 as b from t where b > 2", "where by the output b"),
        ("select count(*) from t", "an output without a name"),
        ("select a from t cross join unnest(b)", "UNNEST without names"),
        ("select a from t order by a limit 3", "the construct Limit"),
        ("select row_number() over (partition by a) as n from t", "without one"),
        ("select cast(a as real) as b from t", "the type REAL"),
        ("select * from t tablesample bernoulli (5)", "the construct TableSample"),
        ("select a from t where a ilike 'x'", "the construct ILike"),
        ("select sum(a) over (order by a, b range between 1 preceding and current row) as s from t",
         "RANGE needs one ORDER BY"),
    ],
)  # fmt: skip
def test_what_is_outside_is_found(sql: str, why: str) -> None:
    """The check can fail."""
    assert any(why in found for found in departures(sql)), departures(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "select sum(billed_cost) as b from charges",
        "select sum(billed_cost) as b from charges group by service_name",
        "select sum(b) over (partition by service) as b from t group by currency",
        "select sum(b) as b from t group by grouping sets ((), (billing_currency))",
    ],
)
def test_a_sum_over_currencies_is_found(sql: str) -> None:
    """The check can fail."""
    assert len(sums_over_currencies(sql)) == 1
