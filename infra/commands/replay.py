"""`finops replay`: judge the events of raw/ again, under an evaluation of your choice."""

import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import click

from infra.commands.audit import print_gaps
from infra.commands.options import counted, json_option, lake_options, print_json
from infra.errors import UsageError
from infra.replay.replaying import replay
from infra.replay.run import Progress, Report
from infra.replay.selection import Selection
from infra.wiring import open_platform, say


@click.command("replay")
@click.option("--evaluation", required=True, help="Under which evaluation; see: evaluations list.")
@click.option("--from", "first", help="The first charge date, YYYY-MM-DD.")
@click.option("--to", "last", help="The last charge date, included.")
@click.option("--delivery", help="Only this delivery: its id, or the beginning of it.")
@click.option("--billing-period", help="Only this billing period, YYYY-MM.")
@click.option("--again", is_flag=True, help="Write anew what an earlier replay has finished, too.")
@json_option
@lake_options
def replay_command(
    evaluation: str,
    first: str | None,
    last: str | None,
    delivery: str | None,
    billing_period: str | None,
    again: bool,
    as_json: bool,
    data_dir: Path,
) -> None:
    """Judge events again: raw/ through the same rules code, into the evaluation's own prefix.

    Writes nothing elsewhere, and no event twice. Interrupted, it goes on where it stopped: run the
    same command again. Before it says done, it compares the evaluation with raw/, in number and in
    money, day by day; exit code 1 names what differs.

    \b
    Example:
      finops replay --evaluation v2
      finops replay --evaluation v2 --from 2026-09-01 --to 2026-09-30
    """
    with open_platform(data_dir, needs_data=True) as platform:
        if delivery is not None:
            delivery = _whole_id(platform.query.rows(_DELIVERIES), delivery)
        selection = Selection(first, last, billing_period, delivery)
        shown = _Shown(evaluation, platform.clock.monotonic)
        began = platform.clock.monotonic()
        report = replay(platform, evaluation, selection, again=again, progress=shown)
        seconds = platform.clock.monotonic() - began
    say("\r\x1b[K")
    if as_json:
        print_json({"clean": report.clean, **asdict(report), "seconds": round(seconds, 3)})
    else:
        _print(report, seconds)
    if not report.clean:
        sys.exit(1)


_DELIVERIES = "select distinct delivery_id from delivery_status"


def _whole_id(rows: list[dict[str, str]], beginning: str) -> str:
    found = sorted(r["delivery_id"] for r in rows if r["delivery_id"].startswith(beginning))
    if len(found) != 1:
        problem = "no delivery" if not found else f"{len(found)} deliveries"
        raise UsageError(
            f"{problem} with an id that begins with {beginning!r}; list: finops deliveries"
        )
    return found[0]


def _print(report: Report, seconds: float) -> None:
    rate = f" ({report.written / seconds:,.0f}/s)" if report.written and seconds else ""
    click.echo(
        f"replayed under {report.evaluation}: {counted(report.events, 'event')} in "
        f"{counted(report.raw_objects, 'object')} of raw/, {report.written:,} rows written{rate}"
    )
    if report.resumed:
        click.echo(f"  {counted(report.resumed, 'object')} had been replayed before")
    for reason, records in report.failed.items():
        click.echo(
            f"  {counted(records, 'record')} cannot be judged ({reason}); they are in errors/"
        )
    verified = report.verified
    if report.clean:
        click.echo(
            f"verified: {report.evaluation} holds {counted(verified.events, 'event')} of "
            f"{counted(verified.days, 'day')} of deliveries, in number and in money"
        )
        click.echo(f"next: finops evaluations activate {report.evaluation}")
    else:
        click.echo(f"not verified: {counted(len(verified.gaps), 'difference')}")
        print_gaps(verified.gaps)
        click.echo(f"next: finops replay --evaluation {report.evaluation} --again")


class _Shown:
    """Shows progress on one line: objects, events, rate, and the time left by bytes."""

    def __init__(self, evaluation: str, seconds: Callable[[], float]) -> None:
        self._evaluation = evaluation
        self._seconds = seconds
        self._began = seconds()

    def __call__(self, progress: Progress) -> None:
        took = self._seconds() - self._began
        text = (
            f"\r\x1b[K  {self._evaluation}: object {progress.objects:,} of "
            f"{progress.of_objects:,}, {progress.events:,} events"
        )
        if took > 1 and progress.raw_bytes:
            left = took * (progress.of_raw_bytes / progress.raw_bytes - 1)
            minutes, rest = divmod(round(left), 60)
            text += f", {progress.events / took:,.0f}/s, {minutes}:{rest:02} left"
        say(text)
