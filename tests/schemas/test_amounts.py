"""Amounts are exact, or refused."""

from decimal import ROUND_HALF_EVEN, Context, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.amounts import amount, plain_text, scaled, scaled_text
from schemas.errors import AmountError

WIDE = Context(prec=3_000)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=None).map(str))
def test_stored_plus_residue_is_the_source(text: str) -> None:
    """Source = stored + residue, exactly, or the amount is refused for its size."""
    value = Decimal(text)
    too_wide = bool(value) and value.adjusted() >= 26
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    too_long = bool(value) and -exponent > 200
    if too_wide or too_long:
        with pytest.raises(AmountError):
            amount(text)
        return
    read = amount(text)
    assert WIDE.add(Decimal(read.text), read.residue) == value
    assert Decimal(read.text) == value.quantize(Decimal("1e-12"), ROUND_HALF_EVEN, WIDE)
    assert abs(read.residue) <= Decimal("5e-13")
    assert scaled(read.text) == read.scaled
    assert scaled_text(read.scaled) == read.text


@pytest.mark.parametrize(
    ("source", "text", "residue"),
    [
        ("0.00000000000", "0", "0"),
        ("-0", "0", "0"),
        ("4e-07", "0.0000004", "0"),
        ("+1.50", "1.5", "0"),
        (".5", "0.5", "0"),
        ("7.", "7", "0"),
        ("13.42949539200000", "13.429495392", "0"),
        ("0.0000000000005", "0", "0.0000000000005"),
        ("0.0000000000015", "0.000000000002", "-0.0000000000005"),
        ("-1.0000000000001", "-1", "-0.0000000000001"),
        ("99999999999999999999999999.999999999999", "99999999999999999999999999.999999999999", "0"),
    ],
)
def test_rounding_and_form(source: str, text: str, residue: str) -> None:
    """Half-even at twelve digits; plain notation without trailing zeros."""
    assert amount(source).text == text
    assert amount(source).residue == Decimal(residue)


@pytest.mark.parametrize(
    "source",
    ["", "NaN", "inf", "1,000.00", "$5", "1 000", "0x10", "--1", "1e", "١", "1_000", "1e999999",
     "100000000000000000000000000", "99999999999999999999999999.9999999999999", "1e-201"],
)  # fmt: skip
def test_what_is_not_a_plain_number_is_refused(source: str) -> None:
    """No guessing at separators, units or digits the lake cannot hold."""
    with pytest.raises(AmountError):
        amount(source)


@pytest.mark.parametrize(
    ("value", "text"), [("1E+3", "1000"), ("-9e-14", "-0.00000000000009"), ("1.50", "1.5")]
)
def test_plain_text(value: str, text: str) -> None:
    """Exact, never an exponent."""
    assert plain_text(Decimal(value)) == text
