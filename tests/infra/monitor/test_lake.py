"""What the lake's objects tell the monitor."""

import json
from datetime import UTC, datetime

from infra.local.store import MemoryStore
from infra.monitor import lake
from infra.monitor.snapshot import AuditState, ErrorReason
from producers.outbox import StoreOutbox
from producers.packing import Record
from transforms.state import DeliveryStatus, activate, write_status


def line(code: str, millis: int) -> bytes:
    """Return a line of an error object, as Firehose writes it."""
    fields = {
        "errorCode": code,
        "errorMessage": "why",
        "arrivalTimestamp": millis,
        "rawData": "AA==",
    }
    return json.dumps(fields).encode() + b"\n"


def test_errors_are_counted_and_the_newest_give_reasons() -> None:
    """All objects by type; of many only the last hours' are read."""
    store = MemoryStore()
    for hour in range(8):
        key = f"errors/processing-failed/2026/11/26/{hour:02}/finops-1"
        store.put(key, line(f"Code.{hour}", 1_000 * (hour + 1)) * 2)
    store.put("errors/backup-metadata/2026/11/26/00/x", b"")
    backup, failed = lake.errors(store)
    assert (backup.type, backup.objects, backup.newest, backup.reasons) == (
        "backup-metadata", 1, None, (),
    )  # fmt: skip
    assert (failed.objects, failed.newest) == (8, datetime(1970, 1, 1, 0, 0, 8, tzinfo=UTC))
    # What the bytes are says more than Firehose's code.
    assert failed.reasons == (ErrorReason("bad-gzip", "why", 2 * lake.NEWEST_OBJECTS),)


def test_deliveries_are_the_active_evaluation_s() -> None:
    """Counted by status; those that wait are named."""
    store = MemoryStore()
    assert lake.deliveries(store).by_status == {}
    write_status(
        store,
        [
            DeliveryStatus("a", "v1", "active", "", 3),
            DeliveryStatus("b", "v1", "incomplete", "2 rows missing", 1),
            DeliveryStatus("a", "v2", "incomplete", "not judged", 0),
        ],
    )
    activate(store, "v1")
    found = lake.deliveries(store)
    assert found.by_status == {"active": 1, "incomplete": 1}
    assert [(w.delivery_id, w.detail) for w in found.waiting] == [("b", "2 rows missing")]


def test_the_spool_and_its_oldest() -> None:
    """By the outbox's own names."""
    store = MemoryStore()
    assert lake.spool(store).objects == 0
    moments = iter([2_000_000, 1_000_000])
    outbox = StoreOutbox(store, lambda: next(moments))
    for data in (b"one", b"two"):
        outbox.keep([Record(data, "p", 1, 1)])
    found = lake.spool(store)
    assert found.objects == 2
    assert found.bytes > 0
    assert found.oldest == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)


def test_the_last_audit_is_the_newest_run() -> None:
    """None before the first."""
    store = MemoryStore()
    assert lake.last_audit(store) is None
    for day, gaps in (("26", 2), ("25", 0)):
        row = {"audited_at": f"2026-11-{day}T00:00:00+00:00", "clean": not gaps, "events": 5,
               "gaps": gaps, "more": "columns"}  # fmt: skip
        store.put(f"audits/runs/2026-11-{day}-00-00-00-000000.v1.jsonl", json.dumps(row).encode())
    assert lake.last_audit(store) == AuditState("2026-11-26T00:00:00+00:00", False, 5, 2)
