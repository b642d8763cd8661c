"""Compared events, page by page: a page is as many whole days as memory is meant to hold."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from rules import Charge, Facts
from schemas.lake import FIRST_DATE, LAST_DATE
from transforms.differences.rows import (
    Compared,
    charge_select,
    findings_as_text,
    read_charge,
    read_verdict,
    verdict_of,
    verdict_select,
)
from transforms.differences.sides import Side
from transforms.ports import Query

PAGE_EVENTS = 25_000
"""Days are asked together while they hold no more events than this; memory is bounded by it, or by
the largest day."""
STORED_PAGE_EVENTS = 100_000
"""The same where only rows that differ are answered."""
_KEY = "charge_date, billing_period, evaluation, delivery_id, ordinal"

_TRUTH = f"""
    select c.*
    from (
        select
            s.*,
            row_number() over (
                partition by s.{_KEY.replace(", ", ", s.")}
                order by s.baseline_version, s.policy_version
            ) as copy
        from charges_stored s
        where s.evaluation = '{{evaluation}}'
            and s.billing_period between '{{first_period}}' and '{{last_period}}'
            and s.charge_date between '{{first}}' and '{{last}}'
    ) c
    left join (
        select distinct evaluation, billing_period, charge_date, delivery_id from current_state
    ) t
        on t.evaluation = c.evaluation
        and t.billing_period = c.billing_period
        and t.charge_date = c.charge_date
        and t.delivery_id = c.delivery_id
    where c.copy = 1 and (c.delivery_mode = 'append' or t.delivery_id is not null)
"""
"""The rows of one evaluation that are true, as the view `charges` finds those of the active one."""

_DAYS = f"""
select charge_date, billing_currency as currency,
    min(billing_period) as first_period, max(billing_period) as last_period,
    count(*) as events, sum(coalesce(effective_cost, billed_cost)) as cost
from ({_TRUTH}) x
group by charge_date, billing_currency
order by charge_date, billing_currency
"""

_CHARGES = f"""
select {charge_select("x")}
from ({_TRUTH}) x
"""

_BOTH = f"""
from ({_TRUTH.replace("{evaluation}", "{a}")}) a
{{join}} join ({_TRUTH.replace("{evaluation}", "{b}")}) b
    on b.charge_date = a.charge_date and b.billing_period = a.billing_period
    and b.delivery_id = a.delivery_id and b.ordinal = a.ordinal
"""

_MATCHED = f"""
select coalesce(a.billing_currency, b.billing_currency) as currency,
    count(case when b.ordinal is not null then a.ordinal end) as matched,
    count(case when b.ordinal is null then a.ordinal end) as only_a,
    count(case when a.ordinal is null then b.ordinal end) as only_b,
    sum(case when b.ordinal is not null then coalesce(a.effective_cost, a.billed_cost) end) as cost
{_BOTH.replace("{join}", "full outer")}
group by 1
order by 1
"""

_DIFFERING = f"""
select {charge_select("a")}, {verdict_select("a", "a_")}, {verdict_select("b", "b_")}
{_BOTH.replace("{join}", "inner")}
where a.cost_class <> b.cost_class
    or a.tag_status <> b.tag_status
    or json_format(cast(a.missing_tags as json)) <> json_format(cast(b.missing_tags as json))
    or json_format(cast({findings_as_text("a")} as json))
        <> json_format(cast({findings_as_text("b")} as json))
"""


@dataclass(frozen=True, slots=True)
class Day:
    """What one charge date holds in one currency."""

    charge_date: str
    currency: str
    first_period: str
    last_period: str
    events: int
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Page:
    """Whole days that are asked together, and the partitions they lie in."""

    first: str
    last: str
    first_period: str
    last_period: str
    events: int

    def values(self) -> dict[str, str]:
        """Return the bounds by the names that the queries use."""
        names = ("first", "last", "first_period", "last_period")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class Matched:
    """How the true rows of two evaluations meet, in one currency."""

    currency: str
    matched: int
    only_a: int
    only_b: int
    cost: Decimal | None
    """What the matched rows cost; None without any."""


def count_days(query: Query, evaluation: str, first: str, last: str) -> list[Day]:
    """Ask what each charge date of a range holds under an evaluation, by currency."""
    periods = {"first_period": FIRST_DATE[:7], "last_period": LAST_DATE[:7]}
    sql = _DAYS.format(evaluation=evaluation, first=first, last=last, **periods)
    return [Day(**row) for row in query.rows(sql)]


def count_matched(query: Query, page: Page, a: str, b: str) -> list[Matched]:
    """Ask how the rows of two evaluations meet in a range."""
    sql = _MATCHED.format(a=a, b=b, **page.values())
    return [Matched(**row) for row in query.rows(sql)]


def pages_of(days: Iterable[Day], limit: int = PAGE_EVENTS) -> list[Page]:
    """Put days together to pages of at most `limit` events; a larger day is a page by itself."""
    pages: list[Page] = []
    by_date: dict[str, Page] = {}
    for day in days:
        own = Page(day.charge_date, day.charge_date, day.first_period, day.last_period, day.events)
        known = by_date.get(day.charge_date)
        by_date[day.charge_date] = own if known is None else _joined(known, own)
    for page in by_date.values():
        if pages and pages[-1].events + page.events <= limit:
            pages[-1] = _joined(pages[-1], page)
        else:
            pages.append(page)
    return pages


def judged(query: Query, page: Page, evaluation: str, a: Side, b: Side) -> Iterator[Compared]:
    """Judge the events of a page by both sides, from the true rows of one evaluation."""
    sql = _CHARGES.format(evaluation=evaluation, **page.values())
    facts: dict[tuple[str, str, str | None], tuple[Facts, Facts]] = {}
    for row in query.rows(sql):
        event_id, charge = read_charge(row)
        same = charge.charge_date, charge.billing_account_id, charge.sub_account_id
        known = facts.get(same)
        if known is None:
            known = facts[same] = _facts(a, charge), _facts(b, charge)
        before = verdict_of(charge, a.context, known[0])
        yield Compared(event_id, charge, before, verdict_of(charge, b.context, known[1]))


def stored(query: Query, page: Page, a: str, b: str) -> Iterator[Compared]:
    """Return the events of a page whose stored rows differ between two evaluations."""
    for row in query.rows(_DIFFERING.format(a=a, b=b, **page.values())):
        event_id, charge = read_charge(row)
        yield Compared(event_id, charge, read_verdict(row, "a_"), read_verdict(row, "b_"))


def whole(pages: Iterable[Page]) -> Page:
    """Return the range that pages cover together."""
    first, *others = pages
    for page in others:
        first = _joined(first, page)
    return first


def _joined(a: Page, b: Page) -> Page:
    return Page(
        min(a.first, b.first),
        max(a.last, b.last),
        min(a.first_period, b.first_period),
        max(a.last_period, b.last_period),
        a.events + b.events,
    )


def _facts(side: Side, charge: Charge) -> Facts:
    return Facts(side.context.policy, side.context.baselines.for_charge(charge))
