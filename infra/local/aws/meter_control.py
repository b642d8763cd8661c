"""The bill as a document, from a running server or from its file: counts and dollars."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from infra.local.aws.control_paths import PREFIX, Call, Hooks
from infra.local.aws.errors import MeterError
from infra.local.firehose import prices
from infra.local.firehose.meter import Counts, Meter, load

METER_PATH = PREFIX + "meter"
"""A GET answers what would be billed so far."""
METER_FILE = "meter.json"
"""In the data directory."""


def meter_hooks(meter: Meter) -> Hooks:
    """Return the call by method and path."""

    def answer(call: Call) -> object:
        return billed(meter.since, meter.counts())

    return {("GET", METER_PATH): answer}


def from_file(data_dir: Path) -> dict[str, Any]:
    """Return what a server that has ended had counted.

    Raises:
        MeterError: nothing was counted yet, or the file cannot be read.
    """
    path = data_dir / METER_FILE
    try:
        return billed(*load(json.loads(path.read_text("utf-8"))))
    except FileNotFoundError:
        raise MeterError(
            f"nothing was metered in {data_dir} yet; put records first, such as with: finops ingest"
        ) from None
    except ValueError as error:
        raise MeterError(f"{path}: cannot be read ({error}); move it away to count anew") from None


def billed(since: datetime, streams: dict[str, Counts]) -> dict[str, Any]:
    """Return the document; amounts are exact, as texts."""
    return {
        "since": since.isoformat(),
        "currency": "USD",
        "prices_of": prices.REGION,
        "bytes_in_a_gb": prices.GB,
        "streams": [_stream(arn, counts) for arn, counts in streams.items()],
        "beside": list(prices.BESIDE),
    }


def _stream(arn: str, counts: Counts) -> dict[str, Any]:
    amounts = prices.bill(counts.usage)
    return {
        "stream": arn.rpartition("/")[2],
        "arn": arn,
        "records": counts.records,
        "bytes": counts.bytes,
        "ingested_bytes": counts.ingested,
        "conversion_bytes": counts.converted,
        "partitioning_bytes": counts.partitioned,
        "partitioning_objects": counts.partition_objects,
        "main_objects": counts.main_objects,
        "error_objects": counts.error_objects,
        "backup_objects": counts.backup_objects,
        "amounts": {name: _text(amount) for name, amount in amounts.items()},
        "total": _text(prices.total(amounts)),
    }


def _text(amount: Any) -> str:
    plain = format(amount, "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain
