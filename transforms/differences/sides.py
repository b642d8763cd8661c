"""The two sides of a difference: from names a person gives to the values they stand for."""

from dataclasses import dataclass, replace

from rules import RULE_SETS, Policy
from rules.errors import PolicyError
from rules.requirements import check_policy, default_policy_for
from schemas.lake import BASELINES, ObjectStore, is_evaluation
from transforms.baseline_store import BaselineReader, index
from transforms.context import Context
from transforms.errors import EvaluationError
from transforms.evaluations import find, load_context, lookup, registered
from transforms.state import active_evaluation


@dataclass(frozen=True, slots=True)
class Side:
    """What one side judges by.

    Attributes:
        name: as it was given.
        context: the values.
        baselines: the name of the baseline series.
        stored: the evaluation under which its rows may lie; None where nothing stores them.
    """

    name: str
    context: Context
    baselines: str
    stored: str | None


def side_of(store: ObjectStore, name: str) -> Side:
    """Return the side a name stands for: an evaluation, or else a rule set.

    A rule set is taken with the active evaluation's policy and baselines; where that policy is of
    a format the rule set cannot read, with the policy that is shipped for it.

    Raises:
        FinopsError: neither is known, or what the evaluation names is missing or damaged.
    """
    if is_evaluation(name) and find(store, name) is not None:
        return Side(name, load_context(store, name), lookup(store, name).baselines, name)
    if name not in RULE_SETS:
        known = ", ".join(d.name for d in registered(store)) or "none"
        raise EvaluationError(
            f"{name[:40]!r} is no evaluation ({known}) and no rule set ({', '.join(RULE_SETS)}); "
            "name one of these, or add it with: finops evaluations add"
        )
    active = side_of_evaluation(store, active_evaluation(store))
    rules = RULE_SETS[name]
    policy = active.context.policy
    try:
        check_policy(rules, policy)
    except PolicyError:
        policy = default_policy_for(rules)
    return Side(
        name, replace(active.context, rule_set=rules, policy=policy), active.baselines, None
    )


def side_of_evaluation(store: ObjectStore, name: str) -> Side:
    """Return the side of a registered evaluation.

    Raises:
        FinopsError: it is not registered, or what it names is missing or damaged.
    """
    definition = lookup(store, name)
    return Side(name, load_context(store, name), definition.baselines, name)


def with_policy(side: Side, policy: Policy) -> Side:
    """Return a side with another policy.

    Raises:
        PolicyError: the side's rule set cannot read it.
    """
    check_policy(side.context.rule_set, policy)
    return replace(side, context=replace(side.context, policy=policy), stored=None)


def with_baselines(store: ObjectStore, side: Side, series: str) -> Side:
    """Return a side with another baseline series.

    Raises:
        FinopsError: nothing was published under that name, or it is damaged.
    """
    if not is_evaluation(series) or not index(store, series):
        known = ", ".join(_series(store)) or "none yet"
        raise EvaluationError(
            f"no baseline series {series[:40]!r}; there is: {known}; "
            "build one with: finops baseline build"
        )
    context = replace(side.context, baselines=BaselineReader(store, series).series())
    return replace(side, context=context, baselines=series, stored=None)


def _series(store: ObjectStore) -> list[str]:
    keys = (info.key.removeprefix(BASELINES) for info in store.list(BASELINES))
    return sorted({name for key in keys if (name := key.partition("/")[0])})
