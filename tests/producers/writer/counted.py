"""What of the numbered events is where: raw/ and the spool decoded, views and audit asked."""

from array import array
from collections import defaultdict
from collections.abc import Iterable
from decimal import Context, Decimal
from typing import Any

from infra.wiring import Platform
from schemas.codec import Batch, read_members
from schemas.lake import RAW
from tests.producers.writer.numbered import Expected, Money
from transforms.audit import AuditReport, audit

_WIDE = Context(prec=100)

VIEW = """
select charge_date, service_name, count(*) as events, count(distinct charge_description) as numbers,
       count(distinct event_id) as ids, sum(billed_cost) as billed, sum(effective_cost) as effective
from charges group by 1, 2
"""


class Counted:
    """The events of one producer that were found, by number; each must have one id for ever.

    Attributes:
        copies: events that were found again under the same id.
        problems: what must not be, in words.
    """

    def __init__(self, events: int) -> None:
        self.copies = 0
        self.problems: list[str] = []
        self.completions: dict[str, dict[str, Any]] = {}
        self._owner = array("i", [-1]) * events
        self._deliveries: dict[str, int] = {}
        self._offsets: dict[str, int] = {}
        self._read: set[str] = set()

    def look(self, platform: Platform) -> None:
        """Count what came to raw/ since the last look."""
        store = platform.store
        for info in store.list(RAW):
            if info.key not in self._read:
                self._read.add(info.key)
                self._take(store.get(info.key))

    def lacks(self, below: int, spool: Iterable[bytes]) -> list[int]:
        """Return the numbers below one that are neither in raw/ nor in the spool."""
        waiting = {
            int(event["charge_description"])
            for record in spool
            for batch in read_members(record)
            if isinstance(batch, Batch) and batch.is_charges
            for event in batch.events
        }
        return [n for n in range(below) if self._owner[n] < 0 and n not in waiting]

    def _take(self, body: bytes) -> None:
        for batch in read_members(body):
            if not isinstance(batch, Batch):
                self.problems.append(f"{len(batch.body)} bytes in raw/ cannot be read")
            elif batch.is_charges:
                self._count(batch)
            else:
                (completed,) = batch.events
                known = self.completions.setdefault(batch.delivery_id, completed)
                if known != completed:
                    self.problems.append(f"{batch.delivery_id} was completed in two ways")

    def _count(self, batch: Batch) -> None:
        delivery = self._deliveries.setdefault(batch.delivery_id, len(self._deliveries))
        for event in batch.events:
            number = int(event["charge_description"])
            # A producer that goes on counts on: all ordinals of a delivery, across its processes.
            offset = self._offsets.setdefault(batch.delivery_id, number - event["ordinal"])
            if number - event["ordinal"] != offset:
                self.problems.append(f"{batch.delivery_id} has {number} at {event['ordinal']}")
            owner = self._owner[number]
            if owner < 0:
                self._owner[number] = delivery
            elif owner == delivery:
                self.copies += 1
            else:
                self.problems.append(f"{number} has two ids, the second in {batch.delivery_id}")

    def check_completions(self, expected: Money) -> None:
        """Check what the deliveries promise against the exact sums."""
        sums: dict[str, Decimal] = defaultdict(Decimal)
        events = 0
        for completed in self.completions.values():
            for day in completed["days"]:
                events += day["events"]
                for entry in day["sums"]:
                    exact = _WIDE.add(Decimal(entry["stored"]), Decimal(entry["residue"]))
                    name = entry["column_name"]
                    sums[name] = _WIDE.add(sums[name], exact)
        for what, found, right in (
            ("events", Decimal(events), Decimal(expected.events)),
            ("billed cost", sums["billed_cost"], expected.exact_billed),
            ("effective cost", sums["effective_cost"], expected.exact_effective),
        ):
            if found != right:
                self.problems.append(f"completions promise {found} {what}, it is {right}")


def check_views(platform: Platform, expected: Expected) -> list[str]:
    """Ask the view: each event once, and the money as it is stored; return what differs."""
    found = {
        (row["charge_date"], row["service_name"]): (
            *(row["events"], row["numbers"], row["ids"]),
            *(Decimal(row["billed"]), Decimal(row["effective"])),
        )
        for row in platform.query.rows(VIEW)
    }
    right = {
        key: (money.events, money.events, money.events, money.billed, money.effective)
        for key, money in expected.groups.items()
    }
    return [
        f"the view shows {found.get(key)} of {key}, it is {right.get(key)}"
        for key in sorted(found.keys() | right.keys())
        if found.get(key) != right.get(key)
    ]


def check_audit(platform: Platform, expected: Money) -> tuple[AuditReport, list[str]]:
    """Audit the lake; return the report and what is wrong with it."""
    report = audit(platform.query, platform.store)
    problems = [f"audit: {gap.kind} {gap.delivery_id} {gap.detail}" for gap in report.gaps]
    if report.open_deliveries:
        problems.append(f"{len(report.open_deliveries)} deliveries were never completed")
    if report.failed_records:
        problems.append(f"{report.failed_records} records are in errors/")
    if report.events != expected.events:
        problems.append(f"audit counts {report.events} events, it is {expected.events}")
    if Decimal(report.billed.get("USD", "0")) != expected.billed:
        problems.append(f"audit counts {report.billed}, it is {expected.billed}")
    return report, problems
