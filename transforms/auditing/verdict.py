"""What an audit says of one day of one delivery, as it is printed, kept and queried."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.amounts import scaled_text
from transforms.tallies import Day, Sums

PLACES = ("promised", "recorded", "processed", "failed", "in_flight", "missing")
"""Where billed cost is told of, per currency; `recorded` is what raw/ holds."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Something the lake should hold and does not: where, how many events, how much money."""

    kind: str
    delivery_id: str
    billing_period: str
    charge_date: str
    events: int
    billed: dict[str, str]
    """Billed cost by currency, exact decimal text; what is missing is positive."""
    detail: str


@dataclass(slots=True)
class DayVerdict:
    """One day of one delivery: raw = processed + errors + in flight, or what is wrong with it."""

    delivery_id: str
    billing_period: str
    charge_date: str
    promised: int | None = None
    """Events that its DeliveryCompleted promises; None where there is none yet."""
    recorded: int = 0
    """Events in raw/, each once."""
    copies: int = 0
    """How often they were recorded beyond that."""
    processed: int = 0
    """Events in processed/, each once."""
    doubled: int = 0
    """Extra rows there; views count each event once."""
    files: list[str] = field(default_factory=list)
    """The files that hold rows more than once."""
    failed: dict[str, int] = field(default_factory=dict)
    """Events that are in errors/ and not in processed/, by error type."""
    in_flight: int = 0
    """Events that buffers may still hold."""
    late: int = 0
    """Events beyond that, which Firehose may still be trying to deliver."""
    missing: int = 0
    """Events in raw/ that are nowhere else, and no longer on their way."""
    orphaned: int = 0
    """Events in processed/ that raw/ does not hold."""
    billed: dict[str, dict[str, str]] = field(default_factory=dict)
    """Currency to place to billed cost, exact text; `residue` is what rounding left over."""
    gaps: list[Gap] = field(default_factory=list)

    @property
    def day(self) -> Day:
        """Which day of which delivery."""
        return (self.delivery_id, self.billing_period, self.charge_date)

    @property
    def status(self) -> str:
        """Return the worst that is to be said, in a word."""
        if self.gaps:
            return "differs"
        if self.late:
            return "late"
        if self.in_flight:
            return "in-flight"
        return "failed" if self.failed else "whole"

    @property
    def settled(self) -> bool:
        """Whether time alone changes nothing of it."""
        return not (self.gaps or self.in_flight or self.late)

    def bill(self, place: str, sums: Sums) -> None:
        """Say what billed cost there is in a place."""
        for (currency, column), value in sorted(sums.items()):
            if column == "billed_cost":
                self.billed.setdefault(currency, {})[place] = scaled_text(value)

    def money(self, place: str) -> dict[str, str]:
        """Return the billed cost in a place, by currency."""
        return {c: found[place] for c, found in self.billed.items() if place in found}

    def row(self, evaluation: str, checked_at: str, fingerprint: str) -> dict[str, Any]:
        """Return it as a row of the table `audit_days`."""
        return {
            "evaluation": evaluation,
            "delivery_id": self.delivery_id,
            "billing_period": self.billing_period,
            "charge_date": self.charge_date,
            "checked_at": checked_at,
            "status": self.status,
            "promised": self.promised,
            "recorded": self.recorded,
            "resent": self.copies,
            "processed": self.processed,
            "doubled": self.doubled,
            "failed": [{"type": t, "events": n} for t, n in sorted(self.failed.items())],
            "in_flight": self.in_flight,
            "late": self.late,
            "missing": self.missing,
            "orphaned": self.orphaned,
            "billed": [
                {"currency": c, **{p: found.get(p) for p in (*PLACES, "residue")}}
                for c, found in sorted(self.billed.items())
            ],
            "details": [f"{gap.kind}: {gap.detail}" for gap in self.gaps],
            "files": self.files,
            "fingerprint": fingerprint,
        }

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "DayVerdict":
        """Read what `row` wrote of a day that was settled."""
        return cls(
            **{name: row[name] for name in _PLAIN},
            copies=row["resent"],
            failed={entry["type"]: entry["events"] for entry in row["failed"]},
            billed={
                entry["currency"]: {k: v for k, v in entry.items() if k != "currency" and v}
                for entry in row["billed"]
            },
        )


_PLAIN = (
    "delivery_id", "billing_period", "charge_date", "promised", "recorded", "processed",
    "doubled", "files", "in_flight", "late", "missing", "orphaned",
)  # fmt: skip
