"""EventBridge Scheduler's six-field `cron(...)`: which local minutes it names.

Fields: minutes, hours, day of month, month, day of week (1 is Sunday), year. Source: EventBridge
Scheduler user guide, "Cron-based schedules".
"""

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

FIRST_YEAR, LAST_YEAR = 1970, 2199
_MONTHS = {
    n: i
    for i, n in enumerate(
        ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"], 1
    )
}
_DAYS = {n: i for i, n in enumerate(["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"], 1)}
_NTH = re.compile(r"(\w+)#([1-5])\Z")
_LAST = re.compile(r"(\w+)L\Z")
_NEAREST = re.compile(r"(\d+|L)W\Z")


@dataclass(frozen=True, slots=True)
class Cron:
    """A parsed expression; days are judged by `_is_day`, minutes and hours are listed."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    day_of_month: str
    months: frozenset[int]
    day_of_week: str
    years: frozenset[int]

    @classmethod
    def parse(cls, text: str) -> "Cron":
        """Parse the text between the parentheses.

        Raises:
            ValueError: it is not an expression of the documented forms; the text says why.
        """
        fields = text.split()
        if len(fields) != 6:
            raise ValueError(f"cron needs 6 fields, not {len(fields)}")
        minutes, hours, day_of_month, months, day_of_week, years = (f.upper() for f in fields)
        if (day_of_month == "?") == (day_of_week == "?"):
            raise ValueError("exactly one of day-of-month and day-of-week must be ?")
        cron = cls(
            minutes=tuple(sorted(_numbers(minutes, 0, 59))),
            hours=tuple(sorted(_numbers(hours, 0, 23))),
            day_of_month=day_of_month,
            months=_numbers(months, 1, 12, _MONTHS),
            day_of_week=day_of_week,
            years=_numbers(years, FIRST_YEAR, LAST_YEAR),
        )
        cron._is_day(date(2000, 1, 1))  # finds what is wrong with the day fields now, not later
        return cron

    def after(self, moment: datetime) -> datetime | None:
        """Return the first local minute after `moment` (both naive), None when there is none."""
        day, earliest = moment.date(), moment.time()
        while (found := self._day_from(day)) is not None:
            for hour in self.hours:
                for minute in self.minutes:
                    if found > moment.date() or time(hour, minute) > earliest:
                        return datetime.combine(found, time(hour, minute))
            day = found + timedelta(days=1)
        return None

    def _day_from(self, day: date) -> date | None:
        while day.year <= max(self.years):
            if day.year not in self.years:
                day = date(day.year + 1, 1, 1)
            elif day.month not in self.months:
                day = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
            elif self._is_day(day):
                return day
            else:
                day += timedelta(days=1)
        return None

    def _is_day(self, day: date) -> bool:
        if self.day_of_week == "?":
            return _matches_day_of_month(self.day_of_month, day)
        return _matches_day_of_week(self.day_of_week, day)


def _matches_day_of_month(field: str, day: date) -> bool:
    last = calendar.monthrange(day.year, day.month)[1]
    if field == "L":
        return day.day == last
    if nearest := _NEAREST.match(field):
        wanted = last if nearest[1] == "L" else _number(nearest[1], 1, 31, {})
        return wanted <= last and day == _nearest_weekday(day.replace(day=wanted), last)
    return day.day in _numbers(field, 1, 31)


def _nearest_weekday(day: date, last: int) -> date:
    """Return the weekday nearest to `day` without leaving its month."""
    shift = {calendar.SATURDAY: -1, calendar.SUNDAY: 1}.get(day.weekday(), 0)
    if not 1 <= day.day + shift <= last:
        shift *= -2
    return day + timedelta(days=shift)


def _matches_day_of_week(field: str, day: date) -> bool:
    number = day.isoweekday() % 7 + 1
    if field == "L":
        return number == 7
    if nth := _NTH.match(field):
        return number == _number(nth[1], 1, 7, _DAYS) and (day.day - 1) // 7 + 1 == int(nth[2])
    if last := _LAST.match(field):
        days = calendar.monthrange(day.year, day.month)[1]
        return number == _number(last[1], 1, 7, _DAYS) and day.day + 7 > days
    return number in _numbers(field, 1, 7, _DAYS)


def _numbers(
    field: str, low: int, high: int, names: dict[str, int] | None = None
) -> frozenset[int]:
    """Return what a field of lists, ranges, steps and `*` names."""
    found: set[int] = set()
    for part in field.split(","):
        span, slash, step = part.partition("/")
        stride = _number(step, 1, high, {}) if slash else 1
        if span == "*":
            first, final = low, high
        else:
            start, dash, stop = span.partition("-")
            first = _number(start, low, high, names or {})
            final = _number(stop, low, high, names or {}) if dash else (high if slash else first)
        if first > final:
            raise ValueError(f"the range {part} runs backwards")
        found.update(range(first, final + 1, stride))
    return frozenset(found)


def _number(text: str, low: int, high: int, names: dict[str, int]) -> int:
    value = names.get(text, int(text) if text.isascii() and text.isdigit() else None)
    if value is None or not low <= value <= high:
        raise ValueError(f"{text!r} is not a value from {low} to {high}")
    return value
