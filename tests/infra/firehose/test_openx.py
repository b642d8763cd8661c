"""JSON into typed columns as OpenX does it, the fast way and the careful way alike (§3.3)."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from infra.local.firehose import scalars
from infra.local.firehose.documents import MalformedRecordError, parse_documents
from infra.local.firehose.hive_type import DecimalOf, parse
from infra.local.firehose.openx import columns
from infra.local.firehose.settings import OpenX

EXACT = OpenX(case_insensitive=False, dots_to_underscores=False, mappings={})
FOLDING = OpenX(case_insensitive=True, dots_to_underscores=False, mappings={})
MISFIT = object()
LARGEST = "9" * 26 + "." + "9" * 12


def read(type_: str, value: Any, options: OpenX = EXACT) -> Any:
    """Return what one value becomes in a column of that type, MISFIT if it does not fit."""
    arrays, failures = columns([{"c": value}], [("c", parse(type_))], options)
    return MISFIT if failures else arrays[0].to_pylist()[0]


@pytest.mark.fact(
    "openx-string-to-number",
    "openx-number-to-string",
    "openx-object-to-string",
    "openx-scalar-to-array",
    "openx-array-to-struct",
    "openx-scalar-to-struct",
    "openx-timestamps",
    "openx-epoch",
    "unknown-field",
    "missing-field",
)
@pytest.mark.parametrize(
    ("type_", "value", "expected"),
    [
        ("string", "é\n", "é\n"),
        ("string", 7, "7"),
        ("string", 9007199254740993, "9007199254740993"),
        ("string", 1.0, "1.0"),
        ("string", 0.1, "0.1"),
        ("string", 1e10, "1.0E10"),
        ("string", 1.5e-7, "1.5E-7"),
        ("string", True, "true"),
        ("string", {"B": [1, None]}, '{"B":[1,null]}'),
        ("bigint", 2**63 - 1, 2**63 - 1),
        ("bigint", 2**63, MISFIT),
        ("bigint", "-9223372036854775808", -(2**63)),
        ("bigint", "oops", MISFIT),
        ("bigint", "", MISFIT),
        ("bigint", 3.0, 3),
        ("bigint", 3.5, MISFIT),
        ("bigint", True, MISFIT),
        ("bigint", [1], MISFIT),
        ("int", 2**31 - 1, 2**31 - 1),
        ("int", 2**31, MISFIT),
        ("smallint", "-32768", -(2**15)),
        ("smallint", 2**15, MISFIT),
        ("tinyint", 127, 127),
        ("tinyint", 128, MISFIT),
        ("float", "0.5", 0.5),
        ("double", 1, 1.0),
        ("double", "1e3", 1000.0),
        ("double", "NaN", MISFIT),
        ("double", 2**53 + 1, 9007199254740992.0),
        ("boolean", False, False),
        ("boolean", "TRUE", True),
        ("boolean", "yes", MISFIT),
        ("boolean", 1, MISFIT),
        ("decimal(38,12)", "0.000000000001", Decimal("0.000000000001")),
        ("decimal(38,12)", "4e-07", Decimal("4e-07")),
        ("decimal(38,12)", "0.0000000000005", Decimal("0.000000000001")),
        ("decimal(38,12)", "-0.0000000000005", Decimal("-0.000000000001")),
        ("decimal(38,12)", "0.00000000000049", Decimal("0")),
        ("decimal(38,12)", "1" + "0" * 26, None),
        ("decimal(38,12)", "9" * 26 + ".9999999999999", None),
        ("decimal(38,12)", "NaN", None),
        ("decimal(38,12)", "1E+999999999", None),
        ("decimal(38,12)", "oops", None),
        ("decimal(38,12)", "", None),
        ("decimal(38,12)", " 1", None),
        ("decimal(38,12)", 98765432.123456789012, Decimal("98765432.12345679")),
        ("decimal(38,12)", 7, Decimal(7)),
        ("decimal(38,12)", 2**63 - 1, Decimal(2**63 - 1)),
        ("decimal(38,12)", True, MISFIT),
        ("decimal(38,12)", {}, MISFIT),
        ("decimal(5,2)", "999.994", Decimal("999.99")),
        ("decimal(5,2)", "999.995", None),
        ("timestamp", "2026-11-23 10:30:15.123456", datetime(2026, 11, 23, 10, 30, 15, 123456)),
        ("timestamp", "2026-11-23 10:30:15", datetime(2026, 11, 23, 10, 30, 15)),
        ("timestamp", "2026-1-3 1:2:3.5", datetime(2026, 1, 3, 1, 2, 3, 500_000)),
        ("timestamp", "2026-11-23T10:30:15.5Z", datetime(2026, 11, 23, 10, 30, 15, 500_000)),
        ("timestamp", "2026-11-23T10:30:15", MISFIT),
        ("timestamp", "2026-1-3T10:30:15Z", MISFIT),
        ("timestamp", "2026-11-23", MISFIT),
        ("timestamp", "2026-02-30 00:00:00", MISFIT),
        ("timestamp", "2026-11-23 10:30:15.123456789", datetime(2026, 11, 23, 10, 30, 15, 123456)),
        ("timestamp", 1795429815, datetime(2026, 11, 23, 10, 30, 15)),
        ("timestamp", 1795429815250, datetime(2026, 11, 23, 10, 30, 15, 250_000)),
        ("timestamp", 1795429815.25, datetime(2026, 11, 23, 10, 30, 15, 250_000)),
        ("timestamp", "1795429815.25", datetime(2026, 11, 23, 10, 30, 15, 250_000)),
        ("timestamp", 999999999999, MISFIT),
        ("timestamp", "1e999999999", MISFIT),
        ("timestamp", "soon", MISFIT),
        ("timestamp", True, MISFIT),
        ("date", "2026-11-23", date(2026, 11, 23)),
        ("date", "2026-11-31", MISFIT),
        ("date", "20261123", MISFIT),
        ("array<bigint>", [1, None, "3"], [1, None, 3]),
        ("array<bigint>", 5, [5]),
        ("array<bigint>", [], []),
        ("array<bigint>", [1, "x"], MISFIT),
        ("map<string,string>", {}, []),
        ("map<string,string>", {"CostCenter": "A", "n": None}, [("CostCenter", "A"), ("n", None)]),
        ("map<string,string>", "text", MISFIT),
        ("map<string,bigint>", {"a": "x"}, MISFIT),
        ("map<string,array<int>>", {"a": [1], "b": None}, [("a", [1]), ("b", None)]),
        ("struct<a:int,b:string>", {"b": "x", "z": 1}, {"a": None, "b": "x"}),
        ("struct<a:int,b:string>", {}, {"a": None, "b": None}),
        ("struct<a:int,b:string>", [1], {"a": 1, "b": None}),
        ("struct<a:int,b:string>", [1, "x", True], {"a": 1, "b": "x"}),
        ("struct<a:int,b:string>", "text", MISFIT),
        ("struct<a:int>", {"a": "x"}, MISFIT),
        (
            "array<struct<r:string,m:decimal(38,12)>>",
            [{"r": "x", "m": "1.5"}, None, {}],
            [{"r": "x", "m": Decimal("1.5")}, None, {"r": None, "m": None}],
        ),
        ("array<struct<r:map<string,int>>>", [{"r": {"a": "b"}}], MISFIT),
    ],
)
def test_coercions(type_: str, value: Any, expected: Any) -> None:
    """Each value becomes what OpenX makes of it, or fails its record."""
    assert read(type_, value) == expected
    assert read(type_, None) is None


@pytest.mark.parametrize("largest", [LARGEST, "-" + LARGEST])
@pytest.mark.parametrize("beside", [None, 1, "+1"])
def test_the_largest_amounts_are_exact(largest: str, beside: Any) -> None:
    """38 digits stay 38 digits, whatever else is in the column."""
    schema = [("c", parse("decimal(38,12)"))]
    arrays, failures = columns([{"c": largest}, {"c": beside}], schema, EXACT)
    assert failures == {}
    assert str(arrays[0].to_pylist()[0]) == largest


def test_a_misfit_names_the_value() -> None:
    """The message is the captured one."""
    _, failures = columns([{"c": 1}, {"c": "oops"}], [("c", parse("bigint"))], EXACT)
    assert failures == {1: 'For input string: "oops"'}


@pytest.mark.fact("openx-case-insensitive", "openx-case-sensitive")
def test_case_is_kept_or_folded_at_every_depth() -> None:
    """CaseInsensitive lower-cases map keys too; without it names must match exactly."""
    row = {"Tags": {"CostCenter": "A"}, "S": {"Name": "x"}, "t": [{"K": 1}]}
    schema = [
        ("tags", parse("map<string,string>")),
        ("s", parse("struct<name:string>")),
        ("t", parse("string")),
    ]
    folded, _ = columns([row], schema, FOLDING)
    assert [a.to_pylist()[0] for a in folded] == [
        [("costcenter", "A")],
        {"name": "x"},
        '[{"k":1}]',
    ]
    exact, _ = columns([row], schema, EXACT)
    assert [a.to_pylist()[0] for a in exact] == [None, None, '[{"K":1}]']


@pytest.mark.fact("openx-mappings", "openx-dots")
def test_columns_may_have_other_json_keys() -> None:
    """A mapping names the key of a column, and dots become underscores if asked."""
    options = OpenX(case_insensitive=False, dots_to_underscores=True, mappings={"ts": "timestamp"})
    schema = [("ts", parse("string")), ("a_b", parse("string"))]
    arrays, _ = columns([{"timestamp": "x", "a.b": "y"}], schema, options)
    assert [a.to_pylist() for a in arrays] == [["x"], ["y"]]


@pytest.mark.fact("union-types", "set-types")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "text",
        "array<",
        "array<int",
        "map<int,string>",
        "struct<a>",
        "struct<a:int;b:int>",
        "decimal(39,0)",
        "decimal(5,6)",
        "int int",
        "uniontype<int>",
        "set<string>",
    ],
)
def test_other_types_are_refused(text: str) -> None:
    """No type is half understood."""
    with pytest.raises(ValueError, match="column type"):
        parse(text)


@pytest.mark.fact("several-documents")
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"a":1}', [{"a": 1}]),
        (b'{"a":1}\n{"a":2}\n', [{"a": 1}, {"a": 2}]),
        (b'{"a":1}{"a":2}', [{"a": 1}, {"a": 2}]),
        (b'\n {"a":1} \r\n\n{"a":\n2} {"a":3}', [{"a": 1}, {"a": 2}, {"a": 3}]),
        (b'{"a":9007199254740993}{"a":"\xc3\xa9"}', [{"a": 9007199254740993}, {"a": "é"}]),
    ],
)
def test_a_record_is_a_sequence_of_documents(data: bytes, expected: list[Any]) -> None:
    """Lines, glued documents and documents over several lines are all read."""
    assert parse_documents(data) == expected


@pytest.mark.fact("no-json-array", "conversion-parse-error", "conversion-malformed")
@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "MalformedData"),
        (b" \n\t", "MalformedData"),
        (b'[{"a":1}]', "MalformedData"),
        (b'{"a":1}\n2', "MalformedData"),
        (b"nonsense", "ParseError"),
        (b'{"a":1}\n{"a":', "ParseError"),
        (b'{"a":NaN}', "ParseError"),
        (b'{"a":"\xff"}', "ParseError"),
        (b'{"a":"\\ud800"}', "ParseError"),
        (b'{"a":' * 100_000, "ParseError"),
        (b'{"a":1},{"a":2}', "ParseError"),
    ],
)
def test_what_is_not_a_sequence_of_objects_fails(data: bytes, code: str) -> None:
    """The codes tell bad JSON from JSON that does not fit."""
    with pytest.raises(MalformedRecordError) as error:
        parse_documents(data)
    assert error.value.code == f"DataFormatConversion.{code}"


DECIMAL_TEXT = st.one_of(
    st.decimals(allow_nan=True, places=None).map(str),
    st.decimals(-(10**27), 10**27, places=12).map("{:f}".format),
    st.from_regex(r"[+-]?[0-9]{0,30}\.?[0-9]{0,30}([eE][+-]?[0-9]{1,2})?", fullmatch=True),
    st.text("0123456789.eE+- ", max_size=12),
)


@settings(deadline=None, max_examples=300)
@example([LARGEST, "-" + LARGEST], 12)
@example([LARGEST, "-" + LARGEST, "+1"], 12)
@example(["4"], 38)
@given(st.lists(st.none() | DECIMAL_TEXT, min_size=1, max_size=3), st.integers(0, 38))
def test_decimals_are_the_same_both_ways(values: list[str | None], scale: int) -> None:
    """Arrow's parser may only be used where it agrees with the exact one."""
    type_ = DecimalOf(38, scale)
    arrays, failures = columns([{"c": v} for v in values], [("c", type_)], EXACT)
    reader = scalars.to_decimal(type_)
    assert failures == {}
    assert arrays[0].to_pylist() == [None if v is None else reader(v) for v in values]
    assert arrays[0].type == pa.decimal128(type_.precision, type_.scale)


@settings(deadline=None, max_examples=200)
@given(
    st.datetimes().map(str)
    | st.dates().map(str)
    | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}", fullmatch=True)
)
@pytest.mark.parametrize(
    ("type_", "reader"),
    [
        ("timestamp", scalars.to_timestamp),
        ("date", scalars.to_date),
    ],
)
def test_times_are_the_same_both_ways(type_: str, reader: Any, text: str) -> None:
    """Arrow's parser may only be used where it agrees with the strict one."""
    try:
        expected = reader(text)
    except scalars.MismatchError:
        expected = MISFIT
    assert read(type_, text) == expected
