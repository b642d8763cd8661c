"""The Parquet files are laid out as Hive's writer does it, and hold exactly what was sent."""

import io
import json
from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow.parquet as pq
import pytest

from infra.local.firehose import Faults
from tests.infra.firehose.setups import (
    START,
    World,
    configuration,
    conversion,
    data_of,
    echo,
    ok,
)

LARGEST = "9" * 26 + "." + "9" * 12


def file_of(*documents: dict[str, Any], **parquet: Any) -> pq.ParquetFile:
    """Send the documents as one record through a stream and open the object made of them."""
    world = World(configuration(DataFormatConversionConfiguration=conversion(**parquet)))
    world.put(b"\n".join(json.dumps(d).encode() for d in documents))
    world.flush()
    (body,) = world.bodies("main/k=a/")
    return pq.ParquetFile(io.BytesIO(body), coerce_int96_timestamp_unit="us")


def test_physical_types_are_hives() -> None:
    """Timestamps are INT96, decimals fixed-length, maps and lists groups, and nothing is lost."""
    file = file_of({"id": 1})
    types = {c.path: c.physical_type for c in map(file.schema.column, range(len(file.schema)))}
    assert types == {
        "id": "INT64",
        "text": "BYTE_ARRAY",
        "money": "FIXED_LEN_BYTE_ARRAY",
        "rate": "FIXED_LEN_BYTE_ARRAY",
        "at": "INT96",
        "tags.key_value.key": "BYTE_ARRAY",
        "tags.key_value.value": "BYTE_ARRAY",
        "parts.list.element.name": "BYTE_ARRAY",
        "parts.list.element.amount": "FIXED_LEN_BYTE_ARRAY",
    }
    assert file.metadata.format_version == "1.0"


@pytest.mark.fact("parquet-compression", "parquet-dictionary")
@pytest.mark.parametrize("compression", ["SNAPPY", "GZIP", "UNCOMPRESSED"])
@pytest.mark.parametrize("dictionary", [True, False])
def test_the_serializers_options_are_used(compression: str, dictionary: bool) -> None:
    """Compression and dictionary encoding are those of the configuration."""
    file = file_of({"text": "x"}, Compression=compression, EnableDictionaryCompression=dictionary)
    column = file.metadata.row_group(0).column(1)
    assert column.compression == compression
    assert any("DICTIONARY" in encoding for encoding in column.encodings) == dictionary


def test_rows_come_back_as_sent() -> None:
    """Extremes of money, microseconds, map keys with their case, empty maps, nested structs."""
    rows: list[dict[str, Any]] = [
        {
            "id": -(2**63),
            "text": "é☃",
            "money": LARGEST,
            "rate": "-0.01",
            "at": "2026-11-23 10:30:15.123456",
            "tags": {"CostCenter": "A", "costcenter": "b"},
            "parts": [{"name": "p", "amount": "-0.000000000001"}, {"name": None}],
        },
        {"money": "-" + LARGEST, "at": "0001-01-01 00:00:00.000000", "tags": {}, "parts": []},
        {"unknown": 1},
    ]
    back = file_of(*rows).read(use_threads=False).to_pylist()
    assert back[0] == {
        "id": -(2**63),
        "text": "é☃",
        "money": Decimal(LARGEST),
        "rate": Decimal("-0.01"),
        "at": datetime(2026, 11, 23, 10, 30, 15, 123456),
        "tags": [("CostCenter", "A"), ("costcenter", "b")],
        "parts": [
            {"name": "p", "amount": Decimal("-0.000000000001")},
            {"name": None, "amount": None},
        ],
    }
    assert (back[1]["money"], back[1]["tags"], back[1]["parts"]) == (Decimal("-" + LARGEST), [], [])
    assert back[1]["at"] == datetime(1, 1, 1)
    assert set(back[2].values()) == {None}


@pytest.mark.fact("conversion-fails-per-record", "conversion-parse-error", "conversion-malformed")
def test_a_record_fails_as_a_whole_and_alone() -> None:
    """One bad document takes its record's rows with it, and no other record's."""
    world = World()
    world.put(b'{"id":1}\n{"id":"oops"}', b'{"id":2}\n{"id":3}', b"nonsense", b" ")
    world.clock.advance(1)
    world.flush()
    (body,) = world.bodies("main/")
    assert pq.read_table(io.BytesIO(body))["id"].to_pylist() == [2, 3]
    lines = world.error_lines("format-conversion-failed")
    assert [line["lastErrorCode"].split(".")[1] for line in lines] == [
        "MalformedData",
        "ParseError",
        "MalformedData",
    ]
    assert lines[1]["lastErrorMessage"].startswith("Encountered malformed JSON. ")
    assert lines[2]["lastErrorMessage"] == "The record was empty or contained only whitespace."


@pytest.mark.fact("conversion-error-object", "conversion-error-fields", "conversion-raw-data")
def test_the_conversion_error_line_is_the_documented_one() -> None:
    """Field order and types, and the Lambda's output as raw data."""
    world = World(answer=lambda r: ok(r, b'{"id":"oops"}', k="a"))
    world.put(b"source")
    world.clock.advance(1)
    world.flush()
    assert world.keys("main/") == []
    (body,) = world.bodies("errors/format-conversion-failed/dt=2026-11-23/")
    arrival = int(START.timestamp() * 1000)
    assert body == (
        b'{"attemptsMade":1,"arrivalTimestamp":%d,'
        b'"lastErrorCode":"DataFormatConversion.MalformedData",'
        b'"lastErrorMessage":"Data does not match the schema. For input string: \\"oops\\"",'
        b'"attemptEndingTimestamp":%d,"rawData":"eyJpZCI6Im9vcHMifQ==",'
        b'"sequenceNumber":null,"subSequenceNumber":null,"dataCatalogTable":'
        b'{"catalogId":"000000000000","databaseName":"db","tableName":"rows",'
        b'"region":"us-east-1","versionId":"LATEST",'
        b'"roleArn":"arn:aws:iam::000000000000:role/firehose"}}\n'
    ) % (arrival, arrival + 1000)


@pytest.mark.fact("no-order", "reorder")
def test_rows_are_reordered_on_purpose() -> None:
    """Disorder within a file is a permutation of its rows, each still whole."""
    world = World(faults=Faults(reorder=True))
    rows = [
        {"id": n, "tags": {str(n): "x"}, "parts": [{"name": str(n), "amount": "1"}] * (n % 3)}
        for n in range(50)
    ]
    world.put(b"\n".join(json.dumps(row).encode() for row in rows))
    world.flush()
    back = pq.read_table(io.BytesIO(world.bodies("main/")[0])).to_pylist()
    ids = [row["id"] for row in back]
    assert ids != list(range(50)) and sorted(ids) == list(range(50))
    for row in back:
        assert row["tags"] == [(str(row["id"]), "x")]
        assert [part["name"] for part in row["parts"]] == [str(row["id"])] * (row["id"] % 3)


@pytest.mark.fact("empty-data")
def test_empty_output_is_a_conversion_failure() -> None:
    """Ok with no data does not convert; Dropped is the way to say nothing."""
    world = World(answer=lambda r: ok(r, b"", k="a") if data_of(r) == b"x" else echo(r))
    world.put(b"x")
    world.flush()
    assert len(world.error_lines("format-conversion-failed")) == 1
