"""One series of comparable charges: its key, its history, and their row in a document."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from rules.canonical import amount_text, read_amount
from rules.charge import Charge


class SeriesKey(NamedTuple):
    """What makes charges comparable; `None` (not about one) differs from an empty text."""

    billing_account_id: str
    sub_account_id: str | None
    service_name: str | None
    region_id: str | None
    resource_or_sku: str | None
    """The resource, or where the charge is about none, the SKU."""
    period_seconds: int


class SeriesStats(NamedTuple):
    """The history of one series, up to its baseline's `through`; amounts in `currency`.

    Levels are per charge period: the sum of the series' rows in it. One row is a part of that
    sum, so a row of a resource with several meters is judged leniently, never too strictly.
    """

    days_seen: int
    """How many charge dates had a row."""
    first_seen: str
    """The first charge date within the history used, YYYY-MM-DD, UTC."""
    currency: str
    level: Decimal
    """The median over the periods in which the series was seen."""
    spread: Decimal
    """The median absolute deviation from `level`."""
    weekday_level: tuple[Decimal | None, ...]
    """The median of each weekday, Monday first; `None` for a weekday not seen."""
    trailing_cost: Decimal
    """The sum over the last 30 days of the history used."""
    lead_sku: str | None = None
    """The SKU with the greatest trailing cost, whose row speaks for the whole series; `None`
    where any row may."""
    recent_level: Decimal | None = None
    """The median over the periods of the last 14 days of the history used; `None` where it was not
    seen in them, and in baselines of format 1, which do not have it."""


COLUMNS = [*SeriesKey._fields, *SeriesStats._fields]
"""The columns of a series' row, in order; format 1 ends before `recent_level`."""
FORMAT_1_COLUMNS = COLUMNS[: COLUMNS.index("recent_level")]
WEEKDAYS = 7


def series_key(charge: Charge) -> SeriesKey:
    """Return the series a charge belongs to."""
    resource = charge.resource_id
    # `tuple.__new__` is the constructor without its call overhead: this runs for every charge.
    return tuple.__new__(
        SeriesKey,
        (
            charge.billing_account_id,
            charge.sub_account_id,
            charge.service_name,
            charge.region_id,
            charge.sku_id if resource is None else resource,
            charge.period_seconds,
        ),
    )


def day(text: object) -> date:
    """Return the date that a `YYYY-MM-DD` text stands for.

    Raises:
        ValueError: it is another text, another spelling, or no text.
    """
    if not isinstance(text, str) or len(text) != len("YYYY-MM-DD"):
        raise ValueError(f"{text!r} is not a date YYYY-MM-DD")
    return date.fromisoformat(text)


def check_stats(stats: SeriesStats, through: str) -> None:
    """Refuse a history that contradicts itself or its baseline.

    Raises:
        ValueError: naming the contradiction.
    """
    if day(stats.first_seen).isoformat() > through:
        raise ValueError(f"first seen on {stats.first_seen}, after {through}")
    if stats.days_seen < 1:
        raise ValueError(f"seen on {stats.days_seen} days")
    if stats.spread < 0:
        raise ValueError(f"a spread of {stats.spread}")
    if len(stats.weekday_level) != WEEKDAYS:
        raise ValueError(f"{len(stats.weekday_level)} weekdays")


def to_row(key: SeriesKey, stats: SeriesStats, columns: Sequence[str] = COLUMNS) -> list[Any]:
    """Return the series as a JSON row in the order of `columns`, amounts as texts.

    Raises:
        ValueError: an amount has more than 12 decimals or 26 integer digits; round first.
    """
    return [_write(value) for value in (*key, *stats)][: len(columns)]


def from_row(row: object, columns: Sequence[str] = COLUMNS) -> tuple[SeriesKey, SeriesStats]:
    """Read what `to_row` wrote.

    Raises:
        ValueError: the row is damaged.
    """
    if not isinstance(row, list) or len(row) != len(columns):
        raise ValueError(f"a series is not a list of {len(columns)} values")
    values = [read(value) for read, value in zip(_READERS, row, strict=False)]
    width = len(SeriesKey._fields)
    return SeriesKey(*values[:width]), SeriesStats(*values[width:])


def in_order(key: SeriesKey) -> tuple[tuple[bool, Any], ...]:
    """Return a sort key of a series key; `None` sorts before any text."""
    return tuple((value is not None, value) for value in key)


def _write(value: object) -> Any:
    if isinstance(value, Decimal):
        return amount_text(value)
    return [_write(item) for item in value] if isinstance(value, tuple) else value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not a text")
    return value


def _text_or_none(value: object) -> str | None:
    return None if value is None else _text(value)


def _amount_or_none(value: object) -> Decimal | None:
    return None if value is None else read_amount(value)


def _whole(value: object) -> int:
    if type(value) is not int:
        raise ValueError(f"{value!r} is not a whole number")
    return value


def _weekdays(value: object) -> tuple[Decimal | None, ...]:
    if not isinstance(value, list):
        raise ValueError(f"{value!r} is not a list of weekdays")
    return tuple(None if item is None else read_amount(item) for item in value)


_KEY_READERS: tuple[Callable[[object], Any], ...] = (
    _text,
    _text_or_none,
    _text_or_none,
    _text_or_none,
    _text_or_none,
    _whole,
)
_STATS_READERS: tuple[Callable[[object], Any], ...] = (
    _whole,
    _text,
    _text,
    read_amount,
    read_amount,
    _weekdays,
    read_amount,
    _text_or_none,
    _amount_or_none,
)
_READERS = (*_KEY_READERS, *_STATS_READERS)
