"""Where anomalies are kept: as they stand, what happened to them, and what was judged from what."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import orjson

from schemas.amounts import plain_text
from schemas.errors import StateError
from schemas.lake import ANOMALIES, ANOMALY_HISTORY, JUDGED_DAYS, ObjectStore
from transforms.anomalies.model import AbnormalDay, Anomaly, Contributor

Change = tuple[str, Anomaly]
"""What happened to an anomaly, and how it stands after it."""

_SERIES = ("billing_account_id", "sub_account_id", "service_name", "region_id", "billing_currency")
_AGAIN = "restore an earlier version of it, or delete it and run: finops anomalies judge"


def read_anomalies(store: ObjectStore) -> list[Anomaly]:
    """Return every anomaly as it stands; none before the first run.

    Raises:
        StateError: the object is damaged.
    """
    try:
        body = store.get(ANOMALIES)
    except KeyError:
        return []
    try:
        return [_anomaly(orjson.loads(line)) for line in body.splitlines()]
    except (ValueError, TypeError, KeyError, ArithmeticError) as error:
        raise StateError(f"{ANOMALIES} is damaged ({error!r}); {_AGAIN}") from error


def write_anomalies(store: ObjectStore, anomalies: Iterable[Anomaly]) -> None:
    """Replace how every anomaly stands."""
    store.put(ANOMALIES, b"".join(_line(document(anomaly)) for anomaly in anomalies))


def append_history(store: ObjectStore, changes: Sequence[Change], moment: str) -> None:
    """Write down what happened in one run; the same run again writes the same object again."""
    if not changes:
        return
    body = b"".join(
        _line({"changed_at": moment, "change": change, **document(anomaly)})
        for change, anomaly in changes
    )
    name = moment.translate({ord(c): "-" for c in ":+."})
    digest = hashlib.sha256(body).hexdigest()[:8]
    store.put(f"{ANOMALY_HISTORY}{name}-{digest}.json", body)


def read_judged(store: ObjectStore) -> dict[str, str]:
    """Return what each judged day was judged from.

    Raises:
        StateError: the object is damaged.
    """
    try:
        judged = orjson.loads(store.get(JUDGED_DAYS))
    except KeyError:
        return {}
    except ValueError as error:
        raise StateError(f"{JUDGED_DAYS} is damaged ({error}); {_AGAIN}") from error
    return {str(day): str(basis) for day, basis in judged.items()}


def write_judged(store: ObjectStore, judged: Mapping[str, str]) -> None:
    """Replace what each judged day was judged from."""
    store.put(JUDGED_DAYS, orjson.dumps(dict(sorted(judged.items()))))


def document(anomaly: Anomaly) -> dict[str, Any]:
    """Return an anomaly as a row of its table, amounts exact decimals."""
    return {
        "anomaly_id": anomaly.anomaly_id,
        "status": anomaly.status,
        "charge_date": anomaly.first_day,
        "end_date": anomaly.last_day,
        **dict(zip(_SERIES, anomaly.series, strict=True)),
        "actual": anomaly.actual,
        "expected": anomaly.expected,
        "impact": anomaly.impact,
        "days": list(anomaly.days),
        "contributors": list(anomaly.contributors),
        "owner": anomaly.owner,
        "first_seen": anomaly.first_seen,
        "notified_at": anomaly.notified_at,
        "suppressed_by": anomaly.suppressed_by,
        "suppression_reason": anomaly.suppression_reason,
        "detail": anomaly.detail,
    }


def _anomaly(row: dict[str, Any]) -> Anomaly:
    return Anomaly(
        anomaly_id=row["anomaly_id"],
        status=row["status"],
        series=tuple(row[name] for name in _SERIES),
        days=tuple(
            AbnormalDay(
                day["charge_date"],
                Decimal(day["actual"]),
                Decimal(day["expected"]),
                Decimal(day["recent_level"]),
                None if day["weekday_level"] is None else Decimal(day["weekday_level"]),
            )
            for day in row["days"]
        ),
        first_seen=row["first_seen"],
        contributors=tuple(
            Contributor(c["resource_id"], Decimal(c["actual"]), Decimal(c["expected"]))
            for c in row["contributors"]
        ),
        owner=row["owner"],
        notified_at=row["notified_at"],
        suppressed_by=row["suppressed_by"],
        suppression_reason=row["suppression_reason"],
        detail=row["detail"],
    )


def _line(row: Mapping[str, Any]) -> bytes:
    return orjson.dumps(row, default=_text) + b"\n"


def _text(value: object) -> str:
    if isinstance(value, Decimal):
        return plain_text(value)
    raise TypeError(f"no JSON for {type(value).__name__}")
