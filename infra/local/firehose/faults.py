"""What can go wrong on purpose: the duplicates, disorder and refusals that the service allows."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random


def never(ordinal: int, random: Random) -> bool:
    """Refuse no record."""
    return False


def some(share: float) -> Callable[[int, Random], bool]:
    """Refuse about this share of the records put, 0 to 1, as the seed has it."""
    return lambda ordinal, random: random.random() < share


@dataclass(frozen=True, slots=True)
class Faults:
    """Faults to inject; all of them are within what the service promises (§1.2, §7)."""

    duplicate_batches: bool = False
    """Each Lambda batch is invoked twice, and both results are delivered."""
    duplicate_objects: bool = False
    """Each object is stored twice, under two names: a delivery retried after it had succeeded."""
    reorder: bool = False
    """Records within a batch and rows within an object come in a random order."""
    refuses: Callable[[int, Random], bool] = never
    """Called per record with its running number over all puts; true answers it with an error."""


NO_FAULTS = Faults()
