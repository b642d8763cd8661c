"""Events that a number says everything about: any process makes them again, any check sums them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

ACCOUNTS = ("111111111111", "222222222222")
DAYS = tuple(
    (period, day)
    for period, days in (
        ("2026-08", ("2026-08-29", "2026-08-30", "2026-08-31")),
        ("2026-09", ("2026-09-01", "2026-09-02", "2026-09-03")),
    )
    for day in days
)
SERVICES = ("Amazon EC2", "Amazon S3", "AWS Lambda", "Amazon RDS", "Amazon SQS")
NEXT = {"2026-08": "2026-09", "2026-09": "2026-10"}
_WIDE = Context(prec=100)
_STORED = Decimal("1e-12")


def billed_cost(number: int) -> Decimal:
    """Return fifteen decimals, three more than the lake stores; some are negative."""
    amount = Decimal(number * 7_919_000_003_001 % 10**17).scaleb(-15)
    return -amount if number % 11 == 0 else amount


def effective_cost(number: int) -> Decimal:
    """Return seventeen decimals; every fourth amount lies exactly between two stored ones."""
    if number % 4 == 0:
        return Decimal((2 * number + 1) * 5).scaleb(-13)
    return Decimal(10**17 + number * 31 + 7).scaleb(-17)


def numbered(number: int) -> dict[str, Any]:
    """Return the event of a number; its description is the number."""
    period, day = place(number)
    return {
        "BilledCost": billed_cost(number),
        "EffectiveCost": effective_cost(number),
        "BillingAccountId": ACCOUNTS[number % 2],
        "BillingCurrency": "USD",
        "BillingPeriodStart": f"{period}-01T00:00:00Z",
        "BillingPeriodEnd": f"{NEXT[period]}-01T00:00:00Z",
        "ChargePeriodStart": f"{day}T{number % 24:02}:00:00Z",
        "ChargePeriodEnd": f"{day}T{number % 24:02}:30:00Z",
        "ChargeCategory": "Usage",
        "ChargeDescription": str(number),
        "ServiceName": service(number),
        "ResourceId": f"resource-{number % 40}",
        "Tags": {"team": "core"},
    }


def place(number: int) -> tuple[str, str]:
    """Return its billing period and charge date."""
    return DAYS[number // 2 % len(DAYS)]


def service(number: int) -> str:
    """Return its service."""
    return SERVICES[number % len(SERVICES)]


def stored(amount: Decimal) -> Decimal:
    """Round as the lake does."""
    return amount.quantize(_STORED, ROUND_HALF_EVEN, _WIDE)


@dataclass(slots=True)
class Money:
    """Sums of some events: as stored, and exactly."""

    events: int = 0
    billed: Decimal = Decimal(0)
    effective: Decimal = Decimal(0)
    exact_billed: Decimal = Decimal(0)
    exact_effective: Decimal = Decimal(0)


@dataclass(slots=True)
class Expected:
    """What events sum to, by charge date and service."""

    groups: dict[tuple[str, str], Money] = field(default_factory=lambda: defaultdict(Money))

    @classmethod
    def of(cls, numbers: Iterable[int]) -> "Expected":
        """Sum up the events of some numbers."""
        expected = cls()
        for number in numbers:
            expected._add(number)
        return expected

    @property
    def total(self) -> Money:
        """The sum over everything."""
        total = Money()
        for money in self.groups.values():
            total.events += money.events
            total.billed = _WIDE.add(total.billed, money.billed)
            total.effective = _WIDE.add(total.effective, money.effective)
            total.exact_billed = _WIDE.add(total.exact_billed, money.exact_billed)
            total.exact_effective = _WIDE.add(total.exact_effective, money.exact_effective)
        return total

    def _add(self, number: int) -> None:
        money = self.groups[(place(number)[1], service(number))]
        billed, effective = billed_cost(number), effective_cost(number)
        money.events += 1
        money.billed = _WIDE.add(money.billed, stored(billed))
        money.effective = _WIDE.add(money.effective, stored(effective))
        money.exact_billed = _WIDE.add(money.exact_billed, billed)
        money.exact_effective = _WIDE.add(money.exact_effective, effective)
