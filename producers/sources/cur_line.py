"""A Cost and Usage Report's row while it is read, and what comes of it in money."""

from dataclasses import dataclass

from producers.sources.cur_columns import Names
from producers.sources.refusals import RefusedError, read_amount
from schemas.amounts import Amount


@dataclass(frozen=True, slots=True)
class Commitment:
    """The savings plan or reservation that a row relates to."""

    arn: str
    category: str
    """`Spend` or `Usage`: what it is counted in."""
    type: str


@dataclass(slots=True)
class Money:
    """What one event says: its kind, its four costs, its prices and its quantities."""

    category: str
    frequency: str
    pricing: str | None
    billed: Amount
    effective: Amount
    listed: Amount | None
    contracted: Amount
    list_price: Amount | None = None
    contracted_price: Amount | None = None
    quantity: Amount | None = None
    unit: str | None = None
    consumed: bool = False
    """Whether the quantity was consumed: usage that is not unused."""
    commitment: Commitment | None = None
    status: str | None = None
    committed: Amount | None = None
    """The commitment's own quantity: bought, used or left."""
    committed_unit: str | None = None
    is_copy: bool = False
    is_unknown: bool = False


class Line:
    """A row's cells by name, and the reading of them.

    What is *taken* went verbatim into a FOCUS column and leaves the cells; what is left at the end
    is kept as the row's extensions.
    """

    __slots__ = ("_cells", "currency", "names", "type")

    def __init__(self, cells: dict[str, str], names: Names, type_: str, currency: str) -> None:
        self._cells = cells
        self.names = names
        self.type = type_
        self.currency = currency

    def text(self, name: str) -> str:
        """Return a cell; empty where the row has none."""
        return self._cells.get(name, "")

    def amount(self, name: str) -> Amount | None:
        """Return a cell as an amount; the cell stays."""
        text = self._cells.get(name)
        return None if text is None else read_amount(name, text)

    def taken(self, name: str) -> Amount | None:
        """Return a cell as an amount, and take it."""
        text = self._cells.pop(name, None)
        return None if text is None else read_amount(name, text)

    def first(self, *names: str) -> Amount:
        """Return the first of several amounts that the row has, and take it.

        Raises:
            RefusedError: it has none of them.
        """
        for name in names:
            if name in self._cells:
                return read_amount(name, self._cells.pop(name))
        raise RefusedError("missing-value", f"{names[-1]} is empty")

    def cost(self, *, verbatim: bool) -> Amount:
        """Return what the row costs: net of private discounts where the report has that.

        Args:
            verbatim: the event says just this, so that the cell need not be kept.

        Raises:
            RefusedError: the row has no cost.
        """
        name = self.names.line_item_net_unblended_cost
        text = self._cells.get(name)
        if text is None:
            name = self.names.line_item_unblended_cost
            text = self._cells.get(name)
            if text is None:
                raise RefusedError("missing-value", f"{name} is empty")
        if verbatim:
            del self._cells[name]
        return read_amount(name, text)

    def public_cost(self) -> Amount | None:
        """Take the cost at the public on-demand price; unknown is not zero."""
        return self.taken(self.names.pricing_public_on_demand_cost)

    def commitment(self) -> Commitment | None:
        """Return the commitment that the row names."""
        plan = self.text(self.names.savings_plan_savings_plan_a_r_n)
        reservation = self.text(self.names.reservation_reservation_a_r_n)
        if plan and (self.type.startswith("SavingsPlan") or not reservation):
            return Commitment(plan, "Spend", "Savings Plan")
        if reservation:
            return Commitment(reservation, "Usage", "Reserved Instance")
        return None
