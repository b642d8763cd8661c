"""First part of the demo: the real FOCUS sample, from file to answer."""

from pathlib import Path
from typing import Any

import click

from infra.auditing import tally_columns
from infra.commands.audit import print_verdict
from infra.commands.ingest_report import print_report
from infra.commands.options import print_table
from infra.demo.correction import show_correction
from infra.errors import UsageError
from infra.ingesting import Request, open_sources, run_ingest
from infra.wiring import Platform
from producers import quarantine
from producers.ingest import Options
from schemas.lake import ObjectStore
from transforms.audit import audit
from transforms.error_objects import read_error_lines

SAMPLES = Path("sample-data") / "focus"
REAL = "focus_1_0_real.csv"
BROKEN = "focus_1_3_broken_rows.csv"

BY_SERVICE = """
select service_name as service, billing_currency as currency, count(*) as charges,
       sum(billed_cost) as billed, sum(list_cost) as at_list_price
from charges where charge_date < '2026-09-01' group by 1, 2 order by billed desc, service limit 12
"""
BY_ACCOUNT = """
select billing_account_id as payer_account, sub_account_name as account,
       billing_currency as currency, count(*) as charges, sum(billed_cost) as billed
from charges where charge_date < '2026-09-01'
group by 1, 2, 3 order by billed desc, account limit 8
"""
TOTAL = """
select billing_currency as currency, count(*) as charges, sum(billed_cost) as billed,
       count(distinct service_name) as services, count(distinct sub_account_id) as accounts,
       min(charge_date) as first_day, max(charge_date) as last_day
from charges where charge_date < '2026-09-01' group by 1 order by 1
"""
FINDINGS = """
select f.rule as rule, f.severity as severity, c.billing_currency as currency,
       count(*) as findings, sum(f.amount) as amount
from charges c cross join unnest(c.findings) as f(rule, severity, message, amount, expected)
where c.charge_date < '2026-09-01'
group by 1, 2, 3 order by amount desc
"""
VERDICTS = """
select cost_class, tag_status, billing_currency as currency, count(*) as charges,
       sum(billed_cost) as billed
from charges where charge_date < '2026-09-01' group by 1, 2, 3 order by charges desc, 1, 2
"""


def check_samples() -> None:
    """Refuse to run anywhere but in the project's folder.

    Raises:
        UsageError: the samples are not here.
    """
    if not (SAMPLES / REAL).exists():
        raise UsageError(f"{SAMPLES / REAL}: not found; run the demo in the project's folder")


def show_real_sample(platform: Platform) -> None:
    """Ingest the real sample and a file of broken rows, and show what came of them."""
    click.echo("== 1. Deliver: file -> events -> Firehose -> transform -> Parquet")
    # Most rows of the second file are broken on purpose: as a rule that is the wrong file.
    options = Options(max_rejected=1.0)
    for name in (REAL, BROKEN):
        request = Request(str(SAMPLES / name))
        (source,) = open_sources(request, lambda: platform.client("s3"))
        report, settled = run_ingest(platform, source, options)
        print_report(name, report, settled)
    click.echo("\n== 2. Money, in Athena's SQL (view charges)")
    for title, sql in (("total", TOTAL), ("by service", BY_SERVICE), ("by account", BY_ACCOUNT)):
        click.echo(f" {title}")
        show(platform, sql)
    click.echo("\n== 3. What the rules say (rules v1, no baseline yet: unknown is not normal)")
    show(platform, VERDICTS)
    click.echo(" findings by rule")
    show(platform, FINDINGS)
    click.echo("\n== 4. What did not become a row, and why")
    _show_quarantine(platform.store)
    show_correction(platform)
    click.echo("\n== 6. Is anything lost?")
    print_verdict(audit(platform.query, platform.store, tally=tally_columns))


def show(platform: Platform, sql: str) -> None:
    """Print the answer to a query."""
    show_table(*platform.query.table(sql))


def show_table(columns: list[tuple[str, str]], rows: list[list[Any]]) -> None:
    """Print columns and rows; numbers stand right."""
    numbers = [name for name, kind in columns if kind in ("bigint", "decimal")]
    print_table([name for name, _ in columns], rows, right=numbers)


def _show_quarantine(store: ObjectStore) -> None:
    rows = [(r.reason, f"{r.file} line {r.line}", r.detail) for r in quarantine.read(store)]
    rows += [(e.reason(), e.key, e.message) for e in read_error_lines(store)]
    if rows:
        print_table(("reason", "where", "detail"), rows)
    else:
        click.echo("  nothing")
