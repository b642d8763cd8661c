"""Which events an evaluation has rows of already, so that a replay does not write them again.

Views count an event once however often it lies in the lake; this keeps the lake from growing.
"""

from collections.abc import Collection, Iterable

import orjson

from infra.replay.selection import Selection
from transforms.audit_sources import rows_of
from transforms.ports import Query
from transforms.tallies import Day


class Present:
    """Answers which ordinals lie in other objects than those about to be written.

    Days that neither had rows when the replay began nor got any since cost no query.

    Args:
        query: the lake, in SQL.
        evaluation: whose rows.
        days: the days with rows when the replay began; see `days_with_rows`.
    """

    def __init__(self, query: Query, evaluation: str, days: Iterable[Day]) -> None:
        self._query = query
        self._evaluation = evaluation
        self._days = set(days)

    def wrote(self, day: Day) -> None:
        """Take note of a day that has rows now."""
        self._days.add(day)

    def elsewhere(self, days: Collection[Day], own: str) -> dict[Day, frozenset[int]]:
        """Return the ordinals of these days in objects whose names do not begin with `own`."""
        doubtful = [day for day in days if day in self._days]
        if not doubtful:
            return {}
        found = {}
        where = f"{rows_of(self._evaluation, doubtful)} and \"$path\" not like '%/{own}%'"
        for row in self._query.rows(_ORDINALS.format(where=where)):
            day = (row["delivery_id"], row["billing_period"], row["charge_date"])
            found[day] = frozenset(orjson.loads(row["ordinals"]))
        return found


def days_with_rows(query: Query, evaluation: str, selection: Selection) -> list[Day]:
    """Return every selected day of every delivery that an evaluation has rows of."""
    where = [f"evaluation = '{evaluation}'"]
    if selection.billing_period:
        where.append(f"billing_period = '{selection.billing_period}'")
    if selection.first:
        where.append(f"charge_date >= '{selection.first}'")
    if selection.last:
        where.append(f"charge_date <= '{selection.last}'")
    rows = query.rows(
        "select distinct delivery_id, billing_period, charge_date from charges_stored "
        f"where {' and '.join(where)}"
    )
    return [(row["delivery_id"], row["billing_period"], row["charge_date"]) for row in rows]


_ORDINALS = """
select delivery_id, billing_period, charge_date,
       json_format(cast(array_agg(distinct ordinal) as json)) as ordinals
from charges_stored where {where} group by 1, 2, 3
"""
