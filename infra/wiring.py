"""The composition root: puts the parts together for one place to run, and reads the environment."""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.athena.catalog import view_statements
from infra.errors import DataDirError, NoDataError, UsageError
from infra.local.aws.account import REGION
from infra.local.clock import Clock, ShiftedClock, SystemClock
from schemas.lake import EVALUATIONS, PROCESSED, QUARANTINE, RAW
from schemas.s3_store import S3Store
from schemas.tables import CHARGES_STORED
from transforms.athena_query import AthenaQuery
from transforms.context import FIRST_EVALUATION, Context, context_from, default_context
from transforms.evaluations import register_first

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from infra.local.aws.iam.access import Watch
    from infra.local.aws.server import LocalAws
    from producers.delivery import Delivery

DEFAULT_DATA_DIR = Path(".finops")
LOCAL_PAUSE_SECONDS = 0.005
"""Before the first look at a running query: on loopback nobody is charged for asking."""
LOCAL_LONGEST_PAUSE_SECONDS = 0.02
_STACK_FILE = "stack.json"


@dataclass(frozen=True, slots=True)
class Names:
    """What a deployed stack calls its parts; the template's outputs."""

    bucket: str
    stream: str
    database: str
    workgroup: str

    @classmethod
    def of(cls, outputs: Mapping[str, str]) -> Names:
        """Read them from the stack's outputs."""
        return cls(
            bucket=outputs["LakeBucket"],
            stream=outputs["StreamName"],
            database=outputs["DatabaseName"],
            workgroup=outputs["WorkGroupName"],
        )


@dataclass(frozen=True, slots=True)
class Platform:
    """A deployed stack as the commands use it, through AWS's own API.

    Attributes:
        names: what its parts are called.
        client: returns a boto3 client of a service.
        flush: lets the stream deliver what it has buffered, where that can be asked for.
        lake: where the lake lies, for people: a folder or an S3 address.
        clock: the time that people and jobs go by.
        first: the evaluation that the stack's parameters describe.
        region: where the stream is.
        put_client: returns a Firehose client that neither retries nor waits long by itself.
        next_interval: waits until the stream has delivered its partitions' buffers; by default a
            flush.
    """

    names: Names
    client: Callable[[str], Any]
    flush: Callable[[], None]
    lake: str
    clock: Clock = field(default_factory=SystemClock)
    first: Context = field(default_factory=default_context)
    region: str = REGION
    put_client: Callable[[], Any] | None = None
    next_interval: Callable[[], None] | None = None

    def now_micros(self) -> int:
        """Return the moment in microseconds since 1970 UTC."""
        since = self.clock.now() - datetime(1970, 1, 1, tzinfo=UTC)
        return since // timedelta(microseconds=1)

    @property
    def store(self) -> S3Store:
        """The lake's objects."""
        return S3Store(self.client("s3"), self.names.bucket)

    @property
    def query(self) -> AthenaQuery:
        """The lake in SQL."""
        names = self.names
        athena, s3 = self.client("athena"), self.client("s3")
        return AthenaQuery(
            *(athena, s3, names.database, names.workgroup, time.sleep),
            first_pause=LOCAL_PAUSE_SECONDS,
            longest_pause=LOCAL_LONGEST_PAUSE_SECONDS,
        )

    def delivery(self) -> Delivery:
        """Return the producers' way into the stream."""
        from producers.boto_transport import BotoTransport
        from producers.delivery import Delivery

        return Delivery(
            BotoTransport(self.client("firehose"), self.names.stream),
            sleep=time.sleep,
            jitter=random.Random(),
            next_interval=self.next_interval or self.flush,
        )

    def make_views(self) -> None:
        """Make the shipped views; making them again replaces them."""
        for statement in view_statements():
            self.query.execute(statement)

    def activate_first_evaluation(self) -> None:
        """Register the stack's evaluation and let the views show it, where nobody has yet."""
        register_first(self.store, self.first)


@contextmanager
def open_platform(
    data_dir: Path, *, needs_data: bool = False, views: bool = False
) -> Iterator[Platform]:
    """Open the embedded AWS of a data directory for one command.

    A server that runs there already (`finops local up`) is used; otherwise one is started in this
    process, the template is deployed into it, and what its stream has buffered is delivered before
    the command ends.

    Args:
        data_dir: where everything on disk lies.
        needs_data: refuse a lake that nothing was ever ingested into.
        views: whether the command asks views.

    Raises:
        DataDirError: the path is a file, or may not be written.
        NoDataError: `needs_data`, and nothing was ever ingested.
    """
    check_data_dir(data_dir, needs_data=needs_data)
    from infra.local.aws.data_dir import running_server

    running = running_server(data_dir)
    if running is not None:
        with connect(data_dir, running.endpoint_url) as platform:
            if views:
                # The other process may be a command that asks none, and so made none.
                platform.make_views()
            yield platform
        return
    with start(data_dir, views=views) as (_, platform):
        yield platform


@contextmanager
def connect(data_dir: Path, endpoint_url: str) -> Iterator[Platform]:
    """Use the embedded AWS that another process runs over a data directory.

    Raises:
        DataDirError: that server has not finished starting.
    """
    from infra.local.aws.clients import Clients
    from infra.local.aws.control_client import ask
    from infra.local.aws.server import CLOCK_PATH, FLUSH_PATH

    try:
        known = json.loads((data_dir / _STACK_FILE).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise DataDirError(f"{data_dir}: its server is still starting; try again") from error
    clients = Clients(endpoint_url)

    def flush() -> None:
        ask(endpoint_url, "POST", FLUSH_PATH)

    there = datetime.fromisoformat(ask(endpoint_url, "GET", CLOCK_PATH)["now"])
    try:
        names, first = Names(**known["names"]), context_from(known["first"])
        yield Platform(
            *(names, clients.client, flush, known["lake"]),
            clock=ShiftedClock(there - SystemClock().now()),
            first=first,
            put_client=clients.put_client,
        )
    finally:
        clients.close()


@contextmanager
def start(
    data_dir: Path,
    *,
    clock: Clock | None = None,
    parameters: Mapping[str, str] | None = None,
    template: Mapping[str, Any] | None = None,
    port: int = 0,
    views: bool = True,
    firehose: Sequence[str] = (),
    crash: Callable[[], None] | None = None,
    enforce_iam: bool = False,
    watch: Watch | None = None,
) -> Iterator[tuple[LocalAws, Platform]]:
    """Start the embedded AWS of a data directory in this process and deploy the template.

    Args:
        data_dir: where everything on disk lies.
        clock: the time its buffers and schedules go by; the machine's by default.
        parameters: values of the template's parameters.
        template: another template than ours, as it stands in its file.
        port: the port; 0 takes a free one.
        views: whether to make the views, which live in memory here.
        firehose: choices where nobody knows what Firehose does, as `NAME=VALUE`.
        crash: ends the process, where it may be asked to crash.
        enforce_iam: whether functions and services may do only what their roles allow.
        watch: told of every call that was judged for that.

    Raises:
        UsageError: there is no such choice.
    """
    from infra.aws.parts import check_parts
    from infra.aws.template import load_template, translate
    from infra.local.aws.server import LocalAws
    from infra.local.firehose.choices import parse_choices

    try:
        choices = parse_choices(firehose)
    except ValueError as error:
        raise UsageError(f"{error}; docs/reference/local-firehose.md lists them") from None

    given = {"Evaluations": ",".join(evaluations_in(data_dir)), **(parameters or {})}
    source = template or load_template()
    check_parts(source)
    clock = clock or SystemClock()
    with LocalAws(
        data_dir,
        clock=clock,
        random=random.Random(),
        port=port,
        choices=choices,
        crash=crash,
        enforce_iam=enforce_iam,
        watch=watch,
    ) as aws:
        stack = aws.deploy(translate(source, given), given)
        names = Names.of(stack.outputs)
        lake = str(aws.folder(names.bucket))
        first = _first(given)
        platform = Platform(
            *(names, aws.client, aws.flush, lake, clock, context_from(first)),
            put_client=aws.put_client,
        )
        # What a killed process had accepted and not delivered comes first.
        aws.flush()
        if views:
            platform.make_views()
        document = json.dumps({"names": asdict(names), "lake": platform.lake, "first": first})
        (data_dir / _STACK_FILE).write_text(document, "utf-8")
        try:
            yield aws, platform
        finally:
            # What the stream accepted is in the lake, whatever became of the rest.
            aws.flush()


def evaluations_in(data_dir: Path) -> list[str]:
    """Return the evaluations that a data directory's lake knows or has rows of, the first first.

    The tables live in memory and are made at each start; they must show every partition there is.
    """
    names = {p.stem for p in data_dir.glob(f"s3/*/{EVALUATIONS}*.json")}
    rows = data_dir.glob(f"s3/*/{CHARGES_STORED.prefix}evaluation=*")
    names |= {p.name.partition("=")[2] for p in rows}
    return [FIRST_EVALUATION, *sorted(names - {FIRST_EVALUATION})]


def _first(parameters: Mapping[str, str]) -> dict[str, str]:
    """Return what the template makes of its parameters in its functions' environment."""
    return {
        "FINOPS_EVALUATION": parameters["Evaluations"].partition(",")[0],
        "FINOPS_RULES": parameters.get("Rules", ""),
        "FINOPS_POLICY": parameters.get("Policy", ""),
    }


def check_data_dir(data_dir: Path, *, needs_data: bool = False) -> None:
    """Refuse a data directory that cannot be used, before anything is started.

    Raises:
        DataDirError: the path is a file, or may not be written.
        NoDataError: `needs_data`, and nothing was ever ingested.
    """
    if data_dir.exists() and not data_dir.is_dir():
        raise DataDirError(f"{data_dir}: is not a folder; choose another --data-dir")
    if needs_data and not _has_data(data_dir):
        raise NoDataError(f"no data yet in {data_dir}; run: finops ingest FILE")
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataDirError(
            f"{data_dir}: cannot be created ({error.strerror}); choose another --data-dir"
        ) from error
    if not os.access(data_dir, os.W_OK):
        raise DataDirError(f"{data_dir}: cannot be written; choose another --data-dir")


def _has_data(data_dir: Path) -> bool:
    """Look for a lake without starting anything; any bucket with our prefixes is one."""
    prefixes = (RAW, PROCESSED, QUARANTINE)
    return any(
        (bucket / prefix).is_dir() for bucket in data_dir.glob("s3/*") for prefix in prefixes
    ) or any(data_dir.glob("firehose/*/*.journal"))


def say(text: str) -> None:
    """Tell a person what long work is at; only where somebody looks."""
    if sys.stderr.isatty():
        sys.stderr.write(text)
        sys.stderr.flush()
