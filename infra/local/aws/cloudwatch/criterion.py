"""From datapoints to a state: threshold, datapoints to alarm, and what missing ones mean.

Source: CloudWatch user guide, "Configuring how CloudWatch alarms treat missing data", whose two
tables are the test's. The guide looks back further than the evaluation periods and does not say how
far; its example takes five for three, so here it is two more.
"""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass

OK, ALARM, UNKNOWN = "OK", "ALARM", "INSUFFICIENT_DATA"
FURTHER = 2
"""Periods beyond the evaluation periods that are looked at where some are missing."""
COMPARISONS: dict[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}


@dataclass(frozen=True, slots=True)
class Criterion:
    """What an alarm asks of its datapoints.

    Attributes:
        comparison: one of `COMPARISONS`.
        periods: how many of the newest are compared.
        datapoints: how many of those must breach.
        missing: `breaching`, `notBreaching`, `ignore` or `missing`.
    """

    comparison: str
    threshold: float
    periods: int
    datapoints: int
    missing: str

    @property
    def range(self) -> int:
        """How many periods are looked at."""
        return self.periods + FURTHER

    def judge(self, points: Sequence[float | None], state: str) -> tuple[str, str]:
        """Return the state that follows, and why.

        Args:
            points: the range's, the oldest first; None where there is none.
            state: the state until now.
        """
        there = [point for point in points if point is not None][-self.periods :]
        compare, _ = COMPARISONS[self.comparison]
        bad = [point for point in there if compare(point, self.threshold)]
        gaps = self.periods - len(there)
        if not gaps:
            found = ALARM if len(bad) >= self.datapoints else OK
        elif self.missing == "breaching":
            found = ALARM if len(bad) + gaps >= self.datapoints else OK
        elif self.missing == "notBreaching":
            found = ALARM if len(bad) >= self.datapoints else OK
        elif self.missing == "ignore":
            found = self._ignoring(there, bad, state)
        else:
            found = self._without(there, bad)
        return found, self._reason(found, there, bad, gaps)

    def _ignoring(self, there: list[float], bad: list[float], state: str) -> str:
        if len(bad) >= self.datapoints:
            return ALARM
        return OK if len(bad) < len(there) else state

    def _without(self, there: list[float], bad: list[float]) -> str:
        if not there:
            return UNKNOWN
        return ALARM if len(bad) >= min(self.datapoints, len(there)) else OK

    def _reason(self, found: str, there: list[float], bad: list[float], gaps: int) -> str:
        """Return the reason, in the service's manner."""
        if not there:
            if found == UNKNOWN:
                return f"Insufficient Data: {self.periods} datapoints were unknown."
            treated = "Breaching" if self.missing == "breaching" else "NonBreaching"
            return (
                f"Threshold Crossed: no datapoints were received for {self.periods} periods and "
                f"{gaps} missing datapoints were treated as [{treated}]."
            )
        shown = bad if found == ALARM and bad else there
        values = ", ".join(f"{point:.12g}" for point in shown)
        was = "was" if len(shown) == 1 else "were"
        negation = "" if found == ALARM and bad else "not "
        count = f"{len(shown)} out of the last {self.periods} datapoints"
        missing = f"; {gaps} were missing" if gaps else ""
        return (
            f"Threshold Crossed: {count} [{values}] {was} {negation}"
            f"{COMPARISONS[self.comparison][1]} the threshold ({self.threshold:.12g}){missing} "
            f"(minimum {self.datapoints} for ALARM)."
        )
