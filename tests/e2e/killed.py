"""An ingest in a process of its own that kills itself at a step, as `kill -9` would."""

import multiprocessing
import os
import signal
from pathlib import Path

from infra.ingesting import Request, open_sources, run_ingest
from infra.wiring import open_platform
from producers.checkpoint import Step
from tests.sources import no_s3

STEPS = (
    *(Step.READ, "safe-point", Step.DECIDE, Step.SEND, "sent-chunk", Step.QUARANTINE),
    *(Step.CLAIM, Step.COMPLETE, Step.RECEIPT, Step.CLEAR, "deliver", "settle"),
)
"""Every point an ingest names: it dies at the beginning of the step, or after a part of it."""

# A fork server has imported everything once; each process of it starts in milliseconds.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.e2e.killed", "infra.local.aws.clients"])


def ingest_and_die(data_dir: Path, location: Path, step: str | None) -> int | None:
    """Ingest over the server that runs on a data directory; return the exit code.

    Args:
        data_dir: where the embedded AWS runs.
        location: what to ingest.
        step: where the process kills itself; None lets it end.
    """
    process = _CONTEXT.Process(target=_ingest, args=(data_dir, location, step))
    process.start()
    process.join(60)
    return process.exitcode


def _ingest(data_dir: Path, location: Path, step: str | None) -> None:
    def reached(name: str) -> None:
        if name == step:
            os.kill(os.getpid(), signal.SIGKILL)

    (source,) = open_sources(Request(str(location)), no_s3)
    with open_platform(data_dir) as platform:
        run_ingest(platform, source, reached=reached)
