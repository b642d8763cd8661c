"""An hour's delivery: the same whenever it is made, complete, late where it is late, accepted."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from producers.errors import SourceError
from producers.packing import Packer, Record
from producers.sources import ChargeRow, Scope, Source
from producers.sources.simulator import HourlyExport, Simulator
from producers.sources.simulator.plan import Kind
from schemas.amounts import amount
from schemas.codec import ChargeEncoder
from schemas.events import ChargeEnvelope
from tests.producers.simulator.september import (
    HOURS,
    LAST_ARRIVAL,
    Month,
    day_deliveries,
    delivery,
    scheduled,
    simulator,
)
from transforms.context import default_context
from transforms.core import Ok, transform

HOUR_MICROS = 3_600_000_000
PAYER = "111122223333"


def _encoded(rows: list[ChargeRow]) -> list[bytes]:
    encoder = ChargeEncoder()
    return [encoder.event(row.charge) for row in rows]


@pytest.mark.parametrize("hours", [1, 300, 425])
def test_same_hour_same_delivery(world: Simulator, hours: int) -> None:
    """A repeated invocation, by another process, gives the same rows, bytes and fingerprint."""
    again = simulator()
    assert delivery(world, hours) == delivery(again, hours)
    assert _encoded(delivery(world, hours)) == _encoded(delivery(again, hours))
    first, second = (HourlyExport(w, scheduled(hours)) for w in (world, again))
    assert (first.fingerprint, first.name, first.asserted_at) == (
        second.fingerprint,
        second.name,
        second.asserted_at,
    )


def test_hours_stand_alone(world: Simulator) -> None:
    """An hour made first is the hour made after all others."""
    fresh = delivery(simulator(), 700)
    for hours in (1, 350, 699):
        delivery(world, hours)
    assert delivery(world, 700) == fresh


def test_rows_are_their_own(world: Simulator) -> None:
    """Changing a delivered row changes no other delivery."""
    before = delivery(world, 5)
    for row in delivery(world, 5):
        row.charge.clear()
    assert delivery(world, 5) == before


def test_other_hours_and_seeds_differ(world: Simulator) -> None:
    """Another hour, seed, start or range is another delivery."""
    exports = [
        HourlyExport(world, scheduled(10)),
        HourlyExport(world, scheduled(11)),
        HourlyExport(Simulator(2, date(2026, 9, 1)), scheduled(10)),
        HourlyExport(Simulator(1, date(2026, 8, 31)), scheduled(10)),
        HourlyExport(Simulator(1, date(2026, 9, 1), days=31), scheduled(10)),
    ]
    assert len({export.fingerprint for export in exports}) == len(exports)
    costs = [tuple(row.charge["billed_cost"] for row in export.rows()) for export in exports[:4]]
    assert len(set(costs)) == len(costs)


def test_scheduled_time() -> None:
    """The schedule at an hour delivers the hour before it, whatever its minutes and its zone."""
    world = simulator()
    east = timezone(timedelta(hours=2))
    for when in (
        datetime(2026, 9, 3, 12, tzinfo=UTC),
        datetime(2026, 9, 3, 12, 59, 7, tzinfo=UTC),
        datetime(2026, 9, 3, 14, 30, tzinfo=east),
    ):
        export = HourlyExport(world, when)
        assert export.asserted_at == datetime(2026, 9, 3, 12, tzinfo=UTC).timestamp() * 1_000_000
        assert export.fingerprint == HourlyExport(world, scheduled(60)).fingerprint
        assert export.name == "simulator-1-2026-09-03T11"


def test_is_a_source(world: Simulator) -> None:
    """An hour is a source like any export, in append mode."""
    export = HourlyExport(world, scheduled(1))
    source: Source = export
    assert (source.kind, source.mapper_version, export.mode) == ("simulator", "1", "append")
    ((first, *_),) = [list(part.rows(0)) for part in source.parts]
    assert [row.scope for row in first] == [Scope(PAYER, "2026-09")]


def test_a_time_without_zone_is_refused(world: Simulator) -> None:
    """Which hour a zoneless time means cannot be known."""
    with pytest.raises(SourceError, match="names no zone"):
        HourlyExport(world, scheduled(1).replace(tzinfo=None))


def test_nothing_before_the_start(world: Simulator) -> None:
    """The world has no charges before its first hour."""
    assert delivery(world, 0) == []
    assert delivery(world, -200) == []


def test_ordinals(world: Simulator) -> None:
    """Rows are numbered from 0 without gaps."""
    assert [row.charge["ordinal"] for row in delivery(world, 40)] == list(
        range(len(delivery(world, 40)))
    )


@pytest.mark.parametrize("hours", [1, 17 * 24 + 1, 20 * 24 + 1, 499, HOURS, HOURS + 3])
def test_accepted(world: Simulator, hours: int) -> None:
    """Every row encodes, packs, and comes back from the transform as a row of its day."""
    rows = delivery(world, hours)
    encoder = ChargeEncoder()
    packer = Packer(encoder)
    records: list[Record] = []
    for row in rows:
        envelope = ChargeEnvelope(
            delivery_id="d",
            delivery_mode="append",
            source="simulator",
            mapper_version="1",
            billing_period=row.scope.billing_period,
            charge_date=row.charge_date,
        )
        records += packer.add(envelope, row.charge, encoder.event(row.charge))
    records += packer.flush()
    answers = [transform(record.data, default_context()) for record in records]
    assert all(isinstance(answer, Ok) for answer in answers), answers
    assert sum(answer.rows for answer in answers if isinstance(answer, Ok)) == len(rows)


def test_amounts_are_canonical(world: Simulator) -> None:
    """Texts are what `schemas.amounts` would write, so they go straight to the encoder."""
    for row in delivery(world, 200):
        for name, value in row.amounts:
            assert amount(value.text).text == value.text == row.charge[name]
            assert amount(value.text).scaled == value.scaled


def test_every_hour_arrives_once(world: Simulator) -> None:
    """Of a day's charges each meter's hour arrives exactly once, on time or late."""
    late_day = world.plan.one(Kind.LATE_DAY)
    first = late_day.start - world.start
    seen: Counter[tuple[str, str, int]] = Counter()
    for hours in range(first + 1, first + 24 + 27):
        for row in delivery(world, hours):
            charge = row.charge
            hour = charge["charge_period_start"] // HOUR_MICROS
            plain = charge["resource_type"] and charge["consumed_quantity"] is not None
            restated = charge["charge_description"].startswith(("Reversal", "Restated"))
            if plain and not restated and hour // 24 == late_day.start // 24:
                seen[charge["resource_id"], charge["sku_id"], hour] += 1
    lines = sum(line.since <= late_day.start for s in world.plan.series for line in s.lines)
    assert set(seen.values()) == {1}
    assert len(seen) == lines * 24


def test_late_rows(world: Simulator, month: Month) -> None:
    """About one row in a hundred comes hours late, with the period it arose in."""
    assert 0.002 < month.late / month.rows_within < 0.03
    delays = {
        hours - 1 - (row.charge["charge_period_start"] // HOUR_MICROS - world.start)
        for hours in range(100, 200)
        for row in delivery(world, hours)
    }
    assert delays == {0, 2, 5, 26}


def test_two_scopes_at_the_turn(world: Simulator) -> None:
    """After midnight of the first, late rows still belong to September's open billing period."""
    scopes = {
        row.scope for hours in range(HOURS + 1, LAST_ARRIVAL + 1) for row in delivery(world, hours)
    }
    assert scopes == {Scope(PAYER, "2026-09"), Scope(PAYER, "2026-10")}
    for hours in range(HOURS + 1, LAST_ARRIVAL + 1):
        for row in delivery(world, hours):
            assert row.charge_date.startswith(row.scope.billing_period)


def test_a_world_that_starts_mid_month() -> None:
    """A reservation's first fee covers the rest of the month it starts in, to the last hour."""
    world = Simulator(3, date(2026, 9, 28))
    billed, effective = Decimal(0), Decimal(0)
    for hours in range(3 * 24):
        for row in world.rows(world.start + hours):
            if row.charge["commitment_discount_category"] == "Usage":
                billed += Decimal(row.charge["billed_cost"])
                effective += Decimal(row.charge["effective_cost"])
    assert billed == effective > 0


def test_day_deliveries_cover_the_day(world: Simulator) -> None:
    """The 24 deliveries of a day bring 24 hours of it."""
    hours = {
        row.charge["charge_period_start"] // HOUR_MICROS % 24
        for row in day_deliveries(world, 3)
        if row.charge_date == "2026-09-03"
    }
    assert hours == set(range(24))
