"""One cell of a bill as billers really write it: nulls, times, categories, tags. Pure."""

import json
from datetime import UTC, datetime
from functools import lru_cache

NULLS = frozenset({"", "NULL", "null", "Null", "(null)", "\\N"})
"""Spellings of "no value" seen in public FOCUS files; FOCUS itself wants a real null."""

CATEGORIES = {
    "ChargeCategory": ("Usage", "Purchase", "Tax", "Credit", "Adjustment"),
    "ChargeClass": ("Correction",),
    "ChargeFrequency": ("One-Time", "Recurring", "Usage-Based"),
    "PricingCategory": ("Standard", "Dynamic", "Committed", "Other"),
    "CommitmentDiscountCategory": ("Spend", "Usage"),
    "CommitmentDiscountStatus": ("Used", "Unused"),
    "CapacityReservationStatus": ("Used", "Unused"),
}
"""Columns with allowed values (FOCUS 1.2); real files break their case (`Usage-based`)."""

_SPELLING = {
    column: {value.lower(): value for value in values} for column, values in CATEGORIES.items()
}


def category(column: str, text: str) -> str:
    """Return the allowed spelling of a category; a value that is not one stays as it is."""
    return _SPELLING[column].get(text.lower(), text)


@lru_cache(maxsize=65_536)
def time_micros(text: str) -> tuple[int, bool]:
    """Read a time; one without zone is UTC.

    Returns:
        Microseconds since 1970 UTC, and whether the text named its zone.

    Raises:
        ValueError: not a time.
    """
    moment = datetime.fromisoformat(text.removesuffix(" UTC") + "Z" * text.endswith(" UTC"))
    zoned = moment.tzinfo is not None
    moment = moment.astimezone(UTC) if zoned else moment.replace(tzinfo=UTC)
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds, zoned


@lru_cache(maxsize=65_536)
def utc_date(micros: int) -> str:
    """Return the UTC day of a time as `YYYY-MM-DD`."""
    return datetime.fromtimestamp(micros // 1_000_000, UTC).strftime("%Y-%m-%d")


@lru_cache(maxsize=16_384)
def tag_map(text: str) -> dict[str, str]:
    """Read a FOCUS key-value JSON object; keys and values keep their case, numbers their digits.

    Returns:
        A mapping shared by all rows with the same text: read it, never change it.

    Raises:
        ValueError: not a JSON object, nested without end, or not Unicode.
    """
    try:
        document = json.loads(text, parse_float=str, parse_int=str)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if "\\u" in text:
        # JSON may spell half a character; nothing after it can be written as UTF-8.
        json.dumps(document, ensure_ascii=False).encode()
    if not isinstance(document, dict):
        raise ValueError("not a JSON object")
    if all(isinstance(value, str) for value in document.values()):
        return document
    # FOCUS: a tag without a value holds true. Nested values, outside FOCUS, keep their JSON.
    plain = json.loads(text)
    return {
        key: value if isinstance(value, str) else json.dumps(plain[key])
        for key, value in document.items()
    }
