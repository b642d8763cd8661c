"""Planned events: what is expected to cost more, for whom, from when to when, and why."""

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace

import orjson

from schemas.errors import StateError
from schemas.lake import SUPPRESSIONS, ObjectStore
from transforms.anomalies.model import Anomaly


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """A planned event; an account, service or region that is not named stands for each of them."""

    suppression_id: str = ""
    billing_account_id: str | None = None
    sub_account_id: str | None = None
    service_name: str | None = None
    region_id: str | None = None
    first_day: str
    last_day: str
    reason: str
    created_by: str
    created_at: str
    lifted_at: str | None = None
    lifted_by: str | None = None

    def covers(self, anomaly: Anomaly) -> bool:
        """Tell whether it explains an anomaly: its series, and every one of its days.

        One that goes on after the planned event has ended is explained by it no longer.
        """
        scope = (self.billing_account_id, self.sub_account_id, self.service_name, self.region_id)
        return (
            self.lifted_at is None
            and all(mine in (None, its) for mine, its in zip(scope, anomaly.series, strict=False))
            and self.first_day <= anomaly.first_day
            and anomaly.last_day <= self.last_day
        )


def read_suppressions(store: ObjectStore) -> list[Suppression]:
    """Return every planned event, also those taken back, oldest first.

    Raises:
        StateError: an object is damaged.
    """
    found = []
    for info in store.list(SUPPRESSIONS):
        try:
            found.append(Suppression(**orjson.loads(store.get(info.key))))
        except (ValueError, TypeError) as error:
            raise StateError(
                f"{info.key} is damaged ({error}); restore an earlier version of it, or delete it "
                "and run: finops anomalies suppress"
            ) from error
    return sorted(found, key=lambda s: (s.created_at, s.suppression_id))


def suppress(store: ObjectStore, suppression: Suppression) -> Suppression:
    """Write a planned event down; return it with its name. The same one again changes nothing."""
    named = replace(suppression, suppression_id=_name(suppression))
    _put(store, named)
    return named


def lift(store: ObjectStore, suppression: Suppression, by: str, moment: str) -> Suppression:
    """Take a planned event back; it is kept, and says who did."""
    lifted = replace(suppression, lifted_at=moment, lifted_by=by)
    _put(store, lifted)
    return lifted


def suppressed(anomaly: Anomaly, suppressions: Iterable[Suppression]) -> Anomaly:
    """Return an anomaly with the planned event that explains it, if one does."""
    found = next((s for s in suppressions if s.covers(anomaly)), None)
    return replace(
        anomaly,
        suppressed_by=found.suppression_id if found else None,
        suppression_reason=found.reason if found else None,
    )


def _put(store: ObjectStore, suppression: Suppression) -> None:
    body = orjson.dumps(asdict(suppression)) + b"\n"
    store.put(f"{SUPPRESSIONS}{suppression.suppression_id}.json", body)


def _name(suppression: Suppression) -> str:
    said = replace(suppression, suppression_id="", lifted_at=None, lifted_by=None)
    return hashlib.sha256(orjson.dumps(asdict(said))).hexdigest()[:12]
