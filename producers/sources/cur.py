"""AWS Cost and Usage Reports, legacy and 2.0: a pure mapper from a row to FOCUS ChargeRecorded.

The money of each line item type is in `cur_money`, the columns' spellings in `cur_columns`, the
services in `cur_services`; here a row becomes events. Nothing of a row is lost: what no FOCUS
column holds verbatim is kept in `x_extensions` under its name as delivered, the original costs
included wherever an event says another cost.

The one column that is left out is the line item's id: AWS gives every line a new one in each
delivery, so it is no key, and it would make every day look changed.
"""

from collections.abc import Mapping, Sequence

from producers.sources import (
    SECOND_EVENT,
    ChargeRow,
    Mapped,
    RejectedRow,
    Scope,
    TableRow,
    Value,
)
from producers.sources.cur_columns import Header, looks_like_cur
from producers.sources.cur_description import describe
from producers.sources.cur_line import Line, Money
from producers.sources.cur_money import money, readable_cost
from producers.sources.cur_settings import read_settings
from producers.sources.cur_times import take_times
from producers.sources.refusals import (
    RefusedError,
    check_currency,
    check_encoding,
    check_width,
    partition,
    rejected,
)
from schemas.amounts import Amount
from schemas.events import ChargeRecorded
from schemas.tables import FOCUS

__all__ = ["KIND", "MAPPER_VERSION", "CurMapper", "looks_like_cur"]

KIND = "cur"
MAPPER_VERSION = "1"

_EMPTY: ChargeRecorded = {c.name: None for c in FOCUS}


class CurMapper:
    """Maps the rows of one file; made from its header.

    Args:
        file: the file's name.
        columns: its header, in any of the three spellings and any order.
        settings: FOCUS column to value, for columns that a report lacks or leaves empty.

    Raises:
        SourceError: a required column is missing or stands twice, or a setting is of no use.
    """

    def __init__(
        self, file: str, columns: Sequence[str], settings: Mapping[str, str] | None = None
    ) -> None:
        self._file = file
        self._columns = tuple(columns)
        self._given = read_settings(file, settings or {})
        self._header = Header(file, columns, self._given)
        self._names = self._header.names

    def map(self, ordinal: int, row: TableRow) -> Mapped:
        """Turn a row into an event, into two where a fee has an unused part, or say why not."""
        try:
            return self._events(ordinal, row.values)
        except RefusedError as why:
            return (self._rejected(ordinal, row, why),)

    def _events(self, ordinal: int, values: Sequence[Value]) -> Mapped:
        check_width(values, len(self._columns))
        check_encoding(values)
        header, names = self._header, self._names
        notes: list[str] = []
        cells = header.cells(values, notes)
        tags = header.tags(values, cells, notes)
        categories = header.categories(values, cells, notes)
        account = self._required(cells, names.bill_payer_account_id, "billing_account_id", notes)
        currency = self._currency(cells, notes)
        times = take_times(cells, names, self._given, notes)
        scope, date = partition(
            account, times["billing_period_start"], times["charge_period_start"]
        )
        line = Line(cells, names, cells.pop(names.line_item_line_item_type, ""), currency)
        first, *second = money(line)
        common: ChargeRecorded = {
            **_EMPTY,
            **times,
            "billing_account_id": account,
            "billing_currency": currency,
            "tags": tags,
        }
        added = describe(common, cells, names, line.type, first)
        if categories:
            added["x_CostCategories"] = categories
        if first.is_copy:
            added["x_SplitCostCopy"] = "true"
            notes.append("split-cost-copy")
        if first.is_unknown:
            notes.append("unknown-line-item-type")
        if first.status and not first.commitment:
            notes.append("commitment-without-id")
        cells.update(added)
        event = self._event(ordinal, scope, date, common, first, cells, notes)
        if not second:
            return (event,)
        # The row's other cells stand in the first event; twice, they would be counted twice.
        return event, self._event(ordinal + SECOND_EVENT, scope, date, common, second[0], added, [])

    def _event(
        self,
        ordinal: int,
        scope: Scope,
        date: str,
        common: ChargeRecorded,
        said: Money,
        extensions: dict[str, str],
        notes: list[str],
    ) -> ChargeRow:
        charge = common.copy()
        charge["ordinal"] = ordinal
        charge["charge_category"] = said.category
        charge["charge_frequency"] = said.frequency
        charge["pricing_category"] = said.pricing
        amounts = [("billed_cost", said.billed), ("effective_cost", said.effective)]
        if said.listed is not None:
            amounts.append(("list_cost", said.listed))
        amounts.append(("contracted_cost", said.contracted))
        if said.list_price is not None:
            amounts.append(("list_unit_price", said.list_price))
        if said.contracted_price is not None:
            amounts.append(("contracted_unit_price", said.contracted_price))
        if said.quantity is not None:
            amounts.append(("pricing_quantity", said.quantity))
            charge["pricing_unit"] = said.unit
            if said.consumed:
                amounts.append(("consumed_quantity", said.quantity))
                charge["consumed_unit"] = said.unit
        if said.commitment is not None:
            charge["commitment_discount_id"] = said.commitment.arn
            charge["commitment_discount_category"] = said.commitment.category
            charge["commitment_discount_type"] = said.commitment.type
            charge["commitment_discount_status"] = said.status
            if said.committed is not None:
                amounts.append(("commitment_discount_quantity", said.committed))
                charge["commitment_discount_unit"] = said.committed_unit
        rounded = False
        for name, read in amounts:
            charge[name] = read.text
            if read.residue:
                rounded = True
        if rounded:
            notes.append("rounded-to-12-decimals")
        charge["x_extensions"] = extensions or None
        if self._given:
            self._fill(charge, amounts, notes)
        return ChargeRow(scope, date, charge, tuple(amounts), _once(notes))

    def _fill(
        self, charge: ChargeRecorded, amounts: list[tuple[str, Amount]], notes: list[str]
    ) -> None:
        for name, value in self._given.items():
            if charge[name] is None:
                notes.append("filled")
                charge[name] = value
                if isinstance(value, Amount):
                    charge[name] = value.text
                    amounts.append((name, value))

    def _required(self, cells: dict[str, str], name: str, column: str, notes: list[str]) -> str:
        value = cells.pop(name, None)
        if value is not None:
            return value
        if column not in self._given:
            raise RefusedError("missing-value", f"{name} is empty")
        notes.append("filled")
        return str(self._given[column])

    def _currency(self, cells: dict[str, str], notes: list[str]) -> str:
        text = self._required(cells, self._names.line_item_currency_code, "billing_currency", notes)
        code = check_currency(text)
        if code != text:
            notes.append("currency-case")
        return code

    def _rejected(self, ordinal: int, row: TableRow, why: RefusedError) -> RejectedRow:
        known: dict[str, str] = {}
        if len(row.values) == len(self._columns):
            names = self._names
            cells = self._header.cells(row.values, [])
            line = Line(cells, names, cells.get(names.line_item_line_item_type, ""), "")
            account = cells.get(names.bill_payer_account_id)
            currency = cells.get(names.line_item_currency_code)
            known = {
                "BillingAccountId": account or str(self._given.get("billing_account_id", "")),
                "BillingPeriodStart": cells.get(names.bill_billing_period_start_date, ""),
                "BillingCurrency": currency or str(self._given.get("billing_currency", "")),
                "BilledCost": readable_cost(line),
            }
        return rejected(ordinal, row, self._file, self._columns, why, known)


def _once(notes: list[str]) -> tuple[str, ...]:
    return tuple(sorted(set(notes))) if notes else ()
