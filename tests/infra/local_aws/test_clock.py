"""The clock that moves only when told."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from infra.local.clock import ManualClock, SystemClock

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_it_stands_until_it_is_told() -> None:
    """Asking does not move it; a moment, a distance and a sleep do."""
    clock = ManualClock(NOON)
    assert clock.now() == clock.now() == NOON
    assert clock.advance(by=timedelta(minutes=5)) == NOON + timedelta(minutes=5)
    assert clock.advance(to=NOON + timedelta(hours=1)) == clock.now() == NOON + timedelta(hours=1)
    clock.sleep(1.5)
    assert clock.now() == NOON + timedelta(hours=1, seconds=1.5)


def test_it_is_in_utc_whatever_zone_it_is_told() -> None:
    """Prefixes are made of its fields."""
    clock = ManualClock(NOON.astimezone(timezone(timedelta(hours=2))))
    assert clock.now().hour == 12


def test_it_does_not_go_back() -> None:
    """A wrong order of steps is a mistake, not a moment."""
    clock = ManualClock(NOON)
    for wrong in (
        {"to": NOON - timedelta(seconds=1)},
        {"by": timedelta(seconds=-1)},
        {},
        {"to": NOON, "by": timedelta()},
        {"to": NOON.replace(tzinfo=None)},
    ):
        with pytest.raises(ValueError):
            clock.advance(**wrong)
    clock.sleep(-5)
    assert clock.now() == NOON


def test_the_machines_clock_moves() -> None:
    """Sleeping lets at least that time pass."""
    clock = SystemClock()
    before = clock.now()
    clock.sleep(0.01)
    assert clock.now() - before >= timedelta(seconds=0.01)
