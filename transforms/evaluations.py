"""Registered evaluations: short names for (rule set, policy, baseline series), each for good.

One immutable object an evaluation, and the policy document beside it under its fingerprint. A name
never changes what it stands for, because rows carry it: a new policy is a new evaluation.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import orjson

from rules import Policy, PolicyError, RuleSet, check_policy, parse_policy, rule_set
from rules.released import rules_fingerprint
from schemas.lake import EVALUATIONS, POLICIES, ObjectStore, is_evaluation
from transforms.baseline_store import BaselineReader
from transforms.context import FIRST_EVALUATION, Context
from transforms.errors import EvaluationError
from transforms.state import activate_first


@dataclass(frozen=True, slots=True)
class Definition:
    """What an evaluation stands for, by names and fingerprints."""

    name: str
    rules: str
    """The name of its rule set."""
    rules_fingerprint: str
    """The released code of the rule set: first 12 hex digits of the ledger's hash."""
    policy: str
    """The policy's fingerprint; its document is `state/policies/<fingerprint>.json`."""
    baselines: str
    """The name of its baseline series."""


def define(name: str, rules: RuleSet, policy: Policy, baselines: str) -> Definition:
    """Return what a name would stand for.

    Raises:
        EvaluationError: the name of the evaluation or of the series is not one.
        PolicyError: the policy lacks sections that the rule set reads.
    """
    for text, what in ((name, "evaluation"), (baselines, "baseline series")):
        if not is_evaluation(text):
            raise EvaluationError(
                f"{text[:40]!r} cannot name an {what}: use up to 32 lower-case letters, digits, "
                "- and _"
            )
    check_policy(rules, policy)
    return Definition(name, rules.name, rules_fingerprint(rules), policy.version, baselines)


def register(store: ObjectStore, definition: Definition, policy: Policy) -> bool:
    """Write down what a name stands for, policy first; saying the same again changes nothing.

    Returns:
        Whether it is new.

    Raises:
        EvaluationError: the name stands for something else already.
    """
    known = find(store, definition.name)
    if known is not None and known != definition:
        raise EvaluationError(
            f"evaluation {definition.name} is registered as {described(known)}, not "
            f"{described(definition)}; give the new one a name of its own"
        )
    policy_key = f"{POLICIES}{policy.version}.json"
    if known is None or not _exists(store, policy_key):
        store.put(policy_key, policy.to_bytes())
    if known is None:
        store.put(_key(definition.name), orjson.dumps(asdict(definition)) + b"\n")
    return known is None


def register_first(store: ObjectStore, first: Context) -> None:
    """Register the evaluation of a new stack, and let the views show it.

    Raises:
        EvaluationError: it is registered as something else: a stack's parameters were changed.
    """
    activate_first(store, first.evaluation)
    own = define(first.evaluation, first.rule_set, first.policy, baselines=first.evaluation)
    register(store, own, first.policy)


def registered(store: ObjectStore) -> list[Definition]:
    """Return every registered evaluation by name.

    Raises:
        EvaluationError: one of the objects is damaged.
    """
    keys = [info.key for info in store.list(EVALUATIONS)]
    return [_read(key, store.get(key)) for key in keys if key.endswith(".json")]


def find(store: ObjectStore, name: str) -> Definition | None:
    """Return what a name stands for; None where it is not registered.

    Raises:
        EvaluationError: the name cannot be one, or its object is damaged.
    """
    if not is_evaluation(name):
        raise EvaluationError(f"{name[:40]!r} is not the name of an evaluation; {_LIST}")
    try:
        return _read(_key(name), store.get(_key(name)))
    except KeyError:
        return None


def lookup(store: ObjectStore, name: str) -> Definition:
    """Return what a name stands for.

    Raises:
        EvaluationError: it is not registered, or its object is damaged.
    """
    found = find(store, name)
    if found is None:
        known = ", ".join(d.name for d in registered(store)) or FIRST_EVALUATION
        raise EvaluationError(
            f"no evaluation {name!r} is registered; there is: {known}. "
            "Add it with: finops evaluations add"
        )
    return found


def load_policy(store: ObjectStore, version: str) -> Policy:
    """Return a policy that an evaluation names.

    Raises:
        EvaluationError: its document is missing, or is not what its name says.
        PolicyError: its document is not a policy to this version of the code.
    """
    key = f"{POLICIES}{version}.json"
    try:
        policy = parse_policy(store.get(key))
    except KeyError:
        raise EvaluationError(f"{key} is missing; {_RESTORE}") from None
    except PolicyError as error:
        raise EvaluationError(f"{key} cannot be read ({error}); {_RESTORE}") from error
    if policy.version != version:
        raise EvaluationError(f"{key} is not what its name says; {_RESTORE}")
    return policy


def load_rules(definition: Definition) -> RuleSet:
    """Return the rule set an evaluation names.

    Raises:
        EvaluationError: this code does not have it, or not as it was when it was registered.
    """
    try:
        rules = rule_set(definition.rules)
    except Exception as error:
        raise EvaluationError(
            f"evaluation {definition.name} names rule set {definition.rules}, which this version "
            f"does not have ({error}); run the version that registered it, or activate another: "
            "finops evaluations activate NAME"
        ) from error
    if rules_fingerprint(rules) != definition.rules_fingerprint:
        raise EvaluationError(
            f"evaluation {definition.name} was registered with rule set {definition.rules} as "
            f"{definition.rules_fingerprint}, and here it is {rules_fingerprint(rules)}; run the "
            "version that registered it, or add a new evaluation"
        )
    return rules


def load_context(store: ObjectStore, name: str) -> Context:
    """Return the values a registered name stands for, the baselines as they are published now.

    Raises:
        FinopsError: it is not registered, or something it names is missing or damaged.
    """
    definition = lookup(store, name)
    series = BaselineReader(store, definition.baselines).series()
    return Context(name, load_rules(definition), load_policy(store, definition.policy), series)


def described(definition: Definition) -> str:
    """Return what an evaluation stands for, for a sentence."""
    return (
        f"rules {definition.rules} ({definition.rules_fingerprint}), policy {definition.policy}, "
        f"baselines {definition.baselines}"
    )


_LIST = "list them with: finops evaluations list"
_RESTORE = "restore an earlier version of it"


def _key(name: str) -> str:
    return f"{EVALUATIONS}{name}.json"


def _exists(store: ObjectStore, key: str) -> bool:
    return any(info.key == key for info in store.list(key))


def _read(key: str, body: bytes) -> Definition:
    try:
        document: Mapping[str, str] = orjson.loads(body)
        found = Definition(**document)
        whole = all(isinstance(value, str) for value in document.values())
    except (ValueError, TypeError) as error:
        raise EvaluationError(f"{key} is damaged ({error}); {_RESTORE}") from error
    if not whole or _key(found.name) != key or not is_evaluation(found.baselines):
        raise EvaluationError(f"{key} is damaged; {_RESTORE}")
    return found
