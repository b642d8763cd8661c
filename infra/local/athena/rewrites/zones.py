"""Times of another zone than UTC: DuckDB keeps the instant and forgets the zone."""

import re

from sqlglot import exp

from infra.local.athena.column_types import readable
from infra.local.athena.errors import NotSupportedError
from infra.local.athena.inference import INSTANTS, ZONED, kind
from infra.local.athena.rewrites.times import PARTS

T = exp.DType
_LOCAL = (*PARTS, exp.Date, exp.TsOrDsToDate)
"""What asks for the local time alone, so that the zone may be forgotten."""
_OTHER_ZONE = re.compile(r"T.*[+-](?!00:?(?:00)?$)[0-9]{2}(?::?[0-9]{2})?$")


def at_time_zone(node: exp.AtTimeZone) -> exp.Expr | None:
    """Convert from UTC to the zone's local time (DuckDB reads a plain timestamp as already local).

    Raises:
        NotSupportedError: the zone is needed further on, and a local time has none.
    """
    zone = node.args["zone"]
    if isinstance(zone, exp.Literal) and zone.name == "UTC":
        return exp.cast(node.this.copy(), T.TIMESTAMPTZ)
    if not _local(node):
        raise NotSupportedError(
            f"{readable(node)} with its zone",
            "Take its local time: cast(x at time zone 'z' as timestamp), or a date, hour or "
            "date_format of it.",
        )
    if kind(node.this) in ZONED:
        return None
    utc = exp.AtTimeZone(this=node.this.copy(), zone=exp.Literal.string("UTC"))
    return exp.AtTimeZone(this=utc, zone=zone.copy())


def _local(node: exp.Expr) -> bool:
    """Tell whether only the local time is asked for, perhaps after it was truncated."""
    parent = node.parent
    while isinstance(parent, exp.Paren):
        parent = parent.parent
    if isinstance(parent, exp.TimestampTrunc | exp.DateTrunc):
        return _local(parent)
    if isinstance(parent, exp.Cast):
        return parent.to.this in INSTANTS | {T.DATE}
    if isinstance(parent, exp.Anonymous):
        return parent.name.lower() == "format_datetime"
    return isinstance(parent, _LOCAL)


def in_utc(node: exp.FromISO8601Timestamp) -> None:
    """Refuse a literal with another offset than UTC's: its date and hour are local ones in Trino.

    Raises:
        NotSupportedError: the offset is not zero.
    """
    if isinstance(node.this, exp.Literal) and _OTHER_ZONE.search(node.this.name):
        raise NotSupportedError(
            f"{readable(node)} with its offset", "Write the time in UTC, with a Z at its end."
        )
