"""The shipped views over real files: the same answers before, while and after it is compacted."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.athena.catalog import views
from infra.compaction.parquet_rows import ParquetRows
from infra.local.athena import LocalAthena
from infra.local.clock import ManualClock
from schemas.lake import ACTIVE_EVALUATION, COMPACTIONS, CURRENT_STATE
from schemas.tables import CHARGES_STORED, TABLES
from tests.compaction.memory import FOLDER, PARTITION, Died, MemoryObjects, MortalObjects
from tests.infra.compaction.rows import PARQUET, row, write
from transforms.compaction.job import Compaction, Selection
from transforms.compaction.planning import KEEP, Criteria
from transforms.compaction.records import NOT_COUNTED

DELIVERIES = ("d1", "d2", "hourly")
ROWS = st.builds(
    lambda delivery, ordinal, baseline: row(
        ordinal,
        delivery,
        delivery_mode="append" if delivery == "hourly" else "overwrite",
        baseline_version=baseline,
        cost_class="spike" if baseline == "b2" else "normal",
    ),
    st.sampled_from(DELIVERIES),
    st.integers(0, 20),
    st.sampled_from(["none", "b2"]),
)
FILES = st.lists(ROWS, min_size=1, max_size=15)
_COLUMNS = ", ".join(
    f"json_format(cast({c.name} as json)) as {c.name}" if "<" in c.type else c.name
    for c in CHARGES_STORED.columns
)


class FolderObjects(MemoryObjects):
    """Objects that lie in a folder, too, where queries read them."""

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        super().__init__(now)
        self._folder = folder

    def put(self, key: str, body: bytes) -> str:
        """Store, in both places."""
        path = self._folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
        return super().put(key, body)

    def remove(self, key: str, etag: str) -> bool:
        """Delete, in both places."""
        removed = super().remove(key, etag)
        if removed:
            (self._folder / key).unlink(missing_ok=True)
        return removed


@settings(max_examples=5, deadline=None)
@given(
    st.lists(FILES, min_size=2, max_size=5),
    FILES,
    st.frozensets(st.sampled_from(DELIVERIES[:2])),
    st.integers(0, 4),
    st.booleans(),
)
def test_the_views_answer_as_ever(
    given_files: list[list[dict[str, Any]]],
    late: list[dict[str, Any]],
    current: frozenset[str],
    changes: int,
    after: bool,
) -> None:
    """Killed at some change, finished, with a late file, the old files deleted."""
    with TemporaryDirectory() as folder:
        lake = Path(folder, "lake")
        clock = ManualClock(datetime(2026, 9, 10, tzinfo=UTC))
        objects = FolderObjects(lake, clock.now)
        for number, rows in enumerate(given_files):
            place(objects, Path(folder), f"{number}", rows)
        state = {"evaluation": "v1", "billing_period": PARTITION[1], "charge_date": PARTITION[2]}
        lines = [orjson.dumps({**state, "delivery_id": name}) for name in sorted(current)]
        objects.put(CURRENT_STATE, b"\n".join(lines))
        objects.put(ACTIVE_EVALUATION, b'{"evaluation": "v1"}')
        athena = LocalAthena(lake, TABLES, views())
        with ParquetRows(PARQUET, Path(folder)) as engine:

            def run(mortal: MortalObjects | None = None) -> None:
                job = Compaction(
                    *(mortal or objects, engine, lambda partition: current, lambda: False),
                    *(clock.now, Path(folder)),
                )
                assert job.run(Selection(), Criteria(timedelta(hours=1), 2)).clean

            before = answers(athena)
            clock.advance(by=timedelta(hours=2))
            with suppress(Died):
                run(MortalObjects(objects, changes, after=after))
            assert answers(athena) == before
            clock.advance(by=timedelta(hours=2))
            run()
            assert answers(athena) == before
            assert copies(athena) == 0
            place(objects, Path(folder), "late", late)
            both = answers(athena)
            clock.advance(by=KEEP)
            run()
            assert answers(athena) == both
            clock.advance(by=KEEP)
            run()
            assert answers(athena) == both
            assert copies(athena, "true") == 0
            assert not list(objects.list(COMPACTIONS))


def place(objects: FolderObjects, folder: Path, name: str, rows: list[dict[str, Any]]) -> None:
    """Put a file of rows into the partition."""
    path = write(folder / "made" / name, rows)
    objects.put(f"{FOLDER}finops-1-{name}.parquet", path.read_bytes())


def answers(athena: LocalAthena) -> list[list[dict[str, object]]]:
    """Return all that both views say of the day."""
    return [
        athena.rows(
            f"select {_COLUMNS}, event_id from {view} "
            f"where charge_date = '{PARTITION[2]}' order by event_id"
        )
        for view in ("charges_all", "charges")
    ]


def copies(athena: LocalAthena, where: str = f"not ({NOT_COUNTED})") -> int:
    """Return how many rows are there twice."""
    key = "delivery_id || cast(ordinal as varchar) || baseline_version"
    (found,) = athena.rows(
        f"select count(*) - count(distinct {key}) as n from charges_stored where {where}"
    )
    return int(str(found["n"]))
