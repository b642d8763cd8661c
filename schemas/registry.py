"""The released schemas: loaded once, checked against the append-only ledger, found by fingerprint.

The ledger keeps two numbers per version. `fingerprint` is Avro's CRC-64, the eight bytes on the
wire; it ignores documentation, defaults and logical types, so `sha256` of the whole file guards
what it cannot see.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from fastavro.schema import fingerprint, parse_schema, to_parsing_canonical_form

from schemas.errors import SchemaError

CHARGE_RECORDED = "charge_recorded"
DELIVERY_COMPLETED = "delivery_completed"


@dataclass(frozen=True, slots=True)
class Schema:
    """One released schema version: of which event, its wire fingerprint, ready for fastavro."""

    name: str
    version: int
    fingerprint: bytes
    parsed: dict[str, Any]
    reading: dict[str, Any]
    """The same without logical types: times stay integers, which reads much faster."""


def ledger() -> list[dict[str, Any]]:
    """Return the ledger's lines: name, version, fingerprint (hex as on the wire), sha256."""
    text = resources.files("schemas").joinpath("ledger.json").read_text("utf-8")
    lines: list[dict[str, Any]] = json.loads(text)
    return lines


def released_file(name: str, version: int) -> bytes:
    """Return the bytes of a released `.avsc` file."""
    path = resources.files("schemas").joinpath("avro", name, f"{version}.avsc")
    return path.read_bytes()


def ledger_line(name: str, version: int) -> dict[str, Any]:
    """Compute the ledger line of a schema file as it is now."""
    body = released_file(name, version)
    canonical = to_parsing_canonical_form(json.loads(body))
    return {
        "name": name,
        "version": version,
        # fastavro prints CRC-64-AVRO in the byte order of the single-object header.
        "fingerprint": fingerprint(canonical, "CRC-64-AVRO"),
        "sha256": hashlib.sha256(body).hexdigest(),
    }


@cache
def schemas() -> dict[bytes, Schema]:
    """Return every released schema by wire fingerprint.

    Raises:
        SchemaError: a file differs from the ledger.
    """
    found: dict[bytes, Schema] = {}
    for line in ledger():
        name, version = line["name"], line["version"]
        if ledger_line(name, version) != line:
            raise SchemaError(
                f"schemas/avro/{name}/{version}.avsc is released and has changed; "
                f"restore it and put the change into {version + 1}.avsc"
            )
        document = json.loads(released_file(name, version))
        wire = bytes.fromhex(line["fingerprint"])
        found[wire] = Schema(
            name, version, wire, _parsed(document), _parsed(_without_logical_types(document))
        )
    return found


@cache
def latest(name: str) -> Schema:
    """Return the newest released version of an event's schema."""
    return max((s for s in schemas().values() if s.name == name), key=lambda s: s.version)


def _parsed(document: dict[str, Any]) -> dict[str, Any]:
    parsed = parse_schema(document)
    assert isinstance(parsed, dict)
    return parsed


def _without_logical_types(node: Any) -> Any:
    if isinstance(node, dict):
        return {k: _without_logical_types(v) for k, v in node.items() if k != "logicalType"}
    if isinstance(node, list):
        return [_without_logical_types(v) for v in node]
    return node
