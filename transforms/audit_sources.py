"""SQL over `charges_stored` that audits and verifications share: which rows, and exact sums."""

from collections.abc import Collection

from schemas.tables import AMOUNTS
from transforms.tallies import Day

_MOST_NAMED = 200
"""Deliveries that a query names; of more, all rows of their days are read."""


def rows_of(
    evaluation: str, only: Collection[Day] | None = None, *, deliveries: bool = True
) -> str:
    """Return a condition on `charges_stored`: the partitions of these days, and no others.

    Args:
        evaluation: whose rows.
        only: days of deliveries; without any it is every row of the evaluation.
        deliveries: whether to name the deliveries, too.
    """
    condition = f"evaluation = '{evaluation}'"
    if only is None:
        return condition
    if not only:
        return "1 = 0"
    periods = ", ".join(sorted({f"'{period}'" for _, period, _ in only}))
    dates = sorted(date for _, _, date in only)
    condition += f" and billing_period in ({periods})"
    condition += f" and charge_date between '{dates[0]}' and '{dates[-1]}'"
    named = sorted({delivery for delivery, _, _ in only})
    if deliveries and len(named) <= _MOST_NAMED:
        condition += f" and delivery_id in ({', '.join(map(_quoted, named))})"
    return condition


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def sums_sql(where: str) -> str:
    """Return a query for the rows, each once, and exact sums by delivery, day and currencies."""
    sums = ", ".join(f"sum({name}) as {name}" for name in AMOUNTS)
    return (
        "select delivery_id, billing_period, charge_date, billing_currency as billing, "
        f"coalesce(pricing_currency, billing_currency) as pricing, count(*) as events, {sums} "
        "from (select *, row_number() over "
        "(partition by charge_date, billing_period, delivery_id, ordinal "
        "order by baseline_version, policy_version) as copy "
        f"from charges_stored where {where}) "
        "where copy = 1 group by 1, 2, 3, 4, 5"
    )
