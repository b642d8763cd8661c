"""Where dated baselines lie: documents named by their content, and one append-only index a series.

Publishing is atomic: the document first, then the index, replaced whole. A reader that sees the
index finds every document it names.
"""

from dataclasses import asdict, dataclass

import orjson

from rules import Baseline, BaselineError, BaselineSeries
from schemas.lake import BASELINES, ObjectStore


@dataclass(frozen=True, slots=True)
class Published:
    """One line of a series' index."""

    version: str
    through: str
    effective_from: str


def index(store: ObjectStore, series: str) -> list[Published]:
    """Return what was published in a series, oldest first; empty for a new one.

    Raises:
        BaselineError: the index is damaged.
    """
    try:
        body = store.get(_index_key(series))
    except KeyError:
        return []
    try:
        return [Published(**orjson.loads(line)) for line in body.splitlines()]
    except (ValueError, TypeError) as error:
        raise BaselineError(f"{_index_key(series)} is damaged: {error}") from error


def publish(store: ObjectStore, series: str, baseline: Baseline) -> bool:
    """Append a baseline to its series.

    Returns:
        False when the series already serves its dates: a repeated job changes nothing.
    """
    published = index(store, series)
    if published and published[-1].effective_from >= baseline.effective_from:
        return False
    store.put(_document_key(series, baseline.version), baseline.to_bytes())
    line = Published(baseline.version, baseline.through, baseline.effective_from)
    body = b"".join(orjson.dumps(asdict(p)) + b"\n" for p in [*published, line])
    store.put(_index_key(series), body)
    return True


class BaselineReader:
    """Reads a series; documents are kept, because they never change.

    Asking again costs one small read of the index, so a warm function sees a new baseline with its
    next invocation.
    """

    def __init__(self, store: ObjectStore, series: str) -> None:
        self._store = store
        self._series = series
        self._published: list[Published] = []
        self._value = BaselineSeries()

    def series(self) -> BaselineSeries:
        """Return the series as it is published now.

        Raises:
            BaselineError: the index or a document is damaged or missing.
        """
        published = index(self._store, self._series)
        if published != self._published:
            kept = {b.version: b for b in self._value.baselines}
            self._value = BaselineSeries(
                tuple(kept.get(p.version) or self._read(p) for p in published)
            )
            self._published = published
        return self._value

    def _read(self, published: Published) -> Baseline:
        key = _document_key(self._series, published.version)
        try:
            baseline = Baseline.from_bytes(self._store.get(key))
        except KeyError:
            raise BaselineError(f"{key} is missing; build the series again") from None
        if baseline.version != published.version:
            raise BaselineError(f"{key} is not what its name says; build the series again")
        return baseline


def _index_key(series: str) -> str:
    return f"{BASELINES}{series}/series.jsonl"


def _document_key(series: str, version: str) -> str:
    return f"{BASELINES}{series}/{version}.json"
