"""`finops compact`: few, sorted files where a quiet partition has many small ones."""

import re
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from infra.commands.options import (
    counted,
    json_option,
    lake_options,
    print_json,
    print_table,
)
from infra.compaction.compacting import compact
from infra.errors import UsageError
from infra.wiring import open_platform, say
from schemas.lake import is_date, is_evaluation, is_month
from transforms.compaction.job import Report, Selection, Step
from transforms.compaction.planning import KEEP, MIN_FILES, Candidate, Criteria

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_WORDS = {
    "few": "with few files",
    "compact": "compacted",
    "busy": "with objects too young",
    "waiting": "compacted, old files not deleted yet",
    "held": "being compacted by another run",
}


class _Age(click.ParamType[timedelta]):
    """A time span, written as `90m`, `24h` or `7d`."""

    name = "age"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        if isinstance(value, timedelta):
            return value
        found = re.fullmatch(r"(\d{1,6})([mhd])", str(value))
        if not found:
            self.fail(f"{value!r} is not a time span, such as 90m, 24h or 7d", param, ctx)
        return int(found[1]) * _UNITS[found[2]]


@click.command("compact")
@click.option("--evaluation", help="Only this evaluation's rows; by default of every one.")
@click.option("--billing-period", help="Only this billing period, YYYY-MM.")
@click.option("--from", "first", help="The first charge date, YYYY-MM-DD.")
@click.option("--to", "last", help="The last charge date, included.")
@click.option(
    "--older-than",
    type=_Age(),
    default="24h",
    show_default=True,
    help="Leave a partition alone while an object in it is younger.",
)
@click.option(
    "--min-files",
    type=click.IntRange(min=2),
    default=MIN_FILES,
    show_default=True,
    help="Leave a partition alone that has fewer small files.",
)
@click.option("--dry-run", is_flag=True, help="Say which partitions are due; change nothing.")
@json_option
@lake_options
def compact_command(
    evaluation: str | None,
    billing_period: str | None,
    first: str | None,
    last: str | None,
    older_than: timedelta,
    min_files: int,
    dry_run: bool,
    as_json: bool,
    data_dir: Path,
) -> None:
    """Make few files of many, each row once, sorted by service, account and delivery.

    Counts, sums and all values are compared before anything is replaced. No answer changes: old
    and new files lie side by side until a run 24 hours later or more deletes the old ones, after
    comparing again. Interrupted, it goes on where it stopped: run the same command again. Exit code
    1: something was left as it is and needs a look.

    \b
    Example:
      finops compact --dry-run
      finops compact --older-than 24h
    """
    selection = _selection(evaluation, billing_period, first, last)
    criteria = Criteria(older_than, min_files)
    with open_platform(data_dir, needs_data=True) as platform:
        report = compact(platform, selection, criteria, dry_run=dry_run, reached=_shown())
    say("\r\x1b[K")
    if as_json:
        print_json(_document(report, dry_run))
    elif dry_run:
        _print_due(report)
    else:
        _print(report)
    if not report.clean:
        sys.exit(1)


def _selection(
    evaluation: str | None, billing_period: str | None, first: str | None, last: str | None
) -> Selection:
    if evaluation is not None and not is_evaluation(evaluation):
        raise UsageError(f"{evaluation!r} names no evaluation; see: finops evaluations list")
    if billing_period is not None and not is_month(billing_period):
        raise UsageError(f"{billing_period!r} is no billing period of the lake; write YYYY-MM")
    for text in (first, last):
        if text is not None and not is_date(text):
            raise UsageError(f"{text!r} is no charge date of the lake; write YYYY-MM-DD")
    if first and last and first > last:
        raise UsageError(f"--from {first} is after --to {last}; exchange them")
    return Selection(evaluation, billing_period, first, last)


def _shown() -> Callable[[Step], None]:
    """Return what shows the step that is being done, on one line."""
    done = 0

    def reached(step: Step) -> None:
        nonlocal done
        done += step == "read"
        say(f"\r\x1b[K  partition {done}: {step}" if done else f"\r\x1b[K  {step}")

    return reached


def _document(report: Report, dry_run: bool) -> dict[str, Any]:
    return {
        "clean": report.clean,
        "dry_run": dry_run,
        **asdict(report),
        "due": [_candidate(candidate) for candidate in report.due],
    }


def _candidate(candidate: Candidate) -> dict[str, Any]:
    return {
        "partition": candidate.partition,
        "files": len(candidate.files),
        "size": candidate.size,
    }


def _print_due(report: Report) -> None:
    if report.due:
        print_table(
            ("evaluation", "period", "charge date", "files", "bytes"),
            [(*c.partition, f"{len(c.files):,}", f"{c.size:,}") for c in report.due],
            right=("files", "bytes"),
        )
    _print_partitions(report)
    _print_waiting(report)
    if report.due:
        click.echo("next: finops compact, with the same options")


def _print(report: Report) -> None:
    for deleted in report.deleted:
        where = " ".join(deleted.partition)
        if deleted.done:
            click.echo(f"{where}: {counted(deleted.files, 'old file')} deleted")
        else:
            click.echo(f"{where}: old files kept: {deleted.detail}")
    for done in report.compacted:
        where = " ".join(done.partition)
        if done.done:
            copies = f", {counted(done.copies, 'copy', 'copies')} left out" if done.copies else ""
            click.echo(
                f"{where}: {counted(done.files, 'file')} of {done.size:,} bytes became "
                f"{done.new_files:,} of {done.new_size:,}; {counted(done.rows, 'row')} verified"
                f"{copies}"
            )
        else:
            click.echo(f"{where}: left as it is: {done.detail}")
    _print_partitions(report, due="worked on")
    _print_waiting(report)


def _print_partitions(report: Report, due: str = "due") -> None:
    total = sum(report.partitions.values())
    words = {**_WORDS, "due": due}
    parts = ", ".join(f"{number:,} {words[v]}" for v, number in report.partitions.items())
    click.echo(f"{counted(total, 'partition')}" + (f": {parts}" if parts else ""))


def _print_waiting(report: Report) -> None:
    if report.waiting:
        hours = KEEP // timedelta(hours=1)
        click.echo(
            f"{counted(report.waiting, 'old file')} of {report.waiting_size:,} bytes wait to be "
            f"deleted by a run at least {hours} hours after they were replaced"
        )
