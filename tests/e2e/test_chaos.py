"""Everything goes wrong at once; larger, by hand: see `chaos`."""

from pathlib import Path

import pytest

from tests.e2e.chaos import Plan, run


@pytest.mark.parametrize("seed", [1, 2])
def test_after_chaos_a_redrive_brings_everything(tmp_path: Path, seed: int) -> None:
    """Audit clean, each event once, money and residues exact; a failure says how to repeat it."""
    result = run(Plan(400, 2, seed), tmp_path)
    print(result.table())
    assert not result.problems, result.table()
    assert result.kills >= 1
    assert result.struck
