"""A continuous producer dies by kill -9 wherever it may; larger, by hand: see `kill_run`."""

from pathlib import Path

import pytest

from infra.wiring import start
from tests.producers.writer.kill_run import Plan, run


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_producer_that_is_killed_again_and_again_loses_nothing(tmp_path: Path, seed: int) -> None:
    """Twelve deaths in every window; then each event counts once, and the money is exact."""
    with start(tmp_path / "finops") as (aws, platform):
        result = run(Plan(2_000, 12, seed), tmp_path / "producer", aws, platform)
    print(result.table())
    assert not result.problems, result.table()
    assert result.evidence.twice
    assert result.copies
