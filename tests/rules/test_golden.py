"""Every rule of every released rule set, held to its golden files and to its docstring."""

import inspect
from itertools import chain
from pathlib import Path

import pytest

from rules import RULE_SETS, Rule, RuleSet, evaluate
from tests.rules.cases import GOLDEN, as_json, folder, load

RULES: list[Rule] = list(dict.fromkeys(chain.from_iterable(s.rules for s in RULE_SETS.values())))
CASES = [(rule, path) for rule in RULES for path in sorted(folder(rule).glob("*.json"))]
FEWEST_CASES = 6


def name(value: object) -> str:
    return value.stem if isinstance(value, Path) else getattr(value, "__name__", "")


@pytest.mark.parametrize(("rule", "path"), CASES, ids=name)
def test_golden(rule: Rule, path: Path) -> None:
    """A released rule says about each golden charge what it always said."""
    case = load(path)
    assert as_json(evaluate(case.charge, RuleSet("one", (rule,)), case.facts)) == case.expected, (
        case.why
    )


@pytest.mark.parametrize("rule", RULES, ids=name)
def test_every_rule_has_goldens(rule: Rule) -> None:
    """A rule cannot be registered without a folder of golden files."""
    assert len(list(folder(rule).glob("*.json"))) >= FEWEST_CASES, folder(rule)


@pytest.mark.parametrize("rule", RULES, ids=name)
def test_every_rule_explains_itself(rule: Rule) -> None:
    """A rule says what it finds, why it matters and when it is wrong."""
    docstring = inspect.getdoc(rule) or ""
    for heading in ("What it finds:", "Why it matters:", "When it is wrong:"):
        assert heading in docstring


@pytest.mark.parametrize("rule", RULES, ids=name)
def test_one_rule_per_file(rule: Rule) -> None:
    """A rule's module has the rule's name and no other public function."""
    module = inspect.getmodule(rule)
    functions = inspect.getmembers(module, inspect.isfunction)
    public = [n for n, f in functions if f.__module__ == rule.__module__ and not n.startswith("_")]
    assert public == [rule.__module__.rpartition(".")[2]]


def test_no_golden_is_left_alone() -> None:
    """Every golden file belongs to a registered rule."""
    tested = {path for _, path in CASES} | {GOLDEN / "defaults.json"}
    assert tested == set(GOLDEN.rglob("*.json"))
