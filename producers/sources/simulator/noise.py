"""Reproducible chance: pure integer hashes of a key, so that any hour stands on its own.

Nothing here keeps a state between hours, and integers give the same world on every machine and
every Python version.
"""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

MILLION = 1_000_000
"""Factors are integers in parts per million: money never meets a float."""

_MASK = (1 << 64) - 1
_QUARTERS_MEAN = 2 * 0xFFFF
_QUARTERS_DEVIATION = 37_837
"""Standard deviation of the sum of four uniform 16-bit numbers, sqrt(4 * (2^32 - 1) / 12)."""
_T = TypeVar("_T")


def key(*parts: object) -> int:
    """Return a 64-bit number that stands for the parts' texts."""
    text = "\0".join(map(str, parts))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def mix(value: int) -> int:
    """Scramble a number into 64 bits that look random (the finaliser of SplitMix64)."""
    value = (value + 0x9E3779B97F4A7C15) & _MASK
    value = ((value ^ value >> 30) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ value >> 27) * 0x94D049BB133111EB) & _MASK
    return value ^ value >> 31


def flat(bits: int, spread: int) -> int:
    """Return a factor between 1 - spread and 1 + spread, evenly; all in parts per million."""
    return MILLION + ((bits & 0xFFFFF) * 2 - 0xFFFFF) * spread // 0xFFFFF


def bell(bits: int, deviation: int) -> int:
    """Return a factor around 1, nearly normal, cut at 3.5 deviations; in parts per million."""
    quarters = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48)
    return MILLION + (quarters - _QUARTERS_MEAN) * deviation // _QUARTERS_DEVIATION


class Draws:
    """A row of draws from one key, for building a world: the same key, the same draws."""

    def __init__(self, *parts: object) -> None:
        self._next = key(*parts)

    def below(self, bound: int) -> int:
        """Draw a number from 0 to `bound` - 1."""
        self._next = mix(self._next)
        return self._next % bound

    def between(self, low: int, high: int) -> int:
        """Draw a number from `low` to `high`, both possible."""
        return low + self.below(high - low + 1)

    def pick(self, choices: Sequence[_T]) -> _T:
        """Draw one of the choices."""
        return choices[self.below(len(choices))]

    def shuffled(self, items: Sequence[_T]) -> list[_T]:
        """Return the items in a drawn order."""
        return sorted(items, key=lambda _: self.below(1 << 62))

    def letters(self, count: int, alphabet: str) -> str:
        """Draw `count` characters of an alphabet."""
        return "".join(self.pick(alphabet) for _ in range(count))
