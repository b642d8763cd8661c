"""What a commitment costs whether it is used or not: its purchases, and each hour's unused rest."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from producers.sources import ChargeRow
from producers.sources.simulator.charges import Line, filled, template
from producers.sources.simulator.clock import month_start, next_month, period
from producers.sources.simulator.commitments import Commitment
from producers.sources.simulator.exact import PRICE_DECIMALS, cost, integer, stored
from producers.sources.simulator.organisation import PAYER, SHARED, Account, Region
from producers.sources.simulator.world import Series
from schemas.amounts import amount
from schemas.events import ChargeRecorded

_DECIMALS = 10
"""Quantities here are integers in 10^-10 of the commitment's unit."""
_MONEY_TO_QUANTITY = 10**2
"""Stored money is in 10^-12."""
_NOTHING = amount("0")

Quantity = Callable[[Series, Line, int], int]
"""The quantity of a series' line in an hour."""


@dataclass(frozen=True, slots=True)
class Booking:
    """One commitment with all that it covers."""

    commitment: Commitment
    covered: tuple[tuple[Series, Line], ...]

    def rows(self, quantity: Quantity, hour: int, start: int) -> Iterator[ChargeRow]:
        """Yield the rows of an hour that are the commitment's own."""
        for row in (self._purchase(hour, start), self._unused(quantity, hour)):
            if row is not None:
                yield row

    def _purchase(self, hour: int, start: int) -> ChargeRow | None:
        """Return the payment due in an hour, in a world that begins at hour `start`.

        A plan counted in money is paid hour by hour, a reservation in a month's first hour, or
        the world's, for the rest of the month.
        """
        end = hour + 1
        if not self.commitment.by_spend:
            if hour not in (month_start(hour), start):
                return None
            end = next_month(hour)
        charge = self._template("Purchase", "Recurring", "Standard", None)
        return self._row(charge, self._per_hour * (end - hour), hour, end)

    def _unused(self, quantity: Quantity, hour: int) -> ChargeRow | None:
        """Return what the hour left unused; nothing where all was used."""
        used = sum(self._used(line, quantity(s, line, hour)) for s, line in self.covered)
        rest = self._per_hour - used
        if not rest:
            return None
        charge = self._template("Usage", "Usage-Based", "Committed", "Unused")
        return self._row(charge, rest, hour, hour + 1)

    @property
    def _per_hour(self) -> int:
        """What is committed each hour: as much as all that it covers can use at most."""
        return sum(self._used(line, line.most or 0) for _, line in self.covered)

    def _used(self, line: Line, quantity: int) -> int:
        if self.commitment.by_spend:
            return line.effective(quantity).scaled // _MONEY_TO_QUANTITY
        return quantity * integer("1", _DECIMALS - line.decimals)

    def _row(self, charge: ChargeRecorded, quantity: int, hour: int, end: int) -> ChargeRow:
        price = integer("1", PRICE_DECIMALS)
        if not self.commitment.by_spend:
            price = self.covered[0][1].effective_price
        total = cost(price, quantity, _DECIMALS)
        purchase = charge["charge_category"] == "Purchase"
        amounts = [
            ("billed_cost", total if purchase else _NOTHING),
            ("effective_cost", _NOTHING if purchase else total),
            ("list_cost", total),
            ("contracted_cost", total),
            ("list_unit_price", stored(price, PRICE_DECIMALS)),
            ("contracted_unit_price", stored(price, PRICE_DECIMALS)),
            ("pricing_quantity", stored(quantity, _DECIMALS)),
            ("commitment_discount_quantity", stored(quantity, _DECIMALS)),
        ]
        return filled(charge, amounts, period(PAYER, hour, end))

    def _template(
        self, category: str, frequency: str, pricing: str, status: str | None
    ) -> ChargeRecorded:
        commitment = self.commitment
        account, region = self._place
        words = "Recurring fee" if category == "Purchase" else "Unused part"
        return template(
            account,
            charge_category=category,
            charge_description=f"{words} of {commitment.type} {commitment.name}",
            charge_frequency=frequency,
            pricing_category=pricing,
            pricing_unit=commitment.unit,
            service_category=commitment.service_category,
            service_subcategory=commitment.service_subcategory,
            service_name=commitment.service_name,
            region_id=region.region_id if region else None,
            region_name=region.name if region else None,
            resource_id=commitment.commitment_id,
            resource_name=commitment.name,
            resource_type=commitment.type,
            sku_id=commitment.usage_type,
            sku_price_id=f"{commitment.usage_type}.{region.region_id if region else 'global'}",
            sku_meter=commitment.usage_type,
            x_extensions={
                "x_ServiceCode": commitment.service_code,
                "x_UsageType": commitment.usage_type,
            },
            **commitment.columns(status),
        )

    @property
    def _place(self) -> tuple[Account, Region | None]:
        if self.commitment.by_spend:
            return SHARED, None
        series = self.covered[0][0]
        return series.account, series.region


def bookings(world: Sequence[Series]) -> tuple[Booking, ...]:
    """Return the commitments of a world, each with what it covers."""
    covered: dict[Commitment, list[tuple[Series, Line]]] = {}
    for series in world:
        for line in series.lines:
            if line.commitment is not None:
                covered.setdefault(line.commitment, []).append((series, line))
    return tuple(Booking(commitment, tuple(lines)) for commitment, lines in covered.items())
