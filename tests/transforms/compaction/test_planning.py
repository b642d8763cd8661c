"""Which partitions are due, and what a record says."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import StateError
from transforms.compaction.planning import (
    LEASE,
    QUIET,
    SMALL_FILE_BYTES,
    Criteria,
    by_partition,
    compacted_name,
    plan,
)
from transforms.compaction.ports import Stored
from transforms.compaction.records import Listed, Phase, Record, read_record, record_key
from transforms.compaction.verification import DeliveryFigures, Figures, differences

NOW = datetime(2026, 9, 10, tzinfo=UTC)
DAY = ("v1", "2026-09", "2026-09-03")
FOLDER = "processed/charges/evaluation=v1/billing_period=2026-09/charge_date=2026-09-03/"
SMALL = [f"finops-{n}.parquet" for n in range(4)]


def stored(name: str, *, age: timedelta = QUIET, size: int = 100) -> Stored:
    return Stored(FOLDER + name, size, "e", NOW - age)


def record(phase: Phase, age: timedelta, *new: str) -> Record:
    files = tuple(Listed(FOLDER + name, 1, None) for name in new)
    return Record(DAY, phase, NOW - age, (Listed("a", 1, "e"),), files)


def verdict(files: list[Stored], known: Record | None = None) -> str:
    (candidate,) = plan({DAY: files}, {DAY: known} if known else {}, Criteria(), NOW)
    return candidate.verdict


def test_many_small_quiet_files_are_due() -> None:
    """Four of them; not three, not beside a young one, not large ones."""
    assert verdict([stored(name) for name in SMALL]) == "due"
    assert verdict([stored(name) for name in SMALL[1:]]) == "few"
    young = stored("late.parquet", age=QUIET - timedelta(seconds=1))
    assert verdict([*(stored(name) for name in SMALL), young]) == "busy"
    assert verdict([stored(name, size=SMALL_FILE_BYTES) for name in SMALL]) == "few"


def test_what_one_compaction_made_is_not_due_again() -> None:
    """However many files it made; with a late one beside it is."""
    made = [stored(compacted_name("c1", str(n))) for n in range(5)]
    assert verdict(made) == "compact"
    assert verdict([*made, stored("late.parquet")]) == "due"
    assert verdict([*made, stored(compacted_name("c2", "0"))]) == "due"


def test_a_record_decides_first() -> None:
    """Switched: wait. Written: leave it. Abandoned: take over, whose own files are not young."""
    files = [stored(name) for name in SMALL[:2]]
    assert verdict(files, record("switched", timedelta(days=9))) == "waiting"
    assert verdict(files, record("writing", LEASE - timedelta(seconds=1))) == "held"
    assert verdict(files, record("writing", LEASE)) == "due"
    own = stored("compacted-x.parquet", age=LEASE)
    assert verdict([*files, own], record("writing", LEASE, "compacted-x.parquet")) == "due"
    assert verdict([*files, own], record("writing", LEASE)) == "busy"


def test_only_what_queries_read_is_grouped() -> None:
    """Hidden objects, other tables and what is no Parquet are not ours."""
    keys = [
        FOLDER + "a.parquet",
        FOLDER + "sub/b.parquet",
        FOLDER + "_c.parquet",
        FOLDER + ".hidden/d.parquet",
        FOLDER + "e.json",
        "processed/deliveries/asserted_month=2026-09/f.parquet",
        "processed/charges/evaluation=v1/g.parquet",
    ]
    found = by_partition(Stored(key, 1, "e", NOW) for key in keys)
    assert {p: [s.key for s in files] for p, files in found.items()} == {DAY: keys[:2]}


LISTED = st.builds(
    Listed, st.text(min_size=1, max_size=9), st.integers(0, 9), st.none() | st.text(max_size=3)
)


@given(
    st.sampled_from(["writing", "switched"]),
    st.lists(LISTED, min_size=1, max_size=3),
    st.lists(LISTED, max_size=3),
)
def test_a_record_is_read_as_it_was_written(
    phase: Phase, old: list[Listed], new: list[Listed]
) -> None:
    """Lines of JSON, a file each."""
    written = Record(DAY, phase, NOW, tuple(old), tuple(new))
    assert read_record(written.key, written.body()) == written


@pytest.mark.parametrize("body", [b"", b"{}", b"nonsense", b'{"kind": "other"}'])
def test_a_damaged_record_says_what_to_do(body: bytes) -> None:
    """It can be deleted: no row depends on it."""
    with pytest.raises(StateError, match="delete it and run: finops compact"):
        read_record(record_key(DAY), body)
    moved = record("writing", LEASE).body()
    with pytest.raises(StateError, match="it is of"):
        read_record(record_key(("v1", "2026-09", "2026-09-04")), moved)


def test_differences_name_the_delivery_and_the_money() -> None:
    """Rows first, then sums, then any other value."""
    money = {("USD", "billed_cost"): 5 * 10**12}
    old = Figures(3, {"d": DeliveryFigures(2, 2, money, 7)})
    assert differences(old, Figures(2, {"d": DeliveryFigures(2, 2, money, 7)})) == []
    for other, said in (
        (DeliveryFigures(1, 1, money, 7), "delivery d: 2 rows became 1"),
        (DeliveryFigures(2, 2, {}, 7), "delivery d: billed_cost differ by 5 USD billed"),
        (DeliveryFigures(2, 2, money, 8), "delivery d: a value that is no amount differs"),
    ):
        assert differences(old, Figures(2, {"d": other})) == [said]
    assert differences(old, Figures(0)) == ["delivery d: 2 rows became 0"]
