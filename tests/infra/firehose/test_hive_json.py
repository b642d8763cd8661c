"""JSON into typed columns as Hive's JsonSerDe does it (§3.3)."""

import io
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.firehose import FirehoseError
from infra.local.firehose.hive_json import columns, read_json
from infra.local.firehose.hive_type import parse
from infra.local.firehose.joda_pattern import JodaPattern
from infra.local.firehose.settings import Hive
from schemas.tables import Column, Table
from tests.infra.firehose.setups import World, configuration, conversion

PLAIN = Hive(())
MISFIT = object()
LARGEST = Decimal("9" * 26 + "." + "9" * 12)


def read(type_: str, value: str, options: Hive = PLAIN) -> Any:
    """Return what the JSON text of one value becomes in a column, MISFIT if it does not fit."""
    arrays, failures = columns([read_json(f'{{"c":{value}}}')], [("c", parse(type_))], options)
    return MISFIT if failures else arrays[0].to_pylist()[0]


def message(type_: str, value: str) -> str:
    """Return why a value does not fit."""
    return columns([read_json(f'{{"c":{value}}}')], [("c", parse(type_))], PLAIN)[1][0]


@pytest.mark.fact("hive-string-to-number", "hive-number-to-string", "hive-object-to-string")
@pytest.mark.parametrize(
    ("type_", "value", "expected"),
    [
        ("bigint", '"1"', MISFIT),
        ("int", "2147483648", MISFIT),
        ("smallint", "-32768", -32768),
        ("tinyint", "128", MISFIT),
        ("int", "1.5", MISFIT),
        ("double", '"1.5"', MISFIT),
        ("float", "1.5", 1.5),
        ("double", "1e3", 1000.0),
        ("string", "1.50", "1.50"),
        ("string", "9007199254740993", "9007199254740993"),
        ("string", "true", "true"),
        ("string", '"é"', "é"),
        ("string", '{"a":1}', MISFIT),
        ("string", "[1]", MISFIT),
        ("boolean", "true", True),
        ("boolean", '"no"', MISFIT),
        ("date", '"2026-1-3"', date(2026, 1, 3)),
        ("date", '"2026-02-30"', MISFIT),
        ("bigint", "null", None),
    ],
)
def test_scalars_are_hives(type_: str, value: str, expected: object) -> None:
    """Text is no number, a number is text as it is written, and an object is neither."""
    assert read(type_, value) == expected


@pytest.mark.fact("hive-decimals")
@pytest.mark.parametrize("quoted", [True, False])
@given(st.decimals(LARGEST.copy_negate(), LARGEST, places=12))
def test_decimals_are_exact(quoted: bool, value: Decimal) -> None:
    """A number's digits are read as they are written, with or without quotes."""
    text = format(value, "f")
    assert read("decimal(38,12)", f'"{text}"' if quoted else text) == value


@pytest.mark.fact("hive-scalar-to-array", "hive-struct")
@pytest.mark.parametrize(
    ("type_", "value", "expected"),
    [
        ("array<int>", "1", "Start of Array expected"),
        ("struct<a:int>", "[1]", "Start of Object expected"),
        ("struct<a:int>", "1", "Start of Object expected"),
        ("map<string,int>", "[]", "Start of Object expected"),
        ("int", '"1"', "Current token (VALUE_STRING) not numeric"),
    ],
)
def test_what_does_not_fit_is_named_as_hive_does(type_: str, value: str, expected: str) -> None:
    """The words are the captured ones."""
    assert message(type_, value).startswith(expected)


@pytest.mark.fact("hive-deserializer", "unknown-field", "missing-field")
def test_names_have_no_case_and_map_keys_do() -> None:
    """Columns and fields are found in any case; a map keeps its keys as written."""
    row = read_json('{"TAGS":{"CostCenter":1},"S":{"Name":"x","more":1}}')
    schema = [
        ("tags", parse("map<string,string>")),
        ("s", parse("struct<name:string,other:int>")),
        ("gone", parse("int")),
    ]
    arrays, failures = columns([row], schema, PLAIN)
    assert failures == {}
    assert [a.to_pylist()[0] for a in arrays] == [
        [("CostCenter", "1")],
        {"name": "x", "other": None},
        None,
    ]


NOON = datetime(2026, 11, 23, 12, 30, 15, 250_000)


@pytest.mark.fact("hive-timestamps")
@pytest.mark.parametrize(
    ("formats", "value", "expected"),
    [
        ([], '"2026-11-23 12:30:15.25"', NOON),
        ([], '"2026-11-23T12:30:15.25Z"', MISFIT),
        ([], "1795437015250", MISFIT),
        (["millis"], "1795437015250", NOON),
        (["millis"], '"1795437015250"', NOON),
        (["millis"], '"soon"', MISFIT),
        (["millis"], "999999999999999999", MISFIT),
        (["yyyy-MM-dd'T'HH:mm:ss.SSSZ"], '"2026-11-23T13:30:15.250+0100"', NOON),
        (["yyyy-MM-dd'T'HH:mm:ss.SSSZZ"], '"2026-11-23T11:30:15.250-01:00"', NOON),
        (["d/M/yyyy H:m:s", "millis"], '"23/11/2026 12:30:15"', NOON.replace(microsecond=0)),
        (["yyyy-MM-dd"], '"2026-11-23"', datetime(2026, 11, 23)),
        (["yyyy-MM-dd"], '"2026-02-30"', MISFIT),
        (["yyyy-MM-dd"], '"2026-11-23 12:30:15"', MISFIT),
        (["''yyyy 'o''clock'"], "\"'2026 o'clock\"", datetime(2026, 1, 1)),
    ],
)
def test_timestamps_go_by_their_formats(formats: list[str], value: str, expected: object) -> None:
    """In the order given; without any format as java.sql.Timestamp.valueOf."""
    parsed = tuple("millis" if f == "millis" else JodaPattern.parse(f) for f in formats)
    assert read("timestamp", value, Hive(parsed)) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("pattern", ["EEE", "yyyy yyyy", "'open"])
def test_other_patterns_are_refused(pattern: str) -> None:
    """No letter is taken to mean something it may not mean in Joda."""
    with pytest.raises(ValueError):
        JodaPattern.parse(pattern)


def hive(*formats: str) -> dict[str, Any]:
    """Return a configuration that converts with Hive."""
    serde = {"HiveJsonSerDe": {"TimestampFormats": list(formats)}}
    converting = {**conversion(), "InputFormatConfiguration": {"Deserializer": serde}}
    return configuration(DataFormatConversionConfiguration=converting)


@pytest.mark.fact("hive-deserializer", "several-documents")
def test_a_stream_converts_with_hive() -> None:
    """Several documents in a record are rows; a record that does not fit fails as a whole."""
    world = World(hive("millis"))
    world.put(b'{"ID":1,"money":0.1}{"id":2,"at":1795437015250}', b'{"id":"3"}', b'{"id":NaN}')
    world.flush()
    (body,) = world.bodies("main/")
    rows = pq.read_table(io.BytesIO(body)).select(["id", "money"]).to_pylist()
    assert rows == [
        {"id": 1, "money": Decimal("0.100000000000")},
        {"id": 2, "money": None},
    ]
    lines = world.error_lines("format-conversion-failed")
    assert [line["lastErrorCode"] for line in lines] == [
        "DataFormatConversion.MalformedData",
        "DataFormatConversion.ParseError",
    ]


@pytest.mark.fact("hive-dots")
def test_dots_in_column_names_are_refused() -> None:
    """Hive's SerDe cannot read such a column."""
    dotted = Table("rows", "", "parquet", (Column("a.b", "int", ""),), (), "Dots.")
    with pytest.raises(FirehoseError, match="a dot in a column name"):
        World(hive(), tables={("db", "rows"): dotted})
