"""How the lake is, in a few numbers that each settle tells: what waits, and for how long."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from schemas.lake import ERRORS, SPOOL, ObjectStore
from transforms.settle import SettleReport

_SPOOLED = f"{SPOOL}records/"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Vitals:
    """What an operator asks first."""

    lag: timedelta
    """How long ago the oldest delivery landed whose rows are not all there."""
    incomplete: int
    """Deliveries with rows missing beyond their time."""
    in_flight: int
    error_objects: int
    """Objects under errors/, of all time."""
    spooled_objects: int
    """Objects of records that the scheduled ingest keeps until the stream takes them."""
    spool_age: timedelta
    """How long the oldest of those has waited."""

    @property
    def metrics(self) -> dict[str, tuple[float, str]]:
        """The numbers as metrics, with their units."""
        return {
            "SettleLag": (self.lag.total_seconds(), "Seconds"),
            "DeliveriesIncomplete": (self.incomplete, "Count"),
            "DeliveriesInFlight": (self.in_flight, "Count"),
            "ErrorObjects": (self.error_objects, "Count"),
            "SpooledObjects": (self.spooled_objects, "Count"),
            "SpoolAge": (self.spool_age.total_seconds(), "Seconds"),
        }


def vitals(report: SettleReport, store: ObjectStore, now: datetime) -> Vitals:
    """Return the lake's numbers at a moment, after settle; lists and reads no object."""
    states = [status.status for status in report.statuses]
    waits = [
        max(now - moment, timedelta())
        for moment in map(spooled_at, (info.key for info in store.list(_SPOOLED)))
        if moment is not None
    ]
    return Vitals(
        lag=report.lag,
        incomplete=states.count("incomplete"),
        in_flight=states.count("in-flight"),
        error_objects=sum(1 for _ in store.list(ERRORS)),
        spooled_objects=sum(1 for _ in store.list(_SPOOLED)),
        spool_age=max(waits, default=timedelta()),
    )


def spooled_at(key: str) -> datetime | None:
    """Return when a spooled object was kept: its name begins with the microseconds since 1970."""
    text = key.removeprefix(_SPOOLED).partition("-")[0]
    return _EPOCH + timedelta(microseconds=int(text)) if text.isascii() and text.isdigit() else None
