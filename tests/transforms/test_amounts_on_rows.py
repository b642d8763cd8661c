"""Amounts on rows: the transform's short cut agrees with the reader of amounts."""

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import codec
from schemas.amounts import amount
from schemas.codec import ChargeEncoder, Reason
from schemas.errors import AmountError
from tests.transforms.test_core import CONTEXT, ENVELOPE, at_home, example
from transforms.core import Failed, Ok, transform

# Around the limits: 26 digits before the point, 12 after it.
DIGITS = st.one_of(
    st.text("0123456789", max_size=3),
    st.text("05", min_size=11, max_size=14),
    st.text("09", min_size=25, max_size=27),
)
NUMBERS = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["", "", "-", "+", "--", " "]),
        DIGITS,
        st.sampled_from(["", ".", "."]),
        DIGITS,
        st.sampled_from(["", "", "", "", "e-3", "E+2", "\n", "٣"]),
    ),
)


@given(NUMBERS | st.text(max_size=4))
@settings(max_examples=500, deadline=None)
def test_an_amount_is_stored_as_its_reader_says_or_refused(text: str) -> None:
    """Whatever the text: its canonical form without a residue, or bad-amount."""
    encoder = ChargeEncoder()
    event = encoder.event(at_home(example()) | {"list_cost": text})
    result = transform(codec.compress(encoder.message(ENVELOPE, [event])), CONTEXT)
    try:
        read = amount(text)
    except AmountError:
        read = None
    if read is None or read.residue:
        assert isinstance(result, Failed)
        assert result.reason is Reason.BAD_AMOUNT
    else:
        assert isinstance(result, Ok)
        assert orjson.loads(result.data)["list_cost"] == read.text
