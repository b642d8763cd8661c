"""When a Cost and Usage Report's row arose and is billed: microseconds since 1970 UTC. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache

from producers.sources.cur_columns import Names
from producers.sources.refusals import RefusedError, read_time
from producers.sources.values import time_micros
from schemas.events import ChargeRecorded


def take_times(
    cells: dict[str, str], names: Names, given: Mapping[str, object], notes: list[str]
) -> ChargeRecorded:
    """Take the row's times.

    A usage without an end ends with the interval it is reported for, else with its billing period;
    a billing period without one is a calendar month.

    Args:
        cells: the row's cells; those of times are taken.
        names: their names.
        given: what settings fill in, by the events' columns.
        notes: gets `time-without-zone` and `filled`.

    Returns:
        The columns of both periods, and the charge class that follows from them.

    Raises:
        RefusedError: a time is not one, or a start is missing.
    """

    def time(name: str, column: str) -> int | None:
        read = _time(cells, name, notes)
        filled = given.get(column)
        if read is None and isinstance(filled, int):
            notes.append("filled")
            return filled
        return read

    billing_start = time(names.bill_billing_period_start_date, "billing_period_start")
    start = time(names.line_item_usage_start_date, "charge_period_start")
    if billing_start is None:
        raise RefusedError("missing-value", f"{names.bill_billing_period_start_date} is empty")
    if start is None:
        raise RefusedError("missing-value", f"{names.line_item_usage_start_date} is empty")
    billing_end = time(names.bill_billing_period_end_date, "billing_period_end")
    if billing_end is None:
        billing_end = _next_month(billing_start)
    end = time(names.line_item_usage_end_date, "charge_period_end")
    if end is None:
        end = _interval_end(cells.get(names.identity_time_interval, "")) or billing_end
    return {
        "billing_period_start": billing_start,
        "billing_period_end": billing_end,
        "charge_period_start": start,
        "charge_period_end": end,
        # What arose before the billing period was invoiced with an earlier one.
        "charge_class": "Correction" if start < billing_start else None,
    }


def _time(cells: dict[str, str], name: str, notes: list[str]) -> int | None:
    text = cells.pop(name, None)
    if text is None:
        return None
    micros, zoned = read_time(name, text)
    if not zoned:
        notes.append("time-without-zone")
    return micros


def _interval_end(text: str) -> int | None:
    """Return the end of `2025-09-01T00:00:00Z/2025-09-01T01:00:00Z`."""
    try:
        return time_micros(text.partition("/")[2])[0]
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=1_024)
def _next_month(micros: int) -> int:
    try:
        start = datetime.fromtimestamp(micros // 1_000_000, UTC)
        year, month = start.year + start.month // 12, start.month % 12 + 1
        return time_micros(f"{year:04}-{month:02}-01T00:00:00Z")[0]
    except (ValueError, OverflowError):
        # Nothing after the year 9999: the lake refuses the row by its date.
        return micros
