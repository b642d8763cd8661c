"""`finops deliveries`: what was delivered, what is believed, and why not."""

from pathlib import Path
from typing import Any

import click
import orjson

from infra.commands.ingest_report import amounts
from infra.commands.options import counted, json_option, lake_options, print_json, print_table
from infra.errors import UsageError
from infra.wiring import open_platform
from producers.checkpoint import Checkpoint, Opened, interrupted
from producers.receipts import billed, rejected_billed

_SQL = """
select delivery_id, status, detail, stored, source, source_name, dataset_instance, replaces_scope,
       json_format(cast(settings as json)) as settings, billing_account_id, scope_period,
       delivery_mode, asserted_at, mapper_version, events, revision,
       json_format(cast(days as json)) as days, json_format(cast(rejected as json)) as rejected
from deliveries order by asserted_at, delivery_id
"""


@click.command("deliveries")
@click.argument("delivery", required=False)
@json_option
@lake_options
def deliveries_command(delivery: str | None, as_json: bool, data_dir: Path) -> None:
    """List deliveries: scope, events, money, where each stands and why.

    With a DELIVERY (or the beginning of its id): its days, sums and residues.

    \b
    What a status means:
      active       its rows are what the view `charges` shows for its scope
      superseded   a newer delivery of the scope is shown instead
      in-flight    sent; not all rows have landed yet
      incomplete   rows are missing; the detail says how many and where they are
      append       its rows count beside others
      open         rows without a completion; run the same ingest again
      empty        every row is in quarantine
      interrupted  read or sent in part; run the same ingest again
      refused      read and not sent; the detail says what a person has to say

    \b
    Example:
      finops deliveries
      finops deliveries 3f0c2a --json
    """
    with open_platform(data_dir, needs_data=True, views=True) as platform:
        unfinished = {
            opened.delivery_id: _interrupted(at, opened)
            for at in interrupted(platform.store)
            for opened in at.deliveries
        }
        found = [
            _with_money(row)
            for row in platform.query.rows(_SQL)
            if not (row["status"] == "open" and row["delivery_id"] in unfinished)
        ]
        found += unfinished.values()
    if delivery is not None:
        chosen = [row for row in found if row["delivery_id"].startswith(delivery)]
        if len(chosen) != 1:
            problem = "no delivery" if not chosen else f"{len(chosen)} deliveries"
            raise UsageError(
                f"{problem} with an id that begins with {delivery!r}; list: finops deliveries"
            )
        print_json(chosen[0]) if as_json else _print_one(chosen[0])
    elif as_json:
        print_json(found)
    else:
        _print_all(found)


def _with_money(row: dict[str, Any]) -> dict[str, Any]:
    """Read a row's nested values, and add what the source said in money."""
    lists = {name: orjson.loads(row[name] or "[]") or [] for name in ("days", "rejected")}
    settings = orjson.loads(row["settings"] or "{}") or {}
    sent = sum(day["events"] for day in lists["days"] if not day["held_by"])
    return {**row, "settings": settings, "sent": sent, **_money(lists)}


def _money(lists: dict[str, Any]) -> dict[str, Any]:
    """Return days and rejected rows with their billed cost by currency, residues included."""
    return {
        **lists,
        "billed_cost": billed(lists["days"]),
        "rejected_rows": sum(e["rows"] for e in lists["rejected"]),
        "rejected_billed_cost": rejected_billed(lists["rejected"]),
    }


def _interrupted(at: Checkpoint, opened: Opened) -> dict[str, Any]:
    """Return a delivery whose ingest died as one more line of the list."""
    if at.sent_chunks:
        share = at.sent_chunks / len(at.record_chunks)
        where = f"{share:.0%} sent"
    else:
        where = f"{counted(at.rows, 'row')} read, nothing sent"
    again = f"at step {at.step}, {where}; run the same ingest again"
    completed = {"days": opened.totals.days(), "rejected": opened.totals.rejected()}
    return {
        "delivery_id": opened.delivery_id,
        "status": "refused" if at.refused else "interrupted",
        "detail": at.refused or again,
        "source_name": at.source_name,
        "billing_account_id": opened.scope.billing_account_id,
        "scope_period": opened.scope.billing_period,
        "asserted_at": None,
        "events": opened.totals.events,
        "sent": None,
        "stored": None,
        **_money(completed),
    }


def _print_all(rows: list[dict[str, Any]]) -> None:
    print_table(
        ("delivery", "account", "period", "name", "asserted", "events", "sent", "billed",
         "rejected", "status"),
        [
            (
                r["delivery_id"][:12],
                r["billing_account_id"],
                r["scope_period"],
                r["source_name"],
                r["asserted_at"],
                r["events"],
                r["sent"],
                amounts(r["billed_cost"]),
                r["rejected_rows"],
                r["status"] + (f": {r['detail']}" if r["detail"] else ""),
            )
            for r in rows
        ],
        right=("events", "sent", "rejected"),
    )  # fmt: skip


def _print_one(row: dict[str, Any]) -> None:
    for name in ("delivery_id", "status", "detail", "source", "source_name", "dataset_instance",
                 "replaces_scope", "settings", "billing_account_id", "scope_period",
                 "delivery_mode", "asserted_at", "mapper_version", "revision", "events", "sent",
                 "stored"):  # fmt: skip
        value = row.get(name)
        click.echo(f"  {name + ':':22}{'' if value is None else value}")
    click.echo(f"  {'billed_cost:':22}{amounts(row['billed_cost'])}")
    click.echo(f"  {'rejected_rows:':22}{row['rejected_rows']}  "
               f"{amounts(row['rejected_billed_cost'])}".rstrip())  # fmt: skip
    print_table(
        ("charge date", "events", "billed (stored)", "residue", "content", "rows held by"),
        [
            (
                day["charge_date"],
                day["events"],
                entry["stored"],
                entry["residue"],
                day["content_hash"][:12],
                (day["held_by"] or "itself")[:12],
            )
            for day in row["days"]
            for entry in day["sums"]
            if entry["column_name"] == "billed_cost"
        ],
        right=("events", "billed (stored)", "residue"),
    )
