"""`finops ingest` and `finops settle`: bring a source into the lake and make it the truth."""

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from infra.commands.options import counted, json_option, lake_options, print_json, print_table
from infra.errors import UsageError
from infra.wiring import Platform, open_platform, say
from producers.ingest import Completed, Ingest, IngestReport
from producers.sources import Source
from producers.sources.focus import FocusFile
from transforms.deliveries import read_assertions
from transforms.settle import SettleReport, settle
from transforms.state import read_current

SOURCES = {"focus": FocusFile}

NOTES = {
    "category-case": "categories in FOCUS's spelling (Usage-based -> Usage-Based)",
    "null-text": "the word NULL read as no value",
    "rounded-to-12-decimals": "amounts rounded to 12 decimals, the residue kept",
    "time-without-zone": "times without zone read as UTC",
    "unreadable-tags": "Tags that are no JSON object kept as text in x_extensions",
}


@click.command("ingest")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--source",
    type=click.Choice(sorted(SOURCES)),
    default="focus",
    show_default=True,
    help="What kind of export FILE is.",
)
@click.option("--resend", is_flag=True, help="Send again what the lake already has.")
@json_option
@lake_options
def ingest_command(file: Path, source: str, resend: bool, as_json: bool, data_dir: Path) -> None:
    """Deliver a cost export into the lake.

    Each payer account and billing period in FILE becomes one delivery, which replaces what the
    lake believed of it. The same file again is recognised and sends nothing.

    \b
    Example:
      finops ingest sample-data/focus/focus_1_0_real.csv --source focus
    """
    opened = SOURCES[source](file)
    with open_platform(data_dir) as platform:
        report, settled = run_ingest(platform, opened, resend=resend)
    if as_json:
        print_json(as_document(file.name, report, settled))
    else:
        print_report(file.name, report, settled)
    if any(_status(settled, s.delivery_id) == "incomplete" for s in report.scopes):
        sys.exit(1)


@click.command("settle")
@click.option(
    "--accept-incomplete",
    metavar="DELIVERY",
    multiple=True,
    help="Take this delivery as it is, although rows are missing.",
)
@json_option
@lake_options
def settle_command(accept_incomplete: tuple[str, ...], as_json: bool, data_dir: Path) -> None:
    """Write down which delivery is the truth for each day.

    Runs after every ingest; by hand it is needed only to accept an incomplete delivery.

    \b
    Example:
      finops settle --accept-incomplete 3f0c2a9d1b7e4c5a6d8e9f01
    """
    with open_platform(data_dir, needs_data=True) as platform:
        known = {a.delivery_id for a in read_assertions(platform.query)}
        for delivery_id in accept_incomplete:
            if delivery_id not in known:
                raise UsageError(
                    f"no delivery {delivery_id!r} was completed; list them with: finops deliveries"
                )
        settled = settle(platform.query, platform.store, frozenset(accept_incomplete))
    if as_json:
        print_json(asdict(settled))
        return
    for delivery_id in settled.became_current:
        click.echo(f"{delivery_id} is now current")
    if not settled.became_current:
        click.echo("nothing to change")


def run_ingest(
    platform: Platform, source: Source, *, resend: bool = False
) -> tuple[IngestReport, SettleReport]:
    """Deliver a source, let the stream deliver everything, and settle.

    Args:
        platform: where to.
        source: what.
        resend: send again what the lake already has.

    Raises:
        FinopsError: the source cannot be read, or the stream refuses it.
    """
    platform.activate_first_evaluation()
    known = _Known(platform)
    delivery = platform.delivery()
    ingest = Ingest(source, delivery, platform.store, known, resend=resend, progress=_progress)
    report = ingest.run()
    platform.flush()
    return report, settle(platform.query, platform.store)


class _Known:
    """What the lake knows of earlier deliveries; read once, when first asked."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._completed: dict[str, Completed] | None = None

    def __call__(self, delivery_id: str) -> Completed | None:
        if self._completed is None:
            current = {day.asserted_by for day in read_current(self._platform.store)}
            self._completed = {
                a.delivery_id: Completed(_micros(a.asserted_at), a.delivery_id in current)
                for a in read_assertions(self._platform.query)
            }
        return self._completed.get(delivery_id)


def _micros(moment: datetime) -> int:
    since = moment.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _progress(rows: int) -> None:
    say(f"\r  {rows:,} rows read")


def _status(settled: SettleReport, delivery_id: str) -> str:
    found = settled.of(delivery_id)
    return found.status if found else "unknown"


def as_document(name: str, report: IngestReport, settled: SettleReport) -> dict[str, Any]:
    """Return the report as JSON prints it."""
    return {
        "file": name,
        "rows": report.rows,
        "nothing_new": report.nothing_new,
        "deliveries": [
            {
                "delivery_id": s.delivery_id,
                "billing_account_id": s.scope.billing_account_id,
                "billing_period": s.scope.billing_period,
                "events": s.events,
                "rejected": s.rejected,
                "already_delivered": s.already is not None,
                "status": _status(settled, s.delivery_id),
            }
            for s in report.scopes
        ],
        "normalised": dict(report.notes),
        "sent": asdict(report.sent),
        "billed_bytes_as_json_records": report.json_billed_bytes,
    }


def print_report(name: str, report: IngestReport, settled: SettleReport) -> None:
    """Print what an ingest did, for people."""
    say("\r")
    events = sum(s.events for s in report.scopes)
    rejected = report.rows - events
    click.echo(
        f"{name}: {counted(report.rows, 'row')}, {counted(events, 'event')}, "
        f"{rejected:,} rejected, {counted(len(report.scopes), 'delivery', 'deliveries')}"
    )
    print_table(
        ("delivery", "account", "period", "events", "rejected", "status"),
        [
            (
                s.delivery_id,
                s.scope.billing_account_id or "(not readable)",
                s.scope.billing_period or "-",
                f"{s.events:,}",
                sum(r["rows"] for r in s.rejected),
                _status(settled, s.delivery_id),
            )
            for s in report.scopes
        ],
        right=("events", "rejected"),
    )
    for note, count in sorted(report.notes.items()):
        click.echo(f"  {counted(count, 'row')}: {NOTES.get(note, note)}")
    if rejected:
        click.echo("  see the rejected rows with: finops quarantine list")
    _print_sent(report)


def _print_sent(report: IngestReport) -> None:
    sent = report.sent
    if report.nothing_new:
        click.echo("  already delivered: nothing was sent (--resend sends it again)")
        return
    line = (
        f"  sent {sent.records:,} records of {sent.wire_bytes:,} bytes; "
        f"Firehose bills {sent.billed_bytes:,}"
    )
    if sent.events:
        each = sent.billed_bytes / sent.events
        as_json = report.json_billed_bytes / sent.events
        line += f": {each:,.0f} bytes an event against {as_json:,.0f} as one JSON event a record"
        if as_json > each:
            line += f" ({as_json / each:.1f} x fewer)"
    click.echo(line)
