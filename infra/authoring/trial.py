"""Hold rules to their golden files, without a test framework."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.errors import UsageError
from rules import RULE_SETS, PolicyError, Rule
from rules.golden import DEFAULTS, FEWEST_CASES, Goldens, said
from rules.model import rule_name

GOLDENS = Path("tests/rules/golden")


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of one rule's cases."""

    rule: str
    module: str
    cases: int
    problems: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether every case is as it should be."""
        return not self.problems

    def document(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "rule": self.rule,
            "module": self.module,
            "cases": self.cases,
            "passed": self.passed,
            "problems": list(self.problems),
        }


def source_tree(folder: Path) -> Path:
    """Return a folder that is the project's source tree.

    Raises:
        UsageError: it is not.
    """
    if not (folder / "rules" / "ledger.json").is_file() or not (folder / GOLDENS).is_dir():
        raise UsageError(
            f"{folder.resolve()}: is not the project's source tree; run it in a clone, or name one "
            "with --source"
        )
    return folder


def try_rules(tree: Path, chosen: Callable[[str, Rule], bool]) -> list[Trial]:
    """Hold each chosen rule to its golden files, once, in order of the rule sets.

    Args:
        tree: the source tree with the golden files.
        chosen: told a rule set's name and one of its rules.

    Raises:
        UsageError: the defaults of the cases cannot be read.
    """
    try:
        goldens = Goldens(tree / GOLDENS)
    except (OSError, ValueError) as error:
        raise UsageError(f"{tree / GOLDENS / DEFAULTS}: {error}; restore it") from error
    rules = dict.fromkeys(
        rule for name, s in RULE_SETS.items() for rule in s.rules if chosen(name, rule)
    )
    return [_try(goldens, rule) for rule in rules]


def _try(goldens: Goldens, rule: Rule) -> Trial:
    files = goldens.files(rule)
    problems = []
    if len(files) < FEWEST_CASES:
        problems.append(
            f"{len(files)} cases in {goldens.folder(rule)}; write at least {FEWEST_CASES}"
        )
    for file in files:
        try:
            case = goldens.load(file)
        except (ValueError, TypeError, KeyError, ArithmeticError, PolicyError) as error:
            problems.append(f"{file.name}: cannot be read: {type(error).__name__}: {error}")
            continue
        if not isinstance(case.expected, dict):
            problems.append(f"{file.name}: expected is to be filled in; it says {said(rule, case)}")
            continue
        problems += [
            f"{file.name}: {line}" for line in _differences(case.expected, said(rule, case))
        ]
    name = rule_name(rule)
    return Trial(name, rule.__module__, len(files), tuple(problems))


def _differences(expected: dict[str, Any], found: dict[str, Any]) -> list[str]:
    keys = dict.fromkeys([*expected, *found])
    return [
        f"{key} is {found.get(key)!r}, and {expected.get(key)!r} was expected"
        for key in keys
        if expected.get(key) != found.get(key)
    ]
