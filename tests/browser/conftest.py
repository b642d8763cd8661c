"""A headless Chromium for these tests, and the rule that only a named run collects them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.chromium import Chromium

FOLDER = Path(__file__).parent


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the folder out unless the command line names it: it needs a browser."""
    named = (Path(config.invocation_params.dir, arg.split("::")[0]) for arg in config.args)
    asked = any(FOLDER in (path.resolve(), *path.resolve().parents) for path in named)
    return None if asked else True


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """Start the browser once."""
    with Chromium.started(tmp_path_factory.mktemp("profile")) as browser:
        yield browser
