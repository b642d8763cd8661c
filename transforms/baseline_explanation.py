"""What a published series holds, and what one of its baselines knows: for people who ask why."""

from collections.abc import Iterator
from dataclasses import dataclass

from rules import Baseline, SeriesKey, SeriesStats
from rules.shards import Account
from schemas.lake import ObjectStore
from transforms.baseline_documents import Documents, Published
from transforms.baseline_repair import problem
from transforms.baseline_store import index
from transforms.sharded_baseline import ShardedBaseline


@dataclass(frozen=True, slots=True)
class Entry:
    """One baseline of a series, as far as it can be read."""

    version: str
    through: str
    effective_from: str
    served_until: str | None
    """The first charge date that the next entry serves instead; None for the newest entry."""
    series: int | None
    """Series of its history; None where the document cannot be read."""
    shards: int
    """0 for a baseline in one document."""
    problem: str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which series to look at; None is any."""

    account: str | None = None
    """The payer or the account."""
    service: str | None = None
    region: str | None = None
    resource: str | None = None
    """The resource, or the SKU where the charges are about no resource."""


def entries(store: ObjectStore, series: str) -> list[Entry]:
    """Return what a series holds, oldest first; every document and shard is read.

    Raises:
        BaselineError: the index is damaged.
    """
    published = index(store, series)
    starts = [*(line.effective_from for line in published), None]
    return [
        _entry(store, series, line, after)
        for line, after in zip(published, starts[1:], strict=True)
    ]


def serving(store: ObjectStore, series: str, charge_date: str) -> Baseline | None:
    """Return the baseline that serves a charge date, or None before the first.

    Raises:
        BaselineError: the index or the document is missing or damaged.
    """
    served = [p for p in index(store, series) if p.effective_from <= charge_date]
    return Documents(store, series).baseline(served[-1]) if served else None


def matching(baseline: Baseline, wanted: Wanted) -> list[tuple[SeriesKey, SeriesStats]]:
    """Return the series of a baseline that match, the greatest trailing cost first.

    Of a sharded baseline only the shards of matching accounts are read.
    """
    found = [
        (key, stats)
        for part in _parts(baseline, wanted)
        for key, stats in part.entries.items()
        if _matches(key, wanted)
    ]
    return sorted(found, key=lambda item: (-item[1].trailing_cost, str(item[0])))


def _entry(store: ObjectStore, series: str, line: Published, after: str | None) -> Entry:
    dates = line.version, line.through, line.effective_from, after
    wrong = problem(store, series, line)
    if wrong is not None:
        return Entry(*dates, series=None, shards=0, problem=wrong)
    baseline = Documents(store, series).baseline(line)
    if isinstance(baseline, ShardedBaseline):
        manifest = baseline.manifest
        return Entry(*dates, series=manifest.series, shards=len(manifest.shards), problem=None)
    return Entry(*dates, series=len(baseline.entries), shards=0, problem=None)


def _parts(baseline: Baseline, wanted: Wanted) -> Iterator[Baseline]:
    if not isinstance(baseline, ShardedBaseline):
        yield baseline
        return
    shards: dict[int, Account] = {
        at: account
        for account, at in baseline.manifest.accounts.items()
        if wanted.account is None or wanted.account in account
    }
    for account in shards.values():
        yield baseline.for_account(account)


def _matches(key: SeriesKey, wanted: Wanted) -> bool:
    return (
        (wanted.account is None or wanted.account in key[:2])
        and wanted.service in (None, key.service_name)
        and wanted.region in (None, key.region_id)
        and wanted.resource in (None, key.resource_or_sku)
    )
