"""Compute a difference: choose where the verdicts come from, go through the pages, find reasons."""

from collections import Counter as Numbers
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace

from schemas.amounts import EXACT
from schemas.lake import FIRST_DATE, LAST_DATE
from transforms.differences import pages
from transforms.differences.counting import Counter, Group, Kept, account_of, owner_of
from transforms.differences.model import (
    JUDGED,
    JUDGED_EVENTS,
    REASONED,
    STORED,
    Cause,
    Compared,
    Difference,
    Example,
    Options,
    Reason,
    ReasonCount,
    SideFacts,
    Way,
)
from transforms.differences.pages import Day, Matched, Page
from transforms.differences.reasons import Reasons
from transforms.differences.sides import Side
from transforms.errors import DifferenceError
from transforms.ports import Query

Progress = Callable[[int, int], None]
"""Told how many events of how many are done."""


def difference(
    query: Query,
    a: Side,
    b: Side,
    active: str,
    options: Options,
    progress: Progress = lambda done, of: None,
) -> Difference:
    """Compare two sides over a range of charge dates.

    Args:
        query: the lake, in SQL.
        a: the side that was.
        b: the side that may be.
        active: the active evaluation, whose rows hold the charges that are judged in memory.
        options: what is asked.
        progress: called after each page.

    Raises:
        DifferenceError: the range is too large to be judged here, or rows are not stored.
    """
    shown = a.stored if options.way == STORED and a.stored else active
    days = pages.count_days(query, shown, options.first or FIRST_DATE, options.last or LAST_DATE)
    whole = pages.whole(pages.pages_of(days)) if days else None
    way, because, matched = _choose(query, a, b, days, whole, options)
    counter = Counter(options.by, options.owner_tags, max(REASONED, options.examples))
    done, events = 0, sum(day.events for day in days)
    limit = pages.PAGE_EVENTS if way == JUDGED else pages.STORED_PAGE_EVENTS
    for page in pages.pages_of(days, limit):
        if way == JUDGED:
            found = pages.judged(query, page, active, a, b)
        else:
            assert a.stored and b.stored
            found = pages.stored(query, page, a.stored, b.stored)
        for compared in found:
            counter.add(compared)
        done += page.events
        progress(done, events)
    reasons = Reasons(a.context, b.context)
    groups = [_explained(name, group, reasons) for name, group in counter.in_order()]
    return Difference(
        a=_facts(a),
        b=_facts(b),
        first=whole.first if whole else None,
        last=whole.last if whole else None,
        way=way,
        way_because=because,
        by=options.by,
        owner_tags=options.owner_tags,
        compared=_of_days(days) if way == JUDGED else _of_matched(matched),
        differing=counter.differing,
        unmatched=(sum(m.only_a for m in matched), sum(m.only_b for m in matched))
        if way == STORED
        else (0, 0),
        totals=counter.totals(),
        findings=counter.findings(),
        classes=counter.classes(),
        policy=reasons.policies.differences(),
        policy_formats=reasons.policies.formats,
        reasons=tuple(count for group in groups for count in group.counts()),
        examples=tuple(example for group in groups for example in group.examples(options)),
    )


def _choose(
    query: Query, a: Side, b: Side, days: list[Day], whole: Page | None, options: Options
) -> tuple[Way, str, list[Matched]]:
    """Decide where the verdicts come from, and say why."""
    events = sum(day.events for day in days)
    size = f"{events:,} event{'' if events == 1 else 's'}"
    if options.way == JUDGED:
        return JUDGED, f"{size}, as asked", []
    unstored = [side for side in (a, b) if side.stored is None]
    if options.way == STORED and unstored:
        raise DifferenceError(
            f"{unstored[0].name} is not an evaluation as it is registered, so no rows of it are "
            "stored; add one with: finops evaluations add, or leave out --stored"
        )
    matched: list[Matched] = []
    if whole is not None and a.stored and b.stored:
        matched = pages.count_matched(query, whole, a.stored, b.stored)
        if options.way == STORED or not any(m.only_a or m.only_b for m in matched):
            asked = ", as asked" if options.way == STORED else ": both evaluations have all rows"
            return STORED, f"{size}{asked}", matched
    if options.way == STORED:
        return STORED, f"{size}, as asked", matched
    if events > JUDGED_EVENTS:
        raise DifferenceError(
            f"{size} are more than the {JUDGED_EVENTS:,} that are judged in memory; narrow the "
            f"range with --from and --to, insist with --judge, or {_store(unstored, matched, a, b)}"
        )
    return JUDGED, f"{size}, and not every row is stored under both", []


def _store(unstored: list[Side], matched: list[Matched], a: Side, b: Side) -> str:
    """Return how the rows that are not stored come to be."""
    if unstored:
        return "compare evaluations whose rows are stored: finops evaluations add, finops replay"
    behind = b if any(m.only_a for m in matched) else a
    return f"run: finops replay --evaluation {behind.stored}"


class _Explained:
    """The rows of one group that were looked at, with their reasons."""

    def __init__(self, name: tuple[str, str, str], group: Group, found: list[tuple[Kept, Reason]]):
        self._kind, self._name, self._currency = name
        self._rows = group.rows
        self._found = found

    def counts(self) -> Iterator[ReasonCount]:
        """Yield how often each reason was found, most often first."""
        numbers = Numbers((_general(reason), _general_note(reason)) for _, reason in self._found)
        for (ways, note), rows in numbers.most_common():
            yield ReasonCount(
                group=self._kind,
                name=self._name,
                currency=self._currency,
                ways=ways,
                note=note,
                rows=rows,
                looked_at=len(self._found),
                of=self._rows,
            )

    def examples(self, options: Options) -> Iterator[Example]:
        """Yield the rows about most money."""
        for kept, reason in self._found[: options.examples]:
            charge, change = kept.compared.charge, kept.change
            yield Example(
                group=self._kind,
                name=self._name,
                event_id=kept.compared.event_id,
                charge_date=charge.charge_date,
                account=account_of(charge),
                service=charge.service_name,
                resource=charge.resource_id,
                owner=owner_of(charge, options.owner_tags),
                currency=self._currency,
                cost=charge.cost,
                before=change.before,
                after=change.after,
                reason=reason,
            )


def _explained(name: tuple[str, str, str], group: Group, reasons: Reasons) -> _Explained:
    kept = group.kept()
    return _Explained(name, group, [(k, reasons.of(k.compared, k.change)) for k in kept])


def _general(reason: Reason) -> tuple[tuple[Cause, ...], ...]:
    """Return a reason without what belongs to one event: which baselines, and what they say."""
    return tuple(
        tuple(
            replace(c, name="baseline", before="", after="", detail="")
            if c.kind == "baseline"
            else c
            for c in way
        )
        for way in reason.ways
    )


def _general_note(reason: Reason) -> str:
    return reason.note.partition(";")[0]


def _facts(side: Side) -> SideFacts:
    context = side.context
    return SideFacts(side.name, context.rule_set.name, context.policy.version, side.baselines)


def _of_days(days: list[Day]) -> tuple[Compared, ...]:
    by_currency: dict[str, list[Day]] = defaultdict(list)
    for day in days:
        by_currency[day.currency].append(day)
    found = []
    for currency, own in sorted(by_currency.items()):
        cost = own[0].cost
        for day in own[1:]:
            cost = EXACT.add(cost, day.cost)
        found.append(Compared(currency, sum(day.events for day in own), cost))
    return tuple(found)


def _of_matched(matched: list[Matched]) -> tuple[Compared, ...]:
    return tuple(
        Compared(m.currency, m.matched, m.cost) for m in matched if m.matched and m.cost is not None
    )
