"""What an ingest says to people and to scripts."""

from dataclasses import asdict
from typing import Any

import click

from infra.commands.options import counted, money, print_table
from infra.wiring import say
from producers.decision import ScopeHeldError
from producers.ingest_report import IngestReport, ScopeReport
from producers.receipts import rejected_billed
from transforms.settle import SettleReport

NOTES = {
    "category-case": "categories in FOCUS's spelling (Usage-based -> Usage-Based)",
    "commitment-without-id": "commitments without an ARN: no commitment columns",
    "currency-case": "currencies in capital letters (usd -> USD)",
    "filled": "columns filled in with --set",
    "null-text": "the word NULL read as no value",
    "rounded-to-12-decimals": "amounts rounded to 12 decimals, the residue kept",
    "split-cost-copy": "split-cost copies (EKS, ECS), marked and left out of totals",
    "time-without-zone": "times without zone read as UTC",
    "unknown-line-item-type": "line item types that are not in AWS's documentation",
    "unreadable-map": "maps that are no JSON object kept as text in x_extensions",
    "unreadable-tags": "Tags that are no JSON object kept as text in x_extensions",
}


def status_of(settled: SettleReport, delivery_id: str) -> str:
    """Return where a delivery stands."""
    found = settled.of(delivery_id)
    return found.status if found else "unknown"


def as_document(name: str, report: IngestReport, settled: SettleReport) -> dict[str, Any]:
    """Return the report as JSON prints it."""
    return {
        "file": name,
        "rows": report.rows,
        "nothing_new": report.nothing_new,
        "resumed": report.resumed,
        "deliveries": [
            {
                "delivery_id": s.delivery_id,
                "billing_account_id": s.scope.billing_account_id,
                "billing_period": s.scope.billing_period,
                "events": s.events,
                "billed_cost": s.billed,
                "days": s.days,
                "unchanged_days": s.unchanged_days,
                "rejected": s.rejected,
                "already_delivered": s.already,
                "status": status_of(settled, s.delivery_id),
            }
            for s in report.scopes
        ],
        "normalised": dict(report.notes),
        "sent": asdict(report.sent),
        "billed_bytes_as_json_records": report.json_billed_bytes,
    }


def print_report(name: str, report: IngestReport, settled: SettleReport) -> None:
    """Print what an ingest did, for people."""
    say("\r\x1b[K")
    events = sum(s.events for s in report.scopes)
    rejected = sum(group["rows"] for s in report.scopes for group in s.rejected)
    click.echo(
        f"{name}: {counted(report.rows, 'row')}, {counted(events, 'event')}, "
        f"{rejected:,} rejected, {counted(len(report.scopes), 'delivery', 'deliveries')}"
        + (", continued from an earlier run" if report.resumed else "")
    )
    print_table(
        ("delivery", "account", "period", "events", "billed", "rejected", "status"),
        [_line(s, settled) for s in report.scopes],
        right=("events", "rejected"),
    )
    for note, count in sorted(report.notes.items()):
        click.echo(f"  {counted(count, 'row')}: {NOTES.get(note, note)}")
    unchanged = sum(s.unchanged_days for s in report.scopes)
    if unchanged:
        days = sum(s.days for s in report.scopes)
        click.echo(f"  {unchanged} of {counted(days, 'day')} unchanged: their rows were not resent")
    if any(status_of(settled, s.delivery_id) == "superseded" for s in report.scopes):
        click.echo("  superseded: something newer is shown; --replace reads the scope from this")
    if rejected:
        _print_rejected(report)
    _print_sent(report)


def print_conflicts(error: ScopeHeldError, *, err: bool = True) -> None:
    """Show both of each pair that wants one scope: rows and money; on standard error or not."""
    print_table(
        ("account", "period", "", "name", "rows", "billed"),
        [
            line
            for c in error.conflicts
            for line in (
                (c.scope.billing_account_id, c.scope.billing_period, "held by", c.holder,
                 f"{c.holder_events:,}", amounts(c.holder_billed)),
                ("", "", "new", c.newcomer, f"{c.events:,}", amounts(c.billed)),
            )
        ],
        right=("rows",),
        err=err,
    )  # fmt: skip


def amounts(by_currency: dict[str, str]) -> str:
    """Return amounts by currency as one text."""
    return ", ".join(f"{money(value)} {currency}" for currency, value in by_currency.items())


def _line(scope: ScopeReport, settled: SettleReport) -> tuple[object, ...]:
    return (
        scope.delivery_id,
        scope.scope.billing_account_id or "(not readable)",
        scope.scope.billing_period or "-",
        f"{scope.events:,}",
        amounts(scope.billed),
        sum(group["rows"] for group in scope.rejected),
        status_of(settled, scope.delivery_id),
    )


def _print_rejected(report: IngestReport) -> None:
    groups = [group for scope in report.scopes for group in scope.rejected]
    rows = sum(group["rows"] for group in groups)
    unread = sum(group["rows"] for group in groups if group["billed_cost"] is None)
    known = rejected_billed(groups)
    foreign = known.pop("?", None)
    held = [amounts(known)] if known else []
    held += [f"{money(foreign)} of a currency that cannot be read"] if foreign else []
    held += [f"{counted(unread, 'row')} without a readable amount"] if unread else []
    click.echo(f"  {counted(rows, 'row')} in quarantine: {', '.join(held)}")
    click.echo("  see them with: finops quarantine list; after mending: finops quarantine retry")


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
