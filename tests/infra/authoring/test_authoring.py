"""An author's way: begin a rule in a copy of the source tree, and hold it to its cases."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what an author needs of the source tree."""
    ignored = shutil.ignore_patterns("__pycache__")
    for folder in ("infra", "producers", "rules", "schemas", "transforms", "tests/rules"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    return tmp_path


def finops(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the copy's own command line, in the copy."""
    return subprocess.run(
        [sys.executable, "-m", "infra.cli", *arguments],
        cwd=tree,
        capture_output=True,
        text=True,
    )


def test_a_rule_is_begun_filled_in_and_held(tree: Path) -> None:
    """A new rule set with all of the latest's rules; red until its cases say what it says."""
    begun = finops(tree, "rules", "new", "idle_address")
    assert begun.returncode == 0, begun.stderr
    assert "rules/v3/idle_address.py" in begun.stdout
    assert "next: write rules/v3/idle_address.py" in begun.stdout
    listed = json.loads(finops(tree, "rules", "list", "--json").stdout)
    assert [s["name"] for s in listed] == ["v1", "v2", "v3"]
    assert listed[-1]["fingerprint"] == "unreleased"
    assert [r["change"] for r in listed[-1]["rules"]] == ["kept"] * 5 + ["new"]

    red = finops(tree, "rules", "test", "idle_address", "--json")
    assert red.returncode == 1
    (trial,) = json.loads(red.stdout)
    assert trial["cases"] == len(trial["problems"]) == 6
    assert "expected is to be filled in" in trial["problems"][0]

    nothing = {"cost_class": "unknown", "tag_status": "unknown", "missing_tags": [], "findings": []}
    for file in sorted((tree / "tests/rules/golden/v3/idle_address").glob("*.json")):
        case = json.loads(file.read_text())
        file.write_text(json.dumps({**case, "expected": nothing}))
    green = finops(tree, "rules", "test")
    assert green.returncode == 0, green.stdout
    assert "all as they should be" in green.stdout

    second = finops(tree, "rules", "new", "old_snapshot")
    assert "rules/v3/old_snapshot.py" in second.stdout
    source = (tree / "rules" / "v3" / "__init__.py").read_text()
    assert "Keeps all of v2.\nNew: idle_address.\nNew: old_snapshot.\n" in source
    assert max(map(len, source.splitlines())) <= 100
    again = finops(tree, "rules", "new", "old_snapshot")
    assert (again.returncode, "has a rule old_snapshot already" in again.stderr) == (2, True)


def test_a_changed_rule_is_found_by_its_cases(tree: Path) -> None:
    """Exit code 1, the case and the difference."""
    file = tree / "rules" / "v2" / "first_seen.py"
    file.write_text(file.read_text().replace('"info", message', '"low", message'))
    found = finops(tree, "rules", "test", "first_seen")
    assert found.returncode == 1
    assert "a-new-service.json: findings is" in found.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("rules", "new", "Bad-Name"), "cannot name a rule"),
        (("rules", "new", "classify_cost"), "has a rule classify_cost already"),
        (("rules", "test", "nope"), "no rule or rule set 'nope'"),
        (("rules", "show", "nope"), "no rule or rule set 'nope'"),
        (("rules", "test", "--source", "infra"), "is not the project's source tree"),
    ],
)
def test_what_cannot_be_begun_is_said(tree: Path, arguments: tuple[str, ...], said: str) -> None:
    """Exit code 2, one sentence."""
    answer = finops(tree, *arguments)
    assert (answer.returncode, said in answer.stderr) == (2, True), answer.stderr


def test_a_policy_is_shown_changed_and_checked(tmp_path: Path) -> None:
    """The shipped document is a policy; a typing error is named by its path."""
    shown = finops(ROOT, "policy", "show", "--default", "v2")
    file = tmp_path / "mine.json"
    file.write_text(shown.stdout)
    checked = finops(ROOT, "policy", "check", str(file), "--rules", "v2", "--json")
    assert json.loads(checked.stdout)["format"] == 2
    file.write_text(shown.stdout.replace('"spike_min_percent"', '"spike_min_procent"'))
    wrong = finops(ROOT, "policy", "check", str(file))
    assert wrong.returncode == 2
    assert "policy $.cost: unknown key 'spike_min_procent'" in wrong.stderr
    assert finops(ROOT, "policy", "check", str(tmp_path / "none.json")).returncode == 2
    v1 = tmp_path / "v1.json"
    v1.write_text(finops(ROOT, "policy", "show", "--default", "v1").stdout)
    refused = finops(ROOT, "policy", "check", str(v1), "--rules", "v2")
    assert (refused.returncode, "needs a policy of format 2" in refused.stderr) == (2, True)
