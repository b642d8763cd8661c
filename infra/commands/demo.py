"""`finops demo`: a real sample from file to answer, then a month of schedules."""

from pathlib import Path

import click

from infra.commands.options import enforce_option, lake_options, text
from infra.demo.other_rules import show_other_rules
from infra.demo.real_sample import check_samples, show_real_sample
from infra.wiring import Platform, check_data_dir, start


@click.command("demo")
@click.option(
    "--days",
    default=31,
    show_default=True,
    type=click.IntRange(min=0, max=60),
    help="Days of hourly schedules after the sample; 0 leaves the month out.",
)
@enforce_option(True)
@lake_options
def demo_command(days: int, enforce_iam: bool, data_dir: Path) -> None:
    """Ingest the real FOCUS sample, then run a month of hourly schedules.

    The project's own template is deployed to an embedded AWS in this process; its schedules, its
    functions, Firehose and Athena do the work on a clock of their own, each with no more rights
    than its role in the template has. No AWS account, no network.

    \b
    Example:
      finops demo --data-dir /tmp/finops-demo
    """
    check_samples()
    check_data_dir(data_dir)
    if days:
        from infra.demo.month import show_month

    with start(data_dir, enforce_iam=enforce_iam) as (_, platform):
        show_real_sample(platform)
        show_other_rules(platform, 7)
        if not days:
            _show_next(platform, data_dir, 8)
    if days:
        show_month(data_dir, days, enforce_iam=enforce_iam)
        with start(data_dir) as (_, platform):
            _show_next(platform, data_dir, 13)


def _show_next(platform: Platform, data_dir: Path, step: int) -> None:
    click.echo(f"\n== {step}. Where it lies, as plain files: {platform.lake}")
    for prefix, what in (
        ("raw/", "source records as Firehose received them, for ever"),
        ("processed/", "Parquet, partitioned by evaluation, billing period and charge date"),
        ("errors/", "failed records with their original bytes"),
        ("quarantine/", "source rows that could not become events"),
        ("baselines/", "what each series used to cost, dated"),
        ("summaries/", "costs by day and month, and anomalies"),
        ("state/", "which delivery each day is read from"),
    ):
        objects = list(platform.store.list(prefix))
        size = sum(o.size for o in objects)
        click.echo(f"  {prefix:12}{len(objects):>6,} files {size:>12,} bytes  {what}")
    click.echo("\nTry next:")
    option = f" --data-dir {data_dir}" if data_dir != Path(".finops") else ""
    for line in (
        f'finops query{option} --sql "select charge_date, sum(billed_cost) as billed '
        'from charges group by 1 order by 1"',
        f"finops report{option} --out report.html",
        f"finops deliveries{option}",
        f"finops quarantine list{option}",
        f"finops events cat{option} --limit 1",
        f"finops audit{option}",
        f"finops rules diff v1 v2 --to 2026-08-31 --html difference.html{option}",
        f"finops local up{option}",
    ):
        click.echo(f"  .venv/bin/{text(line)}")
