"""`finops report`: one page of what the lake says about money."""

from datetime import datetime
from pathlib import Path

import click

from infra.auditing import run_audit
from infra.commands.options import json_option, lake_options, print_json
from infra.errors import UsageError
from infra.local.clock import SystemClock
from infra.wiring import open_platform

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command("report")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("report.html"),
    show_default=True,
    help="The page to write.",
)
@click.option(
    "--from",
    "first",
    type=_DAY,
    help="The first charge date; by default the month's first, a year before the newest day.",
)
@click.option(
    "--to",
    "last",
    type=_DAY,
    help="The last charge date; the page knows no later one, and forecasts from there.",
)
@click.option(
    "--audit/--no-audit", "audited", default=True, show_default=True, help="Run the audit first."
)
@json_option
@lake_options
def report_command(
    out: Path,
    first: datetime | None,
    last: datetime | None,
    audited: bool,
    as_json: bool,
    data_dir: Path,
) -> None:
    """Write one self-contained HTML page about money, and about whether it is all there.

    Totals, month forecast, trend by service, movers, anomalies, untagged money by owner, low-value
    recurring costs, unused commitments, findings, delivery health and audit. The page loads
    nothing, so it can be mailed as it is. --json prints the same data and writes no page; amounts
    are strings, so that no digit is lost.

    \b
    Example:
      finops report --out report.html
      finops report --from 2026-07-01 --to 2026-09-20 --out quarter.html
      finops report --no-audit --json
    """
    # Loaded by this command alone: templates and charts are large.
    from infra.report import as_document, gather, render

    if not as_json:
        _check(out)
    if first and last and first > last:
        raise UsageError(
            f"--from {first:%Y-%m-%d} is after --to {last:%Y-%m-%d}; give an earlier --from, "
            "or a later --to"
        )
    with open_platform(data_dir, needs_data=True, views=True) as platform:
        verdict = run_audit(platform) if audited else None
        report = gather(
            platform.query,
            generated_at=SystemClock().now(),
            audit=verdict,
            first=first.date() if first else None,
            last=last.date() if last else None,
        )
    if as_json:
        print_json(as_document(report))
        return
    page = render(report).encode()
    try:
        out.write_bytes(page)
    except OSError as error:
        raise _unwritable(out, error) from error
    click.echo(f"{out}: {len(page):,} bytes")


def _check(out: Path) -> None:
    """Refuse a page that cannot be written before the work, not after it."""
    try:
        if out.is_dir():
            # An empty text is the working folder.
            raise UsageError("--out names no file; give one, such as --out report.html")
        if not out.parent.is_dir():
            raise UsageError(f"{out.parent}: no such folder; create it or choose another --out")
        is_new = not out.exists()
        if is_new or out.is_file():  # A pipe would take the trial for the page.
            with out.open("ab"):
                pass
        if is_new:
            out.resolve().unlink()
    except OSError as error:
        raise _unwritable(out, error) from error


def _unwritable(out: Path, error: OSError) -> UsageError:
    return UsageError(
        f"{out}: the page cannot be written ({error.strerror}); make room or choose another --out"
    )
