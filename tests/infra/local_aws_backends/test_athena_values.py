"""How Athena prints values, type by type."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.aws.athena.values import printer, split_type


@pytest.mark.parametrize(
    ("type_", "value", "text"),
    [
        ("varchar", "a", "a"),
        ("boolean", True, "true"),
        ("bigint", -5, "-5"),
        ("decimal(38,12)", Decimal("1E-12"), "0.000000000001"),
        ("decimal(10,2)", Decimal("-1200.50"), "-1200.50"),
        ("double", 1.0, "1.0"),
        ("double", 0.1, "0.1"),
        ("double", -0.0, "-0.0"),
        ("double", 1e7, "1.0E7"),
        ("double", 12345678.9, "1.23456789E7"),
        ("double", 9999999.0, "9999999.0"),
        ("double", 0.001, "0.001"),
        ("double", -0.00012, "-1.2E-4"),
        ("double", 1e22, "1.0E22"),
        ("double", float("nan"), "NaN"),
        ("double", float("-inf"), "-Infinity"),
        ("real", 0.10000000149011612, "0.1"),
        ("real", 16777216.0, "1.6777216E7"),
        ("date", date(2026, 1, 2), "2026-01-02"),
        ("timestamp(3)", datetime(2026, 1, 1), "2026-01-01 00:00:00.000"),
        (
            "timestamp(3) with time zone",
            datetime(2026, 1, 1, 2, 3, 4, 5_000, UTC),
            "2026-01-01 02:03:04.005 UTC",
        ),
        ("time(3)", time(1, 2, 3), "01:02:03.000"),
        ("interval day to second", timedelta(days=2, hours=3, milliseconds=5), "2 03:00:00.005"),
        ("interval day to second", timedelta(seconds=-1), "-0 00:00:01.000"),
        ("varbinary", b"az", "61 7a"),
        ("array(bigint)", [1, None, 2], "[1, null, 2]"),
        ("map(varchar, decimal(3,1))", {"a": Decimal("1.0"), "b": None}, "{a=1.0, b=null}"),
        ("array(row(a bigint, b array(varchar)))", [{"a": 1, "b": ["x"]}], "[{a=1, b=[x]}]"),
        ("map(varchar, row(t timestamp(3)))", {}, "{}"),
    ],
)
def test_texts(type_: str, value: Any, text: str) -> None:
    """Each type has Athena's text."""
    assert printer(type_)(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_doubles_come_back(value: float) -> None:
    """The text of a double reads back as the same double."""
    text = printer("double")(value)
    assert float(text) == value
    assert "." in text


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_reals_come_back(value: float) -> None:
    """The text of a real is the shortest that is the same single."""
    import struct

    text = printer("real")(value)
    assert struct.pack("f", float(text)) == struct.pack("f", value)
    assert len(text) <= len("-1.17549435E-38")


def test_types_are_split() -> None:
    """A type's arguments are split at its own commas only."""
    assert split_type("map(varchar, decimal(3,1))") == ("map", ["varchar", "decimal(3,1)"])
    assert split_type("timestamp(3) with time zone") == ("timestamp with time zone", ["3"])
