"""The transform: against a floor that does nothing else, and against the usual handler."""

import base64
import gzip
import io
import json
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from aws_lambda_powertools.utilities.data_classes import KinesisFirehoseEvent
from aws_lambda_powertools.utilities.data_classes.kinesis_firehose_event import (
    KinesisFirehoseDataTransformationRecord,
    KinesisFirehoseDataTransformationResponse,
)
from fastavro import schemaless_reader

from producers.limits import BILLING_STEP_BYTES, billed_bytes
from producers.packing import Packer, Record
from producers.sources import ChargeRow
from producers.sources.focus import FocusFile
from schemas.codec import HEADER_BYTES, ChargeEncoder
from schemas.events import ChargeEnvelope
from schemas.registry import CHARGE_RECORDED, latest
from tests import samples
from tests.benchmarks.timing import compare
from transforms.context import default_context
from transforms.core import transform
from transforms.firehose_io import answer

_EVENTS = 6_000


def run() -> None:
    """Print ratios for both samples."""
    for file in (samples.REAL, samples.GENERATED):
        records, events = _packed(file)
        request = _request([r.data for r in records])
        peer = _request([orjson.dumps(e) for e in events])
        mine = partial(answer, transform=partial(transform, context=default_context()))
        billed = sum(billed_bytes(len(r.data)) for r in records) / _EVENTS
        print(f"Transform, {file.name}, {_EVENTS:,} events in {len(records)} records")
        print(f"  billed {billed:,.0f} B an event, {BILLING_STEP_BYTES / billed:.1f} x fewer than "
              "one JSON event a record")  # fmt: skip
        compare(
            {
                "floor: base64, gunzip, fastavro, orjson, base64": lambda r=request: _floor(r),
                "handler: the same with rules v1": lambda r=request: mine(r),
            },
            _EVENTS,
            "event",
        )
        compare(
            {
                "whole: powertools + json, one JSON event a record": (
                    lambda t=json.dumps(peer): json.dumps(_peer(json.loads(t)))
                ),
                "whole: ours, request text to response text": (
                    lambda t=json.dumps(request): json.dumps(mine(json.loads(t))[0])
                ),
            },
            _EVENTS,
            "event",
        )


def _packed(file: Path) -> tuple[list[Record], list[dict[str, Any]]]:
    rows = [r for r in FocusFile(file).rows() if isinstance(r, ChargeRow)]
    encoder = ChargeEncoder()
    packer = Packer(encoder)
    records, events = [], []
    for ordinal in range(_EVENTS):
        row = rows[ordinal % len(rows)]
        charge = {**row.charge, "ordinal": ordinal}
        envelope = ChargeEnvelope(
            delivery_id="0123456789abcdef01234567",
            delivery_mode="overwrite",
            source="focus",
            mapper_version="1",
            billing_period=row.scope.billing_period,
            charge_date=row.charge_date,
        )
        records += packer.add(envelope, charge, encoder.event(charge))
        events.append(charge)
    return records + list(packer.flush()), events


def _request(bodies: list[bytes]) -> dict[str, Any]:
    return {
        "invocationId": "i",
        "deliveryStreamArn": "arn:aws:firehose:us-east-1:000000000000:deliverystream/finops",
        "region": "us-east-1",
        "records": [
            {
                "recordId": str(i),
                "approximateArrivalTimestamp": 1789014240448,
                "data": base64.b64encode(body).decode(),
            }
            for i, body in enumerate(bodies)
        ],
    }


def _floor(request: dict[str, Any]) -> dict[str, Any]:
    schema = latest(CHARGE_RECORDED).reading
    replies = []
    for record in request["records"]:
        message = gzip.decompress(base64.b64decode(record["data"]))
        batch: Any = schemaless_reader(io.BytesIO(message[HEADER_BYTES:]), schema, None)
        data = b"\n".join(orjson.dumps(event) for event in batch["events"])
        replies.append(
            {
                "recordId": record["recordId"],
                "result": "Ok",
                "data": base64.b64encode(data).decode(),
            }
        )
    return {"records": replies}


def _peer(event: dict[str, Any]) -> dict[str, Any]:
    """The usual handler: data classes, json, a tag check, one event a record."""
    response = KinesisFirehoseDataTransformationResponse()
    for record in KinesisFirehoseEvent(event).records:
        charge = record.data_as_json
        tags = charge["tags"] or {}
        charge["tag_status"] = "complete" if {"application", "environment"} <= set(tags) else "no"
        data = base64.b64encode((json.dumps(charge) + "\n").encode()).decode()
        response.add_record(
            KinesisFirehoseDataTransformationRecord(record_id=record.record_id, data=data)
        )
    return response.asdict()
