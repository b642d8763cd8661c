"""Why a row cannot become an event: the checks that all mappers share, and the rejected row. Pure.

A mapper raises `RefusedError` deep inside and turns it into a `RejectedRow` at its edge. A row is
refused only when its money, its account or its time cannot be known.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache

from producers.errors import SourceError
from producers.sources import RejectedRow, Scope, TableRow, Value
from producers.sources.currencies import CURRENCIES
from producers.sources.values import NULLS, time_micros, utc_date
from schemas.amounts import Amount, amount
from schemas.errors import AmountError
from schemas.lake import FIRST_DATE, LAST_DATE, is_date, is_month


class RefusedError(Exception):
    """A row cannot become an event: a reason that can be counted, and a detail for a person."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


def check_names(file: str, names: Sequence[str]) -> None:
    """Make sure that each column's name stands once.

    Raises:
        SourceError: a name stands twice, so that its value is not known.
    """
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SourceError(f"{file}: column {', '.join(twice)} stands twice; export it again")


def check_width(values: Sequence[Value], width: int) -> None:
    """Make sure that a row has as many cells as its header.

    Raises:
        RefusedError: `wrong-field-count`.
    """
    if len(values) != width:
        detail = f"{len(values)} fields where the header has {width}"
        raise RefusedError("wrong-field-count", detail)


def check_encoding(values: Sequence[Value]) -> None:
    """Make sure that a row's cells are UTF-8.

    Asked of the cells, not of the row's text: a columnar row has to build its text first.

    Raises:
        RefusedError: `bad-encoding`.
    """
    try:
        text = "".join(filter(None, values))  # type: ignore[arg-type]  # a map: see below
    except TypeError:
        text = "".join(_texts(values))
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise RefusedError("bad-encoding", "the row is not UTF-8") from error


def check_currency(text: str) -> str:
    """Return an ISO 4217 code in upper case; a caller notes `currency-case` if it was not.

    Raises:
        RefusedError: `unknown-currency`: not a code, so that the money's worth is not known.
    """
    if text in CURRENCIES:
        return text
    code = text.upper()
    if code not in CURRENCIES:
        raise RefusedError("unknown-currency", f"{text[:40]!r} is not an ISO 4217 currency code")
    return code


def read_amount(column: str, text: str) -> Amount:
    """Read an amount.

    Raises:
        RefusedError: `bad-amount`: not a number the lake can hold.
    """
    try:
        return amount(text)
    except AmountError as error:
        raise RefusedError("bad-amount", f"{column}: {error}") from error


def read_time(column: str, text: str) -> tuple[int, bool]:
    """Read a time: microseconds since 1970 UTC, and whether the text named its zone.

    Raises:
        RefusedError: `bad-time`.
    """
    try:
        return time_micros(text)
    except (ValueError, OverflowError) as error:
        raise RefusedError("bad-time", f"{column}: {text[:40]!r} is not a time") from error


@lru_cache(maxsize=65_536)
def partition(account: str, billing_start: int, charge_start: int) -> tuple[Scope, str]:
    """Return the scope and the charge date of a row; times in microseconds since 1970 UTC.

    Raises:
        RefusedError: `date-out-of-range`: the lake has no place for it.
    """
    period = utc_date(billing_start)[:7]
    date = utc_date(charge_start)
    if not (is_month(period) and is_date(date)):
        detail = f"{period}, {date}: outside {FIRST_DATE} to {LAST_DATE}"
        raise RefusedError("date-out-of-range", detail)
    return Scope(account, period), date


def rejected(
    ordinal: int,
    row: TableRow,
    file: str,
    columns: Sequence[str],
    why: RefusedError,
    known: Mapping[str, str],
) -> RejectedRow:
    """Return the rejected row, with its scope and its money as far as they can be read.

    Args:
        ordinal: the row's number over the delivery.
        row: the row.
        file: the name of its file.
        columns: the header, as delivered.
        why: what the mapper raised.
        known: the texts of BillingAccountId, BillingPeriodStart, BillingCurrency and BilledCost,
            as far as the row has them.
    """
    return RejectedRow(
        scope=_scope(known.get("BillingAccountId", ""), known.get("BillingPeriodStart", "")),
        ordinal=ordinal,
        file=file,
        line=row.line,
        reason=why.reason,
        detail=why.detail,
        text=row.text,
        currency=_readable_currency(known.get("BillingCurrency", "")),
        billed_cost=_readable_amount(known.get("BilledCost", "")),
        columns=tuple(columns),
    )


def _texts(values: Sequence[Value]) -> Iterator[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif value:
            yield from value.keys()
            yield from value.values()


def _scope(account: str, start: str) -> Scope:
    try:
        period = utc_date(time_micros(start)[0])[:7]
    except (ValueError, OverflowError):
        period = ""
    usable = account not in NULLS and account.isprintable() and is_month(period)
    return Scope(account, period) if usable else Scope("", "")


def _readable_amount(text: str) -> Decimal | None:
    try:
        amount(text)
    except AmountError:
        return None
    return Decimal(text)


def _readable_currency(text: str) -> str | None:
    if text in NULLS or not (text.isascii() and text.isprintable()):
        return None
    code = text.upper()
    return code if code in CURRENCIES else text
