"""The local stack end to end: hours of schedules from the simulator to queryable rows."""

import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from infra.local.clock import ManualClock
from infra.wiring import start
from producers.limits import BILLING_STEP_BYTES
from transforms.audit import audit

_HOURS = 48
_SETTLE = "cron(10 5 1 * ? *)"
"""Append rows count at once; settling each quarter of an hour would be most of what is measured."""
_BEGIN = datetime(2026, 9, 1, tzinfo=UTC)


def run() -> None:
    """Print events a second from schedule to Parquet, and what Firehose would bill."""
    with (
        tempfile.TemporaryDirectory() as folder,
        start(
            Path(folder),
            clock=ManualClock(_BEGIN),
            parameters={"SettleExpression": _SETTLE, "AuditExpression": _SETTLE},
        ) as (aws, platform),
    ):
        aws.run_until(_BEGIN + timedelta(hours=1))
        began = time.perf_counter()
        aws.run_until(_BEGIN + timedelta(hours=_HOURS))
        aws.flush()
        seconds = time.perf_counter() - began
        report = audit(platform.query, platform.store)
    billed = report.ingestion_billed_bytes / report.events
    print(f"Local stack, {_HOURS} hourly schedules and the daily jobs")
    print(f"  {report.events:,} events in {seconds:.1f} s: {report.events / seconds:,.0f} a second")
    print(
        f"  simulator: billed {billed:,.0f} B an event, {BILLING_STEP_BYTES / billed:.1f} x fewer "
        "than one JSON event a record"
    )
