"""The operator's story is run as it stands: docs/how-to/operators-story.md."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.rehearsal import Rehearsal, rehearsal

ROOT = Path(__file__).parents[2]
STORY = ROOT / "docs" / "how-to" / "operators-story.md"


def steps() -> Iterator[tuple[str, list[str]]]:
    """Yield what stands after each `$` or `#`, with the lines that are shown below it."""
    blocks = re.findall(r"```console\n(.*?)```", STORY.read_text("utf-8"), re.S)
    step, shown = "", list[str]()
    for line in "".join(blocks).splitlines():
        if line.startswith(("$ ", "# ")):
            if step:
                yield step, shown
            step, shown = line, []
        else:
            shown.append(line)
    yield step, shown


def check(step: str, shown: list[str], printed: str) -> None:
    """Every line that is shown was printed, in this order; `...` stands for any text or lines."""
    left = iter(printed.splitlines())
    for line in shown:
        if line == "...":
            continue
        pattern = re.escape(line.rstrip()).replace(re.escape("..."), ".*")
        found = any(re.fullmatch(pattern, candidate.rstrip()) for candidate in left)
        assert found, f"{step} does not print {line!r}, but:\n{printed}"


def do(on: Rehearsal, step: str, code: int) -> tuple[int, str]:
    """Do one step; return the exit code of the last command and what was printed."""
    if match := re.fullmatch(r"# (\d+) minutes later", step):
        on.wait(int(match[1]))
        return code, ""
    if step == "$ echo $?":
        return code, f"{code}\n"
    program, *arguments = shlex.split(step.removeprefix("$ "))
    assert program == "finops", step
    return on.finops(*arguments)


def test_the_story_happens_as_it_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each command prints what the page shows, and no step is left out."""
    monkeypatch.chdir(ROOT)
    told = list(steps())
    assert len(told) >= 10
    code = 0
    with rehearsal(tmp_path, capsys) as on:
        on.aws.tick()
        for step, shown in told:
            code, printed = do(on, step, code)
            check(step, shown, printed)
        assert code == 0
