"""What a person filled in for columns that a report lacks, read once as the events hold it."""

from collections.abc import Mapping

from producers.errors import SourceError
from producers.sources.focus import check_settings
from producers.sources.refusals import RefusedError, check_currency, read_amount, read_time
from producers.sources.values import CATEGORIES, NULLS, category, tag_map
from schemas.amounts import Amount
from schemas.tables import FOCUS, MONEY, TAGS, Column

Setting = str | int | Mapping[str, str] | Amount

_COLUMNS = {c.focus: c for c in FOCUS if c.focus}


def read_settings(file: str, settings: Mapping[str, str]) -> dict[str, Setting]:
    """Return the values by the columns' names in events.

    Args:
        file: the file's name, for errors.
        settings: FOCUS column to value.

    Raises:
        SourceError: a name is not a FOCUS column, or a value is not one of its column's.
    """
    read = {}
    for focus, text in check_settings(settings).items():
        column = _COLUMNS[focus]
        try:
            read[column.name] = _setting(column, text)
        except (RefusedError, ValueError) as error:
            why = error.detail if isinstance(error, RefusedError) else "not a JSON object"
            raise SourceError(f"{file}: {focus}={text[:40]}: {why}; correct it") from error
    return read


def _setting(column: Column, text: str) -> Setting:
    name = str(column.focus)
    if text in NULLS:
        raise RefusedError("missing-value", "is no value")
    if column.type == MONEY:
        return read_amount(name, text)
    if column.type == TAGS:
        return tag_map(text)
    if column.type == "timestamp":
        return read_time(name, text)[0]
    if name == "BillingCurrency":
        return check_currency(text)
    return category(name, text) if name in CATEGORIES else text
