"""The monitor's screen: what a person reads of a snapshot."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from infra.commands.monitor import document
from infra.monitor.page import page
from infra.monitor.snapshot import (
    AlarmState,
    AuditState,
    Deliveries,
    ErrorReason,
    ErrorState,
    Gauge,
    Rate,
    Snapshot,
    SpoolState,
    StreamState,
    Waiting,
)

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
QUIET = Snapshot(
    at=NOW,
    stack="finops",
    lake="s3://lake/",
    evaluated=True,
    alarms=(AlarmState("settle-lag", "OK", NOW, "well", "r#settle-lag"),),
    stream=StreamState(
        name="finops",
        status="ACTIVE",
        rates=(Rate("bytes", 0.0, None),),
        throttled=0,
        freshness=Gauge(None, None),
        backup_freshness=Gauge(None, None),
        processing_success=None,
        delivery_success=None,
        backup_success=None,
        waiting_for_backup=0,
        waiting_for_delivery=0,
    ),
    deliveries=Deliveries({}, ()),
    errors=(),
    spool=SpoolState(0, 0, None),
    audit=None,
)


def test_a_quiet_stack_says_so_line_by_line() -> None:
    """Nothing is invented where nothing was told."""
    assert page(QUIET).splitlines() == [
        "finops  s3://lake/  at 2026-11-26 12:00:00Z",
        "alarms      0 in ALARM, 1 OK, 0 without data",
        "stream      finops ACTIVE",
        "  rates     0 B/s",
        "  throttled 0 records in the last hour",
        "  freshness delivery nothing lately, backup nothing lately",
        "  success   processing -, delivery -, backup -, last hour",
        "  backlog   0 records not yet in raw/, 0 not yet in processed/ or errors/",
        "deliveries  none settled yet",
        "errors      none",
        "spool       nothing waits",
        "audit       none written down; run: finops audit",
    ]


def test_trouble_comes_first_and_is_told_whole() -> None:
    """Alarms newest first with their runbook; shares are never rounded up to all."""
    hour = timedelta(hours=1)
    old = AlarmState("spool-age", "ALARM", NOW - 50 * hour, "it waits", "r#spool-age")
    new = AlarmState("settle-lag", "ALARM", NOW - 3 * hour, "it\x1b[31m lags", "")
    trouble = replace(
        QUIET,
        alarms=(old, new),
        evaluated=False,
        stream=replace(
            QUIET.stream,
            rates=(Rate("bytes", 2.5 * 1024**2, 5.0 * 1024**2), Rate("records", 12.25, 500_000)),
            processing_success=0.9999,
            freshness=Gauge(1234.0, NOW),
            waiting_for_backup=3,
        ),
        deliveries=Deliveries(
            {"active": 2, "incomplete": 7},
            tuple(Waiting(f"delivery-{n:05}", "incomplete", "1 rows missing") for n in range(7)),
        ),
        errors=(
            ErrorState("processing-failed", 2, NOW, (ErrorReason("bad-gzip", "it broke", 4),)),
        ),
        spool=SpoolState(2, 2048, NOW - hour),
        audit=AuditState("2026-11-26T11:40:00+00:00", False, 1_000, 1),
    )
    text = page(trouble)
    lines = text.splitlines()
    assert lines[2].strip().startswith("nobody evaluates them")
    assert text.index("settle-lag") < text.index("spool-age")
    assert "since 2026-11-26 09:00:00Z (3 h)" in text
    assert "(2 days)" in text
    assert "\x1b" not in text
    assert "            r#spool-age" in lines
    assert "2.5 MiB/s of 5.0 MiB (50%), 12.2 records/s of 500,000 (0%)" in text
    assert "processing 99.9 %" in text
    assert "delivery 1,234 s at 12:00" in text
    assert "3 records not yet in raw/" in text
    assert "  and 2 more; see: finops deliveries" in lines
    assert "    4 x bad-gzip: it broke" in lines
    assert "spool       2 objects waiting (2.0 KiB), the oldest for 60 min" in lines
    assert lines[-1].startswith("audit       1 difference, 1,000 events, at 2026-11-26T11:40")


def test_the_document_is_made_for_scripts() -> None:
    """Every name is there whatever the state; times are ISO 8601 with their zone."""
    found = document(QUIET)
    assert list(found) == [
        "at", "stack", "lake", "evaluated", "alarms", "stream", "deliveries", "errors", "spool",
        "audit",
    ]  # fmt: skip
    assert found["at"] == "2026-11-26T12:00:00+00:00"
    assert list(found["alarms"][0]) == ["name", "state", "since", "reason", "runbook"]
    assert list(found["stream"]) == [
        "name", "status", "rates", "throttled", "freshness", "backup_freshness",
        "processing_success", "delivery_success", "backup_success", "waiting_for_backup",
        "waiting_for_delivery",
    ]  # fmt: skip
    assert found["audit"] is None
