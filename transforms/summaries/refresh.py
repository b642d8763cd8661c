"""Bring the summaries up to date with `charges`, and say where they are not.

A day is built again where its files or the deliveries it is read from have changed since; a month
where one of its days has. Interrupted at any point, the next run does what is left.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from schemas.errors import StateError
from schemas.lake import DAILY_COSTS, MONTHLY_COSTS, ObjectStore
from transforms.ports import Query
from transforms.summaries.builds import Build, Builds, read_builds, write_builds
from transforms.summaries.rows import (
    AMOUNTS,
    COUNTS,
    GROUP,
    Row,
    add_up,
    ask_days,
    read_rows,
    written,
)
from transforms.summaries.sources import DaySource, day_sources, fingerprint

DAILY = "daily_costs"
MONTHLY = "monthly_costs"
DAYS_AT_ONCE = 31
"""Days that one query sums up: a bound on its answer."""

KEEP = timedelta(hours=1)
"""A replaced build is kept so long: longer than a query of Athena may run (30 minutes)."""

_MONTH_COLUMNS = (*GROUP, *COUNTS, *AMOUNTS)
_DAY_COLUMNS = ("billing_period", *_MONTH_COLUMNS)


@dataclass(frozen=True, slots=True)
class Gap:
    """One period whose summary does not say what `charges` says."""

    summary: str
    period: str
    why: Literal["missing", "stale", "lost", "left over"]
    """Never built; built from something else than is there now; its object is gone; its rows are
    gone from the lake."""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a run did."""

    days: list[str]
    """Days that were summed up again."""
    changed: list[str]
    """Those of them, and their months, whose summary says something else now."""
    removed: list[str]
    """Periods that nothing is left of."""


def gaps(store: ObjectStore) -> list[Gap]:
    """Return every period whose summary is missing or does not fit; asks no query."""
    builds, sources = read_builds(store), day_sources(store)
    stored = _stored(store)
    days = list(_gaps(DAILY, _days(sources), builds, stored))
    months = {period: _month_from(builds, sources, period) for period in _periods(sources)}
    # A month is added up from its days: it is as old as the oldest of them.
    of_old_days = {
        period
        for gap in days
        if gap.why in ("missing", "stale") and gap.period in sources
        for period in sources[gap.period].periods
    }
    found = {gap.period: gap for gap in _gaps(MONTHLY, months, builds, stored)}
    for period in of_old_days - set(found):
        found[period] = Gap(MONTHLY, period, "stale")
    return [*days, *(gap for _, gap in sorted(found.items()))]


def refresh(
    query: Query, store: ObjectStore, now: datetime, again: frozenset[str] = frozenset()
) -> Refreshed:
    """Build what is missing or stale, and show it.

    Another run may delete a build as replaced long ago while this one is about to show it again:
    so what is shown is looked for at the end, and what is gone is built once more.

    Args:
        query: the lake, in SQL.
        store: the lake, as objects.
        now: the moment, aware; only written down.
        again: days that are built whatever is known of them.
    """
    done = _refresh(query, store, now, again)
    if done.changed:
        stored = _stored(store)
        if not all(_there(build, stored) for build in read_builds(store).values()):
            _refresh(query, store, now, frozenset())
    return done


def _refresh(query: Query, store: ObjectStore, now: datetime, again: frozenset[str]) -> Refreshed:
    # What is there is looked at before it is asked: what comes in between makes it stale again.
    sources, before = day_sources(store), read_builds(store)
    builds, stored = dict(before), _stored(store)
    due = {gap.period for gap in _gaps(DAILY, _days(sources), builds, stored)} | again
    days = sorted(due & set(sources))
    run = _Run(query, store, now, builds, stored)
    for at in range(0, len(days), DAYS_AT_ONCE):
        if at:
            # A first run over years keeps what it has.
            write_builds(store, builds.values())
        run.build_days(days[at : at + DAYS_AT_ONCE], sources)
    removed = [*run.forget(DAILY, set(sources)), *run.forget(MONTHLY, set(_periods(sources)))]
    for period in _periods(sources):
        run.build_month(period, sources)
    if builds != before:
        write_builds(store, builds.values())
    _clean(store, before, builds, stored, now)
    changed = [
        period
        for (summary, period), build in sorted(builds.items())
        if (old := before.get((summary, period))) is None or old.version != build.version
    ]
    return Refreshed(days, changed, removed)


def key_of(summary: str, period: str, version: str) -> str:
    """Return where a build lies."""
    prefix, column = {
        DAILY: (DAILY_COSTS, "charge_date"),
        MONTHLY: (MONTHLY_COSTS, "billing_period"),
    }[summary]
    return f"{prefix}{column}={period}/{version}.json"


class _Run:
    """One run: what it has built so far."""

    def __init__(
        self, query: Query, store: ObjectStore, now: datetime, builds: Builds, stored: set[str]
    ) -> None:
        self._query = query
        self._store = store
        self._now = now.astimezone(UTC).isoformat(timespec="seconds")
        self._builds = builds
        self._stored = stored

    def build_days(self, days: Sequence[str], sources: dict[str, DaySource]) -> None:
        """Sum up some days with one query."""
        periods = {period for day in days for period in sources[day].periods}
        for day, rows in ask_days(self._query, days, periods).items():
            self._keep(DAILY, day, sources[day].built_from, rows, _DAY_COLUMNS)

    def build_month(self, period: str, sources: dict[str, DaySource]) -> None:
        """Add up a month's days, where one of them is another than before."""
        built_from = _month_from(self._builds, sources, period)
        known = self._builds.get((MONTHLY, period))
        if known and known.built_from == built_from and _there(known, self._stored):
            return
        rows = [
            row
            for day, source in sources.items()
            if period in source.periods
            for row in rows_of(self._store, self._builds, day)
            if row["billing_period"] == period
        ]
        self._keep(MONTHLY, period, built_from, add_up(rows), _MONTH_COLUMNS)

    def forget(self, summary: str, there: set[str]) -> list[str]:
        """Stop showing periods that the lake has no rows of; return them."""
        gone = [p for (s, p) in self._builds if s == summary and p not in there]
        for period in gone:
            del self._builds[summary, period]
        return gone

    def _keep(
        self, summary: str, period: str, built_from: str, rows: list[Row], columns: Sequence[str]
    ) -> None:
        version, body = written(rows, columns)
        key = key_of(summary, period, version)
        known = self._builds.get((summary, period))
        # One that is shown again is put again: another run may be about to delete it.
        shown = known is not None and known.version == version
        if rows and not (shown and key in self._stored):
            self._store.put(key, body)
            self._stored.add(key)
        if known and (known.version, known.built_from) == (version, built_from):
            return
        events = sum(row["events"] for row in rows)
        if known and known.version == version:
            # It says what it said: what was shown before it, and since when, is as it was.
            build = replace(known, built_from=built_from)
        else:
            replaced = known.version if known else ""
            build = Build(summary, period, version, built_from, self._now, events, replaced)
        self._builds[summary, period] = build


def rows_of(store: ObjectStore, builds: Builds, day: str) -> list[Row]:
    """Return the rows of a day's shown build; none where it has no charges.

    Raises:
        StateError: its object is gone; the next run of the summaries writes it again.
    """
    build = builds[DAILY, day]
    key = key_of(DAILY, day, build.version)
    try:
        return read_rows(store, key) if build.events else []
    except KeyError:
        raise StateError(
            f"{key} is gone, or was replaced meanwhile; run: finops summaries"
        ) from None


def _days(sources: dict[str, DaySource]) -> dict[str, str]:
    return {day: source.built_from for day, source in sources.items()}


def _periods(sources: dict[str, DaySource]) -> list[str]:
    return sorted({period for source in sources.values() for period in source.periods})


def _month_from(builds: Builds, sources: dict[str, DaySource], period: str) -> str:
    days = [day for day, source in sources.items() if period in source.periods]
    versions = [build.version if (build := builds.get((DAILY, day))) else "-" for day in days]
    return fingerprint([f"{day} {version}" for day, version in zip(days, versions, strict=True)])


def _gaps(summary: str, wanted: dict[str, str], builds: Builds, stored: set[str]) -> Iterator[Gap]:
    for period, built_from in wanted.items():
        build = builds.get((summary, period))
        if build is None:
            yield Gap(summary, period, "missing")
        elif build.built_from != built_from:
            yield Gap(summary, period, "stale")
        elif not _there(build, stored):
            yield Gap(summary, period, "lost")
    for of, period in builds:
        if of == summary and period not in wanted:
            yield Gap(summary, period, "left over")


def _there(build: Build, stored: set[str]) -> bool:
    return not build.events or key_of(build.summary, build.period, build.version) in stored


def _stored(store: ObjectStore) -> set[str]:
    return {info.key for prefix in (DAILY_COSTS, MONTHLY_COSTS) for info in store.list(prefix)}


def _clean(
    store: ObjectStore, before: Builds, after: Builds, stored: set[str], now: datetime
) -> None:
    """Delete builds that no query can be reading any more.

    Only what was once shown: another run's new build may wait to be. And what another run shows
    again is left, which is looked at before each.
    """
    old = {key_of(b.summary, b.period, b.replaced) for b in before.values() if b.replaced}
    waiting = {
        key_of(b.summary, b.period, b.replaced)
        for b in after.values()
        if b.replaced and now - datetime.fromisoformat(b.built_at) < KEEP
    }
    gone = {key_of(*name, build.version) for name, build in before.items() if name not in after}
    shown = {key_of(b.summary, b.period, b.version) for b in after.values()}
    for key in sorted(((old | gone) - waiting - shown) & stored):
        if key not in {key_of(b.summary, b.period, b.version) for b in read_builds(store).values()}:
            store.delete(key)
