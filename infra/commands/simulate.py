"""`finops simulate`: write a month of the simulated bill as AWS would export it."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from shlex import quote
from typing import Any

import click

from infra.commands.options import counted, json_option, print_json, print_table
from infra.errors import UsageError
from infra.wiring import say
from producers.sources.simulator import Simulator
from producers.sources.simulator.clock import hour_of, moment
from producers.sources.simulator.exports import (
    CSV,
    EXPORT_KINDS,
    ExportKind,
    Format,
    MonthBill,
    Part,
    write_export,
)

_FORMATS = ("csv", "parquet")


@click.command("simulate")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="The folder to write into; the export gets a folder of its own in it.",
)
@click.option(
    "--as",
    "kind_name",
    type=click.Choice(list(EXPORT_KINDS)),
    required=True,
    help="FOCUS 1.2, CUR 2.0, or the legacy Cost and Usage Report.",
)
@click.option(
    "--month", type=click.DateTime(["%Y-%m"]), metavar="YYYY-MM", required=True,
    help="The billing period.",
)  # fmt: skip
@click.option(
    "--format",
    "format_name",
    type=click.Choice(_FORMATS),
    default="csv",
    show_default=True,
    help="Gzipped CSV, or Parquet whose amounts are decimals.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Which world.")
@click.option(
    "--start", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD", default="2026-09-01",
    show_default=True, help="The world's first day.",
)  # fmt: skip
@click.option(
    "--days",
    type=click.IntRange(min=28),
    default=31,
    show_default=True,
    help="Days from the start within which spikes and decoys are made to happen.",
)
@click.option(
    "--until", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H"]), metavar="YYYY-MM-DD[THH]",
    help="Only what had arrived before this time, UTC; without it, all of the month.",
)  # fmt: skip
@click.option(
    "--service", "services", metavar="NAME", multiple=True, help="Only this service's charges."
)
@click.option(
    "--rows-per-file",
    type=click.IntRange(min=1),
    default=500_000,
    show_default=True,
    help="Begin another file after so many rows.",
)
@json_option
@click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")
def simulate_command(
    out: Path,
    kind_name: str,
    month: datetime,
    format_name: str,
    seed: int,
    start: datetime,
    days: int,
    until: datetime | None,
    services: tuple[str, ...],
    rows_per_file: int,
    as_json: bool,
) -> None:
    """Write a month of the simulated bill as an AWS export: files, folders and manifest.

    FOCUS, CUR 2.0 and legacy CUR of the same month say the same money to the last digit. The same
    arguments give the same bytes. --until makes the export of an earlier day: write one, ingest
    it, write a later one, and only its changed days are sent. FOCUS and CUR 2.0 replace the
    month's files; legacy CUR keeps each refresh beside the others, as AWS does.

    \b
    Example:
      finops simulate --out /tmp/bill --as cur --month 2026-09 --until 2026-09-15
      finops ingest /tmp/bill/simulated-cur
    """
    kind = EXPORT_KINDS[kind_name]
    form = _format(kind, format_name)
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out}: is a file; name a folder to write into")
    bill = MonthBill(
        Simulator(seed, start.date(), days),
        _first_day(month),
        None if until is None else hour_of(until.replace(tzinfo=UTC)),
        services,
    )
    parts = write_export(out, kind, bill, form, rows_per_file, _show)
    say("\r\x1b[K")
    folder = out / kind.export_name
    if as_json:
        print_json(_document(kind, bill, form, folder, parts))
        return
    click.echo(
        f"wrote {counted(_rows(parts), 'row')} of {bill.month} as {kind.title}, "
        f"as known on {_known(bill)}, to {folder}"
    )
    rows = [(p.path.relative_to(folder), f"{p.rows:,}", f"{p.size:,}") for p in parts]
    print_table(("file", "rows", "bytes"), rows, right=("rows", "bytes"))
    click.echo(f"next: {_next(folder)}")


def _format(kind: ExportKind, name: str) -> Format:
    if name not in kind.formats:
        raise UsageError(
            f"{kind.title} is written as {' or '.join(kind.formats)} here; "
            f"for {name} say --as cur --format {name}"
        )
    if name == CSV.name:
        return CSV
    # Only now: pyarrow is large.
    from infra.parquet_parts import PARQUET

    return PARQUET


def _first_day(month: datetime) -> date:
    return month.date().replace(day=1)


def _known(bill: MonthBill) -> str:
    return f"{moment(bill.until):%Y-%m-%d %H:%M} UTC"


def _next(folder: Path) -> str:
    return f"finops ingest {quote(str(folder))}"


def _rows(parts: Sequence[Part]) -> int:
    return sum(part.rows for part in parts)


def _show(rows: int) -> None:
    say(f"\r\x1b[K  {rows:,} rows")


def _document(
    kind: ExportKind, bill: MonthBill, form: Format, folder: Path, parts: Sequence[Part]
) -> dict[str, Any]:
    return {
        "kind": kind.name,
        "format": form.name,
        "billing_period": bill.month,
        "known_until": moment(bill.until).isoformat(),
        "folder": str(folder),
        "rows": _rows(parts),
        "files": [
            {
                "file": part.path.relative_to(folder).as_posix(),
                "rows": part.rows,
                "bytes": part.size,
            }
            for part in parts
        ],
        "next": _next(folder),
    }
