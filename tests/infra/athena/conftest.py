"""Fixtures of the Athena tests: one lake with two days of items."""

from pathlib import Path

import pytest

from infra.local.athena import LocalAthena
from tests.infra.athena.lakes import ITEMS, ROWS, STATE, write_items


@pytest.fixture(scope="session")
def athena(tmp_path_factory: pytest.TempPathFactory) -> LocalAthena:
    """Return an engine over items 1 and 2 on 31 January and item 3 on 1 February 2026."""
    lake: Path = tmp_path_factory.mktemp("lake")
    write_items(lake, "2026-01-31", ROWS[:2])
    write_items(lake, "2026-02-01", ROWS[2:])
    (lake / STATE.prefix).mkdir()
    (lake / STATE.prefix / "a.json").write_text(
        '{"day": "2026-01-31", "events": 2}\n{"day": "2026-02-01", "unknown": 1}\n', "utf-8"
    )
    return LocalAthena(lake, (ITEMS, STATE), {})
