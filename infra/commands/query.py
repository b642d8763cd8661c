"""`finops query`: Athena's SQL over the local lake."""

import csv
import sys
from pathlib import Path

import click

from infra.commands.options import counted, json_option, lake_options, print_json, print_table, text
from infra.wiring import open_platform

_NUMBERS = ("decimal", "bigint", "integer", "double")


@click.command("query")
@click.option("--sql", required=True, help="One SELECT, in Athena's SQL.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@json_option
@lake_options
def query_command(sql: str, as_csv: bool, as_json: bool, data_dir: Path) -> None:
    """Ask the lake in SQL as Athena speaks it.

    Views: charges (the truth now), charges_all (everything ever believed), deliveries.
    --json prints a list of objects; amounts are strings, so that no digit is lost. Maps and
    arrays come as Athena prints them; select json_format(cast(tags as json)) for JSON.

    \b
    Example:
      finops query --sql "select service_name, sum(billed_cost) as billed
                          from charges group by 1 order by 2 desc"
    """
    with open_platform(data_dir, needs_data=True, views=True) as platform:
        columns, rows = platform.query.table(sql)
    names = [name for name, _ in columns]
    if as_json:
        print_json([dict(zip(names, row, strict=True)) for row in rows])
    elif as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(["" if v is None else text(v) for v in row] for row in rows)
    else:
        numbers = [name for name, kind in columns if kind.startswith(_NUMBERS)]
        print_table(names, rows, right=numbers)
        click.echo(f"  {counted(len(rows), 'row')}")
