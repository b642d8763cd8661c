"""How amounts are added and shown."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.report.amounts import exact, percent, scaled_by, shown, total, total_known

STORED = st.decimals(-(10**20), 10**20, allow_nan=False, places=12)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0E-12", "0.00"),
        ("1234567.891", "1,234,567.89"),
        ("0.01", "0.01"),
        ("-0.125", "-0.12"),
        ("0.00012345678", "0.0001235"),
        ("-0.002889920000", "-0.00289"),
        ("0.000000000001", "0.000000000001"),
        ("8.00000E-7", "0.0000008"),
        ("98765432109876543210987654.123456789012", "98,765,432,109,876,543,210,987,654.12"),
    ],
)
def test_amounts_have_two_decimals_or_four_digits(amount: str, text: str) -> None:
    """Two decimals, or below 0.01 up to four significant digits; never an exponent."""
    assert shown(Decimal(amount)) == text


@given(STORED)
def test_what_is_shown_is_near_and_what_is_exact_is_exact(amount: Decimal) -> None:
    """The shown text is within half a cent of the amount, the exact text is the amount."""
    assert abs(Decimal(shown(amount).replace(",", "")) - amount) <= Decimal("0.005")
    assert Decimal(exact(amount)) == amount
    assert "E" not in shown(amount) + exact(amount)


@given(st.lists(STORED))
def test_sums_are_exact(amounts: list[Decimal]) -> None:
    """A sum is that of the same fractions."""
    assert Fraction(total(amounts)) == sum(Fraction(amount) for amount in amounts)


def test_shares_are_of_something() -> None:
    """A share has one decimal; of nothing and of less than nothing there is none."""
    assert percent(Decimal(1), Decimal(3)) == Decimal("33.3")
    assert percent(Decimal(1), Decimal(0)) is None
    assert percent(Decimal(1), Decimal(-2)) is None
    assert total_known([None, Decimal(2), Decimal(3)]) == 5
    assert total_known([None]) is None


def test_a_year_is_rounded_to_what_the_lake_stores() -> None:
    """365 thirtieths, half-even, twelve decimals."""
    assert scaled_by(Decimal("2.4"), 365, 30) == Decimal("29.2")
    assert scaled_by(Decimal(1), 365, 30) == Decimal("12.166666666667")
