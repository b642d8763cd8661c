"""The rule that only a named run collects these tests: they need the validator's environment."""

from pathlib import Path

import pytest

FOLDER = Path(__file__).parent


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the folder out unless the command line names it."""
    named = (Path(config.invocation_params.dir, arg.split("::")[0]) for arg in config.args)
    asked = any(FOLDER in (path.resolve(), *path.resolve().parents) for path in named)
    return None if asked else True
