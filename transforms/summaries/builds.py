"""Which build of each summary is shown: one small object, replaced whole."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import orjson

from schemas.errors import StateError
from schemas.lake import SUMMARY_STATE, ObjectStore

Builds = dict[tuple[str, str], "Build"]
"""By summary and period."""


@dataclass(frozen=True, slots=True)
class Build:
    """One period of one summary, as it is shown; a row of the table `summaries`."""

    summary: str
    period: str
    version: str
    built_from: str
    built_at: str
    events: int
    replaced: str = ""
    """The build that was shown before; a query that began then may still read it."""


def read_builds(store: ObjectStore) -> Builds:
    """Return what is shown; nothing before the first run.

    Raises:
        StateError: the object is damaged.
    """
    try:
        body = store.get(SUMMARY_STATE)
    except KeyError:
        return {}
    try:
        builds = [Build(**orjson.loads(line)) for line in body.splitlines()]
    except (ValueError, TypeError) as error:
        raise StateError(
            f"{SUMMARY_STATE} is damaged ({error}); restore an earlier version of it, or delete it "
            "and run: finops summaries"
        ) from error
    return {(build.summary, build.period): build for build in builds}


def write_builds(store: ObjectStore, builds: Iterable[Build]) -> None:
    """Show these builds."""
    ordered = sorted(builds, key=lambda build: (build.summary, build.period))
    store.put(SUMMARY_STATE, b"".join(orjson.dumps(asdict(build)) + b"\n" for build in ordered))
