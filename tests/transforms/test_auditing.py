"""Laws of the audit over a lake in memory: built on what it kept, it says what a model says."""

import base64
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.auditing import tally_columns
from infra.local.store import MemoryStore
from producers.sources import ChargeRow
from schemas.codec import ChargeEncoder, compress
from schemas.errors import StateError
from schemas.events import ChargeEnvelope
from schemas.lake import AUDITS
from schemas.tables import AMOUNTS
from tests import samples
from tests.sources import file_source, rows_of
from transforms.audit import AuditReport, audit
from transforms.auditing.flight import Flight, Stage, StreamTimes
from transforms.auditing.ordinals import pack, unpack
from transforms.tallies import Day

TIMES = StreamTimes(
    function_buffer=60, function_retries=3, buffer=300, backup_buffer=300, partition_retry=300
)
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
DATES = ("2024-09-01", "2024-09-02")
DELIVERIES = ("d1", "d2")


@cache
def template() -> ChargeRow:
    return next(r for r in rows_of(file_source(samples.REAL)) if isinstance(r, ChargeRow))


def cost(ordinal: int) -> Decimal:
    return Decimal(ordinal) + Decimal("0.000000000001")


@cache
def record(day: Day, ordinals: frozenset[int]) -> bytes:
    """Return one record of events, each with a cost of its own."""
    encoder = ChargeEncoder()
    envelope = ChargeEnvelope(
        delivery_id=day[0],
        delivery_mode="append",
        source="focus",
        mapper_version="1",
        billing_period=day[1],
        charge_date=day[2],
    )
    row = {**template().charge, **dict.fromkeys(AMOUNTS)}
    events = [{**row, "ordinal": n, "billed_cost": f"{cost(n):f}"} for n in sorted(ordinals)]
    return compress(encoder.message(envelope, [encoder.event(event) for event in events]))


class Lake:
    """Objects, and the rows that an engine would find in processed/."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.held: dict[str, tuple[Day, frozenset[int]]] = {}
        self.made = 0

    def add(self, place: str, day: Day, ordinals: frozenset[int], at: datetime = NOW) -> str:
        """Add an object to raw, rows or errors that arrived at a moment."""
        self.made += 1
        name = f"finops-1-{at:%Y-%m-%d-%H-%M-%S}-{self.made:04}"
        # Every third object has its record twice, as a producer's retry leaves it.
        body = record(day, ordinals) * (1 if self.made % 3 else 2)
        if place == "rows":
            partition = f"evaluation=v1/billing_period={day[1]}/charge_date={day[2]}"
            key = f"processed/charges/{partition}/{name}.parquet"
            body = b"rows"
        elif place == "errors":
            key = f"errors/processing-failed/{at:%Y/%m/%d/%H}/{name}"
            body = record(day, ordinals)
            body = orjson.dumps({"rawData": base64.b64encode(body).decode(), "errorCode": "E"})
        else:
            key = f"raw/{at:%Y/%m/%d/%H}/{name}"
        self.store.put(key, body)
        self.held[key] = day, ordinals
        return key

    def remove(self, key: str) -> None:
        """Lose an object."""
        self.store.delete(key)
        del self.held[key]

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Answer what an audit asks."""
        if "deliveries_stored" in sql:
            return []
        stored: dict[Day, list[tuple[int, str]]] = defaultdict(list)
        for key, (day, ordinals) in self.held.items():
            if not key.startswith("processed/"):
                continue
            stored[day] += [(ordinal, key) for ordinal in ordinals]
        return list(self._files(stored, sql) if "n >= " in sql else self._sums(stored))

    def _sums(self, stored: dict[Day, list[tuple[int, str]]]) -> Iterator[dict[str, Any]]:
        for day, found in stored.items():
            ordinals = {ordinal for ordinal, _ in found}
            yield {
                **_named(day),
                "billing": "USD",
                "pricing": "USD",
                "stored": len(found),
                "ordinals": orjson.dumps(sorted(ordinals)).decode(),
                **dict.fromkeys(AMOUNTS),
                "billed_cost": sum(map(cost, ordinals)),
            }

    def _files(
        self, stored: dict[Day, list[tuple[int, str]]], sql: str
    ) -> Iterator[dict[str, Any]]:
        at_least = int(sql.rsplit(" ", 1)[1])
        for day, found in stored.items():
            times = defaultdict(set)
            for ordinal, key in found:
                times[ordinal].add(key)
            for key in {k for keys in times.values() if len(keys) >= at_least for k in keys}:
                yield {**_named(day), "path": key}

    def audit(self, **options: Any) -> AuditReport:
        """Audit it."""
        return audit(self, self.store, "v1", **options)


def _named(day: Day) -> dict[str, str]:
    return dict(zip(("delivery_id", "billing_period", "charge_date"), day, strict=True))


def said(report: AuditReport) -> dict[str, Any]:
    """Return what an audit says, whatever it had to read for it."""
    return asdict(replace(report, decoded_objects=0, decoded_bytes=0, judged_partitions=0))


DAYS = st.tuples(st.sampled_from(DELIVERIES), st.just("2024-09"), st.sampled_from(DATES))
ORDINALS = st.frozensets(st.integers(0, 6), min_size=1, max_size=4)
CHANGES = st.one_of(
    st.tuples(st.sampled_from(["raw", "rows", "errors"]), DAYS, ORDINALS),
    st.tuples(st.just("lose"), st.integers(0, 20), st.none()),
    st.tuples(st.just("audit"), st.none(), st.none()),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(CHANGES, max_size=14))
def test_an_audit_that_builds_on_others_says_what_a_full_one_says(changes: list[Any]) -> None:
    """Objects come and go between audits, in any order; both say what a model of sets says."""
    lake = Lake()
    keys: list[str] = []
    for what, where, ordinals in changes:
        if what == "audit":
            lake.audit(keep=lake.store)
        elif what == "lose":
            if keys:
                lake.remove(keys.pop(where % len(keys)))
        else:
            keys.append(lake.add(what, where, ordinals))
    full = lake.audit(tally=tally_columns)
    built = lake.audit(keep=lake.store)
    assert said(built) == said(full) == said(lake.audit())
    again = lake.audit(keep=lake.store)
    assert said(again) == said(full)
    assert again.decoded_objects == 0
    assert again.judged_partitions <= len({gap.charge_date for gap in full.gaps})
    _agree(lake, keys, full)


def _agree(lake: Lake, keys: list[str], report: AuditReport) -> None:
    raw: dict[Day, set[int]] = defaultdict(set)
    rows: dict[Day, set[int]] = defaultdict(set)
    failed: dict[Day, set[int]] = defaultdict(set)
    for key in keys:
        place = {"raw": raw, "processed": rows, "errors": failed}[key.split("/")[0]]
        day, held = lake.held[key]
        place[day] |= held
    missing = {d: lost for d in raw if (lost := raw[d] - rows[d] - failed[d])}
    orphaned = {d: extra for d in rows if (extra := rows[d] - raw[d])}
    found = {(g.kind, (g.delivery_id, g.billing_period, g.charge_date)): g for g in report.gaps}
    assert set(found) == {("missing-in-processed", d) for d in missing} | {
        ("missing-in-raw", d) for d in orphaned
    }
    for kind, days in (("missing-in-processed", missing), ("missing-in-raw", orphaned)):
        for day, ordinals in days.items():
            gap = found[(kind, day)]
            assert gap.events == len(ordinals)
            assert Decimal(gap.billed["USD"]) == sum(map(cost, ordinals))
    assert report.events == sum(len(ordinals) for ordinals in raw.values())
    assert report.failed_events == sum(len(failed[d] - rows[d]) for d in failed)


def test_what_is_young_is_in_flight_then_late_then_missing() -> None:
    """The stream's own buffers and retries say how long; on both sides of the audit."""
    day: Day = ("d1", "2024-09", DATES[0])
    ages = {
        "in_flight": timedelta(minutes=1),
        "late": TIMES.buffered + timedelta(minutes=1),
        "gone": TIMES.buffered + TIMES.retried + timedelta(minutes=1),
    }
    for place, kind in (("raw", "missing-in-processed"), ("rows", "missing-in-raw")):
        for stage, age in ages.items():
            lake = Lake()
            lake.add(place, day, frozenset([1, 2, 3]), NOW - age)
            report = lake.audit(flight=Flight(NOW, TIMES), keep=lake.store)
            assert report.in_flight == (3 if stage == "in_flight" else 0)
            assert report.late == (3 if stage == "late" else 0)
            assert [gap.kind for gap in report.gaps] == ([kind] if stage == "gone" else [])
            later = lake.audit(flight=Flight(NOW + 2 * ages["gone"], TIMES), keep=lake.store)
            assert [gap.kind for gap in later.gaps] == [kind], "it is not forgotten"


def test_money_on_its_way_is_told_apart_from_money_that_is_missing() -> None:
    """Of one day: some arrived, some failed, some are young and some are lost; each exact."""
    lake, day = Lake(), ("d1", "2024-09", DATES[0])
    old = NOW - TIMES.buffered - TIMES.retried - timedelta(hours=1)
    lake.add("raw", day, frozenset(range(10)), old)
    lake.add("raw", day, frozenset(range(8, 14)), NOW)
    lake.add("rows", day, frozenset(range(4)), old)
    lake.add("errors", day, frozenset([4, 5]), old)
    (verdict,) = lake.audit(flight=Flight(NOW, TIMES)).days
    assert (verdict.recorded, verdict.copies, verdict.processed) == (14, 2, 4)
    assert (verdict.failed, verdict.in_flight, verdict.missing) == ({"processing-failed": 2}, 6, 2)
    places = {"recorded": range(14), "processed": range(4), "failed": [4, 5]}
    places |= {"missing": [6, 7], "in_flight": range(8, 14)}
    for place, ordinals in places.items():
        assert Decimal(verdict.billed["USD"][place]) == sum(map(cost, ordinals)), place


def test_the_stream_says_its_times_itself() -> None:
    """Buffers stretch by half; what a stream of ours is set to, an hour is more than enough for."""
    assert TIMES.buffered == timedelta(seconds=1.5 * (300 + 60 + 300))
    assert TIMES.retried == timedelta(seconds=4 * 300 + 300)
    flight = Flight(NOW, TIMES)
    assert flight.stage(None) == Stage.GONE
    assert flight.stage((NOW - timedelta(hours=1)).replace(tzinfo=None)) == Stage.GONE


def test_damaged_tallies_say_what_to_do_and_a_full_audit_mends_them() -> None:
    """Nothing is believed that cannot be read."""
    lake = Lake()
    lake.add("raw", ("d1", "2024-09", DATES[0]), frozenset([1]))
    lake.audit(keep=lake.store)
    for info in list(lake.store.list(AUDITS)):
        good = lake.store.get(info.key)
        lake.store.put(info.key, b"{}\n")
        with pytest.raises(StateError, match="--full"):
            lake.audit(keep=lake.store)
        lake.store.put(info.key, good)
        lake.store.put(info.key, b"{")
        assert len(lake.audit(keep=lake.store, anew=True).gaps) == 1
    assert lake.audit(keep=lake.store).decoded_objects == 0


def test_a_partition_that_is_none_is_judged_without_the_engine() -> None:
    """Whatever a foreign record says of its period reaches no path and no SQL."""
    day: Day = ("d1", "../' or '1'='1", "2024-09-01")
    lake = Lake()
    lake.add("raw", day, frozenset([1, 2]))
    (gap,) = lake.audit(keep=lake.store).gaps
    assert (gap.kind, gap.billing_period, gap.events) == ("missing-in-processed", day[1], 2)
    lake.add("errors", day, frozenset([1, 2]))
    report = lake.audit(keep=lake.store)
    assert (report.clean, report.failed_events) == (True, 2)
    assert said(lake.audit(keep=lake.store)) == said(report)


def test_what_waits_in_the_spool_is_said() -> None:
    """Records that the stream has not taken, and ingests that nobody continued."""
    lake = Lake()
    lake.store.put("spool/records/1.spool", b"12345")
    lake.store.put("spool/ingest/a/checkpoint.json", b"{}")
    lake.store.put("spool/ingest/a/records-1", b"")
    waiting = lake.audit().waiting
    assert (waiting.objects, waiting.size, waiting.ingests) == (1, 5, 1)


@given(st.sets(st.integers(-(2**63), 2**63 - 1)) | st.sets(st.integers(0, 10_000)))
def test_packed_ordinals_are_those_ordinals(ordinals: set[int]) -> None:
    """Any 64-bit numbers, and equal texts for equal sets."""
    assert unpack(pack(ordinals)) == ordinals
    assert pack(sorted(ordinals, reverse=True)) == pack(ordinals)


def test_packed_ordinals_are_short() -> None:
    """Little for a range, and not much for a day of a delivery that was sorted otherwise."""
    random = Random(1)
    scattered = [n for n in range(300_000) if not random.randrange(31)]
    assert len(pack(range(100_000, 200_000))) < 0.1 * 100_000
    assert len(pack(scattered)) < 2.5 * len(scattered)
