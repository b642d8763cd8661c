"""Laws of the redrive's planner, over any failures, and of its marks."""

from collections import Counter
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.store import MemoryStore
from schemas.errors import StateError
from schemas.lake import REDRIVES
from transforms.redrive.failed import Failed
from transforms.redrive.marks import Mark, Marks
from transforms.redrive.plan import CLOCKS_DIFFER_MILLIS, MAX_ROUNDS, Action, Planner, Step

DAY = ("d1", "2026-09", "2026-09-01")
OTHER = ("d2", "2026-09", "2026-09-01")
EVENTS = st.frozensets(st.integers(0, 12), min_size=1)


def failed(number: int, events: frozenset[int], at: int = 0, day: Any = DAY) -> Failed:
    """Return a failed record."""
    return Failed("errors/processing-failed/x", number, "processing", "E", at, day, events)


LINES = st.lists(
    st.builds(
        failed, st.integers(1, 99), EVENTS, st.integers(0, 10**6), st.sampled_from([DAY, OTHER])
    ),
    max_size=8,
    unique_by=lambda line: line.number,
)
MARKS = st.lists(
    st.builds(
        Mark.of,
        st.integers(1, 99),
        st.sampled_from(["put", "there", "covered"]),
        st.integers(1, MAX_ROUNDS),
        st.integers(0, 10**6),
        st.sampled_from([DAY, OTHER]),
        EVENTS,
    ),
    max_size=6,
)
THERE = st.dictionaries(st.sampled_from([DAY, OTHER]), st.sets(st.integers(0, 12)))


@given(LINES, MARKS, THERE, st.booleans())
def test_every_event_is_put_or_there_or_poison(
    lines: list[Failed], marks: list[Mark], there: dict[Any, set[int]], poison_too: bool
) -> None:
    """None is forgotten, none is put twice in one round, and none that has arrived."""
    planner = Planner(marks, there, poison_too=poison_too)
    steps = [planner.step(line) for line in lines]
    put: Counter[tuple[Any, int]] = Counter()
    for step in steps:
        if step.action == Action.PUT:
            put.update((step.failed.day, event) for event in step.events)
    assert set(put.values()) <= {1}
    earlier = {(m.day, e): m for m in marks if m.action == "put" for e in m.ordinals()}
    for step in steps:
        day = step.failed.day
        arrived = there.get(day, set())
        assert not step.events & arrived
        for event in step.failed.events - arrived:
            if step.action == Action.POISON:
                continue
            assert (day, event) in put or (day, event) in earlier
        if step.action == Action.THERE:
            assert step.failed.events <= arrived
        if step.action == Action.POISON:
            assert not poison_too
            assert step.round >= MAX_ROUNDS


@given(
    st.lists(EVENTS, min_size=1, max_size=4),
    st.lists(st.frozensets(st.integers(0, 12)), min_size=12, max_size=12),
)
def test_redrives_end(first: list[frozenset[int]], arriving: list[frozenset[int]]) -> None:
    """Whatever keeps failing, an event is put at most three times, and then nothing is put."""
    clock = 0
    marks: list[Mark] = []
    there: set[int] = set()
    open_ = [failed(n, events) for n, events in enumerate(first)]
    puts: Counter[int] = Counter()
    for arrives in arriving:
        clock += 10 * CLOCKS_DIFFER_MILLIS
        planner = Planner(marks, {DAY: there})
        steps = [planner.step(line) for line in open_]
        stays: list[Failed] = []
        for step in steps:
            if step.action == Action.POISON:
                stays.append(step.failed)
                continue
            number = step.failed.number
            marks.append(Mark.of(number, step.action, step.round, clock, DAY, step.events))
            puts.update(step.events)
        there |= arrives & frozenset(puts)
        for step in steps:
            again = step.events - there
            if step.action == Action.PUT and again:
                stays.append(failed(1_000 + len(marks) + len(stays), again, clock + 1))
        open_ = stays
    assert max(puts.values()) <= MAX_ROUNDS
    assert set().union(*first) <= set(puts)
    planner = Planner(marks, {DAY: there})
    last: list[Step] = [planner.step(line) for line in open_]
    assert {step.action for step in last} <= {Action.POISON, Action.THERE}
    assert {e for step in last for e in step.failed.events} | there >= set().union(*first)


def test_a_line_from_before_the_put_is_not_put_again() -> None:
    """The same failure, told by two lines, one of which came late; a younger one is a new one."""
    at = 10**6
    put = [Mark.of(1, "put", 1, at, DAY, [1, 2])]
    step = Planner(put, {}).step(failed(2, frozenset([1, 2]), at - CLOCKS_DIFFER_MILLIS - 1))
    assert (step.action, step.round) == (Action.COVERED, 1)
    step = Planner(put, {}).step(failed(2, frozenset([1, 2]), at - CLOCKS_DIFFER_MILLIS))
    assert (step.action, step.round) == (Action.PUT, 2)
    step = Planner(put, {}).step(failed(2, frozenset([1, 2, 3]), 0))
    assert (step.action, step.events, step.round) == (Action.PUT, frozenset([3]), 1)


def test_marks_are_kept_by_object_and_a_damaged_one_says_so() -> None:
    """Written whole, read by another process; damage is an error with the next step."""
    store = MemoryStore()
    marks = Marks(store)
    marks.add("errors/a", [Mark.of(1, "put", 1, 5, DAY, [3, 1])])
    marks.add("errors/a", [Mark.of(2, "there", 0, 6, DAY, [])])
    marks.add("errors/b", [Mark.of(1, "covered", 2, 6, OTHER, [])])
    again = Marks(store)
    assert again.of("errors/a").keys() == {1, 2}
    assert again.of("errors/a")[1].ordinals() == {1, 3}
    assert again.of("errors/none") == {}
    assert len(list(again)) == 3
    (key, _) = (info.key for info in store.list(REDRIVES))
    document = orjson.loads(store.get(key))
    document["lines"][0]["events"] = "!"
    store.put(key, orjson.dumps(document))
    with pytest.raises(StateError, match="delete it"):
        Marks(store)
