"""The columns of a Cost and Usage Report under all their spellings, and a row's cells by name.

One column has three spellings: `lineItem/UnblendedCost` (legacy CSV), `line_item_unblended_cost`
(legacy Parquet, CUR 2.0), and with abbreviations `reservation/ReservationARN` and
`reservation_reservation_a_r_n`. Lower case, letters and digits only, they are the same.
Legacy reports have tags, cost categories and product attributes as columns of their own; CUR 2.0
has them as the maps `resource_tags`, `cost_category` and `product`, which are JSON text in CSV.

Source: AWS Data Exports user guide, table dictionaries of CUR 2.0 and of the legacy report.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from itertools import compress
from operator import itemgetter
from typing import cast

from producers.errors import SourceError
from producers.sources import Value
from producers.sources.refusals import check_names
from producers.sources.values import NULLS, tag_map


@dataclass(frozen=True, slots=True)
class Names:
    """The columns the mapper reads: each field is a CUR 2.0 name, its value the name as delivered.

    A column that the report lacks keeps its CUR 2.0 name: no cell has it, unless the `product` map
    brings it.
    """

    bill_billing_entity: str
    bill_billing_period_end_date: str
    bill_billing_period_start_date: str
    bill_invoice_id: str
    bill_invoicing_entity: str
    bill_payer_account_id: str
    bill_payer_account_name: str
    identity_time_interval: str
    line_item_availability_zone: str
    line_item_currency_code: str
    line_item_legal_entity: str
    line_item_line_item_description: str
    line_item_line_item_type: str
    line_item_net_unblended_cost: str
    line_item_net_unblended_rate: str
    line_item_normalized_usage_amount: str
    line_item_operation: str
    line_item_product_code: str
    line_item_resource_id: str
    line_item_tax_type: str
    line_item_unblended_cost: str
    line_item_unblended_rate: str
    line_item_usage_account_id: str
    line_item_usage_account_name: str
    line_item_usage_amount: str
    line_item_usage_end_date: str
    line_item_usage_start_date: str
    line_item_usage_type: str
    pricing_currency: str
    pricing_public_on_demand_cost: str
    pricing_public_on_demand_rate: str
    pricing_rate_code: str
    pricing_rate_id: str
    pricing_unit: str
    product_location: str
    product_location_type: str
    product_product_name: str
    product_region: str
    product_region_code: str
    product_servicecode: str
    product_servicename: str
    product_sku: str
    reservation_effective_cost: str
    reservation_net_effective_cost: str
    reservation_net_unused_amortized_upfront_fee_for_billing_period: str
    reservation_net_unused_recurring_fee: str
    reservation_reservation_a_r_n: str
    reservation_unused_amortized_upfront_fee_for_billing_period: str
    reservation_unused_normalized_unit_quantity: str
    reservation_unused_quantity: str
    reservation_unused_recurring_fee: str
    savings_plan_net_savings_plan_effective_cost: str
    savings_plan_savings_plan_a_r_n: str
    savings_plan_savings_plan_effective_cost: str
    savings_plan_total_commitment_to_date: str
    savings_plan_used_commitment: str


REQUIRED = (
    "bill_billing_period_start_date",
    "line_item_line_item_type",
    "line_item_unblended_cost",
    "line_item_usage_start_date",
)
"""What makes a table a Cost and Usage Report, and what no event can do without."""

FILLABLE = {
    "bill_payer_account_id": ("BillingAccountId", "billing_account_id"),
    "line_item_currency_code": ("BillingCurrency", "billing_currency"),
}
"""Required as well, unless a setting says what they would hold."""

_NULLS_OF_NUMBERS = frozenset({"None", "nan", "NaN"})
"""Spellings of "no value" that programs leave in cells of numbers and times; in text they are
words."""
_ODD = NULLS | _NULLS_OF_NUMBERS
_NUMBER_OR_TIME = re.compile(
    r"(bill|lineitem|pricing|reservation|savingsplan|splitlineitem).*"
    r"(amount|commitment|cost|date|fee|forbillingperiod|forusage|factor|quantity|rate|ratio"
    r"|time|todate|usage|value|units|reservations?)"
)
_LINE_ITEM_ID = "identitylineitemid"
_MAPS = ("costcategory", "discount", "product", "resourcetags")
_WIDE = re.compile(r"(?:resource_?tags|cost_?category)[/_](.+)", re.DOTALL | re.IGNORECASE)
_SPLIT = re.compile(r"[^a-z0-9]+")

_MapKey = str | tuple[tuple[str, str], ...]


def canonical(name: str) -> str:
    """Return what all spellings of a column have in common: `lineitemunblendedcost`."""
    return _SPLIT.sub("", name.lower())


_FIELDS = {canonical(field.name): field.name for field in fields(Names)}
_REQUIRED_KEYS = frozenset(map(canonical, REQUIRED))


def looks_like_cur(columns: Sequence[str]) -> bool:
    """Tell whether a header is a Cost and Usage Report's."""
    return set(map(canonical, columns)) >= _REQUIRED_KEYS


class Header:
    """A report's header: knows which cell of a row is what. Made once a file.

    Args:
        file: the file's name, for errors.
        columns: its header.
        given: the columns of events that settings fill.

    Raises:
        SourceError: a column is missing or stands twice.
    """

    def __init__(self, file: str, columns: Sequence[str], given: Iterable[str]) -> None:
        names = [name.strip() for name in columns]
        keys = [canonical(name) for name in names]
        _check_present(file, set(keys), set(given))
        check_names(file, names)
        found = _found(file, names, keys)
        self.names = Names(**{field: found.get(field, field) for field in _FIELDS.values()})
        self._name_of = {key: found.get(field, field) for key, field in _FIELDS.items()}
        self._numeric = frozenset(
            name for name, key in zip(names, keys, strict=True) if _NUMBER_OR_TIME.fullmatch(key)
        )
        tags, categories, maps, plain = _sorted_out(names, keys)
        check_names(file, [_wide_key(names[i]) for i in tags])
        self._tag_keys = tag_names([_wide_key(names[i]) for i in tags])
        self._pick_tags = _picker(tags)
        self._category_keys = [_wide_key(names[i]) for i in categories]
        self._pick_categories = _picker(categories)
        self._plain_names = [names[i] for i in plain]
        self._pick_plain = _picker(plain)
        self._tag_map = maps.pop("resourcetags", None)
        self._category_map = maps.pop("costcategory", None)
        self._maps = [(i, names[i]) for i in maps.values()]
        self._map_cells = lru_cache(maxsize=16_384)(self._named)
        self._all = names

    def cells(self, values: Sequence[Value], notes: list[str]) -> dict[str, str]:
        """Return the cells that hold something, by their names; maps spread out, nulls left out.

        Tags, cost categories and the line item's id are not among them. The dict is the caller's.
        """
        plain = self._pick_plain(values)
        cells: dict[str, Value] = dict(
            zip(compress(self._plain_names, plain), filter(None, plain), strict=True)
        )
        try:
            odd = not _ODD.isdisjoint(cells.values())
        except TypeError:
            odd = True  # a map, which has no hash, in a column that we know no map of
        if odd:
            cells = self._cleaned(cells, notes)
        kept = cast(dict[str, str], cells)  # text only: what has a hash is no map
        for index, name in self._maps:
            if value := values[index]:
                self._spread(kept, name, value, notes)
        return kept

    def tags(
        self, values: Sequence[Value], cells: dict[str, str], notes: list[str]
    ) -> Mapping[str, str] | None:
        """Return the tags, or nothing; shared between rows: read it, never change it.

        In a legacy report an empty cell says that the resource has no such tag; in a map a tag
        with an empty value is one. A map that cannot be read stays among the cells.
        """
        wide = self._pick_tags(values)
        tags = _filled(self._tag_keys, wide)
        if self._tag_map is not None and (cell := values[self._tag_map]):
            try:
                mapped = _tags_of(_map_key(cell))
            except (ValueError, RecursionError):
                notes.append("unreadable-tags")
                cells[self._all[self._tag_map]] = str(cell)
            else:
                return {**mapped, **tags} if tags else mapped or None
        return tags or None

    def categories(
        self, values: Sequence[Value], cells: dict[str, str], notes: list[str]
    ) -> str | None:
        """Return the cost categories as a JSON object, sorted, or nothing."""
        found = _filled(self._category_keys, self._pick_categories(values))
        if self._category_map is not None and (cell := values[self._category_map]):
            try:
                found = {**_items(_map_key(cell)), **found}
            except (ValueError, RecursionError):
                notes.append("unreadable-map")
                cells[self._all[self._category_map]] = str(cell)
        return _json(tuple(found.items())) if found else None

    def _cleaned(self, cells: Mapping[str, Value], notes: list[str]) -> dict[str, Value]:
        """Leave out what only spells "no value", and spread maps of columns that came later."""
        kept: dict[str, Value] = {}
        for name, value in cells.items():
            if not isinstance(value, str):
                kept.update(self._map_cells(name, _map_key(value)))
            elif value in NULLS or (value in _NULLS_OF_NUMBERS and name in self._numeric):
                notes.append("null-text")
            else:
                kept[name] = value
        return kept

    def _spread(self, cells: dict[str, str], column: str, value: Value, notes: list[str]) -> None:
        try:
            found = self._map_cells(column, _map_key(value))
        except (ValueError, RecursionError):
            notes.append("unreadable-map")
            cells[column] = str(value)
            return
        if cells.keys().isdisjoint(found):
            cells.update(found)
            return
        for name, text in found.items():
            if cells.get(name, text) == text:
                cells[name] = text
            else:
                # The report has the attribute as a column too, and they differ: keep both.
                cells[f"{column}/{name}"] = text

    def _named(self, column: str, key: _MapKey) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, value in _items(key).items():
            if value not in NULLS:
                known = self._name_of.get(canonical(column + name))
                unique = known is None or known in found
                found[f"{column}_{name}" if unique else str(known)] = value
        return found


def tag_names(keys: Sequence[str]) -> list[str]:
    """Return tag keys without the prefix that marks a user's tag; AWS's own keep theirs.

    FOCUS: only a provider's tags carry a prefix. A key that would then stand twice stays as it is.
    """
    taken = set(keys)
    names = []
    for key in keys:
        short = key[5:] if key.startswith(("user:", "user_")) else key
        if short != key and (short in taken or not short):
            short = key
        taken.add(short)
        names.append(short)
    return names


def _check_present(file: str, keys: set[str], given: set[str]) -> None:
    missing = [name for name in REQUIRED if canonical(name) not in keys]
    if {"billedcost", "chargeperiodstart"} <= keys and missing:
        raise SourceError(f"{file}: has the columns of a FOCUS export; say --source focus")
    if missing:
        raise SourceError(
            f"{file}: no column {', '.join(missing)}; "
            "is it a Cost and Usage Report with a header line?"
        )
    unfilled = {
        name: focus
        for name, (focus, column) in FILLABLE.items()
        if canonical(name) not in keys and column not in given
    }
    if unfilled:
        ways = " ".join(f"--set {focus}=…" for focus in unfilled.values())
        raise SourceError(f"{file}: no column {', '.join(unfilled)}; fill it in with {ways}")


def _found(file: str, names: Sequence[str], keys: Sequence[str]) -> dict[str, str]:
    """Return the delivered name of each column the mapper reads."""
    found: dict[str, str] = {}
    for name, key in zip(names, keys, strict=True):
        field = _FIELDS.get(key)
        if field is None:
            continue
        if field not in found:
            found[field] = name
        elif not field.startswith("product_"):
            # AWS names product attributes freely, and their case can be all that differs.
            raise SourceError(
                f"{file}: {found[field]} and {name} are the same column; export it again"
            )
    return found


def _sorted_out(
    names: Sequence[str], keys: Sequence[str]
) -> tuple[list[int], list[int], dict[str, int], list[int]]:
    """Return the places of tags, cost categories, maps, and all else but the line item's id."""
    tags, categories, plain = [], [], []
    maps: dict[str, int] = {}
    for i, (name, key) in enumerate(zip(names, keys, strict=True)):
        if key == _LINE_ITEM_ID:
            continue
        if key in _MAPS and key not in maps:
            maps[key] = i
        elif not _WIDE.fullmatch(name):
            plain.append(i)
        elif key.startswith("resourcetags"):
            tags.append(i)
        else:
            categories.append(i)
    return tags, categories, maps, plain


def _wide_key(name: str) -> str:
    match = _WIDE.fullmatch(name)
    return match[1] if match else name


def _picker(places: Sequence[int]) -> Callable[[Sequence[Value]], Sequence[Value]]:
    if len(places) > 1:
        return itemgetter(*places)
    return lambda values: [values[i] for i in places]


def _filled(keys: Sequence[str], values: Sequence[Value]) -> dict[str, str]:
    cells: dict[str, Value] = dict(zip(compress(keys, values), filter(None, values), strict=True))
    texts = {k: v if isinstance(v, str) else _json(_map_key(v)) for k, v in cells.items()}
    return {k: v for k, v in texts.items() if v not in NULLS}


def _map_key(cell: Value) -> _MapKey:
    if isinstance(cell, str):
        return cell
    return tuple((cell or {}).items())


def _items(key: _MapKey) -> Mapping[str, str]:
    if not isinstance(key, str):
        return dict(key)
    if key in NULLS:
        return {}
    items = tag_map(key)
    if "\\u" in key:
        # JSON can spell half a character (`\ud800`), which no file of ours can hold.
        "".join([*items, *items.values()]).encode()
    return items


@lru_cache(maxsize=65_536)
def _tags_of(key: _MapKey) -> dict[str, str]:
    items = _items(key)
    return dict(zip(tag_names(list(items)), items.values(), strict=True))


@lru_cache(maxsize=16_384)
def _json(key: _MapKey) -> str:
    return json.dumps(dict(_items(key)), ensure_ascii=False, sort_keys=True)
