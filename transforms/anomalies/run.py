"""The anomaly job: judge what has changed, write down how anomalies stand, tell of new ones once.

Done again it changes nothing and tells nothing. It is told before it is written: a run that is
killed between the two tells again, and never forgets to.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from schemas.lake import ObjectStore
from transforms.anomalies.book import (
    Change,
    append_history,
    read_anomalies,
    read_judged,
    write_anomalies,
    write_judged,
)
from transforms.anomalies.contributors import explained
from transforms.anomalies.judging import INCOMPLETE_DAYS, judge
from transforms.anomalies.lives import live_on
from transforms.anomalies.model import ENDED, OPEN, AbnormalDay, Anomaly, Series
from transforms.anomalies.suppressions import Suppression, read_suppressions, suppressed
from transforms.anomalies.totals import DailyTotals
from transforms.ports import Query
from transforms.summaries import refresh
from transforms.summaries.builds import Builds, read_builds
from transforms.summaries.refresh import DAILY

Tell = Callable[[Sequence[Anomaly]], None]
"""Tells people of new anomalies; raises where it cannot."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did."""

    newest: str | None
    """The newest day that was ever judged; none where nothing can be."""
    judged: list[str]
    """Days that were judged in this run: those that are new, or rest on something new."""
    changes: list[Change]
    anomalies: list[Anomaly]
    """Every anomaly as it stands."""

    @property
    def told(self) -> list[Anomaly]:
        """The anomalies that people were told of in this run."""
        return [anomaly for change, anomaly in self.changes if change == "notified"]


def run(query: Query, store: ObjectStore, moment: datetime, tell: Tell) -> Outcome:
    """Do the job for a moment; the summaries are brought up to date first.

    Args:
        query: the lake, in SQL.
        store: the lake, as objects.
        moment: the one it is for, aware: its day and the one before are never judged.
        tell: tells people.
    """
    refresh(query, store, moment)
    builds, known, before = read_builds(store), read_anomalies(store), read_judged(store)
    now = moment.astimezone(UTC)
    # A run for an earlier day than the last one's judges no less than that did.
    last = max([(now.date() - timedelta(days=INCOMPLETE_DAYS)).isoformat(), *before])
    days = [p for (s, p), b in sorted(builds.items()) if s == DAILY and p <= last and b.events]
    totals = DailyTotals(store, builds)
    basis = {day: totals.basis(day) for day in days}
    due = [day for day in days if before.get(day) != basis[day]]
    abnormal = _abnormal(known, set(days) - set(due), _judged(totals, due))
    newest = date.fromisoformat(days[-1] if days else last)
    said = now.isoformat(timespec="seconds")
    found = live_on(known, abnormal, newest, said)
    found = _explained(query, store, builds, known, found, set(due))
    planned = read_suppressions(store)
    found = [_with_plan(anomaly, planned) for anomaly in found]
    found = _told(found, known, tell, said, before)
    changes = _changes(known, found)
    append_history(store, changes, said)
    if changes:
        write_anomalies(store, found)
    if basis != before:
        write_judged(store, basis)
    return Outcome(days[-1] if days else None, due, changes, found)


def _judged(totals: DailyTotals, days: Iterable[str]) -> list[tuple[Series, AbnormalDay]]:
    found = []
    for day in days:
        for series, costs in totals.until(day):
            abnormal = judge(costs, date.fromisoformat(day))
            if abnormal is not None:
                found.append((series, abnormal))
    return found


def _abnormal(
    known: Iterable[Anomaly],
    unchanged: set[str],
    judged: Iterable[tuple[Series, AbnormalDay]],
) -> Mapping[Series, Sequence[AbnormalDay]]:
    """Return every abnormal day: those just judged, and those that rest on what they rested on."""
    by_series: defaultdict[Series, list[AbnormalDay]] = defaultdict(list)
    for anomaly in known:
        if anomaly.stands:
            by_series[anomaly.series] += [d for d in anomaly.days if d.charge_date in unchanged]
    for series, day in judged:
        by_series[series].append(day)
    return {s: sorted(days, key=lambda d: d.charge_date) for s, days in by_series.items() if days}


def _explained(
    query: Query,
    store: ObjectStore,
    builds: Builds,
    known: Iterable[Anomaly],
    found: Sequence[Anomaly],
    due: set[str],
) -> list[Anomaly]:
    """Look for contributors where the anomaly, or what its days say, is not what it was.

    A day that comes to the same may be another resource's now.
    """
    days = {anomaly.anomaly_id: anomaly.days for anomaly in known}
    moved = [
        a
        for a in found
        if a.stands
        and (days.get(a.anomaly_id) != a.days or any(d.charge_date in due for d in a.days))
    ]
    again = {a.anomaly_id: a for a in explained(query, store, builds, moved)}
    return [again.get(anomaly.anomaly_id, anomaly) for anomaly in found]


def _with_plan(anomaly: Anomaly, planned: Sequence[Suppression]) -> Anomaly:
    return suppressed(anomaly, planned) if anomaly.stands else anomaly


def _told(
    found: Sequence[Anomaly],
    known: Iterable[Anomaly],
    tell: Tell,
    moment: str,
    before: Mapping[str, str],
) -> list[Anomaly]:
    """Tell of what is new; of history that is judged for the first time, only what goes on.

    Args:
        found: every anomaly as it stands.
        known: every anomaly as it stood.
        tell: tells people.
        moment: when they were told, to be written down.
        before: the days that were judged before this run.
    """
    names = {anomaly.anomaly_id for anomaly in known}
    due = [
        a
        for a in found
        if a.stands
        and a.suppressed_by is None
        and a.notified_at is None
        and (a.status == OPEN or (a.anomaly_id not in names and not _is_history(a, before)))
    ]
    if due:
        tell(due)
    told = {anomaly.anomaly_id for anomaly in due}
    return [replace(a, notified_at=moment) if a.anomaly_id in told else a for a in found]


def _is_history(anomaly: Anomaly, before: Mapping[str, str]) -> bool:
    """Tell whether all of its days are older than the newest judged before, and never were judged.

    So it is where bills of long ago are ingested; a run that was missed for days is no history.
    """
    return not before or all(
        day.charge_date not in before and day.charge_date < max(before) for day in anomaly.days
    )


def _changes(known: Iterable[Anomaly], found: Iterable[Anomaly]) -> list[Change]:
    before = {anomaly.anomaly_id: anomaly for anomaly in known}
    return [
        (change, anomaly)
        for anomaly in found
        for change in _happened(before.get(anomaly.anomaly_id), anomaly)
    ]


def _happened(before: Anomaly | None, after: Anomaly) -> list[str]:
    if before == after:
        return []
    happened = []
    if before is None:
        happened.append("found")
    elif before.status != after.status:
        again = after.status == OPEN or not before.stands
        happened.append("reopened" if again and after.stands else after.status)
    if before is not None and before.days != after.days:
        happened.append("changed")
    if (before and before.suppressed_by) != after.suppressed_by:
        happened.append("suppressed" if after.suppressed_by else "unsuppressed")
    if (before and before.notified_at) != after.notified_at:
        happened.append("notified")
    if before is None and after.status == ENDED:
        happened.append("ended")
    return happened or ["changed"]
