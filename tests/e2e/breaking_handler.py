"""The transform's handler; while a file is there, it gives the converter times that are none."""

import os
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import orjson

from transforms import firehose_handler


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer as the transform does, and break every second record on request."""
    reply: dict[str, Any] = firehose_handler.handler(event, context)
    if Path(os.environ["BREAK_FILE"]).exists():  # noqa: TID251
        for record in reply["records"][::2]:
            rows = [orjson.loads(line) for line in b64decode(record["data"]).splitlines()]
            rows[0]["asserted_at" if "asserted_at" in rows[0] else "charge_period_end"] = "oops"
            record["data"] = b64encode(b"\n".join(map(orjson.dumps, rows))).decode()
    return reply
