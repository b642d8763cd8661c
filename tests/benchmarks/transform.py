"""The transform: against a floor that does nothing else, and against the usual handler."""

import base64
import gzip
import io
import json
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

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
from schemas.amounts import amount
from schemas.codec import HEADER_BYTES, ChargeEncoder, decode
from schemas.events import ChargeEnvelope
from schemas.registry import CHARGE_RECORDED, latest
from schemas.rows import row_start
from schemas.tables import AMOUNTS
from tests import samples
from tests.benchmarks.timing import compare
from tests.sources import file_source, rows_of
from transforms.context import default_context
from transforms.core import transform
from transforms.firehose_io import answer

Variants: TypeAlias = dict[str, Callable[[], object]]
_EVENTS = 6_000
_HOUR = 3_600_000_000
_CONTEXT = default_context()
_OURS = partial(answer, transform=partial(transform, context=_CONTEXT))


def run() -> None:
    """Print ratios for both samples as hourly bills, and for rows that share nothing."""
    for file, alike in (
        (samples.REAL, True),
        (samples.GENERATED, True),
        (samples.GENERATED, False),
    ):
        records, events = _packed(file, alike)
        kind = "an hourly bill" if alike else "no two rows alike"
        print(f"Transform, {file.name}, {kind}: {_EVENTS:,} events in {len(records)} records")
        billed = sum(billed_bytes(len(r.data)) for r in records) / _EVENTS
        fewer = BILLING_STEP_BYTES / billed
        print(
            f"  billed {billed:,.0f} B an event, {fewer:.1f} x fewer than one JSON event a record"
        )
        bodies = [r.data for r in records]
        compare(_handlers(_request(bodies)), _EVENTS, "event")
        peer = _request([orjson.dumps(event) for event in events])
        compare(_invocations(_request(bodies), peer), _EVENTS, "event")
        print("  what the handler's time is made of:")
        compare(_stages(_request(bodies), bodies), _EVENTS, "event")


def _handlers(request: dict[str, Any]) -> Variants:
    return {
        "floor: base64, gunzip, fastavro, orjson, base64": lambda: _floor(request),
        "handler: the same with rules v1": lambda: _OURS(request),
    }


def _invocations(request: dict[str, Any], peer: dict[str, Any]) -> Variants:
    """Request text to response text: json stands for simplejson, which the AWS runtime uses."""
    ours, theirs = json.dumps(request), json.dumps(peer)
    return {
        "whole: powertools + json, one JSON event a record": (
            lambda: json.dumps(_peer(json.loads(theirs)))
        ),
        "whole: ours, request text to response text": (
            lambda: json.dumps(_OURS(json.loads(ours))[0])
        ),
    }


def _stages(request: dict[str, Any], bodies: list[bytes]) -> Variants:
    """Each line does less than the one before; the difference is what the missing step costs."""
    return {
        "handler": lambda: _OURS(request),
        "without base64": lambda: [transform(body, _CONTEXT) for body in bodies],
        "only gunzip and decode": lambda: [decode(body, row_start) for body in bodies],
        "only gunzip": lambda: [gzip.decompress(body) for body in bodies],
    }


def _packed(file: Path, alike: bool) -> tuple[list[Record], list[dict[str, Any]]]:
    rows = [r for r in rows_of(file_source(file)) if isinstance(r, ChargeRow)]
    encoder = ChargeEncoder()
    packer = Packer(encoder)
    records: list[Record] = []
    events: list[dict[str, Any]] = []
    for ordinal in range(_EVENTS):
        hour, at = divmod(ordinal, len(rows))
        row = rows[at]
        charge = {**_at_hour(row.charge, hour), "ordinal": ordinal}
        if not alike:
            _make_unlike(charge, ordinal)
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


def _at_hour(charge: dict[str, Any], hour: int) -> dict[str, Any]:
    """Repeat a row as a bill does: the same resource, another hour, other amounts."""
    new = dict(charge)
    start, end = charge["charge_period_start"], charge["charge_period_end"]
    if end - start == _HOUR:
        new["charge_period_start"] = start - start % (24 * _HOUR) + hour * _HOUR
        new["charge_period_end"] = new["charge_period_start"] + _HOUR
    for name in AMOUNTS:
        if charge[name] is not None and not name.endswith("unit_price"):
            new[name] = amount(str(Decimal(charge[name]) * (1000 + hour) / 1000)).text
    return new


def _make_unlike(charge: dict[str, Any], ordinal: int) -> None:
    """Give every text of a row and every tag a value of its own."""
    for name, value in charge.items():
        if isinstance(value, str) and name not in AMOUNTS:
            charge[name] = f"{ordinal}{value}"
        elif isinstance(value, dict):
            charge[name] = {k: f"{ordinal}{v}" for k, v in value.items()}


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
