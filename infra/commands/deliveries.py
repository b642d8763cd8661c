"""`finops deliveries`: what was delivered, what is believed, and why not."""

from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import orjson

from infra.commands.options import json_option, lake_options, money, print_json, print_table
from infra.errors import UsageError
from infra.wiring import open_platform
from schemas.amounts import EXACT, plain_text

_SQL = """
select delivery_id, status, detail, stored, source, source_name, billing_account_id, scope_period,
       delivery_mode, asserted_at, events, json_format(cast(days as json)) as days,
       json_format(cast(rejected as json)) as rejected
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
    Example:
      finops deliveries
      finops deliveries 3f0c2a --json
    """
    with open_platform(data_dir, needs_data=True, views=True) as platform:
        found = [_with_money(row) for row in platform.query.rows(_SQL)]
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
    """Add what the source said in money: billed cost by currency, rejected rows apart."""
    row = {**row, **{name: orjson.loads(row[name] or "[]") or [] for name in ("days", "rejected")}}
    billed: dict[str, Decimal] = defaultdict(Decimal)
    for day in row["days"]:
        for entry in day["sums"]:
            if entry["column_name"] == "billed_cost":
                for part in (entry["stored"], entry["residue"]):
                    billed[entry["currency"]] = EXACT.add(billed[entry["currency"]], Decimal(part))
    rejected: dict[str, Decimal] = defaultdict(Decimal)
    for entry in row["rejected"]:
        if entry["billed_cost"] is not None:
            currency = entry["currency"] or "?"
            rejected[currency] = EXACT.add(rejected[currency], Decimal(entry["billed_cost"]))
    return {
        **row,
        "billed_cost": {c: plain_text(v) for c, v in sorted(billed.items())},
        "rejected_rows": sum(e["rows"] for e in row["rejected"]),
        "rejected_billed_cost": {c: plain_text(v) for c, v in sorted(rejected.items())},
    }


def _amounts(by_currency: dict[str, str]) -> str:
    return ", ".join(f"{money(value)} {currency}" for currency, value in by_currency.items())


def _print_all(rows: list[dict[str, Any]]) -> None:
    print_table(
        ("delivery", "account", "period", "file", "asserted", "events", "billed", "rejected",
         "status"),
        [
            (
                r["delivery_id"][:12],
                r["billing_account_id"],
                r["scope_period"],
                r["source_name"],
                r["asserted_at"],
                r["events"],
                _amounts(r["billed_cost"]),
                r["rejected_rows"],
                r["status"] + (f": {r['detail']}" if r["detail"] else ""),
            )
            for r in rows
        ],
        right=("events", "rejected"),
    )  # fmt: skip


def _print_one(row: dict[str, Any]) -> None:
    for name in ("delivery_id", "status", "detail", "source", "source_name", "billing_account_id",
                 "scope_period", "delivery_mode", "asserted_at", "events", "stored"):  # fmt: skip
        click.echo(f"  {name + ':':22}{'' if row[name] is None else row[name]}")
    click.echo(f"  {'billed_cost:':22}{_amounts(row['billed_cost'])}")
    click.echo(f"  {'rejected_rows:':22}{row['rejected_rows']}  "
               f"{_amounts(row['rejected_billed_cost'])}".rstrip())  # fmt: skip
    print_table(
        ("charge date", "events", "billed (stored)", "residue", "content"),
        [
            (
                day["charge_date"],
                day["events"],
                entry["stored"],
                entry["residue"],
                day["content_hash"][:12],
            )
            for day in row["days"]
            for entry in day["sums"]
            if entry["column_name"] == "billed_cost"
        ],
        right=("events", "billed (stored)", "residue"),
    )
