"""What each audit found, written down: `audits/runs/`, which is the table `audits`."""

from datetime import UTC, datetime
from typing import Any

import orjson

from schemas.lake import ObjectStore
from schemas.tables import AUDITS
from transforms.audit import AuditReport

MOST_DIFFERENCES = 1_000


def write_run(store: ObjectStore, report: AuditReport, now: datetime) -> str:
    """Write down what an audit found; return the object's key.

    Args:
        store: the lake.
        report: what it found.
        now: when, aware.
    """
    moment = now.astimezone(UTC)
    key = f"{AUDITS.prefix}{moment:%Y-%m-%d-%H-%M-%S-%f}.{report.evaluation}.jsonl"
    store.put(key, orjson.dumps(_row(report, moment)) + b"\n")
    return key


def _row(report: AuditReport, moment: datetime) -> dict[str, Any]:
    failed = [{"type": t, "events": n} for t, n in report.failed_by_type.items()]
    return {
        "audited_at": moment.isoformat(timespec="seconds"),
        "evaluation": report.evaluation,
        "clean": report.clean,
        "events": report.events,
        "resent": report.raw_copies,
        "failed": failed,
        "in_flight": report.in_flight,
        "late": report.late,
        "doubled": sum(doubled.copies for doubled in report.doubled),
        "gaps": len(report.gaps),
        "deliveries": report.deliveries,
        "open_deliveries": len(report.open_deliveries),
        "waiting_objects": report.waiting.objects,
        "interrupted_ingests": report.waiting.ingests,
        "raw_objects": report.raw_objects,
        "raw_records": report.raw_records,
        "raw_bytes": report.raw_bytes,
        "billed_bytes": report.ingestion_billed_bytes,
        "decoded_objects": report.decoded_objects,
        "judged_days": report.judged_partitions,
        "differences": [
            {
                "kind": gap.kind,
                "delivery_id": gap.delivery_id,
                "billing_period": gap.billing_period,
                "charge_date": gap.charge_date,
                "events": gap.events,
                "detail": gap.detail,
            }
            for gap in report.gaps[:MOST_DIFFERENCES]
        ],
    }
