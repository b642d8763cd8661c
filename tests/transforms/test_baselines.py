"""Baselines built in SQL equal baselines computed by hand; publishing is append-only."""

import statistics
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from infra.ingesting import run_ingest
from infra.local.store import MemoryStore
from infra.wiring import start
from rules import Baseline, BaselineError
from tests import samples
from tests.sources import file_source
from transforms.baseline_builder import INCOMPLETE_DAYS, build_baseline
from transforms.baseline_store import BaselineReader, index, publish
from transforms.ports import Query

TODAY = date(2024, 9, 28)


@pytest.fixture(scope="module")
def query(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Query]:
    """A lake with the real sample, in SQL."""
    with start(tmp_path_factory.mktemp("baseline")) as (_, platform):
        run_ingest(platform, file_source(samples.REAL))
        yield platform.query


def expected() -> dict[tuple[object, ...], dict[str, dict[str, Decimal]]]:
    """Cost by series, day and period, from the file alone."""
    through = (TODAY - timedelta(days=INCOMPLETE_DAYS)).isoformat()
    found: dict[tuple[object, ...], dict[str, dict[str, Decimal]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(Decimal))
    )
    for row in samples.rows(samples.REAL):
        day = row["ChargePeriodStart"][:10]
        if row["ChargeCategory"] != "Usage" or day > through:
            continue
        start, end = (
            datetime.fromisoformat(row[c]) for c in ("ChargePeriodStart", "ChargePeriodEnd")
        )
        names = ("BillingAccountId", "SubAccountId", "ServiceName", "RegionId")
        key = [None if row[n] == "NULL" else row[n] for n in names]
        resource = row["SkuId"] if row["ResourceId"] == "NULL" else row["ResourceId"]
        key.append(None if resource == "NULL" else resource)
        series = (*key, int((end - start).total_seconds()))
        cost = samples.value(row["EffectiveCost"]) or Decimal(0)
        found[series][day][row["ChargePeriodStart"]] += cost
    return found


def test_every_series_has_its_own_history(query: Query) -> None:
    """Level, spread, days and trailing cost of each series equal the file's."""
    baseline = build_baseline(query, TODAY)
    assert baseline is not None
    assert (baseline.through, baseline.effective_from) == ("2024-09-26", "2024-09-29")
    truth = expected()
    assert {tuple(k) for k in baseline.entries} == set(truth)
    for key, stats in baseline.entries.items():
        days = truth[tuple(key)]
        costs = [c for periods in days.values() for c in periods.values()]
        level = statistics.median_low(costs)
        assert stats.level == level
        assert stats.spread == statistics.median_low([abs(c - level) for c in costs])
        assert (stats.days_seen, stats.first_seen) == (len(days), min(days))
        assert stats.trailing_cost == sum(costs)
        for weekday in range(7):
            of_day = [
                c for d, p in days.items() if date.fromisoformat(d).weekday() == weekday
                for c in p.values()
            ]  # fmt: skip
            wanted = statistics.median_low(of_day) if of_day else None
            assert stats.weekday_level[weekday] == wanted
        recent = [c for d, p in days.items() if d >= "2024-09-13" for c in p.values()]
        assert stats.recent_level == (statistics.median_low(recent) if recent else None)


def test_no_history_no_baseline(query: Query) -> None:
    """Before the first charge there is nothing to publish."""
    assert build_baseline(query, date(2020, 1, 1)) is None


def test_publishing_appends_and_repeats_nothing(query: Query) -> None:
    """Each event's baseline depends on its date alone; a repeated job changes no byte."""
    store = MemoryStore()
    days = [TODAY, TODAY + timedelta(days=1), TODAY]
    baselines = [b for day in days if (b := build_baseline(query, day))]
    assert [publish(store, "v1", b) for b in baselines] == [True, True, False]
    before = {o.key: store.get(o.key) for o in store.list("")}
    assert not publish(store, "v1", baselines[1])
    assert {o.key: store.get(o.key) for o in store.list("")} == before
    series = BaselineReader(store, "v1").series()
    assert series.for_date("2024-09-28") is None
    assert series.for_date("2024-09-29") == baselines[0]
    assert series.for_date("2024-12-31") == baselines[1]


def test_a_warm_reader_sees_what_was_published_since(query: Query) -> None:
    """The index is asked each time; documents are read once."""
    store = MemoryStore()
    reader = BaselineReader(store, "v1")
    assert reader.series().baselines == ()
    baseline = build_baseline(query, TODAY)
    assert baseline
    publish(store, "v1", baseline)
    assert reader.series().for_date("2024-10-01") == baseline


@pytest.mark.parametrize("damage", ["index", "document", "missing"])
def test_a_damaged_series_is_an_error_a_person_can_act_on(damage: str) -> None:
    """Never a silent `unknown` because of a broken file."""
    store = MemoryStore()
    baseline = Baseline("2024-09-01", "2024-09-04", {})
    publish(store, "v1", baseline)
    document = f"baselines/v1/{baseline.version}.json"
    if damage == "index":
        store.put("baselines/v1/series.jsonl", b"{")
    elif damage == "document":
        store.put(document, b"{}")
    else:
        store.delete(document)
    with pytest.raises(BaselineError, match="finops baseline build v1 --replace"):
        BaselineReader(store, "v1").series().for_date("2024-09-04")
    assert damage == "index" or len(index(store, "v1")) == 1
