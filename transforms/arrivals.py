"""How many rows of each delivery and day have arrived: counted anew, or only where it is not known.

A complete delivery stays complete: `processed/` only ever gives rows up for equivalent ones. So a
settle that runs every few minutes counts only the deliveries that it last saw waiting.
"""

from collections.abc import Iterator, Mapping, Sequence

from transforms.deliveries import Assertion
from transforms.ports import Query
from transforms.state import DeliveryStatus

Day = tuple[str, str, str]
"""(delivery id, billing period, charge date)."""

_COMPLETE = ("active", "superseded", "append")
_MOST_NAMED = 200
"""Deliveries that a query names; of more, all rows of their days are counted."""


def count_all(query: Query, evaluation: str, assertions: Sequence[Assertion]) -> dict[Day, int]:
    """Count the rows of every delivery, completed or not, on the days that were ever promised."""
    return _count(query, evaluation, assertions, ())


def count_waiting(
    query: Query,
    evaluation: str,
    assertions: Sequence[Assertion],
    known: Mapping[str, DeliveryStatus],
) -> dict[Day, int]:
    """Count the rows of deliveries that were not complete at the last settle.

    Args:
        query: the lake, in SQL.
        evaluation: whose rows.
        assertions: every assertion.
        known: what the last settle found, by delivery id. Deliveries without a completion are not
            looked for: those it found keep their number.
    """
    waiting = [a for a in assertions if a.events and not _is_complete(a, known.get(a.delivery_id))]
    counted = dict(_promised(a for a in assertions if a not in waiting))
    asserted = {a.delivery_id for a in assertions}
    for status in known.values():
        if status.status == "open" and status.delivery_id not in asserted:
            counted[(status.delivery_id, "", "")] = status.stored
    if waiting:
        holders = {day.held_by for a in waiting for day in a.days if day.held_by}
        named = {a.delivery_id for a in waiting} | holders
        counted |= _count(query, evaluation, waiting, sorted(named))
    return counted


def _is_complete(assertion: Assertion, status: DeliveryStatus | None) -> bool:
    """Tell whether the last settle saw every row of a delivery; a detail says that it did not."""
    if status is None or status.status not in _COMPLETE or status.detail:
        return False
    return status.stored >= assertion.sent


def _promised(assertions: Iterator[Assertion]) -> Iterator[tuple[Day, int]]:
    for assertion in assertions:
        for day in assertion.days:
            if not day.held_by:
                key = (assertion.delivery_id, day.billing_period, day.charge_date)
                yield key, day.events


def _count(
    query: Query, evaluation: str, assertions: Sequence[Assertion], named: Sequence[str]
) -> dict[Day, int]:
    """Count each row once.

    Names the periods and days that are promised: a scan without both has hundreds of thousands of
    projected partitions on Athena.
    """
    days = [day for assertion in assertions for day in assertion.days]
    if assertions and not days:
        return {}
    where = f"evaluation = '{evaluation}'"
    if days:
        periods = ", ".join(sorted({f"'{day.billing_period}'" for day in days}))
        dates = sorted(day.charge_date for day in days)
        where += f" and billing_period in ({periods})"
        where += f" and charge_date between '{dates[0]}' and '{dates[-1]}'"
    if named and len(named) <= _MOST_NAMED:
        where += f" and delivery_id in ({', '.join(map(_quoted, named))})"
    rows = query.rows(
        "select delivery_id, billing_period, charge_date, count(distinct ordinal) as events "
        f"from charges_stored where {where} group by 1, 2, 3"
    )
    return {(r["delivery_id"], r["billing_period"], r["charge_date"]): r["events"] for r in rows}


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
