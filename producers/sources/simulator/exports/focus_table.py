"""The simulated bill as a FOCUS 1.2 export: every column of the lake, and the `x_` columns."""

from collections.abc import Iterator, Sequence

from producers.sources import ChargeRow, Value
from producers.sources.simulator.exports.columns import Column, Hours, Kind, Table
from producers.sources.simulator.exports.texts import exact_amounts, times
from schemas.tables import FOCUS, MONEY, TAGS

EXTENSIONS = ("x_ServiceCode", "x_UsageType", "x_Operation")
"""What AWS adds to FOCUS and the simulated bill has."""

_KINDS: dict[str, Kind] = {MONEY: "number", TAGS: "map", "timestamp": "time"}
_KEYS = (*(c.name for c in FOCUS), *EXTENSIONS)


def focus_table() -> Table:
    """Return the table; a charge is a row, and columns it does not use are empty."""
    columns = [Column(str(c.focus), _KINDS.get(c.type, "text")) for c in FOCUS]
    columns += [Column(name, "text") for name in EXTENSIONS]
    return Table(tuple(columns), _rows)


def _rows(hours: Hours) -> Iterator[Sequence[Value]]:
    for rows in hours:
        yield from map(_row, rows)


def _row(row: ChargeRow) -> Sequence[Value]:
    charge = row.charge
    said = charge | times(charge) | exact_amounts(row) | (charge["x_extensions"] or {})
    return list(map(said.get, _KEYS))
