"""The documents of a series, read by name, checked against it, and kept while they are wanted."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from rules import Baseline, BaselineError
from rules.canonical import fingerprint
from rules.shards import Manifest, is_manifest
from schemas.lake import BASELINES, ObjectStore
from transforms.sharded_baseline import ShardedBaseline

KEPT_SERIES = 150_000
"""Series of all documents and shards that a process keeps: about 320 MB at 2.1 KB each."""


@dataclass(frozen=True, slots=True)
class Published:
    """One line of a series' index."""

    version: str
    through: str
    effective_from: str


class Documents:
    """The baselines of one series; the least recently used leave when too much is kept.

    Args:
        store: the lake.
        series: the series' name.
        kept_series: how many series the kept documents have together; the newest always stays.
    """

    def __init__(self, store: ObjectStore, series: str, kept_series: int = KEPT_SERIES) -> None:
        self._store = store
        self._series = series
        self._bound = kept_series
        self._kept: OrderedDict[str, Baseline] = OrderedDict()
        self._lock = Lock()

    @property
    def kept(self) -> int:
        """How many series are in memory."""
        return sum(map(_weight, self._kept.values()))

    def baseline(self, published: Published) -> Baseline:
        """Return a baseline by its line in the index; of a sharded one only the manifest is read.

        Raises:
            BaselineError: the document is missing, damaged, or not what the index says.
        """
        return self.keep(published.version, lambda: self._read(published))

    def keep(self, name: str, read: Callable[[], Baseline]) -> Baseline:
        """Return what is kept under a name, or read and keep it."""
        with self._lock:
            known = self._kept.get(name)
            if known is not None:
                self._kept.move_to_end(name)
                return known
            known = self._kept[name] = read()
            kept = self.kept
            while kept > self._bound and len(self._kept) > 1:
                kept -= _weight(self._kept.popitem(last=False)[1])
            return known

    def _read(self, published: Published) -> Baseline:
        key = document_key(self._series, published.version)
        body = self._body(key, published.version)
        found: Baseline
        if is_manifest(body):
            manifest = Manifest.from_bytes(body)
            found = ShardedBaseline(manifest, published.version, self._shard, self.keep)
        else:
            found = Baseline.from_bytes(body)
            # Canonical bytes of this name: writing them again to compare would cost as much again.
            vars(found)["version"] = published.version
        if (found.through, found.effective_from) != (published.through, published.effective_from):
            raise BaselineError(f"{key} and the index name other dates", repair(self._series))
        return found

    def _shard(self, version: str) -> Baseline:
        return Baseline.from_bytes(self._body(shard_key(self._series, version), version))

    def _body(self, key: str, version: str) -> bytes:
        try:
            body = self._store.get(key)
        except KeyError:
            raise BaselineError(f"{key} is missing", repair(self._series)) from None
        if fingerprint(body) != version:
            raise BaselineError(f"{key} is not what its name says", repair(self._series))
        return body


def document_key(series: str, version: str) -> str:
    """Return where a baseline's document lies."""
    return f"{BASELINES}{series}/{version}.json"


def shard_key(series: str, version: str) -> str:
    """Return where a shard lies."""
    return f"{BASELINES}{series}/shards/{version}.json"


def repair(series: str) -> str:
    """Return what a person can do about a damaged document of a series."""
    return (
        f"restore that object's earlier version, or run: finops baseline build {series} --replace"
    )


def _weight(baseline: Baseline) -> int:
    if isinstance(baseline, ShardedBaseline):
        return len(baseline.manifest.accounts)
    return len(baseline.entries)
