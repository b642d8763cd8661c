"""`finops redrive`: what failed in the stream goes back to it, when the cause is repaired."""

import random
import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from infra.commands.options import (
    counted,
    json_option,
    lake_options,
    money,
    print_json,
    print_table,
)
from infra.errors import UsageError
from infra.redriving import Chosen, Redrive, Report
from infra.wiring import Platform, open_platform
from producers.boto_transport import BotoTransport
from producers.sending import Sender
from transforms.evaluations import load_context
from transforms.settle import settle
from transforms.state import active_evaluation


@click.command("redrive")
@click.option(
    "--type",
    "kind",
    type=click.Choice(["processing", "conversion", "partitioning"]),
    help="Only what failed in this step.",
)
@click.option("--since", help="Only what arrived from then on: YYYY-MM-DD or ISO 8601, UTC.")
@click.option("--delivery", help="Only this delivery: its id, or the beginning of it.")
@click.option("--poison", "poison_too", is_flag=True, help="Put back what has had its rounds, too.")
@click.option("--dry-run", is_flag=True, help="Tell what would be put back, and change nothing.")
@json_option
@lake_options
def redrive_command(
    kind: str | None,
    since: str | None,
    delivery: str | None,
    poison_too: bool,
    dry_run: bool,
    as_json: bool,
    data_dir: Path,
) -> None:
    """Put failed records back into the stream: after a rule, a policy or a schema was repaired.

    Reads errors/, takes the originals, and sends exactly the events that have not arrived since.
    A record whose answer was too large goes in several; ids stay the same, so no view counts an
    event twice. Each line is put back once; what fails again is a new line, and after three rounds
    it is poison and listed. Exit code 1: something stays behind, and what to do is said.

    \b
    Example:
      finops redrive --dry-run
      finops redrive && finops audit
      finops redrive --type conversion --since 2026-11-01
    """
    chosen = Chosen(kind, None if since is None else _moment(since), delivery)
    with open_platform(data_dir, needs_data=True) as platform:
        report = redrive(platform, chosen, dry_run=dry_run, poison_too=poison_too)
    if as_json:
        print_json({"clean": report.clean, **asdict(report)})
    else:
        _print(report, dry_run)
    if not report.clean:
        sys.exit(1)


def redrive(
    platform: Platform, chosen: Chosen, *, dry_run: bool = False, poison_too: bool = False
) -> Report:
    """Redrive on a platform, let the stream deliver, and settle.

    Raises:
        FinopsError: the active evaluation cannot be loaded, and everything would fail again; or
            the stream refuses records for good.
    """
    platform.activate_first_evaluation()
    store = platform.store
    # What failed a moment ago may not be in errors/ yet.
    platform.flush()
    job = Redrive(
        store,
        platform.query,
        load_context(store, active_evaluation(store)),
        Sender(
            BotoTransport(platform.client("firehose"), platform.names.stream),
            time.sleep,
            random.Random(),
        ),
        platform.clock.now,
        platform.flush,
    )
    report = job.run(chosen, dry_run=dry_run, poison_too=poison_too)
    if not dry_run:
        platform.flush()
        settle(platform.query, store, platform.clock.now())
    return report


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"--since {text!r} is no moment; write YYYY-MM-DD") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _print(report: Report, dry_run: bool) -> None:
    if not (report.lines or report.marked):
        click.echo("nothing has failed")
        return
    would = "would put back" if dry_run else "put back"
    click.echo(
        f"{would} {counted(report.put_events, 'event')} of "
        f"{counted(report.put_lines, 'failed record')}"
        + ("" if dry_run else f" in {counted(report.put_records, 'record')}")
    )
    for number, lines in report.rounds.items():
        if number != "1":
            click.echo(f"  {counted(lines, 'record')} in round {number}")
    if report.split_lines:
        click.echo(f"  {counted(report.split_lines, 'record')} packed anew")
    if report.there:
        click.echo(f"  {counted(report.there, 'record')} had arrived otherwise")
    if report.covered:
        click.echo(f"  {counted(report.covered, 'record')} told of a failure already put back")
    if report.marked:
        click.echo(f"  {counted(report.marked, 'record')} earlier redrives had dealt with")
    if report.left:
        click.echo(
            f"  {counted(report.left, 'record')} not accepted ({report.error}); run it again"
        )
    if report.poison:
        click.echo(f"{counted(len(report.poison), 'record')} not put back:")
        print_table(
            ("id", "type", "reason", "delivery", "day", "events", "billed", "rounds", "next"),
            [
                (
                    p.id,
                    p.type,
                    p.reason,
                    p.delivery_id[:12],
                    p.charge_date,
                    p.events,
                    ", ".join(f"{money(value)} {c}" for c, value in p.billed.items()),
                    p.rounds,
                    p.next,
                )
                for p in report.poison
            ],
            right=("events", "rounds"),
        )
    if report.put_lines and not dry_run:
        click.echo("next: finops audit")
