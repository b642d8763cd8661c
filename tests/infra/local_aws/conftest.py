"""Fixtures of the embedded AWS: a server of one's own, over an empty data directory."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from infra.local.aws.server import LocalAws
from infra.local.clock import ManualClock

START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def open_aws(data_dir: Path) -> LocalAws:
    """Return a server over a data directory, on a clock that stands at `START`."""
    return LocalAws(data_dir, clock=ManualClock(START), random=Random(7))


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[LocalAws]:
    """Start a server."""
    with open_aws(tmp_path / "data") as server:
        yield server
