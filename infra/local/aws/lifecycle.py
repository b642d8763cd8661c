"""A server that stays: run it until told to stop, ask whether it runs, tell it to stop."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from types import FrameType

from infra.local.aws.data_dir import ServerInfo, running_server
from infra.local.aws.server import LocalAws
from infra.local.clock import Clock

TICK_SECONDS = 1.0
STOP_SECONDS = 60.0
"""How long `down` waits; a large buffer takes a while to convert."""
_POLL_SECONDS = 0.1


def export_lines(aws: LocalAws) -> list[str]:
    """Return what a shell has to run so that every AWS client talks to this server."""
    return [f"export {name}={value}" for name, value in aws.environment.items()]


@contextmanager
def stop_signals() -> Iterator[Event]:
    """Turn SIGTERM and SIGINT into an event; begin before the server does, so that none is early.

    Example:
        with stop_signals() as stop, LocalAws(data_dir, clock=clock, random=random) as aws:
            aws.deploy(template)
            serve(aws, stop, on_problem=print)
    """
    stop = Event()

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        stop.set()

    before = {s: signal.signal(s, ask_to_stop) for s in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def serve(aws: LocalAws, stop: Event, *, on_problem: Callable[[Exception], None]) -> None:
    """Run schedules and buffers until asked to stop; closing the server then flushes.

    Args:
        aws: the server, deployed; on a system clock.
        stop: set to end.
        on_problem: told of what went wrong in a tick; the server goes on.
    """
    while not stop.wait(TICK_SECONDS):
        try:
            aws.tick()
        except Exception as error:  # one tick must not end the server; the next tries again
            on_problem(error)


def status(data_dir: Path) -> ServerInfo | None:
    """Return the server of a data directory, None when none runs."""
    return running_server(data_dir)


def stop(data_dir: Path, clock: Clock, *, seconds: float = STOP_SECONDS) -> bool:
    """Tell the server of a data directory to stop, and wait until it has let go of it.

    Args:
        data_dir: the data directory.
        clock: what to wait by.
        seconds: how long to wait.

    Returns:
        Whether no server has the directory any more.
    """
    server = running_server(data_dir)
    if server is None:
        return True
    try:
        os.kill(server.pid, signal.SIGTERM)
    except ProcessLookupError:
        return True
    for _ in range(round(seconds / _POLL_SECONDS)):
        if running_server(data_dir) is None:
            return True
        clock.sleep(_POLL_SECONDS)
    return False
