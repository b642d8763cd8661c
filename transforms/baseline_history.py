"""Build a series over days that are past: for a new evaluation, or after an import of old bills.

What may be built backwards without looking ahead: the baseline of a day uses charge dates up to two
days before it, exactly as the nightly job did or would have done. It does use *today's knowledge*
of those days: a restatement that came later is in it, and was not in what the job saw that night.
"""

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from rules import BaselineError
from schemas.lake import ObjectStore
from transforms.baseline_builder import build_baseline, effective_from
from transforms.baseline_store import index, publish
from transforms.ports import Query

Outcome = Literal["published", "already there", "no history"]


@dataclass(frozen=True, slots=True)
class Built:
    """What became of one day of publication."""

    day: str
    """The day as whose nightly job it was built, YYYY-MM-DD."""
    outcome: Outcome
    version: str | None = None
    through: str | None = None
    effective_from: str | None = None
    series: int = 0


def build_history(
    query: Query,
    store: ObjectStore,
    series: str,
    first: date,
    last: date,
    step_days: int = 1,
    reached: Callable[[Built], None] = lambda built: None,
) -> list[Built]:
    """Publish one baseline for each day from `first` to `last`, oldest first.

    Resumable and idempotent: days that are published are skipped without a question to the lake.
    Each other day asks two questions over at most 60 days of charges.

    Args:
        query: the lake.
        store: the lake's objects.
        series: the series to write.
        first: the first day of publication.
        last: the last one.
        step_days: days from one publication to the next.
        reached: told of each day when it is done.

    Raises:
        BaselineError: a day lies before the series' end and was not published then. A series only
            grows at its end, or rows already judged would have another baseline.
    """
    published = index(store, series)
    known = {p.effective_from: p for p in published}
    newest = published[-1].effective_from if published else ""
    days = list(_days(first, last, step_days))
    _check_order(series, days, known.keys(), newest)
    found: list[Built] = []
    for day in days:
        line = known.get(effective_from(day))
        if line is not None:
            dates = line.version, line.through, line.effective_from
            built = Built(day.isoformat(), "already there", *dates)
        else:
            built = _build(query, store, series, day)
        reached(built)
        found.append(built)
    return found


def _build(query: Query, store: ObjectStore, series: str, day: date) -> Built:
    baseline = build_baseline(query, day)
    if baseline is None:
        return Built(day.isoformat(), "no history")
    new = publish(store, series, baseline)
    return Built(
        day.isoformat(),
        # Another process, such as the nightly job, may have published it meanwhile.
        "published" if new else "already there",
        baseline.version,
        baseline.through,
        baseline.effective_from,
        len(baseline.entries),
    )


def _check_order(series: str, days: list[date], known: Set[str], newest: str) -> None:
    for day in days:
        start = effective_from(day)
        if start < newest and start not in known:
            raise BaselineError(
                f"{series} already serves charge dates from {newest} on, so none can be put in "
                f"for {start}: a series only grows at its end",
                "build a series of another name, for a new evaluation",
            )


def _days(first: date, last: date, step_days: int) -> Iterator[date]:
    for offset in range(0, (last - first).days + 1, step_days):
        yield first + timedelta(days=offset)
