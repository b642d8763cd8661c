"""The simulated bill as AWS would export it: FOCUS, CUR 2.0 and legacy CUR, in AWS's folders.

    MonthBill (what was known by an hour) ── as ──> Table (columns, rows of cells)
    Table ── in a Format, into parts ──> Layout (folders, manifests)

All three say the same money, to the last digit. Where they differ is said in `line_items`.
"""

from producers.sources.simulator.exports.bill import MonthBill
from producers.sources.simulator.exports.csv_parts import CSV
from producers.sources.simulator.exports.kinds import EXPORT_KINDS, ExportKind, write_export
from producers.sources.simulator.exports.parts import Format, Part

__all__ = ["CSV", "EXPORT_KINDS", "ExportKind", "Format", "MonthBill", "Part", "write_export"]
