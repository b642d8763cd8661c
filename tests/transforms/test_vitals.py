"""What a settle tells of the lake: lag, what failed, what waits."""

from datetime import UTC, datetime, timedelta

from infra.local.store import MemoryStore
from producers.outbox import StoreOutbox
from producers.packing import Record
from transforms.settle import SettleReport
from transforms.state import DeliveryStatus
from transforms.vitals import spooled_at, vitals

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def status(name: str) -> DeliveryStatus:
    """Return a delivery of a status."""
    return DeliveryStatus(f"d-{name}", "v1", name, "", 0)


def test_a_quiet_lake_has_nothing_to_tell() -> None:
    """Every number is there, and is nothing."""
    found = vitals(SettleReport(statuses=[status("active"), status("append")]), MemoryStore(), NOW)
    assert {value for value, _ in found.metrics.values()} == {0}
    assert set(found.metrics) == {
        "SettleLag",
        "DeliveriesIncomplete",
        "DeliveriesInFlight",
        "ErrorObjects",
        "SpooledObjects",
        "SpoolAge",
    }


def test_what_waits_is_counted_and_the_oldest_tells_how_long() -> None:
    """Deliveries by their status, error objects, and what an outbox keeps, by its own clock."""
    store = MemoryStore()
    kept = iter([NOW - timedelta(hours=3), NOW - timedelta(hours=1)])
    micros = (round(moment.timestamp() * 1_000_000) for moment in kept)
    outbox = StoreOutbox(store, lambda: next(micros))
    outbox.keep([Record(b"one", "p", 1, 1)])
    outbox.keep([Record(b"two", "p", 1, 1)])
    store.put("errors/processing-failed/2026/11/26/10/a", b"{}")
    statuses = [status("incomplete"), status("in-flight"), status("in-flight")]
    found = vitals(SettleReport(statuses=statuses, lag=timedelta(minutes=50)), store, NOW)
    assert found.lag == timedelta(minutes=50)
    assert (found.incomplete, found.in_flight) == (1, 2)
    assert (found.error_objects, found.spooled_objects) == (1, 2)
    assert found.spool_age == timedelta(hours=3)


def test_a_name_that_is_not_a_time_is_no_age() -> None:
    """Somebody may put an object of their own there."""
    assert spooled_at("spool/records/readme.txt") is None
    assert spooled_at("spool/records/00001000000000000000-ab.spool") == datetime(
        2001, 9, 9, 1, 46, 40, tzinfo=UTC
    )
