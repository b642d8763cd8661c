"""`finops ingest` and `finops settle`: bring a source into the lake and make it the truth."""

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import click

from infra.commands.ingest_report import as_document, print_conflicts, print_report, status_of
from infra.commands.options import (
    counted,
    json_option,
    lake_options,
    parse_settings,
    percent,
    print_json,
)
from infra.errors import UsageError
from infra.ingesting import Request, merged, open_sources, run_ingest
from infra.wiring import Platform, check_data_dir, open_platform, say
from producers.decision import OnConflict, ScopeHeldError
from producers.ingest import MAX_REJECTED, Options
from producers.ingest_report import IngestReport
from producers.progress import Progress
from producers.sources import Source
from transforms.deliveries import read_assertions
from transforms.settle import SettleReport, settle
from transforms.state import read_status


@click.command("ingest")
@click.argument("location", metavar="FILE|FOLDER|S3-ADDRESS")
@click.option(
    "--source",
    type=click.Choice(["auto", "cur", "focus"]),
    default="auto",
    show_default=True,
    help="What kind of export it is; auto looks at the columns.",
)
@click.option(
    "--set",
    "settings",
    metavar="COLUMN=VALUE",
    multiple=True,
    help="Fill a FOCUS column that the files lack or leave empty; kept in the delivery.",
)
@click.option(
    "--billing-period", metavar="YYYY-MM", help="Only this month of an export with a manifest."
)
@click.option(
    "--replace", is_flag=True, help="Read the scope from this, whatever else holds it now."
)
@click.option("--add", is_flag=True, help="Count this beside what holds the scope now.")
@click.option(
    "--max-rejected",
    type=percent,
    default=f"{MAX_REJECTED:.0%}",
    show_default=True,
    help="Fail, and send nothing, when more of the rows cannot become events.",
)
@click.option("--resend", is_flag=True, help="Send again what the lake already has.")
@click.option("--restart", is_flag=True, help="Forget what an interrupted run had read.")
@json_option
@lake_options
def ingest_command(
    location: str,
    source: str,
    settings: tuple[str, ...],
    billing_period: str | None,
    replace: bool,
    add: bool,
    max_rejected: float,
    resend: bool,
    restart: bool,
    as_json: bool,
    data_dir: Path,
) -> None:
    """Deliver a cost export into the lake.

    Reads FOCUS 1.0 to 1.4 and AWS's Cost and Usage Reports (2.0 and legacy), as CSV, CSV.gz or
    Parquet: one file, a folder of files, or an export's folder or S3 prefix with its manifest,
    which says what is current. Each payer account and billing period becomes one delivery.

    A newer assembly of the same export replaces the older one, and only its changed days are sent.
    A file for a scope that another file holds is refused until --replace or --add is said. The
    same command again sends nothing, and continues what was interrupted.

    \b
    Example:
      finops ingest sample-data/focus/focus_1_0_real.csv
      finops ingest s3://my-bucket/exports/my-report --billing-period 2026-09
      finops ingest ledger.csv --add --set BillingAccountId=123456789012 --set BillingCurrency=USD
    """
    if replace and add:
        raise UsageError("--replace and --add exclude each other; say one of them")
    request = Request(location, None if source == "auto" else source, parse_settings(settings),
                      billing_period)  # fmt: skip
    conflict = OnConflict.REPLACE if replace else OnConflict.ADD if add else OnConflict.REFUSE
    options = Options(on_conflict=conflict, resend=resend, max_rejected=max_rejected)
    check_data_dir(data_dir)
    # A wrong path is told at once, before anything is started.
    local = [] if location.startswith("s3://") else open_sources(request, lambda: None)
    with open_platform(data_dir) as platform:
        sources = local or open_sources(request, lambda: platform.client("s3"))
        report, settled = _ingest_all(platform, sources, options, restart)
    name = Path(location).name or location
    if as_json:
        print_json(as_document(name, report, settled))
    else:
        print_report(name, report, settled)
    if any(status_of(settled, s.delivery_id) == "incomplete" for s in report.scopes):
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
        now = platform.clock.now()
        before = {(s.delivery_id, s.status) for s in read_status(platform.store)}
        settled = settle(platform.query, platform.store, now, frozenset(accept_incomplete))
    if as_json:
        print_json(asdict(settled))
        return
    for delivery_id in settled.became_active:
        click.echo(f"{delivery_id} is now active")
    moved = [
        s for s in settled.statuses
        if (s.delivery_id, s.status) not in before and s.delivery_id not in settled.became_active
    ]  # fmt: skip
    for status, number in sorted(Counter(s.status for s in moved).items()):
        click.echo(f"{counted(number, 'delivery', 'deliveries')} newly {status}")
    if not (settled.became_active or moved):
        click.echo("nothing to change")


def _ingest_all(
    platform: Platform, sources: Sequence[Source], options: Options, restart: bool
) -> tuple[IngestReport, SettleReport]:
    reports = []
    for number, source in enumerate(sources, start=1):
        of_all = f"{number} of {len(sources)}: " if len(sources) > 1 else ""
        show = _Shown(of_all + source.name, platform.clock.monotonic)
        try:
            report, settled = run_ingest(
                platform, source, options, restart=restart, progress=show, reached=show.reached
            )
        except ScopeHeldError as error:
            say("\r\x1b[K")
            print_conflicts(error)
            raise
        reports.append(report)
    return merged(reports), settled


_WAITS = {"deliver": "the stream delivers", "settle": "settling"}


class _Shown:
    """Shows progress on one line: rows, rate, and the time left by the bytes that are left."""

    def __init__(self, name: str, seconds: Callable[[], float]) -> None:
        self._name = name
        self._seconds = seconds
        self._step = ""
        self._began = (0.0, 0, 0.0)

    def reached(self, step: str) -> None:
        """Say what is waited for after the last record."""
        if step in _WAITS:
            say(f"\r\x1b[K  {self._name}: {_WAITS[step]} ...")

    def __call__(self, progress: Progress) -> None:
        now = self._seconds()
        if progress.step != self._step:
            # What an earlier process had done already says nothing about this one's speed.
            self._step, self._began = progress.step, (now, progress.rows, progress.done)
        began, rows, done = self._began
        took = now - began
        text = f"\r\x1b[K  {self._name}: {progress.step} {progress.rows:,} rows"
        if took > 1 and progress.rows > rows:
            text += f", {(progress.rows - rows) / took:,.0f}/s, {progress.done:.0%}"
            if progress.done > done:
                text += f", {_left(took * (1 - progress.done) / (progress.done - done))} left"
        say(text)


def _left(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
