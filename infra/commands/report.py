"""`finops report`: one page of what the lake says about money."""

from pathlib import Path

import click

from infra.auditing import run_audit
from infra.commands.options import json_option, lake_options, print_json
from infra.errors import UsageError
from infra.local.clock import SystemClock
from infra.wiring import open_platform


@click.command("report")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("report.html"),
    show_default=True,
    help="The page to write.",
)
@click.option(
    "--audit/--no-audit", "audited", default=True, show_default=True, help="Run the audit first."
)
@json_option
@lake_options
def report_command(out: Path, audited: bool, as_json: bool, data_dir: Path) -> None:
    """Write one self-contained HTML page: totals, trend, anomalies, tags, delivery health.

    The page loads nothing, so it can be mailed as it is. --json prints the same data and writes
    no page; amounts are strings, so that no digit is lost.

    \b
    Example:
      finops report --out report.html
      finops report --no-audit --json
    """
    # Loaded by this command alone: templates and charts are large.
    from infra.report import as_document, gather, render

    if not (as_json or out.parent.is_dir()):
        raise UsageError(f"{out.parent}: no such folder; create it or choose another --out")
    with open_platform(data_dir, needs_data=True, views=True) as platform:
        verdict = run_audit(platform) if audited else None
        report = gather(platform.query, generated_at=SystemClock().now(), audit=verdict)
    if as_json:
        print_json(as_document(report))
        return
    page = render(report).encode()
    out.write_bytes(page)
    click.echo(f"{out}: {len(page):,} bytes")
