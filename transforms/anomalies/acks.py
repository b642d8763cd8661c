"""What people say of anomalies. Only ever added to, and by no job: a job can lose none of it."""

import hashlib
from dataclasses import asdict, dataclass

import orjson

from schemas.errors import StateError
from schemas.lake import ANOMALY_ACKS, ObjectStore


@dataclass(frozen=True, slots=True)
class Ack:
    """Somebody has seen an anomaly, and says what it was."""

    anomaly_id: str
    acknowledged_at: str
    acknowledged_by: str
    reason: str
    feedback: str | None
    """`true` or `false`: whether it was an anomaly; None where that is not said."""


def acknowledge(store: ObjectStore, ack: Ack) -> None:
    """Write it down, beside whatever was said before."""
    line = orjson.dumps(asdict(ack)) + b"\n"
    digest = hashlib.sha256(line).hexdigest()[:8]
    moment = ack.acknowledged_at.translate({ord(c): "-" for c in ":+."})
    store.put(f"{ANOMALY_ACKS}{moment}-{ack.anomaly_id}-{digest}.json", line)


def read_acks(store: ObjectStore) -> dict[str, list[Ack]]:
    """Return what was said, by anomaly, the newest last.

    Raises:
        StateError: an object is damaged.
    """
    found: dict[str, list[Ack]] = {}
    for info in store.list(ANOMALY_ACKS):
        try:
            ack = Ack(**orjson.loads(store.get(info.key)))
        except (ValueError, TypeError) as error:
            raise StateError(
                f"{info.key} is damaged ({error}); restore an earlier version of it, or delete it "
                "and run: finops anomalies ack"
            ) from error
        found.setdefault(ack.anomaly_id, []).append(ack)
    return {key: sorted(acks, key=lambda a: a.acknowledged_at) for key, acks in found.items()}
