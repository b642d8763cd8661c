"""A server in a process of its own, for the tests to kill: `python -m … DATA_DIR`."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from infra.local.aws.lifecycle import serve, stop_signals
from infra.local.aws.server import LocalAws
from infra.local.clock import SystemClock

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Served:
    """A running server process."""

    process: subprocess.Popen[str]
    endpoint_url: str


@contextmanager
def served(data_dir: Path) -> Iterator[Served]:
    """Start a server process, wait until it serves, and end it at last, if it has not ended."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.infra.local_aws.serving", str(data_dir)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout is not None
    with process:
        try:
            yield Served(process, process.stdout.readline().strip())
        finally:
            process.kill()


def crash() -> None:
    """End this process as `kill -9` does."""
    os.kill(os.getpid(), signal.SIGKILL)


def main(data_dir: Path) -> None:
    """Serve until told to stop."""
    with (
        stop_signals() as stop,
        LocalAws(data_dir, clock=SystemClock(), random=Random(1), crash=crash) as aws,
    ):
        print(aws.endpoint_url, flush=True)
        serve(aws, stop, on_problem=print)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
