"""What `finops produce` was asked for, checked and put together."""

import random
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from threading import Event, Thread

import click

from infra.errors import UsageError
from infra.producing.keeper import LakeKeeper
from infra.wiring import Platform, check_data_dir, connect, start
from producers.boto_transport import BotoTransport
from producers.limits import PACE, Quota, quota_of
from producers.sources.focus import check_settings
from producers.sources.focus_object import FocusObjects
from producers.sources.simulator import Simulator
from producers.streams import Stream
from producers.streams.followed import FollowedFile
from producers.streams.pipe import PipedLines
from producers.streams.simulated import SimulatedStream
from producers.writer import DeliveryWriter, WriterSettings

SIMULATOR = "simulator"
PIPE = "-"
_MIB = 1024 * 1024
_NOT_IN_NAMES = re.compile(r"[^a-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Simulated:
    """Which simulated bill."""

    seed: int
    start: date
    days: int


def is_folder(source: str) -> bool:
    """Tell whether a source is a folder that exports drop into."""
    return source not in (SIMULATOR, PIPE) and Path(source).is_dir()


def default_name(source: str) -> str:
    """Return the name of a producer whose name nobody gave."""
    if source == SIMULATOR:
        return SIMULATOR
    if source == PIPE:
        return "stdin"
    return _NOT_IN_NAMES.sub("-", Path(source).stem.lower()).strip("-._") or "file"


def open_stream(
    source: str, settings: Mapping[str, str], simulated: Simulated, note: Callable[[str], None]
) -> Stream:
    """Return the stream of a source.

    Args:
        source: `simulator`, `-`, or a file to follow.
        settings: values for FOCUS columns that lines lack.
        simulated: which bill, for the simulator.
        note: told of what a person should know.

    Raises:
        SourceError: a setting names no FOCUS column, or the simulation is too short.
        UsageError: settings for the simulator.
    """
    if source == SIMULATOR:
        if settings:
            raise UsageError("--set is for lines of JSON; the simulated bill has every column")
        return SimulatedStream(Simulator(simulated.seed, simulated.start, simulated.days))
    checked = check_settings(settings)
    if source == PIPE:
        return PipedLines(0, "standard input", FocusObjects("standard input", checked))
    path = Path(source)
    return FollowedFile(path, FocusObjects(path.name, checked), note)


def quota(region: str, throughput: float | None) -> Quota:
    """Return what a producer may send in a second, below the stream's quota.

    Args:
        region: where the stream is.
        throughput: the stream's quota in MiB a second, where it was raised; the number of records
            and of requests was raised with it.
    """
    base = quota_of(region)
    raised = 1.0 if throughput is None else throughput * _MIB / base.bytes
    return base.times(raised * PACE)


def open_writer(
    platform: Platform,
    stream: Stream,
    name: str,
    spool: Path,
    settings: WriterSettings,
    max_spool_bytes: int,
) -> DeliveryWriter:
    """Return a writer into a platform's stream.

    Raises:
        SpoolError: another process has the name, or the spool cannot be written.
    """
    client = platform.put_client() if platform.put_client else platform.client("firehose")
    return DeliveryWriter(
        name,
        BotoTransport(client, platform.names.stream),
        spool,
        settings,
        kind=stream.kind,
        mapper_version=stream.mapper_version,
        keeper=LakeKeeper(platform.store, platform.now_micros),
        max_spool_bytes=max_spool_bytes,
        now=platform.now_micros,
        monotonic=platform.clock.monotonic,
        chance=random.Random(),
    )


@contextmanager
def living_platform(data_dir: Path, note: Callable[[str], None]) -> Iterator[Platform]:
    """Open the embedded AWS for a command that stays: its buffers and schedules go on meanwhile.

    Raises:
        DataDirError: the path is a file, or may not be written.
    """
    check_data_dir(data_dir)
    from infra.local.aws.data_dir import running_server
    from infra.local.aws.lifecycle import serve

    running = running_server(data_dir)
    if running is not None:
        with connect(data_dir, running.endpoint_url) as platform:
            yield platform
        return
    ended = Event()
    with start(data_dir) as (aws, platform):
        ticking = Thread(
            target=serve,
            args=(aws, ended),
            kwargs={"on_problem": lambda error: note(str(error))},
            name="embedded-aws",
            daemon=True,
        )
        ticking.start()
        try:
            yield platform
        finally:
            ended.set()
            ticking.join()


def deliver_and_settle(platform: Platform) -> None:
    """Let the embedded stream deliver, and write down what is the truth, as AWS's schedules do."""
    from transforms.settle import settle

    platform.flush()
    settle(platform.query, platform.store, platform.clock.now())


def note(text: str) -> None:
    """Tell a person something, beside what the command answers."""
    click.echo(text, err=True)
