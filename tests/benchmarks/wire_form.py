"""Money on the wire: canonical text against Avro's decimal on bytes (ADR 0002)."""

import copy
import io
import zlib
from decimal import Decimal
from pathlib import Path
from typing import Any

from fastavro import schemaless_reader, schemaless_writer
from fastavro.schema import parse_schema

from producers.sources import ChargeRow
from schemas.amounts import UNIT, scaled_text
from schemas.registry import CHARGE_RECORDED, latest
from schemas.tables import AMOUNTS
from tests import samples
from tests.benchmarks.timing import compare
from tests.sources import file_source, rows_of

_DECIMAL = {"type": "bytes", "logicalType": "decimal", "precision": 38, "scale": 12}
_QUANTUM = Decimal(1) / UNIT


def run() -> None:
    """Print sizes and times for both samples."""
    for file in (samples.REAL, samples.GENERATED):
        _compare(file)


def _compare(file: Path) -> None:
    charges = [r.charge for r in rows_of(file_source(file)) if isinstance(r, ChargeRow)] * 5
    text, as_bytes, stripped = _schema("string"), _schema(_DECIMAL), _schema("bytes")
    decimals = [_with_decimals(c) for c in charges]
    texts = [_encoded(text, c) for c in charges]
    binaries = [_encoded(as_bytes, c) for c in decimals]
    print(f"Money on the wire, {file.name}, {len(charges):,} events")
    for name, encoded in (("text", texts), ("decimal bytes", binaries)):
        raw = b"".join(encoded)
        packed = sum(len(zlib.compress(raw[i : i + 64_000])) for i in range(0, len(raw), 64_000))
        size = len(raw) / len(charges), packed / len(charges)
        print(f"  {name:14}{size[0]:8.0f} B Avro an event, {size[1]:7.1f} B gzipped")
    compare(
        {
            "encode, decimal bytes": lambda: [_encoded(as_bytes, c) for c in decimals],
            "encode, text": lambda: [_encoded(text, c) for c in charges],
        },
        len(charges),
        "event",
    )
    compare(
        {
            "decode to text, decimal bytes (logical types stripped)": lambda: [
                _to_text(_decoded(stripped, b)) for b in binaries
            ],
            "decode, text": lambda: [_decoded(text, b) for b in texts],
        },
        len(charges),
        "event",
    )


def _schema(amount: Any) -> Any:
    batch = latest(CHARGE_RECORDED).reading
    event = copy.deepcopy({f["name"]: f for f in batch["fields"]}["events"]["type"]["items"])
    event.pop("__fastavro_parsed__", None)
    event.pop("__named_schemas", None)
    for field in event["fields"]:
        if field["name"] in AMOUNTS:
            nullable = isinstance(field["type"], list)
            field["type"] = ["null", amount] if nullable else amount
    return parse_schema(event)


def _with_decimals(charge: dict[str, Any]) -> dict[str, Any]:
    amounts = {
        name: Decimal(charge[name]).quantize(_QUANTUM)
        for name in AMOUNTS
        if charge[name] is not None
    }
    return {**charge, **amounts}


def _to_text(charge: Any) -> Any:
    for name in AMOUNTS:
        if charge[name] is not None:
            charge[name] = scaled_text(int.from_bytes(charge[name], "big", signed=True))
    return charge


def _encoded(schema: Any, charge: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    schemaless_writer(buffer, schema, charge)
    return buffer.getvalue()


def _decoded(schema: Any, encoded: bytes) -> Any:
    return schemaless_reader(io.BytesIO(encoded), schema, None)
