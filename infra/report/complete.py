"""Which days are complete: each payer's, by what was delivered about that payer alone."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from infra.report.calendar import (
    A_DAY,
    LONGEST_PAUSE,
    end_of_month,
    first_of_month,
    month_before,
)

GRACE = timedelta(days=1)
"""How long after a day's end a bill of it still grows: AWS adds to the day before, all day."""
NEAR = A_DAY
"""A month is there to its end if its last day was delivered, or the one before: a source's day may
not be UTC's."""

Who = tuple[str, str]
"""A source and a payer."""


@dataclass(frozen=True, slots=True)
class DeliveredDay:
    """One day of a payer, as the deliveries that count have it."""

    who: Who
    instance: str
    """What fills the payer's months: an export, or a file."""
    month: date
    """The first day of the billing month that the delivery was about."""
    appends: bool
    day: date
    asserted_at: datetime
    """When the source last said so."""


@dataclass(frozen=True, slots=True)
class Complete:
    """The last complete day, and why there is no later one."""

    through: date
    payer: str
    """Whose days hold it there."""
    asserted_at: datetime
    """When the source last spoke of that payer's month."""


def delivered_day(row: Mapping[str, Any]) -> DeliveredDay:
    """Read one row of the question `delivered_days`."""
    month = row["scope_period"] or row["charge_date"][:7]
    return DeliveredDay(
        who_of(row),
        row["dataset_instance"] or row["payer"] or "",
        date.fromisoformat(f"{month}-01"),
        row["delivery_mode"] == "append",
        date.fromisoformat(row["charge_date"]),
        row["asserted_at"],
    )


def who_of(row: Mapping[str, Any]) -> Who:
    """Return whom a row is about."""
    return row["source"] or "", row["payer"] or ""


def ended_before(moment: datetime) -> date:
    """Return the newest day that ended a grace before."""
    return (moment - GRACE).date() - A_DAY


def complete_through(delivered: Iterable[DeliveredDay], last: date) -> Complete | None:
    """Return the last day that is complete for every payer that goes on.

    A payer goes on who has days in the newest month, or had some in the week before the newest day
    and is not complete to the end of that month. Others neither hold the page back nor push it on.

    Args:
        delivered: the days of the deliveries that count.
        last: the last day of the page; who has none up to there does not matter.

    Returns:
        None where nothing was delivered up to that day.
    """
    # What a source says of days to come (a purchase dated ahead) is no day that was delivered.
    known = [d for d in delivered if d.day <= d.asserted_at.date()]
    reach: dict[tuple[str, str], date] = {}
    payers: dict[Who, list[DeliveredDay]] = defaultdict(list)
    for d in known:
        export = d.who[0], d.instance
        reach[export] = max(reach.get(export, d.day), d.day)
        payers[d.who].append(d)
    newest = {
        who: max(days)
        for who, some in payers.items()
        if (days := [d.day for d in some if d.day <= last])
    }
    page = max(newest.values(), default=last)
    found = []
    for who, day in newest.items():
        complete = _of_payer(payers[who], day, reach)
        whole = complete.through >= end_of_month(day)
        lately = (page - day).days <= LONGEST_PAUSE and not whole
        if lately or first_of_month(day) == first_of_month(page):
            found.append(complete)
    return min(found, key=lambda c: (c.through, c.payer), default=None)


def _of_payer(
    delivered: Sequence[DeliveredDay], newest: date, reach: Mapping[tuple[str, str], date]
) -> Complete:
    """Judge one payer whose newest day on the page is `newest`.

    Args:
        delivered: the payer's days, at least one.
        newest: the payer's newest day on the page.
        reach: the newest day of each source's instance, of whichever payer: where an export has
            days of others, a payer without any had no charges.
    """
    month = first_of_month(newest)
    in_month = [d.asserted_at for d in delivered if first_of_month(d.day) == month]
    said = _said(delivered, month) or max(in_month)
    through = ended_before(said)
    # An export of the month before that was not delivered again after its end lacks its last days.
    before = _said(delivered, month_before(month))
    if before and ended_before(before) < month - A_DAY:
        through = min(through, ended_before(before))
        said = min(said, before)
    there = max(reach[d.who[0], d.instance] for d in delivered)
    if end_of_month(there) - there <= NEAR:
        there = end_of_month(there)
    return Complete(min(through, there), delivered[0].who[1], said)


def _said(delivered: Sequence[DeliveredDay], month: date) -> datetime | None:
    """Return when a billing month was last spoken of; what appends has then said all before."""
    if not any(d.month == month for d in delivered):
        return None
    return max(
        d.asserted_at for d in delivered if d.month == month or (d.appends and d.month > month)
    )
