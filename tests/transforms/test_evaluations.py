"""The registry of evaluations: a name stands for the same values for good."""

from collections.abc import Callable
from dataclasses import replace

import orjson
import pytest

from infra.local.store import MemoryStore
from rules import Baseline, RuleSet, default_policy, parse_policy, rule_set
from rules.released import UNRELEASED, rules_fingerprint
from schemas.errors import FinopsError
from schemas.lake import ACTIVE_EVALUATION, EVALUATIONS, POLICIES
from transforms.baseline_store import publish
from transforms.context import context_from, default_context
from transforms.current_context import CurrentContext
from transforms.errors import EvaluationError
from transforms.evaluations import (
    Definition,
    define,
    load_context,
    register,
    register_first,
    registered,
)
from transforms.state import activate, active_evaluation

V1 = rule_set("v1")
STRICT = parse_policy(
    default_policy().to_bytes().replace(b'"spike_min_percent":50', b'"spike_min_percent":10')
)


def add(store: MemoryStore, name: str = "strict", series: str = "v1") -> Definition:
    definition = define(name, V1, STRICT, series)
    register(store, definition, STRICT)
    return definition


def test_what_was_registered_is_loaded_again() -> None:
    """Rule set, policy and baselines by value; the second time changes nothing."""
    store = MemoryStore()
    baseline = Baseline("2024-08-31", "2024-09-01", {})
    publish(store, "v1", baseline)
    definition = add(store)
    assert not register(store, definition, STRICT)
    assert registered(store) == [definition]
    context = load_context(store, "strict")
    assert (context.evaluation, context.rule_set) == ("strict", V1)
    assert context.policy == STRICT
    assert context.policy.version != default_policy().version
    assert context.baselines.baselines == (baseline,)


def test_a_name_keeps_what_it_stands_for() -> None:
    """Another policy under the same name is refused, and the sentence says what to do."""
    store = MemoryStore()
    add(store)
    other = define("strict", V1, default_policy(), "v1")
    with pytest.raises(EvaluationError, match="give the new one a name of its own"):
        register(store, other, default_policy())
    assert load_context(store, "strict").policy == STRICT


@pytest.mark.parametrize("name", ["", "V2", "a/b", "../v1", "x" * 33, "v1'"])
def test_a_name_is_safe_in_a_path_and_in_sql(name: str) -> None:
    """What could escape its prefix is refused, for the evaluation and for its series."""
    with pytest.raises(EvaluationError, match="cannot name"):
        define(name, V1, STRICT, "v1")
    with pytest.raises(EvaluationError, match="cannot name"):
        define("v1", V1, STRICT, name)


def _without_policy(store: MemoryStore, of: Definition) -> None:
    store.delete(f"{POLICIES}{of.policy}.json")


def _other_policy(store: MemoryStore, of: Definition) -> None:
    store.put(f"{POLICIES}{of.policy}.json", default_policy().to_bytes())


def _no_policy(store: MemoryStore, of: Definition) -> None:
    store.put(f"{POLICIES}{of.policy}.json", b'{"cost": {}}')


def _unknown_rules(store: MemoryStore, of: Definition) -> None:
    _rewrite(store, replace(of, rules="v99"))


def _other_code(store: MemoryStore, of: Definition) -> None:
    _rewrite(store, replace(of, rules_fingerprint="0" * 12))


def _other_name(store: MemoryStore, of: Definition) -> None:
    store.put(f"{EVALUATIONS}strict.json", store.get(f"{EVALUATIONS}strict.json")[:-5])


def _escaping_series(store: MemoryStore, of: Definition) -> None:
    _rewrite(store, replace(of, baselines="../secrets"))


def _rewrite(store: MemoryStore, definition: Definition) -> None:
    names = Definition.__slots__
    document = {name: getattr(definition, name) for name in names}
    store.put(f"{EVALUATIONS}strict.json", orjson.dumps(document))


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (_without_policy, "is missing; restore"),
        (_other_policy, "is not what its name says; restore"),
        (_no_policy, r"cannot be read \(policy \$.*restore"),
        (_unknown_rules, "names rule set v99, which this version does not have"),
        (_other_code, "run the version that registered it, or add a new evaluation"),
        (_other_name, "is damaged"),
        (_escaping_series, "is damaged"),
    ],
)
def test_what_is_missing_or_damaged_is_said(
    damage: Callable[[MemoryStore, Definition], None], sentence: str
) -> None:
    """One sentence with the next step, never rows judged by something else."""
    store = MemoryStore()
    definition = add(store)
    activate(store, "strict")
    damage(store, definition)
    with pytest.raises(FinopsError, match=sentence):
        load_context(store, "strict")
    with pytest.raises(FinopsError, match=sentence):
        CurrentContext(store, default_context()).now()


def test_a_missing_baseline_is_said_for_the_dates_it_serves() -> None:
    """Documents are read for the dates that ask; other dates are judged as ever."""
    store = MemoryStore()
    add(store)
    activate(store, "strict")
    baseline = Baseline("2024-08-31", "2024-09-02", {})
    publish(store, "v1", baseline)
    store.delete(f"baselines/v1/{baseline.version}.json")
    for context in (
        load_context(store, "strict"),
        CurrentContext(store, default_context()).now(),
    ):
        assert context.baselines.for_date("2024-09-01") is None
        with pytest.raises(FinopsError, match="finops baseline build v1 --replace"):
            context.baselines.for_date("2024-09-02")


def test_an_unknown_name_lists_the_known_ones() -> None:
    """Asked for by a person, or named by the pointer."""
    store = MemoryStore()
    add(store)
    with pytest.raises(EvaluationError, match="no evaluation 'nope' is registered; there is: str"):
        load_context(store, "nope")
    activate(store, "gone")
    with pytest.raises(EvaluationError, match="'gone'"):
        CurrentContext(store, default_context()).now()


def test_the_transform_follows_an_activation() -> None:
    """With the next look: another evaluation, back, and a baseline published in between."""
    store = MemoryStore()
    current = CurrentContext(store, default_context())
    assert current.now() == default_context()
    add(store)
    activate(store, "strict")
    assert current.now().policy == STRICT
    publish(store, "v1", Baseline("2024-08-31", "2024-09-01", {}))
    assert len(current.now().baselines.baselines) == 1
    activate(store, "v1")
    context = current.now()
    assert (context.evaluation, context.policy) == ("v1", default_policy())
    assert len(context.baselines.baselines) == 1


def test_a_stack_registers_its_own_evaluation_and_never_takes_an_activation_back() -> None:
    """What the parameters say, once; a person's activation stands."""
    store = MemoryStore()
    register_first(store, default_context())
    assert active_evaluation(store) == "v1"
    add(store)
    activate(store, "strict")
    register_first(store, default_context())
    assert active_evaluation(store) == "strict"
    assert [d.name for d in registered(store)] == ["strict", "v1"]


def test_changed_parameters_under_the_same_name_are_refused() -> None:
    """A policy parameter that was edited in place."""
    store = MemoryStore()
    register_first(store, default_context())
    edited = context_from({"FINOPS_EVALUATION": "v1", "FINOPS_POLICY": STRICT.to_bytes().decode()})
    with pytest.raises(EvaluationError, match="registered as rules v1"):
        register_first(store, edited)
    other = context_from({"FINOPS_EVALUATION": "v1s", "FINOPS_POLICY": STRICT.to_bytes().decode()})
    register_first(store, other)
    assert active_evaluation(store) == "v1"
    assert store.get(ACTIVE_EVALUATION) == b'{"evaluation":"v1"}\n'


def test_an_unreleased_rule_set_says_so() -> None:
    """What is still being written has no fingerprint to hold it to."""
    assert rules_fingerprint(RuleSet("draft", V1.rules)) == UNRELEASED
    assert len(rules_fingerprint(V1)) == 12
