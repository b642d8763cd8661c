"""The views of summaries: one build of each period, and no file of another one is opened."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from infra.athena.catalog import views
from infra.local.athena import LocalAthena
from schemas.tables import DAILY_COSTS_STORED, MONTHLY_COSTS_STORED, SUMMARIES, TABLES, Table

DAYS = ("2026-09-14", "2026-09-15")


def put(lake: Path, table: Table, period: str, version: str, cost: str) -> None:
    """Write a build of one row."""
    row = {"version": version, "billing_period": period[:7], "billing_currency": "USD",
           "service_name": "EC2", "events": 1, "billed_cost": cost}  # fmt: skip
    column = table.partitions[0].name
    folder = lake / table.prefix / f"{column}={period}"
    folder.mkdir(parents=True, exist_ok=True)
    line = {name: value for name, value in row.items() if name != column}
    (folder / f"{version}.json").write_bytes(orjson.dumps(line) + b"\n")


def show(lake: Path, shown: dict[tuple[str, str], str]) -> None:
    """Write which build of each period is shown."""
    lines = [
        {"summary": summary, "period": period, "version": version}
        for (summary, period), version in shown.items()
    ]
    folder = lake / SUMMARIES.prefix
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "current.json").write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """Two days and two months, each with a build that was replaced."""
    for day in DAYS:
        put(tmp_path, DAILY_COSTS_STORED, day, "old", "1")
        put(tmp_path, DAILY_COSTS_STORED, day, "new", "2.000000000001")
    for month in ("2026-08", "2026-09"):
        put(tmp_path, MONTHLY_COSTS_STORED, month, "old", "10")
        put(tmp_path, MONTHLY_COSTS_STORED, month, "new", "20")
    show(
        tmp_path,
        {("daily_costs", day): "new" for day in DAYS}
        | {("monthly_costs", month): "new" for month in ("2026-08", "2026-09")},
    )
    return tmp_path


def ask(lake: Path, sql: str) -> Any:
    """Answer over a lake."""
    return LocalAthena(lake, TABLES, views()).query(sql)


def test_only_the_build_that_is_shown_counts(lake: Path) -> None:
    """Whichever that is, period by period."""
    sql = "select charge_date, cast(sum(billed_cost) as varchar) as b from daily_costs group by 1"
    expected = [(day, "2.000000000001") for day in DAYS]
    assert sorted(ask(lake, sql).rows) == expected
    show(lake, {("daily_costs", DAYS[0]): "old"})
    assert ask(lake, sql).rows == [(DAYS[0], "1.000000000000")]


@pytest.mark.parametrize(
    ("view", "column", "period", "table"),
    [
        ("daily_costs", "charge_date", DAYS[0], DAILY_COSTS_STORED),
        ("monthly_costs", "billing_period", "2026-09", MONTHLY_COSTS_STORED),
    ],
)
def test_one_period_opens_no_other(
    lake: Path, view: str, column: str, period: str, table: Table
) -> None:
    """A file of another period that cannot be read does not matter."""
    for file in (lake / table.prefix).rglob("*.json"):
        if period not in str(file):
            file.write_bytes(b"\xff not json")
    answer = ask(lake, f"select events from {view} where {column} = '{period}'")
    assert answer.rows == [(1,)]
    # Both builds of the period, and the list of what is shown.
    assert answer.files_scanned == 3
