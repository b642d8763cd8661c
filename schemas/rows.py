"""A charge as the JSON row that Firehose converts: the part that does not depend on any rule.

The transform adds verdicts and sends it; the packer only measures it, because the size of the
answer bounds the size of a record. One definition serves both. Nulls are left out.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import orjson

from schemas.events import ChargeRecorded
from schemas.tables import FOCUS

_TIMES = tuple(c.name for c in FOCUS if c.type == "timestamp")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def charge_row(delivery_id: str, delivery_mode: str, charge: ChargeRecorded) -> dict[str, Any]:
    """Return the row of a charge: every column that is not null, times as Hive reads them."""
    row: dict[str, Any] = {"delivery_id": delivery_id, "delivery_mode": delivery_mode}
    row.update((name, value) for name, value in charge.items() if value is not None)
    for name in _TIMES:
        if name in row:
            row[name] = hive_timestamp(row[name])
    return row


@lru_cache(maxsize=65_536)
def hive_timestamp(micros: int) -> str:
    """Return microseconds since 1970 UTC as `yyyy-MM-dd HH:mm:ss.SSSSSS`, which OpenX reads."""
    moment = _EPOCH + timedelta(microseconds=micros)
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")


def json_line(row: dict[str, Any]) -> bytes:
    """Return a row as one line of JSON, with its newline."""
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)
