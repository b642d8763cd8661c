"""Charge rows: what never changes is built once, an hour only fills in time, quantity and money.

This is the hot path: a month is 300,000 rows.
"""

from dataclasses import dataclass
from typing import Any

from producers.sources import ChargeRow
from producers.sources.simulator.clock import Period
from producers.sources.simulator.commitments import Commitment
from producers.sources.simulator.exact import PRICE_DECIMALS, cost, stored
from producers.sources.simulator.noise import MILLION, flat, mix
from producers.sources.simulator.organisation import CURRENCY, PAYER, PAYER_NAME, Account
from schemas.amounts import Amount, amount
from schemas.events import ChargeRecorded
from schemas.tables import FOCUS

_EMPTY: ChargeRecorded = {"ordinal": 0, **{c.name: None for c in FOCUS}, "x_extensions": None}
_ISSUER = "Amazon Web Services, Inc."
_LINE_SPREAD = 150_000
"""How far one resource's hour strays from its series, in parts per million."""
_ROUNDED = ("rounded-to-12-decimals",)
_NOTHING = amount("0")


@dataclass(frozen=True, slots=True)
class Line:
    """One meter of one resource: a row every hour."""

    key: int
    constant: ChargeRecorded
    """The columns that are the same every hour; shared: read it, never change it."""
    base: int
    """The usual quantity an hour, in 10^-`decimals`."""
    decimals: int
    most: int | None
    steady: bool
    list_price: int
    contracted_price: int
    commitment: Commitment | None
    effective_price: int
    """The contracted price, or the committed one where a commitment covers the use."""
    since: int
    """The first hour it exists."""

    def quantity(self, level: int, hour: int) -> int:
        """Return the hour's quantity, when its series stands at `level` parts per million."""
        if self.steady:
            return self.base
        chance = flat(mix(self.key ^ hour), _LINE_SPREAD)
        quantity = self.base * level * chance // (MILLION * MILLION)
        return quantity if self.most is None else min(quantity, self.most)

    def effective(self, quantity: int) -> Amount:
        """Return the effective cost of a quantity."""
        return cost(self.effective_price, quantity, self.decimals)


def template(account: Account, **columns: Any) -> ChargeRecorded:
    """Return a charge with what every row has, and the given columns."""
    return {
        **_EMPTY,
        "billing_account_id": PAYER,
        "billing_account_name": PAYER_NAME,
        "billing_account_type": "Management Account",
        "sub_account_id": account.account_id,
        "sub_account_name": account.name,
        "sub_account_type": "Member Account",
        "billing_currency": CURRENCY,
        "pricing_currency": CURRENCY,
        "provider_name": "AWS",
        "publisher_name": _ISSUER,
        "invoice_issuer_name": _ISSUER,
        "service_provider_name": "AWS",
        "host_provider_name": "AWS",
        **columns,
    }


def usage_row(line: Line, quantity: int, period: Period, prefix: str = "") -> ChargeRow:
    """Return the row of a line's quantity; `prefix` goes before the description."""
    consumed = stored(quantity, line.decimals)
    listed = cost(line.list_price, quantity, line.decimals)
    contracted = listed
    if line.contracted_price != line.list_price:
        contracted = cost(line.contracted_price, quantity, line.decimals)
    billed = effective = contracted
    if line.commitment is not None:
        billed, effective = _NOTHING, line.effective(quantity)
    amounts = [
        ("billed_cost", billed),
        ("effective_cost", effective),
        ("list_cost", listed),
        ("contracted_cost", contracted),
        ("list_unit_price", stored(line.list_price, PRICE_DECIMALS)),
        ("contracted_unit_price", stored(line.contracted_price, PRICE_DECIMALS)),
        ("pricing_quantity", consumed),
        ("consumed_quantity", consumed),
    ]
    if line.commitment is not None:
        used = effective if line.commitment.by_spend else consumed
        amounts.append(("commitment_discount_quantity", used))
    row = filled(line.constant, amounts, period)
    if prefix:
        row.charge["charge_description"] = prefix + line.constant["charge_description"]
    return row


def filled(
    constant: ChargeRecorded, amounts: list[tuple[str, Amount]], period: Period
) -> ChargeRow:
    """Return a row of its own: constant columns, times and amounts; its ordinal is still 0."""
    charge = constant | period.times
    rounded = False
    for name, value in amounts:
        charge[name] = value.text
        if value.residue:
            rounded = True
    notes = _ROUNDED if rounded else ()
    return ChargeRow(period.scope, period.charge_date, charge, tuple(amounts), notes)
