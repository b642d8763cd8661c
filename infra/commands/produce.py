"""`finops produce`: events into the stream, continuously."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from infra.commands.options import json_option, lake_options, parse_settings
from infra.commands.produce_folder import produce_folder
from infra.commands.produce_lines import produce_lines
from infra.commands.quantities import duration, rate, size
from infra.errors import UsageError
from infra.producing.setup import (
    PIPE,
    SIMULATOR,
    Simulated,
    default_name,
    is_folder,
    living_platform,
    note,
    open_stream,
    open_writer,
    quota,
)
from infra.wiring import Platform
from producers.writer import WriterSettings
from producers.writer.settings import CLOSE_SECONDS, DEADLINE_SECONDS, LINGER_SECONDS
from producers.writer.spool import MAX_BYTES
from producers.writer.writer import checked_name


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
    # What is wrong with the command is told before anything is started.
    name = checked_name(name or default_name(source))
    bill = Simulated(given["seed"], given["start"].date(), given["days"])
    stream = None if folder else open_stream(source, filled, bill, note)
    from infra.local.aws.lifecycle import stop_signals

    with stop_signals() as stop, _platform(target, stack, data_dir) as platform:
        if stream is None:
            code = produce_folder(platform, Path(source), filled, stop, given, target, as_json)
        else:
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
            code = produce_lines(platform, stream, writer, stop, given, target, as_json)
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
    if given["once"] and source in (SIMULATOR, PIPE):
        raise UsageError("--once is for a file or a folder; end a simulation with --events")
    if given["once"] and not Path(source).exists():
        raise UsageError(f"{source}: no such file or folder; check the path")


@contextmanager
def _platform(target: str, stack: str, data_dir: Path) -> Iterator[Platform]:
    if target == "aws":
        from infra.aws_account import open_stack

        yield open_stack(stack)
        return
    with living_platform(data_dir, note) as platform:
        platform.activate_first_evaluation()
        yield platform
