"""Every fact that is emulated is named by a test, and every fact that a test names is emulated.

The names are read from the sources of the tests, so that nothing has to run to compare the lists.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from infra.local.firehose import Choices
from infra.local.firehose.facts import STATUSES, load_facts

TESTS = Path(__file__).parent.parent
ROOT = TESTS.parent.parent
FACTS = {fact.id: fact for fact in load_facts()}


def named() -> Iterator[tuple[str, str]]:
    """Yield each test and a fact it names, as `@pytest.mark.fact("id", …)` on the test itself."""
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for decorator in node.decorator_list:
                    for id_ in _ids(decorator):
                        yield f"{path.name}::{node.name}", id_


def _ids(decorator: ast.expr) -> list[str]:
    if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.fact":
        return [ast.literal_eval(argument) for argument in decorator.args]
    return []


def test_no_fact_is_listed_twice() -> None:
    """An id names one fact for good."""
    assert [id_ for id_, times in Counter(f.id for f in load_facts()).items() if times > 1] == []


def test_every_emulated_fact_is_named_by_a_test() -> None:
    """What is said to be emulated is held by at least one test."""
    held = {id_ for _, id_ in named()}
    assert [fact.id for fact in FACTS.values() if fact.needs_a_test and fact.id not in held] == []


def test_every_named_fact_is_emulated() -> None:
    """A test names only what is listed, and what is listed as emulated or chosen by a setting."""
    wrong = [
        (test, id_) for test, id_ in named() if id_ not in FACTS or not FACTS[id_].needs_a_test
    ]
    assert wrong == []


def test_what_is_not_emulated_says_why() -> None:
    """A note says what is different; only an unknown or a quota has a setting."""
    for fact in FACTS.values():
        assert fact.status in STATUSES
        assert bool(fact.note) == (fact.status != "emulated"), fact.id
        assert fact.fact.endswith(".") or fact.fact.endswith('"'), fact.id


def test_facts_stand_in_the_sections_they_name() -> None:
    """A section is one of the page that the facts were taken from, in its order."""
    page = (ROOT / "docs" / "reference" / "firehose-behaviour.md").read_text("utf-8")
    sections = re.findall(r"^#{2,3} (\d+(?:\.\d+)?)[. ]", page, re.M)
    assert {fact.section for fact in FACTS.values()} <= set(sections)
    places = [sections.index(fact.section) for fact in FACTS.values()]
    assert places == sorted(places)


def test_every_choice_is_explained_by_a_fact() -> None:
    """Settings of facts are fields of `Choices`, and no field is without its fact."""
    settings = {fact.setting for fact in FACTS.values() if fact.setting}
    assert settings == {field.name for field in fields(Choices)}
