"""A compaction in a process of its own that kills itself at a step, as `kill -9` would."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from infra.compaction.compacting import compact
from infra.local.clock import ManualClock
from infra.wiring import Platform, open_platform
from transforms.compaction.job import Report, Selection, Step
from transforms.compaction.planning import Criteria

EAGER = Criteria(min_files=2)

# A fork server has imported everything once; each process of it starts in milliseconds.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.e2e.compacting", "infra.local.aws.clients"])


def compact_at(
    platform: Platform,
    moment: datetime,
    selection: Selection,
    reached: Callable[[Step], None] = lambda step: None,
) -> Report:
    """Compact as if it were another moment; objects are dated by the machine's clock."""
    platform = replace(platform, clock=ManualClock(moment))
    return compact(platform, selection, EAGER, reached=reached)


def compact_and_die(
    data_dir: Path, moment: datetime, selection: Selection, step: Step | None, nth: int = 1
) -> int | None:
    """Compact over the server that runs on a data directory; return the exit code.

    Args:
        data_dir: where the embedded AWS runs.
        moment: the moment it is.
        selection: which partitions.
        step: where the process kills itself; None lets it end.
        nth: at which time it gets there.
    """
    process = _CONTEXT.Process(target=_compact, args=(data_dir, moment, selection, step, nth))
    process.start()
    process.join(60)
    return process.exitcode


def _compact(
    data_dir: Path, moment: datetime, selection: Selection, step: Step | None, nth: int
) -> None:
    times = 0

    def reached(name: Step) -> None:
        nonlocal times
        times += name == step
        if name == step and times == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    with open_platform(data_dir) as platform:
        compact_at(platform, moment, selection, reached)
