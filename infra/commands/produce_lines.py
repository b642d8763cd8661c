"""`finops produce` of lines and of the simulated bill: events, one after the other."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from threading import Event
from typing import Any

import click

from infra.commands.options import counted, print_json
from infra.producing.live import Live
from infra.producing.pump import Pumped, Rate, pump
from infra.producing.setup import deliver_and_settle, note
from infra.wiring import Platform
from producers.limits import BILLING_STEP_BYTES
from producers.streams import Stream
from producers.writer import DeliveryWriter, WriterReport


def produce_lines(
    platform: Platform,
    stream: Stream,
    writer: DeliveryWriter,
    stop: Event,
    given: dict[str, Any],
    target: str,
    as_json: bool,
) -> int:
    """Pump a stream into a writer until it ends; return the exit code.

    Args:
        platform: where to.
        stream: where from.
        writer: opened on the platform's stream; closed here.
        stop: set to end.
        given: the command's options.
        target: `local` or `aws`.
        as_json: print the report as JSON.

    Raises:
        SourceError: the stream cannot be read; what was read before is safe.
        SpoolFullError: what was read last is not safe.
    """
    clock = platform.clock
    metrics = _emf(writer.name, platform) if given["emf"] else _nothing
    live = Live(writer, clock.monotonic, metrics)
    pumped = Pumped()
    with _metrics(writer, given):
        try:
            _greet(writer, stream.name, platform)
            keep = Rate(given["a_second"], clock.monotonic, stop.wait)
            pumped = pump(
                *(stream, writer, stop),
                rate=keep,
                most=given["events"],
                waits=not given["once"],
                look=live,
            )
            live.clear()
            if stop.is_set():
                note(f"told to stop; sending on for at most {given['deadline']:g} s ...")
        finally:
            live.clear()
            writer.close()
    report = writer.report()
    metrics(report)
    if target == "local":
        deliver_and_settle(platform)
    _say(pumped, report, writer, as_json)
    return 1 if report.waiting_records or report.pending else 0


def _nothing(report: WriterReport) -> None:
    """Print no metrics."""


def _emf(name: str, platform: Platform) -> Callable[[WriterReport], None]:
    from infra.producing.emf import EmfLines

    lines = EmfLines(name, lambda: platform.now_micros() // 1_000)
    return lambda report: click.echo(lines(report))


def _metrics(writer: DeliveryWriter, given: dict[str, Any]) -> AbstractContextManager[Any]:
    if given["metrics_port"] is None:
        return nullcontext()
    from infra.producing.metrics import MetricsServer

    return MetricsServer(
        given["metrics_port"], writer.report, host=given["metrics_host"], name=writer.name
    )


def _greet(writer: DeliveryWriter, source: str, platform: Platform) -> None:
    report = writer.report()
    stream = platform.names.stream
    note(f"producing from {source} as {writer.name!r} into stream {stream}; Ctrl-C ends it")
    if report.waiting_events:
        waits = counted(report.waiting_events, "event")
        note(f"{waits} of an earlier run wait in the spool and go first")
    if report.cut_bytes:
        note(f"an earlier run died while it wrote: {report.cut_bytes:,} bytes, none of them "
              "acknowledged, were cut off")  # fmt: skip
    if report.damaged_bytes:
        note(f"{report.damaged_bytes:,} bytes of the spool are damaged and cannot be sent; they "
              "are kept in its folder damaged/: put those events again")  # fmt: skip


def _say(pumped: Pumped, report: WriterReport, writer: DeliveryWriter, as_json: bool) -> None:
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
