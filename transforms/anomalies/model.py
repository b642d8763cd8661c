"""An anomaly as a value: when, where, how much, and what became of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from schemas.amounts import EXACT

Series = tuple[str, str | None, str | None, str | None, str]
"""(payer account, account, service, region, currency)."""

OPEN, ENDED, WITHDRAWN = "open", "ended", "withdrawn"


@dataclass(frozen=True, slots=True)
class AbnormalDay:
    """One day of a series that cost abnormally much, and what it was compared with."""

    charge_date: str
    actual: Decimal
    expected: Decimal
    recent_level: Decimal
    weekday_level: Decimal | None

    @property
    def impact(self) -> Decimal:
        """What it cost too much."""
        return EXACT.subtract(self.actual, self.expected)


@dataclass(frozen=True, slots=True)
class Contributor:
    """One resource's share of an anomaly."""

    resource_id: str
    actual: Decimal
    expected: Decimal


@dataclass(frozen=True, slots=True)
class Anomaly:
    """One time in which a series cost abnormally much; amounts in the series' currency."""

    anomaly_id: str
    status: str
    series: Series
    days: tuple[AbnormalDay, ...]
    """Its abnormal days, in order; quiet days between them are not among them."""
    first_seen: str
    contributors: tuple[Contributor, ...] = ()
    owner: str | None = None
    notified_at: str | None = None
    suppressed_by: str | None = None
    suppression_reason: str | None = None
    detail: str = ""

    @property
    def first_day(self) -> str:
        """Its first abnormal day."""
        return self.days[0].charge_date

    @property
    def last_day(self) -> str:
        """Its last abnormal day so far."""
        return self.days[-1].charge_date

    @property
    def actual(self) -> Decimal:
        """What its abnormal days cost."""
        return _total(day.actual for day in self.days)

    @property
    def expected(self) -> Decimal:
        """What they would usually have cost."""
        return _total(day.expected for day in self.days)

    @property
    def impact(self) -> Decimal:
        """What it cost too much."""
        return EXACT.subtract(self.actual, self.expected)

    @property
    def stands(self) -> bool:
        """Whether it is an anomaly still: not withdrawn."""
        return self.status != WITHDRAWN


def _total(amounts: Iterable[Decimal]) -> Decimal:
    total = Decimal(0)
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total
