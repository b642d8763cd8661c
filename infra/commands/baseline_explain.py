"""`finops baseline explain`: what a baseline knows of a series, and where each number is from."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from infra.commands.baseline_series import named_series
from infra.commands.options import counted, json_option, lake_options, money, print_json
from infra.wiring import open_platform
from rules import Baseline, SeriesKey, SeriesStats
from transforms.baseline_builder import HISTORY_DAYS, RECENT_DAYS, TRAILING_DAYS
from transforms.baseline_explanation import Wanted, matching, serving
from transforms.baseline_store import index

_PERIODS = {3600: "an hour", 86400: "a day"}
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@click.command("explain")
@click.argument("series", required=False)
@click.option(
    "--date",
    "charge_date",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The charge date to explain for; default: what the newest baseline serves.",
)
@click.option("--account", help="The account, or the payer.")
@click.option("--service", help="The service's name.")
@click.option("--region", help="The region's id.")
@click.option("--resource", help="The resource's id, or the SKU's where there is no resource.")
@click.option("--limit", default=5, show_default=True, type=click.IntRange(1), help="Series shown.")
@json_option
@lake_options
def baseline_explain_command(
    series: str | None,
    charge_date: datetime | None,
    account: str | None,
    service: str | None,
    region: str | None,
    resource: str | None,
    limit: int,
    as_json: bool,
    data_dir: Path,
) -> None:
    """Tell what the baseline of a charge date knows, the costliest series first.

    Exit code 1: no baseline serves the date, or no series matches.

    \b
    Example:
      finops baseline explain v1 --date 2026-10-01 --service "Amazon EC2"
    """
    with open_platform(data_dir) as platform:
        store = platform.store
        series = named_series(platform, series)
        published = index(store, series)
        newest = published[-1].effective_from if published else ""
        day = charge_date.date().isoformat() if charge_date else newest
        baseline = serving(store, series, day)
        wanted = Wanted(account, service, region, resource)
        found = matching(baseline, wanted) if baseline else []
    if baseline is None:
        _print_none(series, day, published[0].effective_from if published else None, as_json)
        sys.exit(1)
    after = next((p.effective_from for p in published if p.effective_from > day), None)
    if as_json:
        print_json(_document(series, day, after, baseline, found))
    else:
        _print_baseline(series, day, after, baseline)
        for key, stats in found[:limit]:
            _print_series(baseline, key, stats)
        shown = min(limit, len(found))
        click.echo(f"\n  {shown:,} of {counted(len(found), 'matching series', 'matching series')}")
    if not found:
        sys.exit(1)


def _print_none(series: str, day: str, first: str | None, as_json: bool) -> None:
    reason = (
        f"the first of series {series} serves charge dates from {first} on"
        if first
        else f"series {series} has none yet; run: finops baseline build {series}"
    )
    if as_json:
        print_json({"series_name": series, "charge_date": day or None, "baseline": None})
    else:
        what = f"no baseline serves {day}" if day else "no baseline"
        click.echo(f"{what}: {reason}. Charges without one are unknown (baseline_version none)")


def _print_baseline(series: str, day: str, after: str | None, baseline: Baseline) -> None:
    until = f", up to the day before {after}" if after else ""
    click.echo(
        f"{day} is served by baseline {baseline.version} of series {series}\n"
        f"  history: {counted(baseline.history_days, 'day')} through {baseline.through} (at most "
        f"{HISTORY_DAYS}; usage only, no corrections)\n"
        f"  it serves charge dates from {baseline.effective_from} on{until}"
    )


def _print_series(baseline: Baseline, key: SeriesKey, stats: SeriesStats) -> None:
    names = [key.billing_account_id, key.sub_account_id, key.service_name, key.region_id]
    click.echo("\n" + " · ".join(n for n in [*names, key.resource_or_sku] if n is not None))
    per = _PERIODS.get(key.period_seconds, f"each {key.period_seconds:,} seconds")
    known = sum(level is not None for level in stats.weekday_level)
    lines = [
        ("level", stats.level, f"the median of what it cost {per}, over all days of the history"),
        ("spread", stats.spread, "the median distance of those from the level"),
        ("recent level", stats.recent_level, f"the same median, last {RECENT_DAYS} days only"),
        *(
            (f"on {name}", level, f"the same median, {name} only")
            for name, level in zip(_WEEKDAYS, stats.weekday_level, strict=True)
            if level is not None
        ),
        ("trailing cost", stats.trailing_cost, f"the sum of the last {TRAILING_DAYS} days"),
    ]
    width = max(len(money(value)) for _, value, _ in lines if value is not None)
    for name, value, words in lines:
        amount = "not known" if value is None else f"{money(value)} {stats.currency}"
        click.echo(f"  {name:<14} {amount:>{width + 4}}  {words}")
    click.echo(
        f"  seen on {counted(stats.days_seen, 'charge date')}, first on {stats.first_seen}; "
        f"{counted(known, 'weekday')} known; lead SKU: {stats.lead_sku or 'none'}"
    )


def _document(
    series: str,
    day: str,
    after: str | None,
    baseline: Baseline,
    found: list[tuple[SeriesKey, SeriesStats]],
) -> dict[str, Any]:
    return {
        "series_name": series,
        "charge_date": day,
        "baseline": {
            "version": baseline.version,
            "through": baseline.through,
            "effective_from": baseline.effective_from,
            "served_until": after,
            "history_days": baseline.history_days,
        },
        "series": [{**key._asdict(), **stats._asdict()} for key, stats in found],
    }
