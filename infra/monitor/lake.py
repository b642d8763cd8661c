"""What the lake's own objects tell: deliveries, errors, what is spooled, the last audit."""

from collections import Counter, defaultdict
from datetime import UTC, datetime

import orjson

from infra.monitor.snapshot import (
    AuditState,
    Deliveries,
    ErrorReason,
    ErrorState,
    SpoolState,
    Waiting,
)
from schemas.lake import ERRORS, SPOOL, ObjectInfo, ObjectStore
from transforms.error_objects import ErrorLine, error_lines
from transforms.state import active_evaluation, read_status
from transforms.vitals import spooled_at

_WAITING = ("incomplete", "in-flight", "open")
_AUDITS = "audits/runs/"
NEWEST_OBJECTS = 5
"""Of each type that are read for their reasons; the others are only counted."""


def deliveries(store: ObjectStore) -> Deliveries:
    """Return where deliveries stood at the last settle."""
    active = active_evaluation(store)
    statuses = [s for s in read_status(store) if s.evaluation == active]
    counts = Counter(status.status for status in statuses)
    return Deliveries(
        dict(sorted(counts.items())),
        tuple(Waiting(s.delivery_id, s.status, s.detail) for s in statuses if s.status in _WAITING),
    )


def errors(store: ObjectStore) -> tuple[ErrorState, ...]:
    """Return what lies under errors/, by type, with the newest objects' reasons."""
    by_type: defaultdict[str, list[ObjectInfo]] = defaultdict(list)
    for info in store.list(ERRORS):
        by_type[info.key[len(ERRORS) :].partition("/")[0]].append(info)
    return tuple(_errors(store, name, found) for name, found in sorted(by_type.items()))


def _errors(store: ObjectStore, name: str, found: list[ObjectInfo]) -> ErrorState:
    # Keys go by the hour of arrival.
    newest_objects = (info.key for info in found[-NEWEST_OBJECTS:])
    lines = [line for key in newest_objects for line in error_lines(key, store.get(key))]
    counts = Counter(_reason(line) for line in lines)
    newest = max((line.arrival_millis for line in lines), default=0)
    return ErrorState(
        type=name,
        objects=len(found),
        newest=datetime.fromtimestamp(newest / 1_000, UTC) if newest else None,
        reasons=tuple(
            ErrorReason(reason, message, n) for (reason, message), n in counts.most_common(3)
        ),
    )


def _reason(line: ErrorLine) -> tuple[str, str]:
    """Return our reason where the bytes tell it, else Firehose's code; and Firehose's words."""
    reason = line.reason()
    return (line.code or line.type if reason == line.type else reason), line.message


def spool(store: ObjectStore) -> SpoolState:
    """Return what the scheduled ingest keeps until the stream takes it."""
    waiting = list(store.list(f"{SPOOL}records/"))
    moments = [moment for info in waiting if (moment := spooled_at(info.key))]
    return SpoolState(len(waiting), sum(i.size for i in waiting), min(moments, default=None))


def last_audit(store: ObjectStore) -> AuditState | None:
    """Return the newest audit that was written down; its key begins with its time."""
    keys = [info.key for info in store.list(_AUDITS)]
    if not keys:
        return None
    (line, *_) = store.get(max(keys)).splitlines()
    row = orjson.loads(line)
    return AuditState(row["audited_at"], row["clean"], row["events"], row["gaps"])
