"""The errors of `rules`: each is a set-up that a person must correct, never a bad row.

    FinopsError
    ├── UnknownRuleSet              a rule set was asked for that is not registered
    ├── PolicyError                 a policy document breaks the closed schema
    ├── BaselineError               a baseline is damaged, or a series of them out of order
    └── LedgerError                 a released rule set or policy would be changed

A rule that raises is none of these: `rules.engine` makes it a finding on the row.
"""

from collections.abc import Iterable

from schemas.errors import FinopsError


class UnknownRuleSet(FinopsError):  # noqa: N818 - named for the fact
    """A rule set was asked for that is not registered."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        self.name = name
        self.known = tuple(known)
        super().__init__(f"no rule set {name!r}; use one of: {', '.join(self.known)}")


class PolicyError(FinopsError):
    """A policy document breaks the closed schema at one JSON path."""

    def __init__(self, path: str, problem: str, allowed: str) -> None:
        self.path = path
        self.problem = problem
        self.allowed = allowed
        super().__init__(f"policy {path}: {problem}; write {allowed}")


class BaselineError(FinopsError):
    """A baseline is damaged or contradicts itself, or a series of them is out of order."""

    def __init__(self, problem: str, remedy: str = "build the baseline again") -> None:
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"baseline: {problem}; {remedy}")


class LedgerError(FinopsError):
    """A released rule set or policy would be changed."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"rules/{name} was released with other content; make a new version")
