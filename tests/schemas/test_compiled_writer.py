"""The compiled writer: fastavro's bytes, for every charge that there may be."""

import io
from typing import Any

import pytest
from fastavro import schemaless_writer
from fastavro.schema import parse_schema
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.compiled_writer import compile_writer
from schemas.errors import SchemaError
from schemas.registry import CHARGE_RECORDED, latest
from tests.strategies import charges

FIELDS = {field["name"]: field for field in latest(CHARGE_RECORDED).parsed["fields"]}
EVENT = FIELDS["events"]["type"]["items"]
SCHEMA = parse_schema(EVENT)
WRITE = compile_writer(EVENT["fields"])


def fastavros(charge: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    schemaless_writer(buffer, SCHEMA, charge)
    return buffer.getvalue()


@given(charges())
@settings(deadline=None)
def test_the_bytes_are_fastavros(charge: dict[str, Any]) -> None:
    """Written twice: the second time from what is remembered."""
    assert WRITE(charge) == WRITE(charge) == fastavros(charge)


@given(
    st.integers(-(2**63), 2**63 - 1), st.text(max_size=600), st.dictionaries(st.text(), st.text())
)
@example(0, "", {})
@example(-1, "x" * 63, {"": ""})
@example(63, "x" * 64, {"a": "b" * 100})
@example(64, "é" * 257, {})
@settings(deadline=None)
def test_numbers_texts_and_maps_of_every_length(
    number: int, text: str, tags: dict[str, str]
) -> None:
    fields: list[dict[str, Any]] = [
        {"name": "a", "type": "long"},
        {"name": "b", "type": "string"},
        {"name": "c", "type": ["null", "string"]},
        {"name": "d", "type": ["null", {"type": "map", "values": "string"}]},
    ]
    schema = parse_schema({"type": "record", "name": "r", "fields": fields})
    for value in (
        {"a": number, "b": text, "c": text, "d": tags},
        {"a": number, "b": text, "c": None, "d": None},
    ):
        buffer = io.BytesIO()
        schemaless_writer(buffer, schema, value)
        assert compile_writer(fields)(value) == buffer.getvalue()


def test_what_is_remembered_is_bounded() -> None:
    """Texts that never repeat do not add up."""
    write = compile_writer([{"name": "c", "type": ["null", "string"]}])
    texts = write.__globals__["texts"]
    for n in range(70_000):
        assert write({"c": f"{n}"}) == b"\x02" + bytes((2 * len(f"{n}"),)) + f"{n}".encode()
    assert len(texts) < 66_000
    write({"c": "x" * 1_000})
    assert "x" * 1_000 not in texts


def test_another_type_is_refused() -> None:
    """At compile time, naming the field; a wrong value when it is written."""
    with pytest.raises(SchemaError, match="type of price"):
        compile_writer([{"name": "price", "type": "double"}])
    write = compile_writer([{"name": "c", "type": ["null", "string"]}])
    with pytest.raises(AttributeError):
        write({"c": 7})
