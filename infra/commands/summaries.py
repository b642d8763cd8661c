"""`finops summaries`: sums by day and month, and whether they say what the charges say."""

import sys
from dataclasses import asdict
from pathlib import Path

import click

from infra.commands.options import counted, json_option, lake_options, print_json, print_table
from infra.errors import UsageError
from infra.wiring import open_platform
from schemas.lake import is_date
from transforms.summaries import Gap, Refreshed, gaps, refresh
from transforms.summaries.sources import day_sources

_WHY = {
    "missing": "never built",
    "stale": "built before its charges changed",
    "lost": "its object is gone",
    "left over": "its charges are gone",
}
_MOST_NAMED = 20


@click.command("summaries")
@click.option("--check", is_flag=True, help="Only say what is missing or stale; change nothing.")
@click.option(
    "--rebuild",
    metavar="DAY",
    multiple=True,
    help="Sum this charge date up again, whatever is known of it.",
)
@json_option
@lake_options
def summaries_command(check: bool, rebuild: tuple[str, ...], as_json: bool, data_dir: Path) -> None:
    """Bring `daily_costs` and `monthly_costs` up to date with the view `charges`.

    A scheduled job does this each hour. Only days are summed up whose files or deliveries have
    changed since, and the months of those days. With --check, exit code 1: some period is missing,
    stale or lost, and is named.

    \b
    Example:
      finops summaries
      finops summaries --check
      finops summaries --rebuild 2026-09-14
    """
    if check and rebuild:
        raise UsageError("--check and --rebuild exclude each other; say one of them")
    for day in rebuild:
        if not is_date(day):
            raise UsageError(f"{day!r} is no charge date of the lake; write YYYY-MM-DD")
    with open_platform(data_dir, needs_data=True, views=not check) as platform:
        platform.activate_first_evaluation()
        store = platform.store
        if check:
            found = gaps(store)
        else:
            unknown = sorted(set(rebuild) - set(day_sources(store)))
            if unknown:
                raise UsageError(f"no charges of {unknown[0]}; see: finops summaries --check")
            done = refresh(platform.query, store, platform.clock.now(), frozenset(rebuild))
    if check:
        _print_gaps(found, as_json)
    elif as_json:
        print_json(asdict(done))
    else:
        _print_done(done)


def _print_gaps(found: list[Gap], as_json: bool) -> None:
    if as_json:
        print_json({"complete": not found, "gaps": [asdict(gap) for gap in found]})
    elif found:
        print_table(
            ("summary", "period", "why"),
            [(gap.summary, gap.period, _WHY[gap.why]) for gap in found[:_MOST_NAMED]],
        )
        if len(found) > _MOST_NAMED:
            click.echo(f"  and {len(found) - _MOST_NAMED:,} more; all of them: --json")
        click.echo("next: finops summaries")
    else:
        click.echo("every day and month is summed up as its charges are")
    if found:
        sys.exit(1)


def _print_done(done: Refreshed) -> None:
    click.echo(
        f"{counted(len(done.days), 'day')} summed up; "
        f"{counted(len(done.changed), 'period')} changed, {len(done.removed):,} removed"
    )
