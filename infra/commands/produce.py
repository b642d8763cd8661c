"""`finops produce`: events into the stream, continuously."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import click

from infra.commands.options import (
    counted,
    json_option,
    lake_options,
    parse_settings,
    print_json,
)
from infra.commands.quantities import duration, rate, size
from infra.errors import UsageError
from infra.producing.folder import FolderWatch
from infra.producing.setup import (
    Simulated,
    default_name,
    is_folder,
    living_platform,
    open_stream,
    open_writer,
    quota,
)
from infra.wiring import Platform
from producers.decision import OnConflict
from producers.ingest import Ingest, Options
from producers.ingest_report import IngestReport
from producers.limits import BILLING_STEP_BYTES
from producers.sources import Source
from producers.writer import WriterReport, WriterSettings
from producers.writer.settings import CLOSE_SECONDS, DEADLINE_SECONDS, LINGER_SECONDS
from producers.writer.spool import MAX_BYTES

if TYPE_CHECKING:
    from infra.producing.pump import Pumped
    from producers.writer import DeliveryWriter

_POLL_SECONDS = 5.0


@click.command("produce")
@click.argument("source", metavar="simulator|-|FILE|FOLDER")
@click.option("--name", help="The producer's name; one at a time has it.  [default: the source's]")
@click.option("--rate", "a_second", type=rate, help="So many rows a second, or 600/min.")
@click.option("--events", type=click.IntRange(1), help="End after so many rows.")
@click.option("--once", is_flag=True, help="Take what is there now and end, instead of waiting.")
@click.option(
    "--set",
    "settings",
    metavar="COLUMN=VALUE",
    multiple=True,
    help="Fill a FOCUS column that lines or files lack.",
)
@click.option(
    "--linger",
    type=duration,
    default=f"{LINGER_SECONDS:.0f}s",
    show_default=True,
    help="How long an event waits for others: longer is cheaper.",
)
@click.option(
    "--batch",
    type=size,
    default="4MiB",
    show_default=True,
    help="So many bytes of events do not wait any longer.",
)
@click.option(
    "--close-every",
    type=duration,
    default=f"{CLOSE_SECONDS / 3_600:.0f}h",
    show_default=True,
    help="How often a delivery is closed, so that it can be audited.",
)
@click.option(
    "--deadline",
    type=duration,
    default=f"{DEADLINE_SECONDS:.0f}s",
    show_default=True,
    help="How long to send on after Ctrl-C or SIGTERM.",
)
@click.option(
    "--spool",
    type=click.Path(path_type=Path),
    help="Where events wait for the stream.  [default: producers/ in the data directory]",
)
@click.option(
    "--spool-limit",
    type=size,
    default=f"{MAX_BYTES // 2**30}GiB",
    show_default=True,
    help="How large the spool may grow; beyond it the source waits.",
)
@click.option(
    "--throughput", type=float, help="The stream's quota in MiB a second, where it was raised."
)
@click.option("--metrics-port", type=int, help="Serve /metrics (Prometheus) and /healthz here.")
@click.option("--metrics-host", default="127.0.0.1", show_default=True, help="On this address.")
@click.option("--emf", is_flag=True, help="Print a line of CloudWatch metrics (EMF) a minute.")
@click.option("--seed", default=1, show_default=True, help="Which simulated bill.")
@click.option(
    "--start",
    type=click.DateTime(["%Y-%m-%d"]),
    default="2026-09-01",
    show_default=True,
    help="The simulated bill's first day.",
)
@click.option("--days", default=31, show_default=True, help="What its events are spread over.")
@click.option("--replace", is_flag=True, help="FOLDER: a new file replaces what holds its scope.")
@click.option("--add", is_flag=True, help="FOLDER: a new file counts beside what holds its scope.")
@click.option(
    "--target",
    type=click.Choice(["local", "aws"]),
    default="local",
    show_default=True,
    help="The embedded AWS of the data directory, or the account of your AWS credentials.",
)
@click.option("--stack", default="finops", show_default=True, help="The stack, for --target aws.")
@json_option
@lake_options
def produce_command(
    source: str,
    name: str | None,
    settings: tuple[str, ...],
    spool: Path | None,
    target: str,
    stack: str,
    as_json: bool,
    data_dir: Path,
    **given: Any,
) -> None:
    """Send cost events into the stream as they come, and lose none.

    \b
    What they come from:
      simulator   a simulated bill, hour after hour, at --rate
      -           standard input, one FOCUS-shaped JSON object a line
      FILE        the same from a file that is appended to, followed through rotations
      FOLDER      exports (CSV, Parquet, CUR with manifests) that drop into it

    An event is acknowledged when it is on disk in the spool, and sent from there; what the stream
    does not take waits, also over a crash, and goes first. Ctrl-C and SIGTERM send on for the
    deadline and say what happened. Lines that cannot be events go to quarantine.

    Exit code 0: everything was accepted; 1: some of it waits in the spool, or a file was refused.

    \b
    Example:
      finops produce simulator --rate 100 --events 1000
      my-billing-tool | finops produce - --set BillingCurrency=USD
      finops produce /var/log/costs.ndjson --name costs --target aws --stack finops
      finops produce exports/ --once
    """
    filled = parse_settings(settings)
    folder = is_folder(source)
    _check(source, folder, given)
    name = name or default_name(source)
    from infra.local.aws.lifecycle import stop_signals

    with stop_signals() as stop, _platform(target, stack, data_dir) as platform:
        if folder:
            code = _watch(platform, Path(source), filled, stop, given, target, as_json)
        else:
            bill = Simulated(given["seed"], given["start"].date(), given["days"])
            stream = open_stream(source, filled, bill, _note)
            writer_settings = WriterSettings(
                linger=given["linger"],
                batch_bytes=given["batch"],
                close_every=given["close_every"],
                quota=quota(platform.region, given["throughput"]),
                deadline=given["deadline"],
            )
            where = spool or data_dir / "producers"
            writer = open_writer(
                platform, stream, name, where, writer_settings, given["spool_limit"]
            )
            code = _produce(platform, stream, writer, stop, given, target, as_json)
    sys.exit(code)


def _check(source: str, folder: bool, given: dict[str, Any]) -> None:
    """Refuse what does not go together.

    Raises:
        UsageError: naming it.
    """
    if given["replace"] and given["add"]:
        raise UsageError("--replace and --add exclude each other; say one of them")
    if not folder and (given["replace"] or given["add"]):
        raise UsageError("--replace and --add are for a folder of exports; lines are always added")
    if folder:
        named = ("a_second", "events", "metrics_port", "emf", "throughput")
        for option in named:
            if given[option]:
                said = "--rate" if option == "a_second" else f"--{option.replace('_', '-')}"
                raise UsageError(
                    f"{said} is for lines and the simulator; what became of the exports of a "
                    "folder tells: finops deliveries"
                )
    if given["once"] and source in ("simulator", "-"):
        raise UsageError("--once is for a file or a folder; end a simulation with --events")


@contextmanager
def _platform(target: str, stack: str, data_dir: Path) -> Iterator[Platform]:
    if target == "aws":
        from infra.aws_account import open_stack

        yield open_stack(stack)
        return
    with living_platform(data_dir, _note) as platform:
        platform.activate_first_evaluation()
        yield platform


def _produce(
    platform: Platform,
    stream: Any,
    writer: "DeliveryWriter",
    stop: Event,
    given: dict[str, Any],
    target: str,
    as_json: bool,
) -> int:
    from infra.producing.live import Live
    from infra.producing.pump import Pumped, Rate, pump

    clock = platform.clock
    live = Live(writer, clock.monotonic, _emf(writer.name, platform) if given["emf"] else _nothing)
    pumped = Pumped()
    try:
        with _metrics(writer, given):
            _greet(writer, stream.name, platform)
            until = _UntilIdle(stream) if given["once"] else stream
            keep = Rate(given["a_second"], clock.monotonic, stop.wait)
            pumped = pump(until, writer, stop, rate=keep, most=given["events"], look=live)
            live.clear()
            if stop.is_set():
                _note(f"told to stop; sending on for at most {given['deadline']:g} s ...")
    finally:
        live.clear()
        writer.close()
    report = writer.report()
    if target == "local":
        _deliver_and_settle(platform)
    _say(pumped, report, writer, as_json)
    return 1 if report.waiting_records or report.pending else 0


class _UntilIdle:
    """A stream that ends where it has nothing for now."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def items(self, position: Any) -> Iterator[Any]:
        """Yield what is there."""
        for item in self._stream.items(position):
            if item is None:
                return
            yield item


def _nothing(report: WriterReport) -> None:
    """Print no metrics."""


def _emf(name: str, platform: Platform) -> Callable[[WriterReport], None]:
    from infra.producing.emf import EmfLines

    lines = EmfLines(name, lambda: platform.now_micros() // 1_000)
    return lambda report: click.echo(lines(report))


def _metrics(writer: "DeliveryWriter", given: dict[str, Any]) -> AbstractContextManager[Any]:
    if given["metrics_port"] is None:
        return nullcontext()
    from infra.producing.metrics import MetricsServer

    return MetricsServer(
        given["metrics_port"], writer.report, host=given["metrics_host"], name=writer.name
    )


def _deliver_and_settle(platform: Platform) -> None:
    """Let the embedded stream deliver, and write down what is the truth, as AWS's schedules do."""
    from transforms.settle import settle

    platform.flush()
    settle(platform.query, platform.store, platform.clock.now())


def _greet(writer: "DeliveryWriter", source: str, platform: Platform) -> None:
    report = writer.report()
    stream = platform.names.stream
    _note(f"producing from {source} as {writer.name!r} into stream {stream}; Ctrl-C ends it")
    if report.waiting_events:
        waits = counted(report.waiting_events, "event")
        _note(f"{waits} of an earlier run wait in the spool and go first")
    if report.cut_bytes:
        _note(f"an earlier run died while it wrote: {report.cut_bytes:,} bytes, none of them "
              "acknowledged, were cut off")  # fmt: skip
    if report.damaged_bytes:
        _note(f"{report.damaged_bytes:,} bytes of the spool are damaged and cannot be sent; they "
              "are kept in its folder damaged/: put those events again")  # fmt: skip


def _say(pumped: "Pumped", report: WriterReport, writer: "DeliveryWriter", as_json: bool) -> None:
    sent = report.sent
    if as_json:
        print_json({"producer": writer.name, "rows": pumped.rows, "ended": pumped.ended,
                    **asdict(report)})  # fmt: skip
        return
    rejected = f", {report.rejected:,} rejected, in quarantine" if report.rejected else ""
    click.echo(f"{counted(pumped.rows, 'row')} read{rejected}; "
               f"{counted(report.acknowledged, 'event')} acknowledged")  # fmt: skip
    if sent.events:
        each = sent.billed_bytes / sent.events
        click.echo(
            f"{counted(sent.events, 'event')} accepted in {counted(sent.records, 'record')}; "
            f"{sent.billed_bytes:,} bytes billed, {each:,.0f} an event where one JSON event a "
            f"record costs at least {BILLING_STEP_BYTES:,}"
        )
    if sent.retried:
        click.echo(f"{counted(sent.retried, 'record')} sent again, {sent.unknown:,} of them "
                   "because it was not known whether they had arrived")  # fmt: skip
    if report.waiting_records:
        click.echo(
            f"{counted(report.waiting_events, 'event')} in "
            f"{counted(report.waiting_records, 'record')} wait in the spool, safe; the next run of "
            f"this producer sends them first ({report.problem or 'the deadline was over'})"
        )


def _watch(
    platform: Platform,
    folder: Path,
    settings: dict[str, str],
    stop: Event,
    given: dict[str, Any],
    target: str,
    as_json: bool,
) -> int:
    from infra.ingesting import Request, open_sources
    from producers.identity import ingest_id
    from producers.spool import StoreSpool

    conflict = (OnConflict.REPLACE if given["replace"]
                else OnConflict.ADD if given["add"] else OnConflict.REFUSE)  # fmt: skip
    options = Options(on_conflict=conflict)
    documents: list[dict[str, Any]] = []

    def ingest(source: Source) -> IngestReport:
        spool = StoreSpool(platform.store, ingest_id(source))
        work = Ingest(source, platform.delivery(), platform.store, spool, platform.now_micros,
                      options=options)  # fmt: skip
        report = work.run()
        assert report is not None, "without limits an ingest ends"
        if target == "local":
            _deliver_and_settle(platform)
        return report

    def sources(path: Path) -> list[Source]:
        request = Request(str(path), settings=settings or None)
        return open_sources(request, lambda: platform.client("s3"))

    def said(path: Path, what: IngestReport | str) -> None:
        if isinstance(what, str):
            documents.append({"path": str(path), "error": what})
            click.echo(f"finops: {what}", err=True)
            return
        documents.append({"path": str(path), **_document(what)})
        if not as_json:
            click.echo(f"{path.name}: {_outcome(what)}")

    _note(f"watching {folder} for exports; Ctrl-C ends it")
    watch = FolderWatch(folder, sources, ingest, said)
    watch.run(stop, min(_POLL_SECONDS, 0.5) if given["once"] else _POLL_SECONDS,
              once=given["once"])  # fmt: skip
    if as_json:
        print_json(documents)
    else:
        click.echo(f"{counted(watch.delivered, 'export')} taken, {len(watch.failed):,} refused")
    return 1 if watch.failed else 0


def _outcome(report: IngestReport) -> str:
    if report.nothing_new:
        return f"{counted(report.rows, 'row')}, nothing new"
    rejected = sum(group["rows"] for scope in report.scopes for group in scope.rejected)
    aside = f", {rejected:,} in quarantine" if rejected else ""
    return f"{counted(report.rows, 'row')}, {counted(report.sent.events, 'event')} sent{aside}"


def _document(report: IngestReport) -> dict[str, Any]:
    return {
        "rows": report.rows,
        "nothing_new": report.nothing_new,
        "deliveries": [scope.delivery_id for scope in report.scopes],
        "rejected": sum(group["rows"] for scope in report.scopes for group in scope.rejected),
        "sent": asdict(report.sent),
    }


def _note(text: str) -> None:
    click.echo(text, err=True)
