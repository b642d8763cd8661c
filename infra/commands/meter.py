"""`finops local meter`: what AWS would bill for what the local streams took and stored."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from infra.commands.options import counted, json_option, lake_options, print_json, print_table, text

_CENTS = Decimal("0.000001")


@click.command("meter")
@json_option
@lake_options
def meter_command(as_json: bool, data_dir: Path) -> None:
    """Show what Firehose would bill for each local stream.

    Each record is rounded up to 5 KiB on its own, for ingestion, conversion and partitioning. The
    rates are those of us-east-2 as if all of it came in one month; a GB is 2^30 bytes. The counts
    are kept in the data directory; a killed server may miss its last second. `--json` has the exact
    amounts, as texts.

    \b
    Example:
      finops local meter
      finops local meter --json
    """
    from infra.local.aws.control_client import ask
    from infra.local.aws.lifecycle import status
    from infra.local.aws.meter_control import METER_PATH, from_file

    server = status(data_dir)
    found = ask(server.endpoint_url, "GET", METER_PATH) if server else from_file(data_dir)
    if as_json:
        print_json(found)
    else:
        _print(found)


def _print(found: dict[str, Any]) -> None:
    since = text(datetime.fromisoformat(found["since"]))
    click.echo(
        f"metered since {since}, in {found['currency']} by the rates of {found['prices_of']}"
    )
    for stream in found["streams"]:
        click.echo(
            f"\n{stream['stream']}: {counted(stream['records'], 'record')}, "
            f"{counted(stream['bytes'], 'byte')}"
        )
        amounts = stream["amounts"]
        rows = [
            ("ingestion", f"{stream['ingested_bytes']:,} bytes", amounts["ingestion"]),
            ("format conversion", f"{stream['conversion_bytes']:,} bytes", amounts["conversion"]),
            (
                "dynamic partitioning",
                f"{stream['partitioning_bytes']:,} bytes",
                amounts["partitioning"],
            ),
            (
                "objects of partitions",
                counted(stream["partitioning_objects"], "object"),
                amounts["objects"],
            ),
            ("total", "", stream["total"]),
        ]
        print_table(
            ("meter", "billed", "dollars"),
            [(what, billed, _dollars(amount)) for what, billed, amount in rows],
            right=("dollars",),
        )
        errors = counted(stream["error_objects"], "error object")
        backups = counted(stream["backup_objects"], "backup object")
        click.echo(f"  not priced: {errors}, {backups}")
    click.echo("\nbeside it:")
    for line in found["beside"]:
        click.echo(f"  {line}")


def _dollars(amount: str) -> str:
    """Return an amount with six decimals: a test's cents are far behind the point."""
    return str(Decimal(amount).quantize(_CENTS))
