"""The difference of two evaluations as a value: what every rendering shows."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from rules import Finding
from schemas.amounts import EXACT

Way = Literal["judged", "stored"]
JUDGED: Way = "judged"
STORED: Way = "stored"
DIMENSIONS = ("rule", "service", "account", "owner")
OWNER_TAGS = ("owner", "application", "business_unit")
JUDGED_EVENTS = 200_000
"""Events up to which a difference is judged in memory without being told to."""
REASONED = 100
"""Rows of a group whose reason is looked for: those about most money."""


@dataclass(frozen=True, slots=True)
class Options:
    """What is asked.

    Attributes:
        first: the first charge date, YYYY-MM-DD, inclusive; None from the beginning.
        last: the last charge date, inclusive; None to the end.
        by: what to break the counts down by, of `DIMENSIONS`.
        owner_tags: the tag keys whose first present one names the owner.
        examples: how many examples of each kind to give.
        way: how to get at the verdicts; None chooses.
    """

    first: str | None = None
    last: str | None = None
    by: tuple[str, ...] = ("rule",)
    owner_tags: tuple[str, ...] = OWNER_TAGS
    examples: int = 3
    way: Way | None = None


@dataclass(frozen=True, slots=True)
class SideFacts:
    """What one side was judged by, in names and fingerprints."""

    name: str
    rules: str
    policy: str
    baselines: str
    """The name of the baseline series."""


@dataclass(frozen=True, slots=True)
class FindingCount:
    """Findings of one kind, group and currency."""

    kind: str
    key: tuple[str | None, ...]
    """The values of the dimensions asked for, in their order."""
    currency: str
    number: int
    before: Decimal
    """Sum of the findings' amounts on side A."""
    after: Decimal

    @property
    def net(self) -> Decimal:
        """What side B's findings are about more than side A's."""
        return EXACT.subtract(self.after, self.before)


@dataclass(frozen=True, slots=True)
class ClassCount:
    """Rows whose class changed in one way, by group and currency."""

    column: str
    before: str
    after: str
    key: tuple[str | None, ...]
    """The values of the dimensions asked for but `rule`: a class is not one rule's."""
    currency: str
    rows: int
    cost: Decimal
    """What these rows cost (effective cost, or billed cost where there is none)."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing the two sides do not share, and that a change rests on."""

    kind: Literal["rules", "policy", "baseline"]
    name: str
    """The rule, the policy's path, or the baseline's series of charges."""
    before: str
    after: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a verdict changed, found by substitution."""

    ways: tuple[tuple[Cause, ...], ...]
    """Each is enough by itself; the causes of one way are needed together."""
    note: str = ""
    """Why there is no way, where there is none."""


@dataclass(frozen=True, slots=True)
class Example:
    """One event whose verdict changed, with both verdicts and the reason."""

    group: str
    """What became of it: a kind of finding change, or the class column."""
    name: str
    """The rule; for a class, `before → after`."""
    event_id: str
    charge_date: str
    account: str | None
    service: str | None
    resource: str | None
    owner: str | None
    currency: str
    cost: Decimal
    before: Finding | str | None
    after: Finding | str | None
    reason: Reason


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """How often one reason was found among the rows of a group that were looked at."""

    group: str
    name: str
    currency: str
    ways: tuple[tuple[Cause, ...], ...]
    """As in `Reason`, without what belongs to one event."""
    note: str
    rows: int
    looked_at: int
    of: int
    """All rows of the group."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What was compared, in one currency."""

    currency: str
    rows: int
    cost: Decimal


@dataclass(frozen=True, slots=True)
class PolicyDifference:
    """One path at which the two policies differ; values as JSON, None where it is absent."""

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything `finops rules diff` says."""

    a: SideFacts
    b: SideFacts
    first: str | None
    """The first charge date with a row; None where there is none."""
    last: str | None
    way: Way
    way_because: str
    by: tuple[str, ...]
    owner_tags: tuple[str, ...]
    compared: tuple[Compared, ...]
    differing: int
    """Rows with any change, rewordings included."""
    unmatched: tuple[int, int]
    """Rows that only side A has, and only side B: not compared. Both 0 when judged in memory."""
    totals: tuple[FindingCount, ...]
    """By kind and currency alone."""
    findings: tuple[FindingCount, ...]
    """By kind, currency and the dimensions asked for."""
    classes: tuple[ClassCount, ...]
    policy: tuple[PolicyDifference, ...]
    policy_formats: tuple[int, int]
    """The formats of the two policy documents."""
    reasons: tuple[ReasonCount, ...]
    examples: tuple[Example, ...]

    @property
    def rows(self) -> int:
        """How many rows were compared."""
        return sum(c.rows for c in self.compared)

    @property
    def same(self) -> bool:
        """Whether nothing differs and every row could be compared."""
        return not self.differing and not any(self.unmatched)
