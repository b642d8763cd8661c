"""Where dated baselines lie: documents named by their content, and one append-only index a series.

Publishing is atomic: shards and document first, then the index, replaced whole. A reader that sees
the index finds every document it names.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import asdict

import orjson

from rules import Baseline, BaselineError, BaselineSeries
from rules.canonical import fingerprint
from rules.series import day
from schemas.lake import BASELINES, ObjectStore
from transforms.baseline_documents import (
    KEPT_SERIES,
    Documents,
    Published,
    document_key,
    repair,
    shard_key,
)

__all__ = ["BaselineReader", "Published", "PublishedSeries", "index", "publish", "series_names"]

_VERSION = re.compile(r"[0-9a-f]{12}\Z")
_INDEX = "/series.jsonl"


def index(store: ObjectStore, series: str) -> list[Published]:
    """Return what was published in a series, oldest first; empty for a new one.

    Raises:
        BaselineError: the index is damaged.
    """
    try:
        body = store.get(index_key(series))
    except KeyError:
        return []
    try:
        return checked(Published(**orjson.loads(line)) for line in body.splitlines())
    except (ValueError, TypeError) as error:
        raise BaselineError(f"{index_key(series)} is damaged: {error}", repair(series)) from error


def checked(lines: Iterable[Published]) -> list[Published]:
    """Return the lines of an index, if each is one and they are in order.

    Raises:
        ValueError: a version or a date is none, or a line does not take effect after the last.
    """
    found: list[Published] = []
    for line in lines:
        if not isinstance(line.version, str) or not _VERSION.match(line.version):
            raise ValueError(f"{line.version!r} is not a version")
        if day(line.effective_from) <= day(line.through):
            raise ValueError(f"effective from {line.effective_from}, through {line.through}")
        if found and line.effective_from <= found[-1].effective_from:
            raise ValueError(f"{line.effective_from} is not after the line before it")
        found.append(line)
    return found


def publish(store: ObjectStore, series: str, baseline: Baseline) -> bool:
    """Append a baseline to its series.

    Returns:
        False when the series already serves its dates: a repeated job changes nothing.

    Raises:
        BaselineError: the index is damaged, or an amount does not fit the lake.
    """
    published = index(store, series)
    if published and published[-1].effective_from >= baseline.effective_from:
        return False
    replace_index(store, series, [*published, write_documents(store, series, baseline)])
    return True


def write_documents(store: ObjectStore, series: str, baseline: Baseline) -> Published:
    """Store a baseline's shards and document; nothing reads them before the index names them."""
    document, shards = baseline.documents()
    for version, body in shards.items():
        store.put(shard_key(series, version), body)
    # Writing a large baseline takes seconds: its version is that of the bytes at hand.
    version = fingerprint(document)
    store.put(document_key(series, version), document)
    return Published(version, baseline.through, baseline.effective_from)


def replace_index(store: ObjectStore, series: str, lines: Sequence[Published]) -> None:
    """Replace the index whole: an append, or a person's repair."""
    store.put(index_key(series), b"".join(orjson.dumps(asdict(p)) + b"\n" for p in lines))


def series_names(store: ObjectStore) -> list[str]:
    """Return the series that have an index, in the order of their names."""
    return [
        info.key.removeprefix(BASELINES).removesuffix(_INDEX)
        for info in store.list(BASELINES)
        if info.key.endswith(_INDEX)
    ]


def index_key(series: str) -> str:
    """Return where the index of a series lies."""
    return f"{BASELINES}{series}{_INDEX}"


class PublishedSeries(BaselineSeries):
    """A published series whose documents are read when a charge date asks for them.

    Args:
        published: the index.
        documents: where the documents are read and kept.
    """

    __slots__ = ("_documents", "_published")

    def __init__(self, published: Sequence[Published], documents: Documents) -> None:
        object.__setattr__(self, "_published", tuple(published))
        object.__setattr__(self, "_documents", documents)

    _published: tuple[Published, ...]
    _documents: Documents

    @property
    def baselines(self) -> tuple[Baseline, ...]:
        """Every baseline, read now: for people who look, not for judging."""
        return tuple(map(self._documents.baseline, self._published))

    def for_date(self, charge_date: str) -> Baseline | None:
        """Return the newest baseline that serves a charge date, or `None` before the first.

        Raises:
            BaselineError: its document is missing or damaged.
        """
        at = bisect_right(self._published, charge_date, key=lambda p: p.effective_from)
        return self._documents.baseline(self._published[at - 1]) if at else None


class BaselineReader:
    """Reads a series; documents are kept, because they never change.

    Asking again costs one small read of the index, so a warm function sees a new baseline with its
    next invocation. Documents are read for the charge dates that ask, not for the whole series.

    Args:
        store: the lake.
        series: the series' name.
        kept_series: the bound of `Documents`.
    """

    def __init__(self, store: ObjectStore, series: str, kept_series: int = KEPT_SERIES) -> None:
        self._store = store
        self._series = series
        self._documents = Documents(store, series, kept_series)

    @property
    def kept(self) -> int:
        """How many series are in memory."""
        return self._documents.kept

    def series(self) -> BaselineSeries:
        """Return the series as it is published now; empty for one that nothing was published in.

        Raises:
            BaselineError: the index is damaged. A document that is damaged or missing is an error
                of the date that asks for it.
        """
        published = index(self._store, self._series)
        return PublishedSeries(published, self._documents) if published else BaselineSeries()
