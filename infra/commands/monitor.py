"""`finops monitor`: how the stack is, in one screen."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from infra.commands.options import json_option, lake_options, print_json
from infra.errors import UsageError
from infra.monitor.gather import gather
from infra.monitor.page import page
from infra.monitor.snapshot import Snapshot
from infra.wiring import Platform, open_platform

WATCH_SECONDS = 5.0


@click.command("monitor")
@click.option("--watch", is_flag=True, help="Look again every 5 seconds, until Ctrl-C.")
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
def monitor_command(watch: bool, target: str, stack: str, as_json: bool, data_dir: Path) -> None:
    """Show alarms, the stream, deliveries, errors, the spool and the last audit.

    Alarms come first, each with since when, why, and its entry in the runbook. Rates are of the
    last five minutes; success, throttling and freshness of the last hour; the backlog of a day.

    Exit code 0: no alarm is in ALARM; 1: one is; 2: it cannot be looked at.

    \b
    Example:
      finops monitor
      finops monitor --watch
      finops monitor --json --target aws --stack finops
    """
    if watch and as_json:
        raise UsageError("--watch is for people and --json for scripts; give one of them")
    with _platform(target, stack, data_dir) as (platform, evaluated):
        found = gather(platform, evaluated=evaluated)
        if as_json:
            print_json(document(found))
        elif watch:
            found = _watch(platform, evaluated, found)
        else:
            click.echo(page(found))
    if found.firing:
        sys.exit(1)


def document(found: Snapshot) -> dict[str, Any]:
    """Return a snapshot as JSON has it: times in ISO 8601, UTC."""
    plain: dict[str, Any] = _plain(asdict(found))
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value


def _watch(platform: Platform, evaluated: bool, found: Snapshot) -> Snapshot:
    """Show it until somebody has seen enough; return what was shown last."""
    from infra.local.clock import SystemClock

    try:
        while True:
            click.clear()
            click.echo(page(found))
            SystemClock().sleep(WATCH_SECONDS)
            found = gather(platform, evaluated=evaluated)
    except KeyboardInterrupt:
        click.echo()
        return found


@contextmanager
def _platform(target: str, stack: str, data_dir: Path) -> Iterator[tuple[Platform, bool]]:
    if target == "aws":
        from infra.aws_account import open_stack

        yield open_stack(stack), True
        return
    from infra.local.aws.lifecycle import status

    running = status(data_dir) is not None
    with open_platform(data_dir, needs_data=not running) as platform:
        yield platform, running
