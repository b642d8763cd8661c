"""Put a damaged series right, on a person's word: documents are built again from the lake.

The lake may know more of those days than it did, so a document that is built again may differ. Then
the index names the new one, rows judged before keep the old one's name, and only a replay makes
them agree.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

import orjson

from rules import BaselineError
from rules.series import day
from schemas.lake import BASELINES, ObjectStore
from transforms.baseline_builder import INCOMPLETE_DAYS, build_baseline, effective_from
from transforms.baseline_documents import Documents, Published
from transforms.baseline_store import (
    checked,
    index,
    index_key,
    replace_index,
    write_documents,
)
from transforms.ports import Query
from transforms.sharded_baseline import ShardedBaseline

Outcome = Literal["fine", "restored", "replaced", "dropped"]


@dataclass(frozen=True, slots=True)
class Repaired:
    """What became of one entry of the index."""

    effective_from: str
    outcome: Outcome
    """`restored`: the same document again; `replaced`: another one, because the lake now says
    otherwise; `dropped`: it was from the future and had judged nothing."""
    version: str
    """The version that the index named before."""
    new_version: str | None
    """The one that it names now."""


def repair_series(query: Query, store: ObjectStore, series: str, today: date) -> list[Repaired]:
    """Make every entry of a series readable, and the index name it.

    Args:
        query: the lake, to build from.
        store: the lake's objects.
        series: the series.
        today: entries that take effect later than tomorrow are dropped: they judged nothing.

    Raises:
        BaselineError: the lake has no charges to build an entry from, or two documents take effect
            on one date and the index no longer tells which it was. Nothing is changed then.
    """
    lines = _lines(store, series)
    found, kept = [], []
    for line in lines:
        if line.effective_from > effective_from(today):
            found.append(Repaired(line.effective_from, "dropped", line.version, None))
            continue
        new = line if _problem(store, series, line) is None else _again(query, store, series, line)
        kept.append(new)
        outcome: Outcome = "replaced" if new.version != line.version else "restored"
        found.append(
            Repaired(
                line.effective_from,
                "fine" if new is line else outcome,
                line.version,
                new.version,
            )
        )
    replace_index(store, series, kept)
    return found


def problem(store: ObjectStore, series: str, line: Published) -> str | None:
    """Return what keeps an entry from being read, its shards included; None where nothing does."""
    error = _problem(store, series, line)
    return None if error is None else error.problem


def _problem(store: ObjectStore, series: str, line: Published) -> BaselineError | None:
    documents = Documents(store, series, kept_series=0)
    try:
        baseline = documents.baseline(line)
        if isinstance(baseline, ShardedBaseline):
            for account in {at: a for a, at in baseline.manifest.accounts.items()}.values():
                baseline.for_account(account)
    except BaselineError as error:
        return error
    return None


def _again(query: Query, store: ObjectStore, series: str, line: Published) -> Published:
    built = build_baseline(query, day(line.through) + timedelta(days=INCOMPLETE_DAYS))
    if built is None:
        raise BaselineError(
            f"{series}: the lake has no charges through {line.through} to build from",
            "ingest them again, or restore the earlier version of the document",
        )
    return write_documents(store, series, replace(built, effective_from=line.effective_from))


def _lines(store: ObjectStore, series: str) -> list[Published]:
    """Return the index; of a damaged one what is readable, and what the documents say."""
    try:
        return index(store, series)
    except BaselineError:
        pass
    found = {line.effective_from: line for line in _readable(store.get(index_key(series)))}
    documents: dict[str, Published] = {}
    for line in _described(store, series):
        if line.effective_from in found:
            continue
        other = documents.setdefault(line.effective_from, line)
        if other != line:
            raise BaselineError(
                f"{series}: {other.version} and {line.version} both take effect on "
                f"{line.effective_from}, and the index does not tell which it was",
                "delete the document that no row names: "
                'finops query --sql "select distinct baseline_version from charges_all"',
            )
    return [line for _, line in sorted((found | documents).items())]


def _readable(body: bytes) -> Iterator[Published]:
    for text in body.splitlines():
        try:
            yield from checked([Published(**orjson.loads(text))])
        except (ValueError, TypeError):
            continue


def _described(store: ObjectStore, series: str) -> Iterator[Published]:
    """Describe the documents that are what their name says."""
    folder = f"{BASELINES}{series}/"
    for info in store.list(folder):
        name = info.key.removeprefix(folder)
        if "/" in name or not name.endswith(".json"):
            continue
        try:
            document = orjson.loads(store.get(info.key))
            dates = document["through"], document["effective_from"]
            (line,) = checked([Published(name.removesuffix(".json"), *dates)])
        except (ValueError, TypeError, KeyError):
            continue
        if _problem(store, series, line) is None:
            yield line
