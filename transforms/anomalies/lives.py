"""The life of anomalies: abnormal days become events that begin, go on, end, and may be withdrawn.

Pure. Told the same days again, nothing changes; an event keeps its name while any of its days is
abnormal still.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise

from transforms.anomalies.model import ENDED, OPEN, WITHDRAWN, AbnormalDay, Anomaly, Series

GAP_DAYS = 3
"""Abnormal days so far apart are one anomaly still: a weekend lies between. Later, it has ended."""

Abnormal = Mapping[Series, Sequence[AbnormalDay]]
"""Every abnormal day by series, in order."""


def live_on(
    known: Iterable[Anomaly], abnormal: Abnormal, newest: date, moment: str
) -> list[Anomaly]:
    """Return every anomaly as it stands now, withdrawn ones included.

    Args:
        known: every anomaly as it stood.
        abnormal: every day that is abnormal now, also those of anomalies that are over.
        newest: the newest day that was judged.
        moment: when, for what is new.
    """
    by_series: defaultdict[Series, list[Anomaly]] = defaultdict(list)
    for anomaly in known:
        by_series[anomaly.series].append(anomaly)
    found: list[Anomaly] = []
    names = {anomaly.anomaly_id for anomalies in by_series.values() for anomaly in anomalies}
    for series in sorted({*by_series, *abnormal}, key=_order):
        left = list(by_series[series])
        current = []
        for days in _stretches(abnormal.get(series, ())):
            before = _same(left, days)
            if before is None:
                name = _name(series, days[0].charge_date, names)
                names.add(name)
                before = Anomaly(name, OPEN, series, days, moment)
            else:
                left.remove(before)
            status = OPEN if _may_go_on(days[-1], newest) else ENDED
            current.append(replace(before, status=status, days=days, detail=""))
        found += [*current, *(_withdrawn(anomaly, current) for anomaly in left)]
    return sorted(found, key=lambda a: (a.first_day, a.anomaly_id))


def _stretches(days: Sequence[AbnormalDay]) -> list[tuple[AbnormalDay, ...]]:
    """Divide a series' abnormal days where more than a few quiet ones lie between two."""
    if not days:
        return []
    stretches = [[days[0]]]
    for before, day in pairwise(days):
        if _apart(before.charge_date, day.charge_date) > GAP_DAYS:
            stretches.append([])
        stretches[-1].append(day)
    return [tuple(stretch) for stretch in stretches]


def _same(anomalies: Iterable[Anomaly], days: Sequence[AbnormalDay]) -> Anomaly | None:
    """Return the known anomaly that has most of these days; one that still stands first."""
    dates = {day.charge_date for day in days}
    shared = [(len(dates & {d.charge_date for d in a.days}), a) for a in anomalies]
    candidates = [(number, anomaly) for number, anomaly in shared if number]
    if not candidates:
        return None
    return min(
        candidates, key=lambda c: (not c[1].stands, -c[0], c[1].first_seen, c[1].anomaly_id)
    )[1]


def _withdrawn(anomaly: Anomaly, current: Sequence[Anomaly]) -> Anomaly:
    """Return an anomaly whose days are no longer abnormal, or another's now."""
    if not anomaly.stands:
        return anomaly
    dates = {day.charge_date for day in anomaly.days}
    taken = [a for a in current if dates & {day.charge_date for day in a.days}]
    detail = (
        f"its days belong to {taken[0].anomaly_id} now"
        if taken
        else "restated: none of its days is abnormal any more"
    )
    return replace(anomaly, status=WITHDRAWN, detail=detail)


def _may_go_on(last: AbnormalDay, newest: date) -> bool:
    """Tell whether the next day to be judged could still belong to it."""
    return (newest - date.fromisoformat(last.charge_date)).days + 1 <= GAP_DAYS


def _apart(first: str, second: str) -> int:
    return (date.fromisoformat(second) - date.fromisoformat(first)).days


def _name(series: Series, first_day: str, taken: set[str]) -> str:
    text = "\0".join([first_day, *(part or "" for part in series)])
    name = hashlib.sha256(text.encode()).hexdigest()[:16]
    while name in taken:
        # The name is in use by one that began here before a restatement.
        name = hashlib.sha256(name.encode()).hexdigest()[:16]
    return name


def _order(series: Series) -> tuple[str, ...]:
    return tuple(part or "" for part in series)
