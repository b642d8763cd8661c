"""Why a verdict changed: judge the event again with side A's values, but one of side B's.

What alone brings side B's verdict is a reason. Where nothing does alone, a smallest combination
does: each of its parts is needed. Nothing is guessed: a reason that is named was tried.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from rules import RULE_ERROR, Baseline, Charge, Evaluation, Facts, RuleSet, SeriesStats
from rules.engine import answer
from rules.model import rule_name
from rules.series import day
from schemas.amounts import plain_text
from transforms.context import Context
from transforms.differences.changes import (
    REWORDED,
    Change,
    FindingChange,
    column_text,
    findings_by_rule,
    substance,
)
from transforms.differences.model import Cause, Reason
from transforms.differences.policy_paths import Path, Policies, spelled
from transforms.differences.rows import Compared, verdict_of

NOT_REPEATED = (
    "judged again, side {side} does not say what its row says; "
    "see: finops rules explain {event_id} --evaluation {name}"
)


@dataclass(frozen=True, slots=True)
class _Rules:
    """Take side B's rule set, and with it the format of its policy."""


@dataclass(frozen=True, slots=True)
class _Format:
    """Take the format of side B's policy, where one rule set reads both."""


@dataclass(frozen=True, slots=True)
class _Baseline:
    """Take side B's baseline."""


@dataclass(frozen=True, slots=True)
class _Value:
    """Take side B's value at one path of the policy."""

    path: Path


_Part: TypeAlias = _Rules | _Format | _Baseline | _Value


class Reasons:
    """Finds the reasons of changes from side A to side B."""

    def __init__(self, a: Context, b: Context) -> None:
        self._sides = a, b
        self.policies = Policies(a.policy, b.policy)

    def of(self, compared: Compared, change: Change) -> Reason:
        """Return why one verdict of an event changed."""
        charge, wanted = compared.charge, _aspect(compared.after, change)
        baselines = tuple(side.baselines.for_charge(charge) for side in self._sides)
        parts = self._parts(baselines)

        def says(taken: frozenset[_Part]) -> Evaluation | None:
            return self._judged(charge, baselines, taken)

        def brings(taken: Iterable[_Part]) -> bool:
            verdict = says(frozenset(taken))
            return (
                verdict is not None
                and _aspect(verdict, change) == wanted
                and _errors(verdict) <= _errors(compared.after)
            )

        if _of_none(says(frozenset()), change) != _aspect(compared.before, change):
            return Reason((), self._not_repeated(compared, 0))
        if not brings(parts):
            return Reason((), self._not_repeated(compared, 1))
        alone: list[list[_Part]] = [[part] for part in parts if brings([part])]
        ways = alone or [_smallest(parts, brings)]
        return Reason(tuple(tuple(self._causes(w, charge, baselines, change)) for w in ways))

    def _parts(self, baselines: tuple[Baseline | None, ...]) -> list[_Part]:
        """Return what the two sides do not share, in the order in which it is done without."""
        a, b = self._sides
        parts: list[_Part] = []
        if a.rule_set is not b.rule_set:
            parts.append(_Rules())
        elif not self.policies.same_format:
            parts.append(_Format())
        if baselines[0] != baselines[1]:
            parts.append(_Baseline())
        return parts + [_Value(path) for path in self.policies.exchangeable]

    def _judged(
        self, charge: Charge, baselines: tuple[Baseline | None, ...], taken: frozenset[_Part]
    ) -> Evaluation | None:
        rules_of = int(_Rules() in taken)
        paths = [part.path for part in taken if isinstance(part, _Value)]
        policy = self.policies.mixed(int(_Rules() in taken or _Format() in taken), paths)
        if policy is None:
            return None
        facts = Facts(policy, baselines[int(_Baseline() in taken)])
        return verdict_of(charge, self._sides[rules_of], facts)

    def _not_repeated(self, compared: Compared, side: int) -> str:
        return NOT_REPEATED.format(
            side="AB"[side], event_id=compared.event_id, name=self._sides[side].evaluation
        )

    def _causes(
        self,
        way: list[_Part],
        charge: Charge,
        baselines: tuple[Baseline | None, ...],
        change: Change,
    ) -> Iterable[Cause]:
        for part in way:
            if isinstance(part, _Value):
                before, after = self.policies.values(part.path)
                yield Cause("policy", spelled(part.path), before or "absent", after or "absent")
            elif isinstance(part, _Format):
                yield Cause("policy", "$.format", *map(str, self.policies.formats))
            elif isinstance(part, _Baseline):
                yield baseline_cause(charge, *baselines)
            else:
                facts = [Facts(s.policy, b) for s, b in zip(self._sides, baselines, strict=True)]
                yield _rules_cause(change, charge, self._sides, facts)


def _smallest(parts: list[_Part], brings: Callable[[Iterable[_Part]], bool]) -> list[_Part]:
    """Return a combination that brings the verdict and of which no part can be left out."""
    left = list(parts)
    for part in parts:
        fewer = [p for p in left if p is not part]
        if brings(fewer):
            left = fewer
    return left


def _aspect(verdict: Evaluation, change: Change) -> object:
    """Return the part of a verdict that a change is about."""
    if not isinstance(change, FindingChange):
        return column_text(verdict, change.column)
    found = [f for (rule, _), f in findings_by_rule(verdict).items() if rule == change.rule]
    if change.kind == REWORDED:
        return found
    return [substance(finding) for finding in found]


def _of_none(verdict: Evaluation | None, change: Change) -> object:
    return None if verdict is None else _aspect(verdict, change)


def _errors(verdict: Evaluation) -> frozenset[str]:
    keys = findings_by_rule(verdict)
    return frozenset(rule for rule, _ in keys if rule.startswith(RULE_ERROR))


def _rules_cause(
    change: Change, charge: Charge, sides: tuple[Context, Context], facts: list[Facts]
) -> Cause:
    a, b = (side.rule_set for side in sides)
    if isinstance(change, FindingChange):
        name = change.rule.removeprefix(f"{RULE_ERROR} (").removesuffix(")")
        return Cause("rules", name, a.name, b.name, _what_became(name, a, b))
    deciders = [
        decider(rules, charge, known, change.column)
        for rules, known in zip((a, b), facts, strict=True)
    ]
    name = deciders[1] or deciders[0] or change.column
    if deciders[0] != deciders[1] and all(deciders):
        return Cause("rules", name, a.name, b.name, f"{deciders[0]} decided it before")
    return Cause("rules", name, a.name, b.name, _what_became(name, a, b))


def _what_became(name: str, a: RuleSet, b: RuleSet) -> str:
    before, after = (
        next((rule for rule in rules.rules if rule_name(rule) == name), None) for rules in (a, b)
    )
    if before is None:
        return f"{b.name} has it, {a.name} does not"
    if after is None:
        return f"{a.name} has it, {b.name} does not"
    return "it is another rule of that name" if before is not after else "the rule is the same"


def decider(rules: RuleSet, charge: Charge, facts: Facts, column: str) -> str | None:
    """Return the name of the rule that decides a verdict column; None where none does."""
    decides = "tag_status" if column == "missing_tags" else column
    for rule in reversed(rules.rules):
        if getattr(answer(rule, charge, facts), decides) is not None:
            return rule_name(rule)
    return None


def baseline_cause(charge: Charge, before: Baseline | None, after: Baseline | None) -> Cause:
    """Return what two baselines say of a charge's series, as far as they disagree."""
    stats = [None if b is None else b.stats(charge) for b in (before, after)]
    told = [_known(s, charge) for s in stats]
    names = [name for name in dict.fromkeys((*told[0], *told[1])) if _differs(told, name)]
    detail = "; ".join(f"{n}: {told[0].get(n, 'none')} → {told[1].get(n, 'none')}" for n in names)
    name = charge.resource_id or charge.sku_id or charge.service_name or "the series"
    return Cause("baseline", name, _baseline_name(before), _baseline_name(after), detail)


def _differs(told: list[dict[str, str]], name: str) -> bool:
    return told[0].get(name) != told[1].get(name)


def _known(stats: SeriesStats | None, charge: Charge) -> dict[str, str]:
    if stats is None:
        return {"days seen": "none"}
    weekday = stats.weekday_level[day(charge.charge_date).weekday()]
    values = {
        "usual level": stats.level,
        "level on this weekday": weekday,
        "recent level": stats.recent_level,
        "last 30 days": stats.trailing_cost,
    }
    amounts = {n: f"{plain_text(v)} {stats.currency}" for n, v in values.items() if v is not None}
    return {"days seen": str(stats.days_seen), "first seen": stats.first_seen, **amounts}


def _baseline_name(baseline: Baseline | None) -> str:
    return "none" if baseline is None else f"{baseline.version} (through {baseline.through})"
