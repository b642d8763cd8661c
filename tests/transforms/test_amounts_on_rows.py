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

DIGITS = st.text("0123456789", max_size=28) | st.text("09", max_size=14)
NUMBERS = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["", "-", "+", "--", " "]),
        DIGITS,
        st.sampled_from(["", ".", ".", ".."]),
        DIGITS,
        st.sampled_from(["", "", "", "e-3", "E+2", "\n", " ", "٣"]),
    ),
)


@given(st.lists(NUMBERS | st.text(max_size=4), min_size=2, max_size=2))
@settings(max_examples=400, deadline=None)
def test_an_amount_is_stored_as_its_reader_says_or_refused(texts: list[str]) -> None:
    """Whatever the text: its canonical form without a residue, or bad-amount."""
    names = ("billed_cost", "list_cost")
    encoder = ChargeEncoder()
    event = encoder.event(at_home(example()) | dict(zip(names, texts, strict=True)))
    result = transform(codec.compress(encoder.message(ENVELOPE, [event])), CONTEXT)
    try:
        read = [amount(text) for text in texts]
    except AmountError:
        read = []
    if not read or any(r.residue for r in read):
        assert isinstance(result, Failed)
        assert result.reason is Reason.BAD_AMOUNT
        return
    assert isinstance(result, Ok)
    row = orjson.loads(result.data)
    assert [row[name] for name in names] == [r.text for r in read]
