"""`finops quarantine`: everything that did not become a row, why, and the original."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from infra.commands.options import (
    counted,
    json_option,
    lake_options,
    parse_settings,
    print_json,
    print_table,
    text,
)
from infra.errors import UsageError
from infra.wiring import open_platform
from producers import quarantine
from producers.quarantine import QuarantinedRow
from producers.retry import Retry, RetryReport
from producers.sources.focus import check_settings
from schemas.lake import ObjectStore
from transforms.error_objects import ErrorLine, read_error_lines
from transforms.redrive.marks import Marks
from transforms.settle import settle


@click.group("quarantine")
def quarantine_group() -> None:
    """Look at what did not become a row: rejected source rows and failed records."""


@quarantine_group.command("list")
@click.option("--all", "everything", is_flag=True, help="Failed records that were put back, too.")
@json_option
@lake_options
def list_command(everything: bool, as_json: bool, data_dir: Path) -> None:
    """List rejected source rows and failed records with their reasons.

    A failed record stays in errors/ for good; one that a redrive has dealt with is not listed.

    \b
    Example:
      finops quarantine list --json
      finops quarantine list --all
    """
    with open_platform(data_dir, needs_data=True) as platform:
        found = [_row_entry(r) for r in quarantine.read(platform.store)]
        marks, dealt_with = Marks(platform.store), 0
        for line in read_error_lines(platform.store):
            if line.number in marks.of(line.key):
                dealt_with += 1
                if not everything:
                    continue
            found.append(_line_entry(line))
    if as_json:
        print_json(found)
        return
    hidden = 0 if everything else dealt_with
    aside = f"; {counted(hidden, 'failed record')} put back (--all)" if hidden else ""
    if not found:
        click.echo(f"nothing is in quarantine{aside}")
    else:
        columns = ("id", "reason", "where", "detail")
        print_table(columns, [[e[name] for name in columns] for e in found])
        click.echo(f"  show one with: finops quarantine show ID{aside}")


@quarantine_group.command("show")
@click.argument("id")
@click.option("--raw", is_flag=True, help="Write the original bytes to standard output.")
@json_option
@lake_options
def show_command(id: str, raw: bool, as_json: bool, data_dir: Path) -> None:  # noqa: A002
    """Show one entry with its original text or bytes.

    \b
    Example:
      finops quarantine show 3f0c2a9d1b7e4c5a6d8e9f01:17
      finops quarantine show finops-1-2026-11-23-10-00-00-0f1e:1 --raw > record.gz
    """
    with open_platform(data_dir, needs_data=True) as platform:
        entry, original = _find(platform.store, id)
    if raw:
        sys.stdout.buffer.write(original)
    elif as_json:
        print_json({**entry, "original": original.decode("utf-8", "backslashreplace")})
    else:
        for name, value in entry.items():
            click.echo(f"  {name + ':':10}{text(value)}")
        click.echo(f"  original: {len(original):,} bytes")
        click.echo("    " + text(original[:400].decode("utf-8", "backslashreplace")))


@quarantine_group.command("retry")
@click.argument("wanted", metavar="[ID|DELIVERY]", required=False)
@click.option(
    "--set",
    "settings",
    metavar="COLUMN=VALUE",
    multiple=True,
    help="Fill a FOCUS column that the rows lack or leave empty.",
)
@click.option(
    "--text",
    "file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Read the one row ID from this file: its mended text.",
)
@json_option
@lake_options
def retry_command(
    wanted: str | None,
    settings: tuple[str, ...],
    file: Path | None,
    as_json: bool,
    data_dir: Path,
) -> None:
    """Deliver rejected rows that have become good: after an upgrade, a --set, or a mended text.

    Without an argument every rejected row is tried. An event keeps the id that was reserved for
    it, and belongs to the delivery that rejected it. Exit code 1: some rows stay in quarantine.

    \b
    Example:
      finops quarantine retry --set BillingCurrency=USD
      finops quarantine show 3f0c2a9d1b7e4c5a6d8e9f01:17 --raw > row.csv   # mend it, then
      finops quarantine retry 3f0c2a9d1b7e4c5a6d8e9f01:17 --text row.csv
    """
    if file is not None and (wanted is None or ":" not in wanted):
        raise UsageError("--text mends one row; name it: finops quarantine retry ID --text FILE")
    text = None if file is None else file.read_text("utf-8").rstrip("\r\n")
    with open_platform(data_dir, needs_data=True) as platform:
        retry = Retry(
            platform.store,
            platform.delivery(),
            platform.now_micros,
            check_settings(parse_settings(settings)),
        )
        report = retry.run(lambda row: _is_wanted(row, wanted), text)
        if wanted is not None and not report.rows:
            raise UsageError(f"no rejected row is called {wanted!r}; list: finops quarantine list")
        platform.flush()
        settle(platform.query, platform.store, platform.clock.now())
    if as_json:
        print_json(asdict(report))
    else:
        _print_retry(report)
    if report.remaining:
        sys.exit(1)


def _is_wanted(row: QuarantinedRow, wanted: str | None) -> bool:
    return wanted in (None, row.delivery_id, f"{row.delivery_id}:{row.ordinal}")


def _print_retry(report: RetryReport) -> None:
    of_all = f"of {counted(report.rows, 'rejected row')}"
    click.echo(f"delivered {report.delivered:,} {of_all}")
    for delivery_id in report.deliveries:
        click.echo(f"  delivery {delivery_id} has a new revision")
    for reason, rows in report.remaining.items():
        click.echo(f"  {counted(rows, 'row')} stay: {reason}")


def _find(store: ObjectStore, wanted: str) -> tuple[dict[str, Any], bytes]:
    for row in quarantine.read(store):
        entry = _row_entry(row)
        if entry["id"] == wanted:
            return entry, row.text.encode("utf-8", "surrogateescape")
    for line in read_error_lines(store):
        if line.id == wanted:
            return _line_entry(line), line.raw
    raise UsageError(f"nothing in quarantine is called {wanted!r}; list: finops quarantine list")


def _row_entry(row: QuarantinedRow) -> dict[str, Any]:
    return {
        "id": f"{row.delivery_id}:{row.ordinal}",
        "kind": "source-row",
        "reason": row.reason,
        "where": f"{row.file} line {row.line}",
        "detail": row.detail,
    }


def _line_entry(line: ErrorLine) -> dict[str, Any]:
    return {
        "id": line.id,
        "kind": line.type,
        "reason": line.reason(),
        "where": line.key,
        "detail": f"{line.code}: {line.message}",
    }
