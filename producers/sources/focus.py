"""FOCUS exports (CSV or CSV.gz): a pure mapper from a row to ChargeRecorded, and the file source.

Columns may come in any order. What FOCUS does not know is kept in `x_extensions`. A row is
rejected only when its money, its account or its time cannot be known; anything else is delivered
as it is, because a bill with a misspelt category is still a bill.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cached_property
from pathlib import Path

from producers.errors import SourceError
from producers.sources import ChargeRow, RejectedRow, Scope
from producers.sources.csv_file import CsvRow, read_csv, sha256
from producers.sources.values import CATEGORIES, NULLS, category, tag_map, time_micros, utc_date
from schemas.amounts import Amount, amount
from schemas.errors import AmountError
from schemas.events import ChargeRecorded, DeliveryMode
from schemas.lake import FIRST_DATE, LAST_DATE, is_date, is_month
from schemas.tables import FOCUS, MONEY, TAGS, Column

MAPPER_VERSION = "1"

REQUIRED = (
    "BilledCost",
    "BillingAccountId",
    "BillingCurrency",
    "BillingPeriodStart",
    "BillingPeriodEnd",
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "ChargeCategory",
)
"""Mandatory in every FOCUS version, and what an event cannot do without."""

_COLUMNS = {c.focus.lower(): c for c in FOCUS if c.focus}
_EMPTY: ChargeRecorded = {c.name: None for c in FOCUS}


class _RefusedError(Exception):
    def __init__(self, reason: str, detail: str) -> None:
        self.reason = reason
        self.detail = detail


class FocusMapper:
    """Maps the rows of one file; made from its header.

    Raises:
        SourceError: a required column is missing, or a column stands twice.
    """

    def __init__(self, file: str, header: Sequence[str]) -> None:
        self._file = file
        self._width = len(header)
        names = [name.strip() for name in header]
        known = [_COLUMNS.get(name.lower()) for name in names]
        found = {column.focus for column in known if column}
        missing = [name for name in REQUIRED if name not in found]
        if missing:
            raise SourceError(
                f"{file}: no column {', '.join(missing)}; is it a FOCUS export with a header line?"
            )
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise SourceError(f"{file}: column {', '.join(twice)} stands twice; export it again")
        self._known = [(i, column) for i, column in enumerate(known) if column]
        self._others = [(i, names[i]) for i, column in enumerate(known) if not column]

    def map(self, ordinal: int, row: CsvRow) -> ChargeRow | RejectedRow:
        """Turn one row into an event, or say why it cannot be one."""
        try:
            return self._event(ordinal, row)
        except _RefusedError as refused:
            return self._rejected(ordinal, row, refused)

    def _event(self, ordinal: int, row: CsvRow) -> ChargeRow:
        if len(row.values) != self._width:
            detail = f"{len(row.values)} fields where the header has {self._width}"
            raise _RefusedError("wrong-field-count", detail)
        if not row.text.isascii():
            _check_encoding(row.text)
        charge = {"ordinal": ordinal, **_EMPTY}
        amounts: list[tuple[str, Amount]] = []
        notes: set[str] = set()
        extensions = {name: row.values[i] for i, name in self._others if row.values[i] not in NULLS}
        for i, column in self._known:
            text = row.values[i]
            if text in NULLS:
                if text:
                    notes.add("null-text")
                continue
            if column.type == MONEY:
                read = _amount(column, text)
                amounts.append((column.name, read))
                charge[column.name] = read.text
            else:
                charge[column.name] = _value(column, text, notes, extensions)
        charge["x_extensions"] = extensions or None
        _check_required(charge)
        period = utc_date(charge["billing_period_start"])[:7]
        date = utc_date(charge["charge_period_start"])
        if not (is_month(period) and is_date(date)):
            detail = f"{period}, {date}: outside {FIRST_DATE} to {LAST_DATE}"
            raise _RefusedError("date-out-of-range", detail)
        if any(read.residue for _, read in amounts):
            notes.add("rounded-to-12-decimals")
        scope = Scope(charge["billing_account_id"], period)
        return ChargeRow(scope, date, charge, tuple(amounts), tuple(sorted(notes)))

    def _rejected(self, ordinal: int, row: CsvRow, why: _RefusedError) -> RejectedRow:
        values: dict[str | None, str] = {}
        if len(row.values) == self._width:
            values = {column.focus: row.values[i] for i, column in self._known}
        return RejectedRow(
            scope=_scope_of(values),
            ordinal=ordinal,
            file=self._file,
            line=row.line,
            reason=why.reason,
            detail=why.detail,
            text=row.text,
            currency=_readable_currency(values.get("BillingCurrency", "")),
            billed_cost=_readable_amount(values.get("BilledCost", "")),
        )


class FocusFile:
    """A FOCUS export in one file: a delivery (or several, one a scope) of its own."""

    kind = "focus"
    mode: DeliveryMode = "overwrite"
    mapper_version = MAPPER_VERSION

    def __init__(self, path: Path) -> None:
        self._path = path
        self.name = path.name
        self.fingerprint = sha256(path)
        if not path.stat().st_size:
            raise SourceError(f"{path}: is empty; export it again")

    @cached_property
    def asserted_at(self) -> int:
        """The file's modification time: the only date a single file has."""
        return self._path.stat().st_mtime_ns // 1_000

    def rows(self) -> Iterator[ChargeRow | RejectedRow]:
        """Yield every data row of the file."""
        rows = read_csv(self._path)
        header = next(rows, None)
        if header is None:
            raise SourceError(f"{self._path}: has no header line; export it again")
        mapper = FocusMapper(self.name, header.values)
        for ordinal, row in enumerate(rows):
            yield mapper.map(ordinal, row)


def _value(column: Column, text: str, notes: set[str], extensions: dict[str, str]) -> object:
    if column.type == "timestamp":
        return _time(column, text, notes)
    if column.type == TAGS:
        try:
            return tag_map(text)
        except ValueError:
            # The money is right even if the tags are not JSON: keep both.
            notes.add("unreadable-tags")
            extensions[str(column.focus)] = text
            return None
    if column.focus in CATEGORIES:
        spelt = category(column.focus, text)
        if spelt != text:
            notes.add("category-case")
        return spelt
    return text


def _amount(column: Column, text: str) -> Amount:
    try:
        return amount(text)
    except AmountError as error:
        raise _RefusedError("bad-amount", f"{column.focus}: {error}") from error


def _time(column: Column, text: str, notes: set[str]) -> int:
    try:
        micros, zoned = time_micros(text)
    except (ValueError, OverflowError) as error:
        raise _RefusedError("bad-time", f"{column.focus}: {text[:40]!r} is not a time") from error
    if not zoned:
        notes.add("time-without-zone")
    return micros


def _check_required(charge: ChargeRecorded) -> None:
    for name in REQUIRED:
        if charge[_COLUMNS[name.lower()].name] is None:
            raise _RefusedError("missing-value", f"{name} is empty")


def _check_encoding(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise _RefusedError("bad-encoding", "the row is not UTF-8") from error


def _scope_of(values: dict[str | None, str]) -> Scope:
    account = values.get("BillingAccountId", "")
    try:
        period = utc_date(time_micros(values.get("BillingPeriodStart", ""))[0])[:7]
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
    return text if text not in NULLS and text.isascii() and text.isprintable() else None
