"""The life of anomalies: found, told of once, going on, ended, withdrawn, planned, acknowledged."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.lake import ANOMALIES, ANOMALY_HISTORY, JUDGED_DAYS
from tests.summary_lakes import CostLake, at
from transforms.anomalies import AbnormalDay, Anomaly, Outcome, run
from transforms.anomalies.acks import Ack, acknowledge, read_acks
from transforms.anomalies.book import read_anomalies
from transforms.anomalies.lives import GAP_DAYS, live_on
from transforms.anomalies.notice import MOST_SUBJECT, message, subject
from transforms.anomalies.suppressions import Suppression, lift, read_suppressions, suppress

FIRST = date(2026, 9, 1)
SERIES = ("payer", "account", "EC2", "us-east-1", "USD")


def day(number: int) -> str:
    """Return a date by its number."""
    return (FIRST + timedelta(days=number)).isoformat()


def usual(days: int, **spikes: int) -> dict[str, Decimal]:
    """Return costs of 100 a day, but for the days that are named (`d20=400`)."""
    return {day(n): Decimal(spikes.get(f"d{n}", 100)) for n in range(days)}


def judged(lake: CostLake, today: int) -> Outcome:
    """Run the job on a day."""
    return run(lake, lake.store, at(day(today)), lake.tell)


def nights(lake: CostLake, first: int, last: int) -> list[Outcome]:
    """Run the job night by night."""
    return [judged(lake, today) for today in range(first, last + 1)]


@pytest.fixture
def lake() -> CostLake:
    """A lake whose history was judged: twenty usual days."""
    lake = CostLake()
    lake.deliver("EC2", usual(20))
    judged(lake, 21)
    return lake


def only(lake: CostLake) -> Anomaly:
    """Return the one anomaly there is."""
    (anomaly,) = read_anomalies(lake.store)
    return anomaly


def what_happened(outcomes: Sequence[Outcome]) -> list[str]:
    """Return the changes of several runs, in order."""
    return [change for outcome in outcomes for change, _ in outcome.changes]


class TestNights:
    """One night after the other."""

    def test_it_is_found_told_of_once_and_ends(self, lake: CostLake) -> None:
        """Three abnormal days are one anomaly, with its sums, and one message."""
        lake.deliver("EC2", usual(30, d20=400, d21=300, d23=200))
        outcomes = nights(lake, 22, 29)
        assert what_happened(outcomes) == ["found", "notified", "changed", "changed", "ended"]
        anomaly = only(lake)
        assert (anomaly.first_day, anomaly.last_day) == (day(20), day(23))
        sums = [anomaly.actual, anomaly.expected, anomaly.impact]
        assert sums == [Decimal(n) for n in (900, 300, 600)]
        assert anomaly.first_seen == f"{day(22)}T04:00:00+00:00"
        assert [[a.anomaly_id for a in told] for told in lake.told] == [[anomaly.anomaly_id]]
        assert anomaly.owner == "ana"
        (contributor,) = anomaly.contributors
        assert (contributor.resource_id, contributor.actual) == ("EC2-ana", Decimal(900))

    def test_the_two_newest_days_are_not_judged(self, lake: CostLake) -> None:
        """However much they cost."""
        lake.deliver("EC2", usual(22, d20=400, d21=400))
        assert judged(lake, 21).anomalies == []
        assert judged(lake, 22).newest == day(20)
        assert only(lake).last_day == day(20)

    def test_a_later_stretch_is_another_anomaly(self, lake: CostLake) -> None:
        """Told of again, under another name."""
        lake.deliver("EC2", usual(34, d20=400, d28=400))
        nights(lake, 22, 32)
        first, second = read_anomalies(lake.store)
        assert [first.status, second.status] == ["ended", "open"]
        assert first.anomaly_id != second.anomaly_id
        assert len(lake.told) == 2

    def test_history_that_is_new_to_the_job_is_no_news(self) -> None:
        """Only what goes on still is told of; the rest is found."""
        lake = CostLake()
        lake.deliver("EC2", usual(40, d20=400, d39=400))
        outcome = judged(lake, 41)
        assert [a.first_day for a in outcome.anomalies] == [day(20), day(39)]
        assert [a.first_day for a in outcome.told] == [day(39)]
        assert judged(lake, 42).told == []

    def test_a_quiet_night_asks_nothing_and_writes_nothing(self, lake: CostLake) -> None:
        """Neither a query nor an object."""
        lake.deliver("EC2", usual(25, d20=400))
        nights(lake, 22, 26)
        before = {info.key: lake.store.get(info.key) for info in lake.store.list("")}
        asked = len(lake.asked)
        assert judged(lake, 26).judged == []
        assert {info.key: lake.store.get(info.key) for info in lake.store.list("")} == before
        assert len(lake.asked) == asked

    def test_an_outage_of_the_ingest_ends_nothing(self, lake: CostLake) -> None:
        """Days without any charge say nothing of what goes on."""
        lake.deliver("EC2", usual(21, d20=400))
        nights(lake, 22, 40)
        assert only(lake).status == "open"

    def test_an_earlier_run_that_comes_late_takes_nothing_back(self, lake: CostLake) -> None:
        """A retry of an old night judges no less than the last one did."""
        lake.deliver("EC2", usual(25, d22=400))
        nights(lake, 24, 26)
        before = read_anomalies(lake.store)
        judged(lake, 22)
        assert read_anomalies(lake.store) == before


class TestRestatements:
    """Days whose money changes after they were judged."""

    def test_one_that_vanishes_is_withdrawn_and_may_come_back(self, lake: CostLake) -> None:
        """Kept with its amounts, under its name, and told of once in all."""
        lake.deliver("EC2", usual(30, d20=400))
        nights(lake, 22, 27)
        name = only(lake).anomaly_id
        lake.deliver("EC2", {day(20): Decimal(101)})
        assert what_happened([judged(lake, 28)]) == ["withdrawn"]
        withdrawn = only(lake)
        assert (withdrawn.anomaly_id, withdrawn.impact) == (name, Decimal(300))
        assert "restated" in withdrawn.detail
        lake.deliver("EC2", {day(20): Decimal(500)})
        assert what_happened([judged(lake, 29)]) == ["reopened", "changed"]
        assert (only(lake).anomaly_id, only(lake).impact) == (name, Decimal(400))
        assert len(lake.told) == 1

    def test_an_old_day_is_judged_again_whatever_its_age(self, lake: CostLake) -> None:
        """And told of: it is news."""
        lake.deliver("EC2", usual(90))
        nights(lake, 90, 92)
        lake.deliver("EC2", {day(21): Decimal(900)})
        outcome = judged(lake, 93)
        assert [a.first_day for a in outcome.told] == [day(21)]
        # The day itself, and those that were compared with it.
        assert outcome.judged == [day(n) for n in range(21, 21 + 36)]

    def test_two_that_grow_together_become_one(self, lake: CostLake) -> None:
        """The other one says where its days are now."""
        lake.deliver("EC2", usual(40, d20=400, d26=400))
        nights(lake, 22, 30)
        lake.deliver("EC2", {day(23): Decimal(400)})
        judged(lake, 31)
        whole, other = read_anomalies(lake.store)
        assert [d.charge_date for d in whole.days] == [day(20), day(23), day(26)]
        assert (other.status, whole.anomaly_id in other.detail) == ("withdrawn", True)


class TestPeople:
    """What people plan and say."""

    PLAN = Suppression(
        service_name="EC2",
        first_day=day(20),
        last_day=day(21),
        reason="load test",
        created_by="ana",
        created_at="2026-09-01T00:00:00+00:00",
    )

    def test_a_planned_one_is_kept_and_nobody_is_told(self, lake: CostLake) -> None:
        """It says by which plan."""
        plan = suppress(lake.store, self.PLAN)
        lake.deliver("EC2", usual(30, d20=400, d21=400))
        nights(lake, 22, 29)
        anomaly = only(lake)
        assert (anomaly.suppressed_by, anomaly.suppression_reason) == (
            plan.suppression_id, "load test"
        )  # fmt: skip
        assert (anomaly.status, anomaly.notified_at, lake.told) == ("ended", None, [])

    def test_one_that_outlasts_its_plan_is_told_of(self, lake: CostLake) -> None:
        """On the first night on which it does."""
        suppress(lake.store, self.PLAN)
        lake.deliver("EC2", usual(30, d20=400, d21=400, d22=400))
        outcomes = nights(lake, 22, 29)
        assert what_happened(outcomes) == [
            "found", "suppressed", "changed", "changed", "unsuppressed", "notified", "ended"
        ]  # fmt: skip
        assert only(lake).notified_at == f"{day(24)}T04:00:00+00:00"

    def test_a_lifted_plan_explains_nothing(self, lake: CostLake) -> None:
        """It is kept, and says who lifted it."""
        plan = suppress(lake.store, self.PLAN)
        lake.deliver("EC2", usual(30, d20=400))
        judged(lake, 22)
        lift(lake.store, plan, "ben", "2026-09-23T00:00:00+00:00")
        assert what_happened([judged(lake, 23)]) == ["unsuppressed", "notified"]
        assert [p.lifted_by for p in read_suppressions(lake.store)] == ["ben"]

    @pytest.mark.parametrize(
        "scope", [{"region_id": "eu-west-1"}, {"sub_account_id": "other"}, {"service_name": "S3"},
                  {"billing_account_id": "other"}],
    )  # fmt: skip
    def test_a_plan_is_for_its_scope(self, scope: dict[str, str]) -> None:
        """Each part of it must fit."""
        days = (AbnormalDay(day(20), Decimal(9), Decimal(1), Decimal(1), None),)
        anomaly = Anomaly("a", "open", SERIES, days, "now")
        fields = {"first_day": day(20), "last_day": day(20), "reason": "r", "created_by": "a",
                  "created_at": "now"}  # fmt: skip
        assert Suppression(**fields).covers(anomaly)
        assert not Suppression(**fields, **scope).covers(anomaly)

    def test_what_was_said_survives_every_run(self, lake: CostLake) -> None:
        """Also a withdrawal; the newest is the last."""
        lake.deliver("EC2", usual(30, d20=400))
        judged(lake, 22)
        name = only(lake).anomaly_id
        said = [
            Ack(name, f"2026-09-2{n}T00:00:00+00:00", "ana", "mine", feedback)
            for n, feedback in ((4, "true"), (5, "false"))
        ]
        for ack in reversed(said):
            acknowledge(lake.store, ack)
        lake.deliver("EC2", usual(30))
        nights(lake, 23, 30)
        assert only(lake).status == "withdrawn"
        assert read_acks(lake.store) == {name: said}


class TestInterrupted:
    """Killed between any two steps, the next run makes it good."""

    def test_a_topic_that_refuses_is_asked_again(self, lake: CostLake) -> None:
        """Nothing is written as told that was not."""
        lake.deliver("EC2", usual(30, d20=400))

        def refuses(anomalies: object) -> None:
            raise ConnectionError("no topic")

        with pytest.raises(ConnectionError):
            run(lake, lake.store, at(day(22)), refuses)
        assert read_anomalies(lake.store) == []
        assert len(judged(lake, 22).told) == 1

    @pytest.mark.parametrize("key", [JUDGED_DAYS, ANOMALIES])
    def test_a_lost_object_is_made_again(self, lake: CostLake, key: str) -> None:
        """What was judged is judged again; anomalies come back under their names."""
        lake.deliver("EC2", usual(30, d20=400))
        nights(lake, 22, 28)
        name = only(lake).anomaly_id
        lake.store.delete(key)
        lake.store.delete(JUDGED_DAYS)
        judged(lake, 29)
        assert only(lake).anomaly_id == name


class TestWhatWasLongAgo:
    """Bills of history come in after the job has run for a while."""

    def test_history_that_has_ended_is_written_down_and_told_to_nobody(
        self, lake: CostLake
    ) -> None:
        """Years ago something cost too much."""
        old = {f"2021-{date}": Decimal(100) for date in (f"03-{n:02}" for n in range(1, 29))}
        lake.deliver("EC2", old | {"2021-03-20": Decimal(900)})
        outcome = judged(lake, 22)
        assert [a.first_day for a in outcome.anomalies] == ["2021-03-20"]
        assert outcome.told == []

    def test_a_restated_day_of_history_is_told(self, lake: CostLake) -> None:
        """It was judged, and somebody may have relied on it."""
        lake.deliver("EC2", {day(12): Decimal(900)})
        assert [a.first_day for a in judged(lake, 22).told] == [day(12)]

    def test_days_that_no_run_came_by_are_told(self, lake: CostLake) -> None:
        """The job stood still for a week, in which something began and ended."""
        lake.deliver("EC2", usual(32, d22=400))
        (told,) = judged(lake, 33).told
        assert (told.first_day, told.status) == (day(22), "ended")


def test_the_same_money_of_somebody_else_is_explained_anew(lake: CostLake) -> None:
    """A restatement moves it to another resource and owner; the days say what they said."""
    lake.deliver("EC2", usual(21, d20=400))
    judged(lake, 22)
    assert only(lake).owner == "ana"
    lake.whose["EC2"] = "ben"
    lake.deliver("EC2", {day(20): Decimal(400)})
    judged(lake, 23)
    assert (only(lake).owner, only(lake).contributors[0].resource_id) == ("ben", "EC2-ben")
    assert judged(lake, 23).changes == []


def history(lake: CostLake) -> int:
    """Return how many rows the history has."""
    objects = lake.store.list(ANOMALY_HISTORY)
    return sum(len(lake.store.get(info.key).splitlines()) for info in objects)


amounts = st.sampled_from([0, 90, 100, 110, 250, 600]).map(Decimal)
restatements = st.dictionaries(st.integers(0, 39), amounts, max_size=6)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["EC2", "S3"]), restatements), max_size=5),
    st.lists(st.integers(40, 48), min_size=5, max_size=5),
)
def test_law_of_lives(steps: list[tuple[str, dict[int, Decimal]]], todays: list[int]) -> None:
    """Whatever is restated between runs, in whatever order runs come.

    A run done again changes nothing; people are told of each anomaly at most once; no anomaly is
    ever forgotten; the history only grows; what stands is what judging everything anew would find.
    """
    lake = CostLake()
    lake.deliver("EC2", usual(40))
    lake.deliver("S3", usual(40, d15=300))
    seen: set[str] = set()
    rows = 0
    for (service, restated), today in zip([("EC2", {}), *steps], [40, *todays], strict=False):
        lake.deliver(service, {day(n): cost for n, cost in restated.items()})
        outcome = judged(lake, today)
        again = judged(lake, today)
        assert (again.judged, again.changes) == ([], [])
        names = [a.anomaly_id for a in outcome.anomalies]
        assert len(set(names)) == len(names)
        assert seen <= set(names)
        seen |= set(names)
        assert history(lake) >= rows
        rows = history(lake)
    told = Counter(a.anomaly_id for anomalies in lake.told for a in anomalies)
    assert set(told.values()) <= {1}
    anew = CostLake()
    for service, costs in lake.services.items():
        anew.deliver(service, costs)
    judged(anew, max(40, *todays[: len(steps)]) if steps else 40)
    assert standing(lake) == standing(anew)


def standing(lake: CostLake) -> list[tuple[object, ...]]:
    """Return what stands, without names (of equal first days they make the order) and histories."""
    found = (a for a in read_anomalies(lake.store) if a.status != "withdrawn")
    return sorted(((a.series, a.status, a.days) for a in found), key=repr)


@given(st.sets(st.integers(0, 60)), st.sets(st.integers(0, 60)), st.integers(60, 70))
def test_stretches_are_whole_and_apart(first: set[int], second: set[int], newest: int) -> None:
    """Each abnormal day is in exactly one standing anomaly, and two of them lie apart."""
    found: list[Anomaly] = []
    for numbers in (first, second, second):
        days = [
            AbnormalDay(day(n), Decimal(9), Decimal(1), Decimal(1), None) for n in sorted(numbers)
        ]
        before = found
        found = live_on(before, {SERIES: days} if days else {}, FIRST + timedelta(newest), "now")
    assert found == before
    standing = [a for a in found if a.stands]
    assert [d.charge_date for a in standing for d in a.days] == [day(n) for n in sorted(second)]
    for earlier, later in pairwise(standing):
        apart = date.fromisoformat(later.first_day) - date.fromisoformat(earlier.last_day)
        assert apart.days > GAP_DAYS


class TestNotice:
    """The message: what SNS takes and people can read."""

    def anomaly(self, number: int, currency: str = "USD") -> Anomaly:
        """Return one that cost a thousand too much."""
        days = (AbnormalDay(day(20), Decimal("1318.604"), Decimal("106.2"), Decimal(1), None),)
        series = ("payer", "111", "EC2", "eu-west-1", currency)
        return Anomaly(f"a{number}", "open", series, days, "now", owner="ana")

    def test_it_says_what_when_how_much_and_what_next(self) -> None:
        """In a few lines, without a link to a console."""
        text = message([self.anomaly(1)])
        assert "EC2, 111, eu-west-1: 1,212.40 USD above what was expected" in text
        assert "2026-09-21: 1,318.60 USD instead of 106.20 USD" in text
        assert "finops anomalies show a1" in text

    def test_currencies_are_not_added(self) -> None:
        """Each has its own sum."""
        told = [self.anomaly(1), self.anomaly(2, currency="EUR"), self.anomaly(3)]
        expected = "3 new cost anomalies: 1,212.40 EUR, 2,424.81 USD above what was expected"
        assert subject(told) == expected

    def test_many_are_counted(self) -> None:
        """The largest are described."""
        text = message([self.anomaly(n) for n in range(30)])
        assert text.count("finops anomalies show") == 20
        assert "and 10 more: finops anomalies list" in text

    @given(st.lists(st.text("AÄ€\n", min_size=3, max_size=30), min_size=1, max_size=30))
    def test_a_subject_is_what_sns_takes(self, currencies: list[str]) -> None:
        """ASCII, one line, at most a hundred characters."""
        told = [self.anomaly(n, currency=currency) for n, currency in enumerate(currencies)]
        line = subject(told)
        assert line.isascii()
        assert line.isprintable()
        assert len(line) <= MOST_SUBJECT
