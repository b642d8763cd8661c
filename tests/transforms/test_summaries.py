"""Summaries: built where something changed and only there, shown whole, and gaps that are seen."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.local.store import MemoryStore
from schemas.current_state import CurrentDay, write_current
from schemas.lake import DAILY_COSTS, SUMMARY_STATE
from tests.summary_lakes import CostLake, at
from transforms.state import activate
from transforms.summaries import Refreshed, gaps, refresh
from transforms.summaries.builds import read_builds, write_builds
from transforms.summaries.refresh import DAILY, KEEP, MONTHLY, key_of
from transforms.summaries.rows import read_rows

NOW = at("2026-10-05")
DAYS = ("2026-09-29", "2026-09-30", "2026-10-01")


@pytest.fixture
def lake() -> CostLake:
    """Three days of two months, summed up."""
    lake = CostLake()
    lake.deliver("EC2", {day: Decimal(n + 1) for n, day in enumerate(DAYS)})
    lake.deliver("S3", {DAYS[0]: Decimal("0.000000000001")})
    refresh(lake, lake.store, NOW)
    return lake


def why(lake: CostLake) -> list[tuple[str, str]]:
    """Return the gaps: period and reason."""
    return [(gap.period, gap.why) for gap in gaps(lake.store)]


def shown(lake: CostLake, summary: str, period: str) -> Decimal:
    """Return the billed cost of what is shown of a period."""
    build = read_builds(lake.store)[summary, period]
    rows = read_rows(lake.store, key_of(summary, period, build.version))
    return sum((row["billed_cost"] for row in rows), Decimal(0))


def test_a_month_is_the_exact_sum_of_its_days(lake: CostLake) -> None:
    assert shown(lake, MONTHLY, "2026-09") == Decimal("3.000000000001")
    assert shown(lake, MONTHLY, "2026-10") == 3
    assert why(lake) == []


def test_only_what_changed_is_built_again(lake: CostLake) -> None:
    """One day's file, one day asked for; its month follows, and nothing else."""
    lake.deliver("EC2", {DAYS[1]: Decimal(50)})
    assert why(lake) == [(DAYS[1], "stale"), ("2026-09", "stale")]
    asked = len(lake.asked)
    done = refresh(lake, lake.store, NOW)
    assert done == Refreshed([DAYS[1]], [DAYS[1], "2026-09"], [])
    (sql,) = lake.asked[asked:]
    assert DAYS[1] in sql
    assert DAYS[0] not in sql
    assert shown(lake, MONTHLY, "2026-09") == Decimal("51.000000000001")
    assert refresh(lake, lake.store, NOW) == Refreshed([], [], [])
    assert len(lake.asked) == asked + 1


def test_settle_and_an_activation_make_stale(lake: CostLake) -> None:
    """Which delivery a day is read from, and under which evaluation."""
    day = CurrentDay("v1", "focus", "payer", "2026-10", DAYS[2], "d", "d", "2026-10-03", 1)
    write_current(lake.store, [day])
    assert why(lake) == [(DAYS[2], "stale"), ("2026-10", "stale")]
    activate(lake.store, "v2")
    assert why(lake) == [
        *((day, "left over") for day in DAYS), ("2026-09", "left over"), ("2026-10", "left over")
    ]  # fmt: skip


def test_other_files_that_say_the_same_write_no_rows(lake: CostLake) -> None:
    """As after a compaction: asked once more, the build's name comes out the same."""
    before = read_builds(lake.store)
    lake.deliver("EC2", {DAYS[0]: Decimal(1)})
    objects = [info.key for info in lake.store.list(DAILY_COSTS)]
    done = refresh(lake, lake.store, NOW + timedelta(days=1))
    assert done == Refreshed([DAYS[0]], [], [])
    assert [info.key for info in lake.store.list(DAILY_COSTS)] == objects
    after = read_builds(lake.store)
    assert after[DAILY, DAYS[0]].built_at == before[DAILY, DAYS[0]].built_at
    assert after[DAILY, DAYS[0]].version == before[DAILY, DAYS[0]].version


def test_a_day_without_charges_is_summed_up_too(lake: CostLake) -> None:
    """Its files may hold what no delivery is read from any more."""
    lake.deliver("EC2", {"2026-10-02": Decimal(1)})
    del lake.services["EC2"]["2026-10-02"]
    refresh(lake, lake.store, NOW)
    assert read_builds(lake.store)[DAILY, "2026-10-02"].events == 0
    assert why(lake) == []


def test_an_object_that_is_gone_is_a_gap(lake: CostLake) -> None:
    """And made again."""
    build = read_builds(lake.store)[DAILY, DAYS[0]]
    lake.store.delete(key_of(DAILY, DAYS[0], build.version))
    assert why(lake) == [(DAYS[0], "lost")]
    refresh(lake, lake.store, NOW)
    assert why(lake) == []


def test_days_that_are_gone_are_shown_no_more(lake: CostLake) -> None:
    """With their files, as when an evaluation is removed."""
    for info in list(lake.store.list("processed/")):
        if DAYS[2] in info.key:
            lake.store.delete(info.key)
    assert why(lake) == [(DAYS[2], "left over"), ("2026-10", "left over")]
    assert refresh(lake, lake.store, NOW).removed == [DAYS[2], "2026-10"]
    assert why(lake) == []


def test_a_replaced_build_is_kept_for_running_queries(lake: CostLake) -> None:
    """For an hour; then it goes, and what is shown stays."""
    old = key_of(DAILY, DAYS[1], read_builds(lake.store)[DAILY, DAYS[1]].version)
    lake.deliver("EC2", {DAYS[1]: Decimal(50)})
    for waited, there in ((timedelta(), True), (KEEP - timedelta(seconds=1), True), (KEEP, False)):
        refresh(lake, lake.store, NOW + waited)
        assert any(info.key == old for info in lake.store.list(DAILY_COSTS)) == there
    assert shown(lake, DAILY, DAYS[1]) == 50


class _Between:
    """A store that lets something happen just before a state is put, once."""

    def __init__(self, store: MemoryStore, happens: Callable[[], object]) -> None:
        self._store, self._happens = store, happens
        self.list, self.get, self.delete = store.list, store.get, store.delete

    def put(self, key: str, body: bytes) -> None:
        """Put an object."""
        if key == SUMMARY_STATE:
            happens, self._happens = self._happens, lambda: None
            happens()
        self._store.put(key, body)


def test_what_another_run_deletes_while_it_is_shown_again_comes_back(lake: CostLake) -> None:
    """A day is pointed back to an earlier delivery; a run that began before that cleans up."""
    old = key_of(DAILY, DAYS[1], read_builds(lake.store)[DAILY, DAYS[1]].version)
    lake.deliver("EC2", {DAYS[1]: Decimal(50)})
    refresh(lake, lake.store, NOW)
    lake.deliver("EC2", {DAYS[1]: Decimal(2)})
    later = NOW + KEEP
    # All that the other run does to this day: it has seen the state before, and deletes.
    store = _Between(lake.store, lambda: lake.store.delete(old))
    done = refresh(lake, store, later)
    assert done.changed == [DAYS[1], "2026-09"]
    assert why(lake) == []
    assert shown(lake, DAILY, DAYS[1]) == 2
    assert old in {info.key for info in lake.store.list(DAILY_COSTS)}


def test_what_is_deleted_after_it_was_listed_is_put_again(lake: CostLake) -> None:
    """The month is added up from it in the same run."""
    old = key_of(DAILY, DAYS[1], read_builds(lake.store)[DAILY, DAYS[1]].version)
    lake.deliver("EC2", {DAYS[1]: Decimal(50)})
    refresh(lake, lake.store, NOW)
    lake.deliver("EC2", {DAYS[1]: Decimal(2)})
    rows = lake.rows

    class Asked:
        """The lake, from which another run deletes while this one asks."""

        def rows(self, sql: str) -> list[dict[str, Any]]:
            """Answer."""
            lake.store.delete(old)
            return rows(sql)

    assert refresh(Asked(), lake.store, NOW + KEEP).changed == [DAYS[1], "2026-09"]
    assert shown(lake, MONTHLY, "2026-09") == Decimal("3.000000000001")
    assert why(lake) == []


def test_what_another_run_shows_again_is_not_deleted(lake: CostLake) -> None:
    """It was replaced long ago when this run began."""
    first = read_builds(lake.store)[DAILY, DAYS[1]]
    lake.deliver("EC2", {DAYS[1]: Decimal(50)})
    refresh(lake, lake.store, NOW)
    lake.deliver("EC2", {DAYS[0]: Decimal(7)})

    def point_back() -> None:
        builds = read_builds(lake.store)
        write_builds(lake.store, [*(builds | {(DAILY, DAYS[1]): first}).values()])

    class Store(_Between):
        def put(self, key: str, body: bytes) -> None:
            super().put(key, body)
            if key == SUMMARY_STATE:
                point_back()

    refresh(lake, Store(lake.store, lambda: None), NOW + KEEP)
    assert key_of(DAILY, DAYS[1], first.version) in {i.key for i in lake.store.list(DAILY_COSTS)}


def test_a_strange_folder_gets_into_no_query(lake: CostLake) -> None:
    """Its rows are in no partition that tables project, and its name is no text for SQL."""
    key = "processed/charges/evaluation=v1/billing_period=2026-10/charge_date=x' or '1'='1/f"
    lake.store.put(key, b"rows")
    assert why(lake) == []


def test_again_sums_up_what_nothing_says_is_stale(lake: CostLake) -> None:
    lake.services["EC2"][DAYS[0]] = Decimal(7)
    assert why(lake) == []
    done = refresh(lake, lake.store, NOW, frozenset([DAYS[0]]))
    assert done.changed == [DAYS[0], "2026-09"]


def test_many_days_are_asked_in_parts() -> None:
    """Each part is shown when the next begins; a query's answer stays small."""
    lake = CostLake()
    first = at("2026-06-01").date()
    costs = {(first + timedelta(days=n)).isoformat(): Decimal(1) for n in range(70)}
    lake.deliver("EC2", costs)
    refresh(lake, lake.store, NOW)
    assert len(lake.asked) == 3
    assert why(lake) == []


class DyingStore(MemoryStore):
    """A store whose process dies before the nth object that a job writes."""

    def __init__(self, at_write: int) -> None:
        super().__init__()
        self._left = at_write

    def put(self, key: str, body: bytes) -> None:
        """Store an object, or die."""
        if key.startswith(("summaries/", SUMMARY_STATE)):
            self._left -= 1
            if self._left == 0:
                raise KeyboardInterrupt
        super().put(key, body)


costs = st.dictionaries(
    st.sampled_from(DAYS), st.integers(0, 3).map(Decimal), min_size=1, max_size=3
)


@settings(deadline=None)
@given(st.lists(costs, min_size=1, max_size=4), st.integers(1, 9))
def test_law_killed_anywhere_the_next_run_shows_the_truth(
    steps: list[dict[str, Decimal]], at_write: int
) -> None:
    """At any moment every build that is shown is there, whole."""
    lake = CostLake(DyingStore(at_write))
    for step in steps:
        lake.deliver("EC2", step)
        try:
            refresh(lake, lake.store, NOW)
        except KeyboardInterrupt:
            _builds_are_there(lake)
            refresh(lake, lake.store, NOW)
        _builds_are_there(lake)
        assert gaps(lake.store) == []
        for day, cost in lake.services["EC2"].items():
            assert shown(lake, DAILY, day) == cost
    months = {build.period for (name, _), build in read_builds(lake.store).items()
              if name == MONTHLY}  # fmt: skip
    total = sum((shown(lake, MONTHLY, month) for month in months), Decimal(0))
    assert total == sum(lake.services["EC2"].values(), Decimal(0))


def _builds_are_there(lake: CostLake) -> None:
    keys = {info.key for info in lake.store.list("summaries/")}
    for build in read_builds(lake.store).values():
        assert key_of(build.summary, build.period, build.version) in keys


def test_two_runs_at_once_leave_no_wrong_sum(lake: CostLake) -> None:
    """One that looked first and writes last names old builds, which the next run replaces."""
    before = lake.store.get(SUMMARY_STATE)
    lake.deliver("EC2", {DAYS[0]: Decimal(9)})
    refresh(lake, lake.store, NOW)
    lake.store.put(SUMMARY_STATE, before)
    assert shown(lake, DAILY, DAYS[0]) == Decimal("1.000000000001")
    assert why(lake) == [(DAYS[0], "stale"), ("2026-09", "stale")]
    refresh(lake, lake.store, NOW)
    assert shown(lake, DAILY, DAYS[0]) == Decimal("9.000000000001")
