"""The kinds of export that the simulated bill can be written as."""

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from producers.sources.simulator.exports.bill import MonthBill
from producers.sources.simulator.exports.columns import Table
from producers.sources.simulator.exports.cur_tables import cur2_table, legacy_table, tag_keys
from producers.sources.simulator.exports.focus_table import focus_table
from producers.sources.simulator.exports.layouts import (
    Layout,
    Order,
    write_data_export,
    write_legacy,
)
from producers.sources.simulator.exports.parts import Format, Part, Progress


@dataclass(frozen=True, slots=True)
class ExportKind:
    """One kind of export: its columns and its layout."""

    name: str
    title: str
    formats: tuple[str, ...]
    """The names of the formats AWS knows for it, the usual one first."""
    table: Callable[[MonthBill, str], Table]
    """Made for a bill and the id of its assembly."""
    layout: Layout

    @property
    def export_name(self) -> str:
        """What the export is called, and its folder."""
        return f"simulated-{self.name}"


EXPORT_KINDS = {
    kind.name: kind
    for kind in (
        ExportKind(
            *("focus", "FOCUS 1.2", ("csv", "parquet")),
            table=lambda bill, assembly_id: focus_table(),
            layout=write_data_export,
        ),
        ExportKind(
            *("cur", "CUR 2.0", ("csv", "parquet")),
            table=lambda bill, assembly_id: cur2_table(assembly_id),
            layout=write_data_export,
        ),
        ExportKind(
            *("cur-legacy", "legacy CUR", ("csv",)),
            table=lambda bill, assembly_id: legacy_table(assembly_id, tag_keys(bill.simulator)),
            layout=write_legacy,
        ),
    )
}


def write_export(
    out: Path,
    kind: ExportKind,
    bill: MonthBill,
    form: Format,
    rows_per_file: int,
    progress: Progress = lambda rows: None,
) -> list[Part]:
    """Write a month of the simulated bill into its export's folder; the same bytes each time.

    Args:
        out: the folder of the export's folder.
        kind: what it is written as.
        bill: the month, as known by some hour.
        form: the files' format.
        rows_per_file: at most so many rows a file.
        progress: told the rows written so far, now and then.

    Returns:
        The files, in the manifest's order.

    Raises:
        OSError: a file cannot be written.
    """
    id_ = assembly_id(kind, bill, form, rows_per_file)
    folder = out / kind.export_name
    return kind.layout(
        Order(folder, bill, kind.table(bill, id_), id_, form, rows_per_file), progress
    )


def assembly_id(kind: ExportKind, bill: MonthBill, form: Format, rows_per_file: int) -> str:
    """Return the id of an assembly, in AWS's form: the same content has the same."""
    world = bill.simulator
    parts = (world.seed, world.start, world.days, bill.month, bill.until, *sorted(bill.services))
    text = "\0".join(map(str, (kind.name, form.name, rows_per_file, *parts)))
    return str(uuid.UUID(bytes=hashlib.sha256(text.encode()).digest()[:16], version=4))
