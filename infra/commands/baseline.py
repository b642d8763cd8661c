"""`finops baseline`: what series of charges used to cost; build it, and see what it knows."""

import sys
from dataclasses import asdict
from datetime import date, datetime, timedelta
from pathlib import Path

import click

from infra.commands.baseline_explain import baseline_explain_command
from infra.commands.baseline_series import named_series
from infra.commands.options import counted, json_option, lake_options, print_json, print_table
from infra.errors import UsageError
from infra.wiring import Platform, open_platform, say
from transforms.baseline_builder import effective_from
from transforms.baseline_explanation import entries
from transforms.baseline_history import Built, build_history
from transforms.baseline_repair import Repaired, repair_series
from transforms.baseline_store import index, series_names

_DAY = click.DateTime(["%Y-%m-%d"])
_NEWEST = """
select max(charge_date) as newest from charges
where charge_category = 'Usage' and charge_class is null
"""


@click.group("baseline")
def baseline_group() -> None:
    """What each series of charges used to cost, dated: a charge is judged by its own day's.

    A series is an append-only list. SERIES is its name, that of its evaluation as a rule; without
    one, the series of the active evaluation.
    """


baseline_group.add_command(baseline_explain_command)


@baseline_group.command("build")
@click.argument("series", required=False)
@click.option("--date", "day", type=_DAY, help="Build as the nightly job of this day would.")
@click.option("--from", "first", type=_DAY, help="The first of several days, oldest first.")
@click.option("--to", "last", type=_DAY, help="The last of several days; default as for --date.")
@click.option(
    "--every", default=1, show_default=True, type=click.IntRange(1), help="Days between two."
)
@click.option("--replace", is_flag=True, help="Build again what is missing or damaged; see below.")
@json_option
@lake_options
def build_command(
    series: str | None,
    day: datetime | None,
    first: datetime | None,
    last: datetime | None,
    every: int,
    replace: bool,
    as_json: bool,
    data_dir: Path,
) -> None:
    """Publish baselines, as the nightly job of a day does or would have done.

    The baseline of day D is built from charge dates up to D - 2 and serves those from D + 1 on.
    Default: the day after the newest charge date of usage, at most today.

    With --from, a series is built over days that are past. It never looks ahead, but it does know
    what is known today of those days: restatements that came later are in it. What is published is
    skipped, so an interrupted build goes on where it was.

    A series only grows at its end. --replace is for a damaged one: documents that cannot be read
    are built again from the lake, and entries from the future, which judged nothing, are dropped.
    Where the lake now says otherwise the index names the new document; rows keep the old name
    until a replay.

    \b
    Example:
      finops baseline build
      finops baseline build trial --from 2026-07-01 --to 2026-09-30
    """
    if ((first or last) and day) or (last and not first) or (replace and (day or first or last)):
        raise UsageError("give --date, or --from and --to, or --replace alone")
    with open_platform(data_dir, needs_data=True, views=True) as platform:
        name = named_series(platform, series)
        if replace:
            repaired = repair_series(platform.query, platform.store, name, _today(platform))
            _print_repaired(name, repaired, as_json)
            return
        days = _days(platform, name, day, first, last)
        if days is None:
            _print_built(name, [], as_json)
        else:
            total = (days[1] - days[0]).days // every + 1
            done: list[Built] = []

            def reached(built: Built) -> None:
                done.append(built)
                say(f"\r  {len(done):,} of {counted(total, 'day')}: {built.day} {built.outcome}   ")

            found = build_history(platform.query, platform.store, name, *days, every, reached)
            say("\n")
            _print_built(name, found, as_json)


@baseline_group.command("show")
@click.argument("series", required=False)
@json_option
@lake_options
def show_command(series: str | None, as_json: bool, data_dir: Path) -> None:
    """List the baselines of a series, oldest first; reads and checks every document.

    Exit code 0: all can be read; 1: one cannot, or there is none.

    \b
    Example:
      finops baseline show v1
    """
    with open_platform(data_dir) as platform:
        name = named_series(platform, series)
        found = entries(platform.store, name)
        tomorrow = effective_from(_today(platform))
    if as_json:
        print_json([{"series_name": name, **asdict(entry)} for entry in found])
    elif not found:
        click.echo(f"series {name} has no baseline yet; run: finops baseline build {name}")
    else:
        print_table(
            ("version", "through", "serves from", "until before", "series", "shards", ""),
            [
                (
                    e.version,
                    e.through,
                    e.effective_from,
                    e.served_until,
                    e.series,
                    e.shards or None,
                    e.problem or ("from the future" if e.effective_from > tomorrow else ""),
                )
                for e in found
            ],
            right=("series", "shards"),
        )
        click.echo(f"  {counted(len(found), 'baseline')} in series {name}")
    if any(e.problem for e in found):
        click.echo(f"finops: put it right with: finops baseline build {name} --replace", err=True)
    if not found or any(e.problem for e in found):
        sys.exit(1)


@baseline_group.command("list")
@json_option
@lake_options
def list_command(as_json: bool, data_dir: Path) -> None:
    """List the series: how many baselines each has, and which dates they serve.

    \b
    Example:
      finops baseline list
    """
    with open_platform(data_dir) as platform:
        found = {name: index(platform.store, name) for name in series_names(platform.store)}
    if as_json:
        print_json({name: [asdict(line) for line in lines] for name, lines in found.items()})
        return
    print_table(
        ("series", "baselines", "serve from", "newest from", "newest version"),
        [
            (name, len(lines), lines[0].effective_from, lines[-1].effective_from, lines[-1].version)
            for name, lines in found.items()
            if lines
        ],
        right=("baselines",),
    )


def _days(
    platform: Platform,
    series: str,
    day: datetime | None,
    first: datetime | None,
    last: datetime | None,
) -> tuple[date, date] | None:
    """Return the first and the last day of publication; None where there is nothing to build."""
    given = day or last
    end = given.date() if given else None
    if end is None:
        end = _after_newest_charge(platform)
        if end is None:
            return None
        published = index(platform.store, series)
        if not first and published:
            # Nothing newer came: the answer is the entry that is there.
            newest = date.fromisoformat(published[-1].effective_from) - timedelta(days=1)
            end = max(end, min(newest, _today(platform)))
    begin = first.date() if first else end
    if begin > end:
        raise UsageError(f"--from {begin} is after {end}; give an earlier day, or a later --to")
    if end > _today(platform):
        raise UsageError(
            f"{end} has not come yet; a baseline from the future would keep the nightly ones out"
        )
    return begin, end


def _after_newest_charge(platform: Platform) -> date | None:
    (row,) = platform.query.rows(_NEWEST)
    if row["newest"] is None:
        return None
    return min(date.fromisoformat(row["newest"]) + timedelta(days=1), _today(platform))


def _today(platform: Platform) -> date:
    return platform.clock.now().date()


def _print_built(series: str, found: list[Built], as_json: bool) -> None:
    if as_json:
        print_json([{"series_name": series, **asdict(built)} for built in found])
    else:
        print_table(
            ("day", "", "version", "through", "serves from", "series"),
            [
                (b.day, b.outcome, b.version, b.through, b.effective_from, b.series or None)
                for b in found
            ],
            right=("series",),
        )
        new = sum(b.outcome == "published" for b in found)
        click.echo(f"  {counted(new, 'new baseline')} in series {series}")
    if not any(b.version for b in found):
        click.echo(
            "finops: no usage is old enough to build from; a baseline needs charge dates of two "
            "days before its day",
            err=True,
        )
        sys.exit(1)


def _print_repaired(series: str, found: list[Repaired], as_json: bool) -> None:
    if as_json:
        print_json([{"series_name": series, **asdict(entry)} for entry in found])
        return
    print_table(
        ("serves from", "", "version", "now"),
        [(r.effective_from, r.outcome, r.version, r.new_version) for r in found],
    )
    replaced = sum(r.outcome == "replaced" for r in found)
    if replaced:
        click.echo(
            f"  {counted(replaced, 'document')} differ from what rows were judged by; replay the "
            "evaluations of this series to judge them again"
        )
