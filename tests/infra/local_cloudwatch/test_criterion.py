"""From datapoints to a state: the tables of CloudWatch's user guide, and the reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.aws.cloudwatch.criterion import ALARM, FURTHER, OK, UNKNOWN, Criterion

RETAIN = "retain"
BAD, GOOD = 1.0, 0.0
THREE_OF_THREE = [
    # datapoints, oldest first; the state that follows for missing, ignore, breaching, notBreaching
    ("0-X-X", OK, OK, OK, OK),
    ("----0", OK, OK, OK, OK),
    ("-----", UNKNOWN, RETAIN, ALARM, OK),
    ("0XX-X", ALARM, ALARM, ALARM, ALARM),
    ("--X--", ALARM, RETAIN, ALARM, OK),
]
TWO_OF_THREE = [
    ("0-X-X", ALARM, ALARM, ALARM, ALARM),
    ("00X0X", ALARM, ALARM, ALARM, ALARM),
    ("0-X--", OK, OK, ALARM, OK),
    ("----0", OK, OK, ALARM, OK),
    ("---X-", ALARM, RETAIN, ALARM, OK),
]
"""User guide, "Configuring how CloudWatch alarms treat missing data"; 0 is well, X breaches."""
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")


def points(text: str) -> list[float | None]:
    """Return the datapoints that a row of the guide shows."""
    return [{"0": GOOD, "X": BAD, "-": None}[c] for c in text]


def criterion(missing: str, periods: int = 3, datapoints: int = 3) -> Criterion:
    """Return a criterion that a value above a half breaches."""
    return Criterion("GreaterThanThreshold", 0.5, periods, datapoints, missing)


@pytest.mark.parametrize("datapoints", [3, 2])
def test_the_guide_s_tables(datapoints: int) -> None:
    """Every row, under every treatment, from every state."""
    for row, *expected in THREE_OF_THREE if datapoints == 3 else TWO_OF_THREE:
        for missing, after in zip(TREATMENTS, expected, strict=True):
            asked = criterion(missing, datapoints=datapoints)
            assert asked.range == len(row)
            for state in (OK, ALARM, UNKNOWN):
                found, reason = asked.judge(points(row), state)
                assert found == (state if after == RETAIN else after), (row, missing, state)
                assert reason


@pytest.mark.parametrize(
    ("comparison", "bad", "good"),
    [
        ("GreaterThanThreshold", 1.5, 1.0),
        ("GreaterThanOrEqualToThreshold", 1.0, 0.5),
        ("LessThanThreshold", 0.5, 1.0),
        ("LessThanOrEqualToThreshold", 1.0, 1.5),
    ],
)
def test_comparisons(comparison: str, bad: float, good: float) -> None:
    """Each on its own side, the threshold itself included or not."""
    asked = Criterion(comparison, 1.0, 1, 1, "missing")
    assert asked.judge([None, None, bad], OK)[0] == ALARM
    assert asked.judge([None, None, good], ALARM)[0] == OK


@given(
    st.lists(st.sampled_from([GOOD, BAD, None]), min_size=5, max_size=5),
    st.sampled_from(TREATMENTS),
    st.integers(1, 3),
)
def test_silence_is_never_worse_than_a_breach(
    found: list[float | None], missing: str, datapoints: int
) -> None:
    """What `notBreaching` calls ALARM every treatment does; what `breaching` calls OK, too."""
    state = criterion(missing, datapoints=datapoints).judge(found, OK)[0]
    if criterion("notBreaching", datapoints=datapoints).judge(found, OK)[0] == ALARM:
        assert state == ALARM
    if criterion("breaching", datapoints=datapoints).judge(found, OK)[0] == OK:
        assert state == OK


def test_the_reason_says_what_was_compared() -> None:
    """Values, how many of how many, the threshold; or that nothing came."""
    _, reason = criterion("missing", datapoints=2).judge(points("00X0X"), OK)
    assert "2 out of the last 3 datapoints [1, 1] were greater than the threshold (0.5)" in reason
    _, reason = criterion("missing").judge(points("00000"), ALARM)
    assert "[0, 0, 0] were not greater than" in reason
    _, reason = criterion("breaching").judge(points("-----"), OK)
    assert "no datapoints were received" in reason
    assert "[Breaching]" in reason
    _, reason = criterion("missing").judge(points("-----"), OK)
    assert reason == "Insufficient Data: 3 datapoints were unknown."
    assert FURTHER == 2
