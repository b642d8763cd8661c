"""A fault is a value: its chances follow its seed, its times the clock it is asked by."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.firehose import Fault, FaultError, Kind

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
RATES = st.floats(0, 1)
SEEDS = st.integers(0, 2**32)


@given(st.sampled_from(Kind), RATES, SEEDS, st.integers(0, 10**9))
def test_the_same_value_takes_the_same_chances(
    kind: Kind, rate: float, seed: int, chance: int
) -> None:
    """Neither order nor history matters; a higher rate takes what a lower one does, and more."""
    fault = Fault(kind, rate=rate, seed=seed)
    assert fault.strikes(chance) == Fault(kind, rate=rate, seed=seed).strikes(chance)
    assert Fault(kind, rate=1, seed=seed).strikes(chance)
    assert not Fault(kind, rate=0, seed=seed).strikes(chance)
    if fault.strikes(chance):
        assert Fault(kind, rate=min(1, rate + 0.1), seed=seed).strikes(chance)


def test_a_rate_is_kept_and_seeds_differ() -> None:
    """Of 4,000 chances about the rate's share is taken, not the same ones by another seed."""
    taken = [{n for n in range(4000) if Fault(Kind.S3_DOWN, 0.3, s).strikes(n)} for s in (1, 2)]
    assert all(1100 < len(chances) < 1300 for chances in taken)
    assert taken[0] != taken[1]
    other = {n for n in range(4000) if Fault(Kind.THROTTLE, 0.3, 1).strikes(n)}
    assert other != taken[0], "two kinds of one seed do not fail together"


def test_a_fault_is_on_from_its_beginning_to_before_its_end() -> None:
    """And only for its stream."""
    second = timedelta(seconds=1)
    fault = Fault(Kind.SLOW, stream="a", starts=NOW, ends=NOW + 2 * second)
    on = [fault.concerns("a", NOW + n * second) for n in (-1, 0, 1, 2, 3)]
    assert on == [False, True, True, False, False]
    assert not fault.concerns("b", NOW)
    assert not fault.over(NOW + second)
    assert fault.over(NOW + 2 * second)
    assert not Fault(Kind.SLOW).over(NOW + timedelta(days=9999))


@pytest.mark.parametrize(
    "values",
    [
        {"rate": 1.1},
        {"rate": -0.1},
        {"delay": -1},
        {"delay": 901},
        {"variant": "drop"},
        {"starts": NOW, "ends": NOW},
    ],
)
def test_values_out_of_range_are_refused(values: dict[str, object]) -> None:
    """With what to give instead."""
    with pytest.raises(FaultError, match="give"):
        Fault(Kind.THROTTLE, **values)  # type: ignore[arg-type]


@given(SEEDS, st.integers(0, 100))
def test_a_variant_is_the_one_given_or_one_of_the_kind_s(seed: int, chance: int) -> None:
    """A fault without one takes either, by its seed."""
    assert Fault(Kind.FAIL_AFTER_ACCEPT, variant="drop", seed=seed).variant_of(chance) == "drop"
    assert Fault(Kind.FAIL_AFTER_ACCEPT, seed=seed).variant_of(chance) in {"error", "drop"}


def test_both_variants_come_up() -> None:
    """Without a choice a reply is now an error, now none."""
    fault = Fault(Kind.FAIL_AFTER_ACCEPT)
    assert {fault.variant_of(n) for n in range(20)} == {"error", "drop"}
