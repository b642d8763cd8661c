"""Charges that come once a month: support, a marketplace seat, tax, and a credit."""

from dataclasses import dataclass

from producers.sources import ChargeRow
from producers.sources.simulator.charges import filled, template
from producers.sources.simulator.clock import DAY, moment, next_month, period
from producers.sources.simulator.noise import Draws
from producers.sources.simulator.organisation import ACCOUNTS, PAYER, SHARED, Account
from producers.sources.simulator.plan import Kind
from schemas.amounts import amount

_COSTS = ("billed_cost", "effective_cost", "list_cost", "contracted_cost")
_CATEGORY = {Kind.MONTHLY_FEE: "Purchase", Kind.TAX_DAY: "Tax", Kind.CREDIT: "Credit"}
_PRICES = ("list_unit_price", "contracted_unit_price", "pricing_quantity")


@dataclass(frozen=True, slots=True)
class Monthly:
    """One charge on one day of every month."""

    kind: Kind
    day: int
    account: Account
    service: tuple[str, str, str]
    """Name, category and subcategory."""
    description: str
    cost: str
    """Dollars."""

    def happens(self, hour: int) -> bool:
        """Whether it is charged in this hour: the day's first."""
        return hour % DAY == 0 and moment(hour).day == self.day


def charges(seed: int) -> tuple[Monthly, ...]:
    """Return every monthly charge; a seed's amounts are the same each month."""
    draws = Draws(seed, "monthly")
    support = ("AWS Support (Business)", "Management and Governance", "Support")
    seats = ("Example Observability Suite", "Management and Governance", "Observability")
    compute = ("Amazon Elastic Compute Cloud", "Compute", "Virtual Machines")
    databases = ("Amazon Relational Database Service", "Databases", "Relational Databases")
    fees = (
        Monthly(Kind.MONTHLY_FEE, 1, SHARED, support, "AWS Business Support, monthly", "4250.00"),
        Monthly(Kind.MONTHLY_FEE, 18, SHARED, seats, "AWS Marketplace: 40 seats", "1960.00"),
        Monthly(Kind.CREDIT, 20, ACCOUNTS[2], databases, "Promotional credit", "-750.00"),
    )
    taxes = tuple(
        Monthly(
            *(Kind.TAX_DAY, 21, account, compute, "Tax for product code AmazonEC2"),
            f"{draws.between(90, 950)}.{draws.between(10, 99)}",
        )
        for account in ACCOUNTS
    )
    return fees + taxes


def row(monthly: Monthly, hour: int) -> ChargeRow:
    """Return a monthly charge's row."""
    name, category, subcategory = monthly.service
    cost = amount(monthly.cost)
    amounts = [(column, cost) for column in _COSTS]
    end = hour + DAY
    columns: dict[str, str] = {}
    if monthly.kind is Kind.MONTHLY_FEE:
        end = next_month(hour)
        columns = {
            "pricing_category": "Standard",
            "pricing_unit": "Months",
            "sku_id": name,
            "sku_price_id": f"{name}.monthly",
        }
        amounts += zip(_PRICES, (cost, cost, amount("1")), strict=True)
    charge = template(
        monthly.account,
        charge_category=_CATEGORY[monthly.kind],
        charge_description=monthly.description,
        charge_frequency="One-Time" if monthly.kind is Kind.CREDIT else "Recurring",
        service_name=name,
        service_category=category,
        service_subcategory=subcategory,
        **columns,
    )
    return filled(charge, amounts, period(PAYER, hour, end))
