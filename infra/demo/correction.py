"""A part of the demo: a second file for a month that another file holds."""

from pathlib import Path

import click

from infra.commands.ingest_report import print_conflicts, print_report
from infra.commands.options import print_table
from infra.ingesting import Request, open_sources, run_ingest
from infra.wiring import Platform
from producers.decision import OnConflict, ScopeHeldError
from producers.ingest import Options

FOLDER = Path("sample-data") / "focus" / "corrections"
ORIGINAL = "scenario_1_partial_reallocation_original.csv"
LEDGER = "scenario_1_partial_reallocation_ledger.csv"
SETTINGS = {"BillingAccountId": "example-payer", "BillingCurrency": "USD", "ServiceName": "Compute"}
BY_RESOURCE = """
select resource_id as resource, billing_currency as currency, count(*) as charges,
       sum(billed_cost) as billed
from charges where billing_account_id = 'example-payer' group by 1, 2 order by 1
"""


def show_correction(platform: Platform) -> None:
    """Ingest FOCUS's own example of a correction, first without saying what it is."""
    click.echo("\n== 5. A correction arrives: another file for a month that a file holds")
    _ingest(platform, ORIGINAL, OnConflict.REFUSE)
    try:
        _ingest(platform, LEDGER, OnConflict.REFUSE)
    except ScopeHeldError as error:
        click.echo(f"{LEDGER}: refused, nothing was sent")
        print_conflicts(error, err=False)
        click.echo(" with --add")
        _ingest(platform, LEDGER, OnConflict.ADD)
    columns, rows = platform.query.table(BY_RESOURCE)
    print_table([name for name, _ in columns], rows, right=("charges", "billed"))


def _ingest(platform: Platform, name: str, on_conflict: OnConflict) -> None:
    request = Request(str(FOLDER / name), None, SETTINGS)
    (source,) = open_sources(request, lambda: platform.client("s3"))
    report, settled = run_ingest(platform, source, Options(on_conflict=on_conflict))
    print_report(name, report, settled)
