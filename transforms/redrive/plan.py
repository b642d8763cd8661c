"""Decide, line by line, what a redrive does with a failed record.

Each event of a line is there already, or is put back once, or has been put back by another line of
the same failure, or is poison: nobody can read it, or it has failed in every round it is given.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from transforms.redrive.failed import Failed
from transforms.redrive.marks import COVERED, PUT, THERE, Mark
from transforms.tallies import Day

MAX_ROUNDS = 3
"""How often an event is put back before it is poison."""
CLOCKS_DIFFER_MILLIS = 60_000
"""A line older than a put by more than this tells of a failure before it. Clocks may differ: a
younger one counts as a new failure, which costs at most a put that was not needed."""


class Action(StrEnum):
    """What is done with a line."""

    PUT = PUT
    THERE = THERE
    COVERED = COVERED
    POISON = "poison"


@dataclass(frozen=True, slots=True)
class Step:
    """What is done with one line."""

    failed: Failed
    action: Action
    events: frozenset[int] = field(default_factory=frozenset)
    """What is put back, or is poison."""
    round: int = 0
    """Which round it is; of poison, how many it has had."""


class Planner:
    """Plans one redrive: lines in the order of their objects.

    Args:
        marks: what earlier redrives did.
        there: events that have arrived, by day; of completions, revisions.
        poison_too: give poison one more round.
    """

    def __init__(
        self,
        marks: Iterable[Mark],
        there: Mapping[Day, Collection[int]],
        *,
        poison_too: bool = False,
    ) -> None:
        self._there = there
        self._poison_too = poison_too
        self._put: dict[Day, dict[int, tuple[int, int]]] = defaultdict(dict)
        for mark in marks:
            if mark.action == PUT:
                known = self._put[mark.day]
                for event in mark.ordinals():
                    known[event] = max(known.get(event, (0, 0)), (mark.round, mark.at_millis))
        self._planned: dict[Day, dict[int, int]] = defaultdict(dict)

    def step(self, failed: Failed) -> Step:
        """Decide on a line that is not marked yet."""
        if failed.day is None:
            return Step(failed, Action.POISON)
        open_ = failed.events - frozenset(self._there.get(failed.day, ()))
        if not open_:
            return Step(failed, Action.THERE)
        planned = self._planned[failed.day]
        put = self._put.get(failed.day, {})
        latest = failed.arrival_millis + CLOCKS_DIFFER_MILLIS
        covered = {e for e in open_ if e in planned or (e in put and put[e][1] > latest)}
        needed = open_ - covered
        if not needed:
            latest_round = max(planned.get(e) or put[e][0] for e in covered)
            return Step(failed, Action.COVERED, frozenset(), latest_round)
        rounds = max((put[e][0] for e in needed if e in put), default=0)
        if rounds >= MAX_ROUNDS and not self._poison_too:
            return Step(failed, Action.POISON, needed, rounds)
        planned.update(dict.fromkeys(needed, rounds + 1))
        return Step(failed, Action.PUT, needed, rounds + 1)
