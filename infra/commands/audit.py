"""`finops audit`: does the lake hold what was delivered, to the last event and digit?"""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

import click

from infra.auditing import run_audit
from infra.commands.options import counted, json_option, lake_options, money, print_json
from infra.wiring import open_platform
from transforms.audit import AuditReport, Gap
from transforms.evaluations import lookup


@click.command("audit")
@click.option("--evaluation", help="Whose rows; by default the active evaluation's.")
@click.option("--full", is_flag=True, help="Build on no earlier audit: read everything again.")
@click.option(
    "--flush/--no-flush",
    default=True,
    show_default=True,
    help="Let the stream deliver first; without, what buffers may hold is in flight.",
)
@json_option
@lake_options
def audit_command(
    evaluation: str | None, full: bool, flush: bool, as_json: bool, data_dir: Path
) -> None:
    """Prove from storage alone that nothing was lost.

    Decodes raw/ and errors/, reads processed/, and compares every event and every sum, delivery
    by delivery and day by day. Objects of raw/ never change, so what an earlier audit counted is
    not decoded again, and days of which nothing changed are not compared again; --full does both.
    Exit code 0: all accounted for; 1: the differences are named.

    The tables `audits` (a row an audit) and `audit_days` (a row a day of a delivery) keep the
    answer.

    \b
    Example:
      finops audit && echo "nothing is lost"
      finops audit --evaluation v2
      finops audit --full --json
    """
    with open_platform(data_dir, needs_data=True) as platform:
        if evaluation is not None:
            lookup(platform.store, evaluation)
        report = run_audit(platform, evaluation, full=full, flush=flush)
    if as_json:
        print_json({"clean": report.clean, **asdict(report)})
    else:
        print_verdict(report)
    if not report.clean:
        sys.exit(1)


def print_verdict(report: AuditReport) -> None:
    """Print an audit's verdict and what it rests on."""
    verdict = "clean" if report.clean else counted(len(report.gaps), "difference")
    click.echo(
        f"audit: {verdict}. raw/ holds {report.events:,} events in {report.raw_records:,} records "
        f"({_amounts(report.billed)} billed), "
        f"{counted(report.deliveries, 'delivery', 'deliveries')}"
    )
    if report.failed_records:
        click.echo(
            f"  {report.failed_records:,} records are in errors/, {report.failed_events:,} events "
            "only there; see: finops quarantine list"
        )
    if report.failed_events:
        click.echo("  put them back with: finops redrive")
    if report.in_flight or report.late:
        click.echo(f"  {report.in_flight:,} events are in flight, {report.late:,} are late")
    waiting = report.waiting
    if waiting.objects:
        click.echo(
            f"  {waiting.objects:,} objects of records wait in spool/records/; the next ingest "
            "sends them"
        )
    if waiting.ingests:
        click.echo(f"  {waiting.ingests:,} ingests were interrupted; run the same ones again")
    if report.raw_copies:
        click.echo(f"  {report.raw_copies:,} events were sent more than once; views count one")
    for doubled in report.doubled:
        click.echo(
            f"  doubled: delivery {doubled.delivery_id}, {doubled.charge_date}: {doubled.copies:,} "
            f"extra rows (views count one) in {', '.join(doubled.files)}"
        )
    for delivery_id in report.open_deliveries:
        click.echo(f"  open: delivery {delivery_id} was never completed; run its ingest again")
    print_gaps(report.gaps)


def print_gaps(gaps: Iterable[Gap]) -> None:
    """Print what the lake should hold and does not, a line each."""
    for gap in gaps:
        where = " ".join(filter(None, (gap.delivery_id, gap.billing_period, gap.charge_date)))
        amounts = f", {_amounts(gap.billed)} billed" if gap.billed else ""
        click.echo(f"  {gap.kind}: {where}: {gap.events:,} events{amounts}; {gap.detail}")


def _amounts(by_currency: Mapping[str, str]) -> str:
    return ", ".join(f"{money(v)} {c}" for c, v in by_currency.items()) or "nothing"
