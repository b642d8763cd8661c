"""The ledger: what was released stays as it was, byte for byte."""

import json
import shutil
from pathlib import Path

import pytest

from rules import LedgerError, ledger


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    ignored = shutil.ignore_patterns("__pycache__")
    return shutil.copytree(ledger.ROOT, tmp_path / "rules", ignore=ignored)


def test_released_is_frozen() -> None:
    """Every rule set and policy is in the ledger and is what was released."""
    assert ledger.problems() == []


@pytest.mark.parametrize(
    ("file", "name"),
    [("v1/classify_cost.py", "v1"), ("policies/1.json", "policies/1.json")],
)
def test_a_changed_byte_asks_for_a_new_version(copy: Path, file: str, name: str) -> None:
    """One more byte in a released file is found, named and answered with what to do."""
    with (copy / file).open("ab") as opened:
        opened.write(b"\n")
    said = f"rules/{name} was released with other content; make a new version"
    assert ledger.problems(copy) == [said]
    with pytest.raises(LedgerError, match="make a new version"):
        ledger.add(name, copy)


def test_a_file_more_or_less_is_a_change(copy: Path) -> None:
    """A released folder keeps its files: none comes, none goes, none is renamed."""
    (copy / "v1" / "validate_tags.py").rename(copy / "v1" / "check_tags.py")
    assert len(ledger.problems(copy)) == 1
    (copy / "v1" / "check_tags.py").rename(copy / "v1" / "validate_tags.py")
    assert ledger.problems(copy) == []


def test_a_release_cannot_vanish(copy: Path) -> None:
    """A released policy that is gone is asked for."""
    (copy / "policies" / "1.json").unlink()
    assert ledger.problems(copy) == ["rules/policies/1.json was released and is gone; restore it"]


def test_a_new_policy_is_added_at_the_end(copy: Path) -> None:
    """What is new is named with the command that records it, and recording keeps the rest."""
    before = ledger.released(copy)
    shutil.copy(copy / "policies" / "1.json", copy / "policies" / "3.json")
    assert ledger.problems(copy) == [
        "rules/policies/3.json is not in the ledger; "
        "run: python -m rules.ledger add policies/3.json"
    ]
    ledger.add("policies/3.json", copy)
    assert ledger.problems(copy) == []
    after = json.loads((copy / ledger.FILE).read_text())
    assert list(after) == [*before, "policies/3.json"]
    assert before.items() <= after.items()
