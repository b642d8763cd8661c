"""Schedule expressions against the examples of the user guide, and against brute force."""

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from infra.local.aws.scheduler_cron import Cron
from infra.local.aws.scheduler_expression import ScheduleExpressionError, parse_expression

START = datetime(2026, 1, 1, tzinfo=UTC)


def times(expression: str, count: int, zone: str = "UTC", start: datetime = START) -> list[str]:
    """Return the first local times after `start`."""
    parsed = parse_expression(expression, zone)

    found: list[str] = []
    moment = start
    while len(found) < count and (due := parsed.after(moment, start)) is not None:
        found.append(due.strftime("%Y-%m-%dT%H:%M"))
        moment = due
    return found


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cron(0 10 * * ? *)", ["2026-01-01T10:00", "2026-01-02T10:00"]),
        ("cron(15 12 * * ? *)", ["2026-01-01T12:15", "2026-01-02T12:15"]),
        ("cron(0 18 ? * MON-FRI *)", ["2026-01-01T18:00", "2026-01-02T18:00", "2026-01-05T18:00"]),
        ("cron(0 8 1 * ? *)", ["2026-01-01T08:00", "2026-02-01T08:00"]),
        ("cron(0/15 * * * ? *)", ["2026-01-01T00:15", "2026-01-01T00:30"]),
        ("cron(0 9 ? * 2#1 *)", ["2026-01-05T09:00", "2026-02-02T09:00"]),
        ("cron(0 9 L * ? *)", ["2026-01-31T09:00", "2026-02-28T09:00"]),
        ("cron(0 9 LW * ? *)", ["2026-01-30T09:00", "2026-02-27T09:00"]),
        ("cron(0 9 3W * ? *)", ["2026-01-02T09:00", "2026-02-03T09:00"]),
        ("cron(0 9 1W 8 ? 2026)", ["2026-08-03T09:00"]),
        ("cron(0 9 ? * 6L *)", ["2026-01-30T09:00", "2026-02-27T09:00"]),
        ("cron(0 9 ? * L *)", ["2026-01-03T09:00", "2026-01-10T09:00"]),
        ("cron(0 0 29 2 ? *)", ["2028-02-29T00:00", "2032-02-29T00:00"]),
        ("cron(5 0,12 ? JAN,jul sun 2026-2027)", ["2026-01-04T00:05", "2026-01-04T12:05"]),
        ("at(2026-11-20T13:00:00)", ["2026-11-20T13:00"]),
        ("rate(5 minutes)", ["2026-01-01T00:05", "2026-01-01T00:10"]),
        ("rate(1 hour)", ["2026-01-01T01:00", "2026-01-01T02:00"]),
    ],
)
def test_documented_forms(expression: str, expected: list[str]) -> None:
    """Each documented form is due when the user guide says."""
    assert times(expression, max(len(expected), 1)) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "cron(0 10 * * * *)",
        "cron(0 10 ? * ? *)",
        "cron(0 10 * * ?)",
        "cron(60 10 * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 10 32 * ? *)",
        "cron(0 10 ? * 8 *)",
        "cron(0 10 ? * MON#6 *)",
        "cron(0 10 ? FOO * *)",
        "cron(0 10 20-10 * ? *)",
        "cron(0 10 -5 * ? *)",
        "cron(0/0 10 * * ? *)",
        "cron(0 10 * * ? 1969)",
        "rate(0 minutes)",
        "rate(5 weeks)",
        "rate(5minutes)",
        "at(2026-11-20)",
        "at(2026-13-20T00:00:00)",
        "every(5 minutes)",
        "",
    ],
)
def test_other_forms_are_refused(expression: str) -> None:
    """What is no expression is refused, and named."""
    with pytest.raises(ScheduleExpressionError, match="Invalid Schedule Expression") as caught:
        parse_expression(expression)
    assert expression in str(caught.value)


def test_an_unknown_zone_is_refused() -> None:
    """A time zone that does not exist is refused."""
    with pytest.raises(ScheduleExpressionError, match="Mars/Olympus"):
        parse_expression("rate(1 hour)", "Mars/Olympus")


def test_an_impossible_date_never_comes() -> None:
    """A cron of 30 February has no occurrence, and finding that out ends."""
    assert times("cron(0 0 30 2 ? *)", 1) == []


def test_a_missing_local_time_is_skipped() -> None:
    """A time that the clock change leaves out is skipped that day."""
    found = times("cron(30 2 * * ? *)", 2, "America/New_York", datetime(2026, 3, 7, 8, tzinfo=UTC))
    assert found == ["2026-03-09T06:30", "2026-03-10T06:30"]


def test_a_repeated_local_time_runs_once() -> None:
    """A time that comes twice that day is due once, the first time."""
    found = times("cron(30 1 * * ? *)", 2, "America/New_York", datetime(2026, 11, 1, tzinfo=UTC))
    assert found == ["2026-11-01T05:30", "2026-11-02T06:30"]


def test_a_rate_of_days_keeps_the_local_time() -> None:
    """A rate in days stays at its local time of day over a clock change; hours do not."""
    start = datetime(2026, 3, 28, 9, tzinfo=UTC)
    assert times("rate(1 day)", 2, "Europe/Berlin", start) == [
        "2026-03-29T08:00",
        "2026-03-30T08:00",
    ]
    assert times("rate(24 hours)", 1, "Europe/Berlin", start) == ["2026-03-29T09:00"]


def test_at_is_local() -> None:
    """A one-time schedule is in its own time zone."""
    assert times("at(2026-07-01T12:00:00)", 1, "Europe/Berlin") == ["2026-07-01T10:00"]


field_of_day = st.sampled_from(["*", "L", "LW", "15W", "1W", "31W", "10-20", "1,31", "5/7", "29"])
field_of_week = st.sampled_from(["*", "L", "6L", "2#1", "7#5", "MON-FRI", "1,7", "3"])
months = st.sampled_from(["*", "2", "1-6/2", "APR,NOV"])


@settings(deadline=None, max_examples=60)
@given(
    days=st.one_of(field_of_day.map(lambda f: (f, "?")), field_of_week.map(lambda f: ("?", f))),
    month=months,
    minute=st.sampled_from(["0", "*/20", "7,59"]),
    hour=st.sampled_from(["*", "3", "22/1"]),
    start=st.datetimes(datetime(2023, 12, 1), datetime(2024, 12, 1)),
)
def test_what_follows_is_the_next_minute_that_matches(
    days: tuple[str, str], month: str, minute: str, hour: str, start: datetime
) -> None:
    """`after` returns the earliest of all matching minutes: nothing between is due."""
    cron = Cron.parse(f"{minute} {hour} {days[0]} {month} {days[1]} 2023-2026")
    found = cron.after(start)
    assume(found is not None)
    assert found is not None
    assert found > start
    assert cron.after(found - timedelta(minutes=1)) == found
    middles = (start + (found - start) * n / 7 for n in range(7))
    assert all(cron.after(middle) == found for middle in islice(middles, 7))
