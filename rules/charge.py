"""What a rule may look at: the inputs of one charge, as plain values."""

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple


class Charge(NamedTuple):
    """One charge as the rules see it; missing values are `None`, as in FOCUS, never empty texts.

    A named tuple because one is built per event: it is frozen like a frozen dataclass, at 40 % of
    the construction time.
    """

    billing_account_id: str
    sub_account_id: str | None
    service_name: str | None
    service_category: str | None
    region_id: str | None
    resource_id: str | None
    sku_id: str | None
    charge_category: str
    charge_class: str | None
    charge_frequency: str | None
    charge_date: str
    """YYYY-MM-DD of the charge period's start, UTC."""
    period_start_seconds_of_day: int
    """Seconds from midnight, UTC, to the charge period's start: 0 for the day's first period."""
    period_seconds: int
    """Length of the charge period."""
    billing_currency: str
    billed_cost: Decimal
    effective_cost: Decimal | None
    tags: Mapping[str, str] | None
    pricing_category: str | None = None
    commitment_discount_id: str | None = None
    commitment_discount_status: str | None = None

    @property
    def cost(self) -> Decimal:
        """The amount rules judge: the effective cost, or the billed cost where that is absent."""
        return self.billed_cost if self.effective_cost is None else self.effective_cost
