"""Write down what is true: of each scope, the newest deliveries whose every row has arrived.

Runs after each ingest and on a schedule. It promises nothing by halves: a scope flips with one put,
or stays as it was and says why.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from schemas.codec import Batch, Unreadable
from schemas.current_state import CurrentDay, read_current, write_current
from schemas.lake import ObjectStore
from schemas.scopes import holders
from transforms.arrivals import Day, count_all, count_waiting
from transforms.deliveries import Assertion, read_assertions
from transforms.error_objects import read_error_lines
from transforms.evaluations import registered
from transforms.ports import Query
from transforms.state import DeliveryStatus, active_evaluation, read_status, write_status

Scope = tuple[str, str]
"""(payer account, billing period)."""

IN_FLIGHT = timedelta(minutes=30)
"""A delivery's rows may take so long after its completion: both buffers of Firehose, the Lambda's
retries, and the rows' own order. After that, rows that are nowhere are missing."""


@dataclass(frozen=True, slots=True)
class SettleReport:
    """What settle did under the active evaluation: what became active, what it found of all."""

    became_active: list[str] = field(default_factory=list)
    statuses: list[DeliveryStatus] = field(default_factory=list)
    lag: timedelta = timedelta()
    """How long ago the oldest delivery landed that still waits for rows."""

    def of(self, delivery_id: str) -> DeliveryStatus | None:
        """Return the status of one delivery."""
        return next((s for s in self.statuses if s.delivery_id == delivery_id), None)


def settle(
    query: Query,
    store: ObjectStore,
    now: datetime,
    accept_incomplete: frozenset[str] = frozenset(),
    *,
    only_waiting: bool = False,
) -> SettleReport:
    """Bring `state/` up to date with what has arrived, under every registered evaluation.

    So that activating another one is one put: what the views will show is written down already.

    Args:
        query: the lake, in SQL.
        store: the lake, as objects.
        now: the moment, aware: tells what is late from what is on its way.
        accept_incomplete: deliveries a person takes as they are, although rows are missing.
        only_waiting: count only deliveries that were not complete at the last settle, under the
            active evaluation alone, and look for none that lacks its completion: what a schedule
            asks every few minutes. Under another evaluation rows come by replay, which settles all.
    """
    active = active_evaluation(store)
    others = sorted({d.name for d in registered(store)} - {active})
    assertions = read_assertions(query)
    known = read_status(store) if only_waiting else None
    current = read_current(store)
    days: list[CurrentDay] = []
    statuses: list[DeliveryStatus] = []
    report = SettleReport()
    for evaluation in (active, *others):
        if evaluation != active and known is not None:
            days += [day for day in current if day.evaluation == evaluation]
            statuses += [status for status in known if status.evaluation == evaluation]
            continue
        stored = _stored(query, evaluation, assertions, known)
        before = _by_scope(day for day in current if day.evaluation == evaluation)
        accepted = accept_incomplete if evaluation == active else frozenset()
        after, became = _settled(evaluation, assertions, before, stored, accepted)
        days += [day for scope in after.values() for day in scope]
        found = _Statuses(evaluation, stored, store, after, now, evaluation == active)
        statuses += found.of(assertions)
        if evaluation == active:
            report = SettleReport(became, list(statuses), _lag(assertions, statuses, now))
    if sorted(days) != sorted(current):
        write_current(store, days)
    write_status(store, statuses)
    return report


def _lag(assertions: list[Assertion], statuses: list[DeliveryStatus], now: datetime) -> timedelta:
    waiting = {s.delivery_id for s in statuses if s.status in ("incomplete", "in-flight")}
    landed = [
        a.landed_at.replace(tzinfo=UTC)
        for a in assertions
        if a.delivery_id in waiting and a.landed_at is not None
    ]
    return max(now - min(landed), timedelta()) if landed else timedelta()


def _stored(
    query: Query,
    evaluation: str,
    assertions: list[Assertion],
    known: list[DeliveryStatus] | None,
) -> dict[Day, int]:
    """Count the rows under one evaluation: all, or beside what the last settle `known`."""
    if known is None:
        return count_all(query, evaluation, assertions)
    of_it = {s.delivery_id: s for s in known if s.evaluation == evaluation}
    return count_waiting(query, evaluation, assertions, of_it)


def _settled(
    evaluation: str,
    assertions: list[Assertion],
    before: dict[Scope, tuple[CurrentDay, ...]],
    stored: dict[Day, int],
    accepted: frozenset[str],
) -> tuple[dict[Scope, tuple[CurrentDay, ...]], list[str]]:
    """Return what each scope is read from under one evaluation, and what that became with now."""
    after = dict(before)
    became = []
    for scope, candidates in _overwrites(assertions).items():
        held = _holding(candidates, before.get(scope, ()), stored, accepted)
        days = tuple(sorted(day for claim in held for day in _entries(claim, evaluation, stored)))
        if days and days != before.get(scope):
            believed = {day.asserted_by for day in before.get(scope, ())}
            became += [c.delivery_id for c in held if c.delivery_id not in believed]
            after[scope] = days
    return after, became


def _holding(
    candidates: list[Assertion],
    before: Iterable[CurrentDay],
    stored: dict[Day, int],
    accepted: frozenset[str],
) -> list[Assertion]:
    """Return the deliveries the scope is read from; none leaves it as it was."""
    believed = {day.asserted_by for day in before} | accepted
    return holders(
        c for c in candidates if c.delivery_id in believed or (c.events and not _missing(c, stored))
    )


def _missing(assertion: Assertion, stored: dict[Day, int]) -> dict[Day, int]:
    """Return the promised days whose rows are not all there, with how many are missing."""
    missing = {}
    for day in assertion.days:
        key = (day.held_by or assertion.delivery_id, day.billing_period, day.charge_date)
        if stored.get(key, 0) < day.events:
            missing[key] = day.events - stored.get(key, 0)
    return missing


def _entries(assertion: Assertion, evaluation: str, stored: dict[Day, int]) -> Iterable[CurrentDay]:
    for day in assertion.days:
        holder = day.held_by or assertion.delivery_id
        # Fewer than promised where a person took the delivery as it is: nobody may build on that.
        arrived = stored.get((holder, day.billing_period, day.charge_date), 0)
        yield CurrentDay(
            evaluation=evaluation,
            source=assertion.source,
            billing_account_id=assertion.billing_account_id,
            billing_period=day.billing_period,
            charge_date=day.charge_date,
            delivery_id=holder,
            asserted_by=assertion.delivery_id,
            asserted_at=assertion.asserted_at.isoformat(),
            events=min(day.events, arrived),
            dataset_instance=assertion.dataset_instance,
        )


def _by_scope(days: Iterable[CurrentDay]) -> dict[Scope, tuple[CurrentDay, ...]]:
    scopes: dict[Scope, list[CurrentDay]] = defaultdict(list)
    for day in days:
        scopes[(day.billing_account_id, day.billing_period)].append(day)
    return {scope: tuple(sorted(days)) for scope, days in scopes.items()}


def _overwrites(assertions: list[Assertion]) -> dict[Scope, list[Assertion]]:
    scopes: dict[Scope, list[Assertion]] = defaultdict(list)
    for assertion in assertions:
        if assertion.mode == "overwrite":
            scopes[assertion.scope].append(assertion)
    return scopes


class _Statuses:
    """Says of every delivery where it stands, in words a person can act on."""

    def __init__(
        self,
        evaluation: str,
        stored: dict[Day, int],
        store: ObjectStore,
        current: dict[Scope, tuple[CurrentDay, ...]],
        now: datetime,
        active: bool,
    ) -> None:
        self._evaluation = evaluation
        self._stored = stored
        self._store = store
        self._current = {day.asserted_by for days in current.values() for day in days}
        self._active = active
        self._now = now.astimezone(UTC).replace(tzinfo=None)

    def of(self, assertions: list[Assertion]) -> list[DeliveryStatus]:
        """Return the status of every delivery, completed ones first, oldest first."""
        newest = {a.delivery_id: a for a in assertions}
        completed = [self._completed(a) for a in newest.values()]
        opened = sorted({delivery for delivery, _, _ in self._stored} - set(newest))
        return completed + [self._status(d, "open", _OPEN) for d in opened]

    def _completed(self, assertion: Assertion) -> DeliveryStatus:
        missing = _missing(assertion, self._stored)
        delivery_id = assertion.delivery_id
        if delivery_id in self._current:
            detail = f"taken as it is: {self._why(missing)}" if missing else ""
            return self._status(delivery_id, "active", detail)
        if missing:
            return self._waiting(assertion, missing)
        if assertion.mode == "append":
            return self._status(delivery_id, "append", "")
        if not assertion.events:
            detail = f"all of its {assertion.rejected_rows} rows are in quarantine"
            return self._status(delivery_id, "empty", detail)
        return self._status(delivery_id, "superseded", "")

    def _waiting(self, assertion: Assertion, missing: dict[Day, int]) -> DeliveryStatus:
        if not self._active:
            detail = (
                f"{sum(missing.values()):,} rows not judged under {self._evaluation}; run: "
                f"finops replay --evaluation {self._evaluation}"
            )
            return self._status(assertion.delivery_id, "incomplete", detail)
        landed = assertion.landed_at
        young = landed is not None and self._now - landed < IN_FLIGHT
        if young and not self._failing({delivery for delivery, _, _ in missing}):
            detail = f"{sum(missing.values()):,} rows on their way; run: finops settle"
            return self._status(assertion.delivery_id, "in-flight", detail)
        return self._status(assertion.delivery_id, "incomplete", self._why(missing))

    def _failing(self, deliveries: set[str]) -> bool:
        """Tell whether rows are in errors/, or bytes that may be theirs came there lately."""
        if _failed_rows(self._store, deliveries):
            return True
        since = (self._now - IN_FLIGHT).replace(tzinfo=UTC).timestamp() * 1_000
        return any(
            isinstance(line.content(), Unreadable) and line.arrival_millis >= since
            for line in read_error_lines(self._store)
        )

    def _status(self, delivery_id: str, status: str, detail: str) -> DeliveryStatus:
        stored = sum(n for (delivery, _, _), n in self._stored.items() if delivery == delivery_id)
        return DeliveryStatus(delivery_id, self._evaluation, status, detail, stored)

    def _why(self, missing: dict[Day, int]) -> str:
        first = min(date for _, _, date in missing)
        text = f"{sum(missing.values())} rows missing on {len(missing)} days, first {first}"
        failed = _failed_rows(self._store, {delivery for delivery, _, _ in missing})
        return f"{text}; {failed} of them in errors/" if failed else text


_OPEN = "not completed; run the same ingest again"


def _failed_rows(store: ObjectStore, deliveries: set[str]) -> int:
    failed = set()
    for line in read_error_lines(store):
        content = line.content()
        if isinstance(content, Batch) and content.is_charges:
            if content.delivery_id in deliveries:
                failed |= {(content.delivery_id, e["ordinal"]) for e in content.events}
        elif isinstance(content, list):
            failed |= {
                (r["delivery_id"], r["ordinal"]) for r in content if r["delivery_id"] in deliveries
            }
    return len(failed)
