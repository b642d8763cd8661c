"""A lake of its own for each test, and the command line as a function."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.cli import run
from infra.wiring import LocalPlatform


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, read as JSON."""
        return json.loads(self.out)


Finops = Callable[..., Answer]


@pytest.fixture
def platform(tmp_path: Path) -> LocalPlatform:
    """An empty lake."""
    return LocalPlatform.at(tmp_path / "finops")


@pytest.fixture
def finops(platform: LocalPlatform, capsys: pytest.CaptureFixture[str]) -> Finops:
    """Run `finops …` in this process over the test's lake."""

    def command(*arguments: str) -> Answer:
        code = run([*arguments, "--data-dir", str(platform.data_dir)])
        said = capsys.readouterr()
        return Answer(code, said.out, said.err)

    return command
