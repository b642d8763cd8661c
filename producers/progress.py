"""How far long work is: what a person at a terminal wants to know while waiting."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """One look at work under way."""

    step: str
    rows: int
    """Source rows read, or events sent."""
    done: float
    """The share of the step that is done, 0 to 1, by bytes."""
