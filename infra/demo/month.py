"""Second part of the demo: a month of hourly schedules on a clock that does not make us wait."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from infra.commands.audit import print_verdict
from infra.commands.options import counted, money, print_table
from infra.demo.detection import Judged, judge_detection
from infra.demo.real_sample import show
from infra.local.clock import ManualClock
from infra.wiring import Platform, start
from producers.limits import BILLING_STEP_BYTES, billed_bytes
from producers.sources.simulator import Simulator
from schemas.codec import read_members
from schemas.lake import INGESTED, PROCESSED, RAW
from transforms.audit import audit

SEED = 1
FIRST_DAY = date(2026, 9, 1)
SETTLE = "cron(10 5 * * ? *)"
"""Once a day: append rows count at once, and a month of quarter hours would only wait."""

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


def show_month(data_dir: Path, days: int) -> None:
    """Run `days` days of schedules and show what was sent, found and kept."""
    begin = datetime.combine(FIRST_DAY, datetime.min.time(), UTC)
    clock = ManualClock(begin)
    parameters = {
        "SimulatorSeed": str(SEED),
        "SimulatorStart": FIRST_DAY.isoformat(),
        "SimulatorDays": str(max(days, 28)),
        "SettleExpression": SETTLE,
    }
    click.echo(f"\n== 6. A month in a minute: {days} days of hourly schedules from {FIRST_DAY}")
    with start(data_dir, clock=clock, parameters=parameters) as (aws, platform):
        if any(platform.store.list(INGESTED)):
            click.echo("  the month is in the lake already; remove the data directory to run it")
        else:
            fired = 0
            with click.progressbar(range(days), label="  days") as bar:
                for day in bar:
                    fired += aws.run_until(begin + timedelta(days=day + 1))
            # The last hour's charges are delivered, and both daily jobs have seen the last days.
            fired += aws.run_until(begin + timedelta(days=days, hours=5))
            aws.flush()
            click.echo(f"  {counted(fired, 'schedule')} fired: ingest, settle, baseline, anomalies")
        _show(platform, days)


def _show(platform: Platform, days: int) -> None:
    span = {"first": FIRST_DAY, "last": FIRST_DAY + timedelta(days=days)}
    _show_sent(platform)
    click.echo("\n== 7. Effective cost by day")
    _show_chart(platform.query.rows(DAILY.format(**span)))
    click.echo("\n== 8. Findings by rule")
    show(platform, FINDINGS.format(**span))
    click.echo("\n== 9. Anomalies against what the simulator hid")
    simulator = Simulator(SEED, FIRST_DAY, max(days, 28))
    _show_detection(judge_detection(platform.query, simulator), days)
    click.echo("\n== 10. Is anything lost?")
    print_verdict(audit(platform.query, platform.store))


def _show_sent(platform: Platform) -> None:
    records, events, wire, billed = 0, 0, 0, 0
    for info in platform.store.list(RAW):
        for record in read_members(platform.store.get(info.key)):
            records += 1
            wire += len(record.body)
            billed += billed_bytes(len(record.body))
            events += len(getattr(record, "events", ()))
    as_json = events * BILLING_STEP_BYTES
    click.echo(
        f"  raw/: {counted(events, 'event')} in {counted(records, 'record')} of {wire:,} bytes; "
        f"Firehose bills {billed:,}: {billed / events:,.0f} bytes an event, "
        f"{as_json / billed:.1f} x fewer than one JSON event a record"
    )
    raw = list(platform.store.list(RAW))
    rows = list(platform.store.list(PROCESSED))
    partitions = {info.key.rpartition("/")[0] for info in rows}
    click.echo(
        f"  {counted(len(raw), 'raw object')}, {counted(len(rows), 'Parquet file')} "
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
