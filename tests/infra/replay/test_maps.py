"""Columns of maps: what each map says for itself, for any number of keys."""

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.replay.codes import Codes, numbers_of
from infra.replay.maps import Maps

KEYS = st.sampled_from(["", "a", "b", "ä", *map(str, range(100))])
PAIRS = st.lists(st.tuples(KEYS, st.sampled_from(["", "x", "y"])), max_size=6)
COLUMNS = st.lists(st.none() | PAIRS, min_size=1, max_size=20)
TYPE = pa.map_(pa.string(), pa.string())


def _all(codes: Codes) -> list[object]:
    return [codes.values[number] for number in codes.numbers.to_pylist()]


@settings(deadline=None, max_examples=200)
@given(COLUMNS, st.integers(0, 3), st.booleans())
def test_maps(column: list[list[tuple[str, str]] | None], cut: int, many: bool) -> None:
    if many:  # more keys than a number has bits
        column = [*column, *([(str(key), "")] for key in range(70))]
    array = pa.array(column, TYPE).slice(min(cut, len(column) - 1))
    rows: list[list[tuple[str, str]] | None] = array.to_pylist()
    maps = Maps(array)
    assert _all(maps.sets()) == [None if pairs is None else tuple(pairs) for pairs in rows]
    assert maps.lengths().to_pylist() == [None if pairs is None else len(pairs) for pairs in rows]
    twice = [pairs is not None and len(dict(pairs)) < len(pairs) for pairs in rows]
    assert set(maps.repeated()) == {row for row, is_twice in enumerate(twice) if is_twice}


@settings(deadline=None)
@given(st.lists(st.none() | PAIRS.map(dict), min_size=1, max_size=20), KEYS, st.integers(0, 3))
def test_the_value_of_a_key(column: list[dict[str, str] | None], key: str, cut: int) -> None:
    pairs = [None if tags is None else list(tags.items()) for tags in column]
    cut = min(cut, len(column) - 1)
    values = Maps(pa.array(pairs, TYPE).slice(cut)).value(key)
    assert _all(values) == [None if tags is None else tags.get(key) for tags in column[cut:]]
    assert numbers_of(values.numbers) == values.numbers.to_pylist()
