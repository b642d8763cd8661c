"""Two kinds of commitment, as FOCUS shows them: a purchase, rows it covered, and what went unused.

Over a month, sum EffectiveCost(Used) + sum EffectiveCost(Unused) = sum BilledCost(Purchase),
exactly: rates and quantities are chosen so that no product needs rounding.
"""

from dataclasses import dataclass, replace

from producers.sources.simulator.exact import PRICE_DECIMALS, integer
from producers.sources.simulator.organisation import CURRENCY, PAYER, Account, Region

_RATE_QUANTUM = integer("0.000001", PRICE_DECIMALS)
_THOUSAND = 1_000


@dataclass(frozen=True, slots=True)
class Commitment:
    """One commitment, bought without upfront payment."""

    kind: str
    commitment_id: str
    name: str
    category: str
    """`Spend` or `Usage`: what it is counted in."""
    type: str
    unit: str
    share: int
    """The committed price in thousandths of the list price."""
    service_code: str
    service_name: str
    service_category: str
    service_subcategory: str
    usage_type: str

    @property
    def by_spend(self) -> bool:
        """Whether it is counted in money, not in hours."""
        return self.category == "Spend"

    def price(self, list_price: int) -> int:
        """Return the committed price of a unit, as an integer price of six decimals."""
        return list_price * self.share // _THOUSAND // _RATE_QUANTUM * _RATE_QUANTUM

    def at(self, account: Account, region: Region) -> "Commitment":
        """Return the commitment that serves a place: a reservation is for one account and region.

        In truth a reservation is shared in its organisation; each has its own here, for clarity.
        """
        place = {"account": account.account_id, "region": region.region_id}
        return replace(self, commitment_id=self.commitment_id.format(**place))

    def columns(self, status: str | None) -> dict[str, str | None]:
        """Return the columns of a row that relates to it; a purchase has no status."""
        return {
            "commitment_discount_id": self.commitment_id,
            "commitment_discount_name": self.name,
            "commitment_discount_category": self.category,
            "commitment_discount_type": self.type,
            "commitment_discount_status": status,
            "commitment_discount_unit": self.unit,
        }


SAVINGS_PLAN = Commitment(
    kind="savings-plan",
    commitment_id=f"arn:aws:savingsplans::{PAYER}:savingsplan/6a1c4c5e-2f7d-4a53-9a40-5b1e7f0d9c11",
    name="compute-1-year-no-upfront",
    category="Spend",
    type="Savings Plan",
    unit=CURRENCY,
    share=720,
    service_code="ComputeSavingsPlans",
    service_name="Savings Plans for AWS Compute usage",
    service_category="Compute",
    service_subcategory="Virtual Machines",
    usage_type="ComputeSP:1yrNoUpfront",
)
"""Paid by the hour: every hour has its own purchase row."""

RESERVED = Commitment(
    kind="reserved",
    commitment_id="arn:aws:rds:{region}:{account}:ri:databases-2026",
    name="databases-2026",
    category="Usage",
    type="Reserved Instance",
    unit="Hours",
    share=660,
    service_code="AmazonRDS",
    service_name="Amazon Relational Database Service",
    service_category="Databases",
    service_subcategory="Relational Databases",
    usage_type="HeavyUsage:db.r6g.large",
)
"""Paid by the month, in the month's first hour."""

COMMITMENTS = {commitment.kind: commitment for commitment in (SAVINGS_PLAN, RESERVED)}
