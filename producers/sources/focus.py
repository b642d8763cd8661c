"""FOCUS exports: a pure mapper from a row to ChargeRecorded.

Every version is read by the same mapper: 1.0 to 1.4 differ in which columns they have, not in what
a column means. Columns may come in any order and spelling (`BilledCost`, `billed_cost`). What FOCUS
does not know is kept in `x_extensions`. A row is rejected only when its money, its account or its
time cannot be known; anything else is delivered as it is, because a bill with a misspelt category
is still a bill.
"""

import json
from collections.abc import Mapping, Sequence

from producers.errors import SourceError
from producers.sources import ChargeRow, Mapped, TableRow, Value
from producers.sources.refusals import (
    RefusedError,
    check_currency,
    check_encoding,
    check_width,
    partition,
    read_amount,
    read_time,
    rejected,
)
from producers.sources.values import CATEGORIES, NULLS, category, tag_map
from schemas.amounts import Amount
from schemas.events import ChargeRecorded
from schemas.tables import FOCUS, MONEY, TAGS, Column

MAPPER_VERSION = "2"

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

_SIGNATURE = ("BilledCost", "ChargePeriodStart", "ChargeCategory")
_FOR_REJECTED = ("BillingAccountId", "BillingPeriodStart", "BillingCurrency", "BilledCost")
_EMPTY: ChargeRecorded = {c.name: None for c in FOCUS}


def canonical(name: str) -> str:
    """Return a column's name without case and separators: `billed_cost` is `BilledCost`."""
    return "".join(filter(str.isalnum, name)).lower()


_COLUMNS = {canonical(c.focus): c for c in FOCUS if c.focus}


def looks_like_focus(columns: Sequence[str]) -> bool:
    """Tell whether columns are those of a FOCUS export."""
    return {canonical(name) for name in _SIGNATURE} <= {canonical(name) for name in columns}


def check_settings(settings: Mapping[str, str]) -> dict[str, str]:
    """Return what a person filled in, by the FOCUS columns' own names.

    Raises:
        SourceError: a name is not a FOCUS column.
    """
    checked = {}
    for name, value in settings.items():
        column = _COLUMNS.get(canonical(name))
        if column is None or column.focus is None:
            raise SourceError(
                f"{name} is not a FOCUS column; give one such as BillingAccountId=123456789012"
            )
        checked[column.focus] = value
    return checked


class FocusMapper:
    """Maps the rows of one file; made from its header.

    Args:
        file: the file's name.
        columns: its header.
        settings: values for columns that are absent or empty, by FOCUS name.

    Raises:
        SourceError: a required column is missing, or a column stands twice.
    """

    def __init__(
        self, file: str, columns: Sequence[str], settings: Mapping[str, str] | None = None
    ) -> None:
        self._file = file
        self._header = tuple(columns)
        names = [name.strip() for name in columns]
        known = [_COLUMNS.get(canonical(name)) for name in names]
        filled = check_settings(settings or {})
        found = {column.focus for column in known if column}
        missing = [name for name in REQUIRED if name not in found and name not in filled]
        if missing:
            raise SourceError(_missing(file, names, missing))
        keys = [column.focus if column else name for column, name in zip(known, names, strict=True)]
        twice = sorted({key for key in keys if key and keys.count(key) > 1})
        if twice:
            raise SourceError(f"{file}: column {', '.join(twice)} stands twice; export it again")
        self._known = [(i, column) for i, column in enumerate(known) if column]
        self._others = [(i, names[i]) for i, column in enumerate(known) if not column]
        self._filled = [(_COLUMNS[canonical(name)], value) for name, value in filled.items()]

    def map(self, ordinal: int, row: TableRow) -> Mapped:
        """Turn one row into an event, or say why it cannot be one."""
        try:
            return (self._event(ordinal, row),)
        except RefusedError as refused:
            known = self._known_texts(row)
            return (rejected(ordinal, row, self._file, self._header, refused, known),)

    def _event(self, ordinal: int, row: TableRow) -> ChargeRow:
        values = row.values
        check_width(values, len(self._header))
        check_encoding(values)
        charge = {"ordinal": ordinal, **_EMPTY}
        amounts: list[tuple[str, Amount]] = []
        notes: set[str] = set()
        extensions = {}
        for i, name in self._others:
            value = values[i]
            if value is not None and not isinstance(value, str):
                value = _json(value)
            if value is not None and value not in NULLS:
                extensions[name] = value
        for i, column in self._known:
            value = values[i]
            if value is None:
                continue
            # Nearly every cell is text; asking for a Mapping first costs ten times as much.
            if isinstance(value, str) and value in NULLS:
                if value:
                    notes.add("null-text")
                continue
            self._set(charge, amounts, column, value, notes, extensions)
        for column, text in self._filled:
            if charge[column.name] is None:
                self._set(charge, amounts, column, text, notes, extensions)
                notes.add("filled")
        charge["x_extensions"] = extensions or None
        _check_required(charge)
        scope, date = partition(
            charge["billing_account_id"],
            charge["billing_period_start"],
            charge["charge_period_start"],
        )
        if any(read.residue for _, read in amounts):
            notes.add("rounded-to-12-decimals")
        return ChargeRow(scope, date, charge, tuple(amounts), tuple(sorted(notes)))

    def _set(
        self,
        charge: ChargeRecorded,
        amounts: list[tuple[str, Amount]],
        column: Column,
        value: str | Mapping[str, str],
        notes: set[str],
        extensions: dict[str, str],
    ) -> None:
        if column.type == MONEY:
            read = read_amount(str(column.focus), _text(value))
            amounts.append((column.name, read))
            charge[column.name] = read.text
        else:
            charge[column.name] = _value(column, value, notes, extensions)

    def _known_texts(self, row: TableRow) -> dict[str, str]:
        """Return the texts that place a rejected row and tell its money."""
        texts = {str(column.focus): text for column, text in self._filled}
        if len(row.values) == len(self._header):
            for i, column in self._known:
                value = row.values[i]
                wanted = column.focus in _FOR_REJECTED and isinstance(value, str)
                if wanted and value not in NULLS:
                    texts[str(column.focus)] = str(value)
        return texts


def _value(
    column: Column,
    value: str | Mapping[str, str],
    notes: set[str],
    extensions: dict[str, str],
) -> object:
    if column.type == TAGS:
        if isinstance(value, Mapping):
            return value
        try:
            return tag_map(value)
        except ValueError:
            # The money is right even if the tags are not JSON: keep both.
            notes.add("unreadable-tags")
            extensions[str(column.focus)] = value
            return None
    text = _text(value)
    if column.type == "timestamp":
        micros, zoned = read_time(str(column.focus), text)
        if not zoned:
            notes.add("time-without-zone")
        return micros
    if column.focus == "BillingCurrency":
        code = check_currency(text)
        if code != text:
            notes.add("currency-case")
        return code
    if column.focus in CATEGORIES:
        spelt = category(column.focus, text)
        if spelt != text:
            notes.add("category-case")
        return spelt
    return text


def _text(value: Value) -> str:
    if isinstance(value, str):
        return value
    return _json(value) if value is not None else ""


def _json(value: Mapping[str, str]) -> str:
    return json.dumps(dict(value), ensure_ascii=False) if value else ""


def _check_required(charge: ChargeRecorded) -> None:
    for name in REQUIRED:
        if charge[_COLUMNS[canonical(name)].name] is None:
            raise RefusedError("missing-value", f"{name} is empty")


def _missing(file: str, names: Sequence[str], missing: Sequence[str]) -> str:
    if any(canonical(name) == "lineitemlineitemtype" for name in names):
        return f"{file}: is a Cost and Usage Report, not FOCUS; say --source cur"
    can_be_set = [n for n in missing if n in ("BillingAccountId", "BillingCurrency")]
    if len(can_be_set) == len(missing):
        ways = " ".join(f"--set {name}=…" for name in missing)
        return f"{file}: no column {', '.join(missing)}; fill it in with {ways}"
    return (
        f"{file}: no column {', '.join(missing)}; is it a FOCUS export with a header line? "
        "(--set COLUMN=VALUE fills one in)"
    )
