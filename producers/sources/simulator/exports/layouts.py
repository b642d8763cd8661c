"""Lays a bill out in folders as AWS delivers it, with the manifests that say what is current.

    Data Exports   <name>/data/BILLING_PERIOD=YYYY-MM/<name>-00001.csv.gz
    (overwriting)  <name>/metadata/BILLING_PERIOD=YYYY-MM/<name>-Manifest.json
    legacy CUR     <name>/<yyyymmdd-yyyymmdd>/<assembly>/<name>-1.csv.gz, -Manifest.json
    (keeping all)  <name>/<yyyymmdd-yyyymmdd>/<name>-Manifest.json

The first replaces the month's files by newer ones; the second keeps every refresh, and the month's
manifest names the newest. Manifests are written last: what they name is there, and whole.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from producers.sources.simulator.clock import moment
from producers.sources.simulator.exports.bill import MonthBill
from producers.sources.simulator.exports.columns import Table
from producers.sources.simulator.exports.parts import Format, Part, Progress, write_parts
from producers.sources.simulator.organisation import PAYER

_BUCKET = "example-billing-exports"
_ARN = f"arn:aws:bcm-data-exports:us-east-1:{PAYER}:export"


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be written."""

    folder: Path
    """The export's own, named as the export."""
    bill: MonthBill
    table: Table
    assembly_id: str
    form: Format
    rows_per_file: int

    @property
    def name(self) -> str:
        """The export's name."""
        return self.folder.name

    def key(self, path: Path) -> str:
        """Return a file's key in the bucket, where the export's folder is at the top."""
        return f"{self.name}/{path.relative_to(self.folder).as_posix()}"


Layout = Callable[[Order, Progress], list[Part]]


def write_data_export(order: Order, progress: Progress) -> list[Part]:
    """Write a month as Data Exports does in its overwriting mode; an earlier one is replaced.

    Raises:
        OSError: a file cannot be written.
    """
    name, partition = order.name, f"BILLING_PERIOD={order.bill.month}"
    data = order.folder / "data" / partition
    parts = _write(order, lambda n: data / f"{name}-{n:05}{order.form.suffix}", progress)
    _remove_others(data, name, parts)
    manifest = {
        "exportArn": f"{_ARN}/{name}",
        "exportName": name,
        "columns": [{"name": c.name, "type": c.kind} for c in order.table.columns],
        "dataFiles": [f"s3://{_BUCKET}/{order.key(part.path)}" for part in parts],
    }
    _write_json(order.folder / "metadata" / partition / f"{name}-Manifest.json", manifest)
    return parts


def write_legacy(order: Order, progress: Progress) -> list[Part]:
    """Write a month as a legacy report does when it keeps its refreshes; earlier ones stay.

    Raises:
        OSError: a file cannot be written.
    """
    name, bill = order.name, order.bill
    first, end = moment(bill.first), moment(bill.end)
    month = order.folder / f"{first:%Y%m%d}-{end:%Y%m%d}"
    refresh = month / order.assembly_id
    parts = _write(order, lambda n: refresh / f"{name}-{n}{order.form.suffix}", progress)
    manifest = {
        "assemblyId": order.assembly_id,
        "account": PAYER,
        "columns": [_legacy_column(c.name) for c in order.table.columns],
        "charset": "UTF-8",
        "compression": "GZIP",
        "contentType": "text/csv",
        "reportName": name,
        "billingPeriod": {
            "start": f"{first:%Y%m%dT%H%M%S.000Z}",
            "end": f"{end:%Y%m%dT%H%M%S.000Z}",
        },
        "bucket": _BUCKET,
        "reportKeys": [order.key(part.path) for part in parts],
        "additionalArtifactKeys": [],
    }
    for folder in (refresh, month):
        _write_json(folder / f"{name}-Manifest.json", manifest)
    return parts


def _write(order: Order, path_of: Callable[[int], Path], progress: Progress) -> list[Part]:
    hours = order.bill.hours()
    return write_parts(order.table, hours, order.form, path_of, order.rows_per_file, progress)


def _remove_others(folder: Path, name: str, parts: Sequence[Part]) -> None:
    """Remove the files of an earlier, longer or differently written export of the month."""
    written = {part.path.name for part in parts}
    for path in folder.glob(f"{name}-[0-9][0-9][0-9][0-9][0-9].*"):
        if path.name not in written:
            path.unlink()


def _legacy_column(name: str) -> dict[str, str]:
    category, _, rest = name.partition("/")
    return {"category": category, "name": rest}


def _write_json(path: Path, document: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    hidden = path.with_name(f".{path.name}.unfinished")
    hidden.write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    hidden.replace(path)
