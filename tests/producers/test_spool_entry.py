"""The spool's format: what was written is read, and nothing else is taken for it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from producers.packing import Record
from producers.spool_entry import HEADER, Damaged, Entry, encode, read_segment

RECORDS = st.lists(
    st.builds(
        Record,
        data=st.binary(max_size=200),
        partition=st.text(max_size=20),
        events=st.integers(0, 1_000),
        json_bytes=st.integers(0, 1_000_000),
        delivery_id=st.text(max_size=24),
    ),
    max_size=5,
)
METAS = st.dictionaries(st.sampled_from("abc"), st.integers(-9, 9) | st.text(max_size=9))
ENTRIES = st.lists(st.tuples(METAS, RECORDS), max_size=6)


def segment(entries: list[tuple[dict[str, object], list[Record]]]) -> tuple[bytes, list[int]]:
    """Return a segment's bytes, and where each entry ends."""
    data, ends = HEADER, []
    for number, (meta, records) in enumerate(entries, start=1):
        data += b"".join(encode(number, meta, records))
        ends.append(len(data))
    return data, ends


def whole(data: bytes) -> list[Entry]:
    return [found[1] for found in read_segment(data) if not isinstance(found, Damaged)]


@given(ENTRIES)
@settings(deadline=None)
def test_what_is_written_is_read(entries: list[tuple[dict[str, object], list[Record]]]) -> None:
    data, _ = segment(entries)
    expected = [Entry(n, meta, records) for n, (meta, records) in enumerate(entries, start=1)]
    assert whole(data) == expected


@given(ENTRIES, st.data())
@settings(deadline=None)
def test_a_torn_segment_has_the_entries_before_the_tear(
    entries: list[tuple[dict[str, object], list[Record]]], data: st.DataObject
) -> None:
    """Cut anywhere: the whole entries are read, the rest is one torn tail."""
    written, ends = segment(entries)
    cut = data.draw(st.integers(len(HEADER), len(written)))
    found = list(read_segment(written[:cut]))
    expected = sum(end <= cut for end in ends)
    assert len([f for f in found if not isinstance(f, Damaged)]) == expected
    tails = [f for f in found if isinstance(f, Damaged)]
    if cut == len(HEADER) or cut in ends:
        assert tails == []
    else:
        start = ends[expected - 1] if expected else len(HEADER)
        assert tails == [Damaged(start, cut - start, is_tail=True)]


@given(ENTRIES.filter(len), st.data())
@settings(deadline=None)
def test_one_flipped_bit_costs_one_entry(
    entries: list[tuple[dict[str, object], list[Record]]], data: st.DataObject
) -> None:
    """Wherever a bit flips, every other entry is read, and the damaged one is told of."""
    written, ends = segment(entries)
    place = data.draw(st.integers(len(HEADER), len(written) - 1))
    bit = data.draw(st.integers(0, 7))
    flipped = bytearray(written)
    flipped[place] ^= 1 << bit
    hit = sum(end <= place for end in ends)
    found = list(read_segment(bytes(flipped)))
    numbers = [f[1].number for f in found if not isinstance(f, Damaged)]
    assert numbers == [n for n in range(1, len(entries) + 1) if n != hit + 1]
    (damaged,) = [f for f in found if isinstance(f, Damaged)]
    assert damaged.is_tail == (hit + 1 == len(entries))
