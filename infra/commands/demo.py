"""`finops demo`: the real sample from file to answer, and what to try next."""

from pathlib import Path

import click

from infra.commands.audit import print_verdict
from infra.commands.ingest import print_report, run_ingest
from infra.commands.options import lake_options, print_table, text
from infra.errors import UsageError
from infra.wiring import LocalPlatform
from producers import quarantine
from producers.sources.focus import FocusFile
from transforms.audit import audit
from transforms.error_objects import read_error_lines

SAMPLES = Path("sample-data") / "focus"
REAL = "focus_1_0_real.csv"
BROKEN = "focus_1_3_broken_rows.csv"

BY_SERVICE = """
select service_name as service, billing_currency as currency, count(*) as charges,
       sum(billed_cost) as billed, sum(list_cost) as at_list_price
from charges group by 1, 2 order by billed desc, service limit 12
"""
BY_ACCOUNT = """
select billing_account_id as payer_account, sub_account_name as account,
       billing_currency as currency, count(*) as charges, sum(billed_cost) as billed
from charges group by 1, 2, 3 order by billed desc, account limit 8
"""
TOTAL = """
select billing_currency as currency, count(*) as charges, sum(billed_cost) as billed,
       count(distinct service_name) as services, count(distinct sub_account_id) as accounts,
       min(charge_date) as first_day, max(charge_date) as last_day
from charges group by 1 order by 1
"""
FINDINGS = """
select f.rule as rule, f.severity as severity, c.billing_currency as currency,
       count(*) as findings, sum(f.amount) as amount
from charges c cross join unnest(c.findings) as f(rule, severity, message, amount, expected)
group by 1, 2, 3 order by amount desc
"""
VERDICTS = """
select cost_class, tag_status, billing_currency as currency, count(*) as charges,
       sum(billed_cost) as billed
from charges group by 1, 2, 3 order by charges desc, 1, 2
"""


@click.command("demo")
@lake_options
def demo_command(data_dir: Path) -> None:
    """Ingest the real FOCUS sample and show what came of it.

    Runs everything in this process: packing, an in-process Firehose, the transform Lambda,
    Parquet, settle, and Athena's SQL on DuckDB. No AWS account, no network.

    \b
    Example:
      finops demo --data-dir /tmp/finops-demo
    """
    if not (SAMPLES / REAL).exists():
        raise UsageError(f"{SAMPLES / REAL}: not found; run the demo in the project's folder")
    platform = LocalPlatform.at(data_dir)
    click.echo("== 1. Deliver: file -> events -> Firehose -> transform -> Parquet")
    for name in (REAL, BROKEN):
        report, settled = run_ingest(platform, FocusFile(SAMPLES / name), resend=False)
        print_report(name, report, settled)
    click.echo("\n== 2. Money, in Athena's SQL (view charges)")
    for title, sql in (("total", TOTAL), ("by service", BY_SERVICE), ("by account", BY_ACCOUNT)):
        click.echo(f" {title}")
        _show(platform, sql)
    click.echo("\n== 3. What the rules say (rules v1, no baseline yet: unknown is not normal)")
    _show(platform, VERDICTS)
    click.echo(" findings by rule")
    _show(platform, FINDINGS)
    click.echo("\n== 4. What did not become a row, and why")
    _show_quarantine(platform)
    click.echo("\n== 5. Is anything lost?")
    print_verdict(audit(platform.query, platform.store))
    _show_next(platform)


def _show(platform: LocalPlatform, sql: str) -> None:
    result = platform.query.query(sql)
    numbers = [n for n, kind in result.columns if kind.startswith(("bigint", "decimal"))]
    print_table([name for name, _ in result.columns], result.rows, right=numbers)


def _show_quarantine(platform: LocalPlatform) -> None:
    rows = [
        (r.reason, f"{r.file} line {r.line}", r.detail) for r in quarantine.read(platform.store)
    ]
    rows += [(e.reason(), e.key, e.message) for e in read_error_lines(platform.store)]
    if rows:
        print_table(("reason", "where", "detail"), rows)
    else:
        click.echo("  nothing")


def _show_next(platform: LocalPlatform) -> None:
    click.echo("\n== 6. Where it lies, as plain files")
    for prefix, what in (
        ("raw/", "source records as Firehose received them, for ever"),
        ("processed/", "Parquet, partitioned by evaluation, billing period and charge date"),
        ("errors/", "failed records with their original bytes"),
        ("quarantine/", "source rows that could not become events"),
        ("state/", "which delivery each day is read from"),
    ):
        objects = list(platform.store.list(prefix))
        size = sum(o.size for o in objects)
        click.echo(
            f"  {platform.lake / prefix!s:32}{len(objects):>4} files {size:>9,} bytes  {what}"
        )
    click.echo("\nTry next:")
    data_dir = f" --data-dir {platform.data_dir}" if platform.data_dir != Path(".finops") else ""
    for line in (
        f'finops query{data_dir} --sql "select charge_date, sum(billed_cost) as billed '
        'from charges group by 1 order by 1"',
        f"finops deliveries{data_dir}",
        f"finops quarantine list{data_dir}",
        f"finops events cat{data_dir} --limit 1",
        f"finops audit{data_dir}",
    ):
        click.echo(f"  .venv/bin/{text(line)}")
