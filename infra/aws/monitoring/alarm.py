"""One alarm as a value: which metrics, compared how, and what a missing one means."""

from dataclasses import dataclass
from typing import Literal

Missing = Literal["notBreaching", "breaching", "ignore", "missing"]
Comparison = Literal[">", ">=", "<"]
OPERATORS: dict[Comparison, str] = {
    ">": "GreaterThanThreshold",
    ">=": "GreaterThanOrEqualToThreshold",
    "<": "LessThanThreshold",
}


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric, its statistic, and its dimensions as the template writes their values."""

    namespace: str
    name: str
    statistic: str
    dimensions: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """An alarm.

    Attributes:
        name: what it is called, after the stack's name.
        entry: its entry in the runbook; several alarms may share one.
        meaning: one sentence, for the one who gets the mail.
        metrics: by the names that `expression` has for them; without an expression there is one.
        expression: metric math over them.
        well: what a period without a datapoint counts as, for one metric; None leaves it missing.
        comparison: how the value compares when something is wrong.
        threshold: with what.
        period: seconds that one datapoint is made of.
        periods: how many of them are looked at; a number, or what the template refers to.
        datapoints: how many of them must be wrong; all of them by default.
        missing: what it means that there are no datapoints at all.
        condition: the template's condition that it depends on.
    """

    name: str
    entry: str
    meaning: str
    metrics: dict[str, Metric]
    expression: str = ""
    well: float | None = None
    comparison: Comparison
    threshold: float
    period: int = 300
    periods: int | str = 1
    datapoints: int | None = None
    missing: Missing = "notBreaching"
    condition: str = ""

    @property
    def math(self) -> str:
        """What is compared, as metric math; nothing where it is the metric itself."""
        if self.expression or self.well is None:
            return self.expression
        (name,) = self.metrics
        return f"FILL({name}, {self.well:g})"

    @property
    def key(self) -> str:
        """Its name in the template."""
        return "".join(word.capitalize() for word in self.name.split("-")) + "Alarm"
