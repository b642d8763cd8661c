"""Second part of the demo: a month of hourly schedules on a clock that does not make us wait."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from infra.auditing import tally_columns
from infra.commands.audit import print_verdict
from infra.commands.options import counted, money, print_table
from infra.demo.detection import Judged, judge_detection
from infra.demo.real_sample import show_table
from infra.local.clock import ManualClock
from infra.wiring import Platform, start
from producers.limits import BILLING_STEP_BYTES
from producers.sources.simulator import Simulator
from schemas.lake import INGESTED, PROCESSED
from transforms.audit import AuditReport, audit
from transforms.settle import settle

SEED = 1
FIRST_DAY = date(2026, 9, 1)
SETTLE = "cron(10 5 1 * ? *)"
"""Once a month: append rows count at once, and a month of quarter hours would only wait."""
AUDIT = "cron(20 5 1 * ? *)"
"""Once, for the same reason; the demo audits by itself when the month is over."""
SUMMARIES = "cron(50 3 1 * ? *)"
"""Once, too: the anomaly job brings the summaries up to date each night."""
BASELINE = "cron(30 3 16,30 * ? *)"
"""Twice: what a series costs changes slowly, and the second serves the first of October."""

DAILY = """
select charge_date as day, sum(effective_cost) as cost from charges
where charge_date between '{first}' and '{last}' and charge_category = 'Usage'
group by 1 order by 1
"""
FINDINGS = """
select f.rule as rule, f.severity as severity, c.billing_currency as currency,
       count(*) as findings, sum(f.amount) as amount
from charges c cross join unnest(c.findings) as f(rule, severity, message, amount, expected)
where c.charge_date between '{first}' and '{last}'
group by 1, 2, 3 order by amount desc
"""


def show_month(data_dir: Path, days: int, *, enforce_iam: bool = False) -> None:
    """Run `days` days of schedules and show what was sent, found and kept."""
    begin = datetime.combine(FIRST_DAY, datetime.min.time(), UTC)
    clock = ManualClock(begin)
    parameters = {
        "SimulatorSeed": str(SEED),
        "SimulatorStart": FIRST_DAY.isoformat(),
        "SimulatorDays": str(max(days, 28)),
        "SettleExpression": SETTLE,
        "AuditExpression": AUDIT,
        "SummariesExpression": SUMMARIES,
        "BaselineExpression": BASELINE,
    }
    click.echo(f"\n== 8. A month in a minute: {days} days of hourly schedules from {FIRST_DAY}")
    with start(data_dir, clock=clock, parameters=parameters, enforce_iam=enforce_iam) as (
        aws,
        platform,
    ):
        if any("/append/" in info.key for info in platform.store.list(INGESTED)):
            click.echo("  the month is in the lake already; remove the data directory to run it")
        else:
            fired = 0
            with click.progressbar(range(days), label="  days") as bar:
                for day in bar:
                    fired += aws.run_until(begin + timedelta(days=day + 1))
            # The last hour's charges are delivered, and both daily jobs have seen the last days.
            fired += aws.run_until(begin + timedelta(days=days, hours=5))
            aws.flush()
            settle(platform.query, platform.store, clock.now())
            click.echo(f"  {counted(fired, 'schedule')} fired: ingest, settle, baseline, anomalies")
        _show(platform, days)


def _show(platform: Platform, days: int) -> None:
    span = {"first": FIRST_DAY, "last": FIRST_DAY + timedelta(days=days)}
    with ThreadPoolExecutor(1) as beside:
        # The audit decodes raw/ while the engine answers the queries: two cores, two jobs.
        verdict = beside.submit(audit, platform.query, platform.store, tally=tally_columns)
        daily = platform.query.rows(DAILY.format(**span))
        findings = platform.query.table(FINDINGS.format(**span))
        simulator = Simulator(SEED, FIRST_DAY, max(days, 28))
        detection = judge_detection(platform.query, simulator, span["last"])
        report = verdict.result()
    _show_sent(platform, report)
    click.echo("\n== 9. Effective cost of usage by day")
    _show_chart(daily)
    click.echo("\n== 10. Findings by rule")
    show_table(*findings)
    click.echo("\n== 11. Anomalies against what the simulator hid")
    _show_detection(detection, days)
    click.echo("\n== 12. Is anything lost?")
    print_verdict(report)


def _show_sent(platform: Platform, report: AuditReport) -> None:
    events, billed = report.events, report.ingestion_billed_bytes
    # Every event as a line of JSON is below one billing step, and is billed as one.
    as_json = events * BILLING_STEP_BYTES
    click.echo(
        f"  raw/: {counted(events, 'event')} in {counted(report.raw_records, 'record')} of "
        f"{report.raw_bytes:,} bytes; Firehose bills {billed:,}: {billed / events:,.0f} bytes an "
        f"event, {as_json / billed:.1f} x fewer than one JSON event a record"
    )
    rows = list(platform.store.list(PROCESSED))
    partitions = {info.key.rpartition("/")[0] for info in rows}
    click.echo(
        f"  {counted(report.raw_objects, 'raw object')}, {counted(len(rows), 'Parquet file')} "
        f"in {counted(len(partitions), 'partition')}"
    )


def _show_chart(rows: list[dict[str, Any]]) -> None:
    highest = max((row["cost"] for row in rows), default=Decimal(1))
    for row in rows:
        bar = "█" * int(50 * row["cost"] / highest)
        day = date.fromisoformat(row["day"])
        cost = money(row["cost"].quantize(Decimal("0.01")))
        click.echo(f"  {day:%a %d %b} {cost:>12} USD {bar}")


def _show_detection(judged: Judged, days: int) -> None:
    if not judged.spikes:
        click.echo(f"  the simulator hid no spike in these {days} days; a month has ten")
        return
    print_table(
        ("spike hidden", "day", "factor", "extra USD", "verdict"),
        [
            (
                f"{s.truth.service_name}, {s.truth.sub_account_id[-4:]}, {s.truth.region_id}",
                s.truth.start.date(),
                s.truth.factor,
                money(Decimal(s.truth.extra_cost).quantize(Decimal("0.01"))),
                "found" if s.found else "missed",
            )
            for s in judged.spikes
        ],
        right=("factor", "extra USD"),
    )
    doubled = [s for s in judged.spikes if s.truth.factor >= 2]
    click.echo(
        f"  found {sum(s.found for s in judged.spikes)} of {len(judged.spikes)}; of +100 % and "
        f"more {sum(s.found for s in doubled)} of {len(doubled)}"
    )
    kinds = Counter(decoy.kind for decoy in judged.decoys)
    click.echo(f"  decoys: {sum(kinds.values())} of {len(kinds)} kinds")
    for anomaly, decoy in judged.false:
        why = f"decoy {decoy.kind}" if decoy else "nothing was hidden there"
        click.echo(
            f"  false: {anomaly['charge_date']} {anomaly['service_name']}, "
            f"{anomaly['sub_account_id'][-4:]}, {anomaly['region_id']}: {why}"
        )
    series = len({(a["sub_account_id"], a["service_name"], a["region_id"])
                  for a, _ in judged.false})  # fmt: skip
    click.echo(
        f"  {counted(len(judged.false), 'false anomaly', 'false anomalies')} in {series} of "
        f"{judged.series} series over {days} days"
    )
