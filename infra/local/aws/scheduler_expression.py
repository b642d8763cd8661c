"""`rate(...)`, `cron(...)` and `at(...)`: when a schedule is due, in its time zone.

Source of the rules: EventBridge Scheduler user guide, "Schedule types".
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

from infra.local.aws.scheduler_cron import Cron
from schemas.errors import FinopsError

_FORM = re.compile(r"(rate|cron|at)\(([^()]*)\)\Z")
_RATE = re.compile(r"([1-9]\d*) (minute|hour|day)s?\Z")


class ScheduleExpressionError(FinopsError):
    """An expression or a time zone that the Scheduler does not take."""

    def __init__(self, message: str) -> None:
        self.message = message
        super().__init__(f"{message}; correct the schedule")


class Expression(Protocol):
    """When a schedule is due. Moments are aware, in UTC."""

    def after(self, moment: datetime, anchor: datetime) -> datetime | None:
        """Return the first time after `moment`, None when there is none.

        Args:
            moment: Strictly before the answer.
            anchor: When the schedule began; rates count from it, and are due at it.
        """
        ...


@dataclass(frozen=True, slots=True)
class Rate:
    """Every so many minutes, hours or days; days keep the local time of day."""

    every: timedelta
    daily: bool
    zone: ZoneInfo

    def after(self, moment: datetime, anchor: datetime) -> datetime | None:
        """Return the next multiple of the rate."""
        if moment < anchor:
            return anchor
        steps = (moment - anchor) // self.every
        # A day of 23 or 25 hours moves local multiples by an hour: look at the neighbours, too.
        candidates = (self._multiple(anchor, steps + n) for n in range(3))
        return next(candidate for candidate in candidates if candidate > moment)

    def _multiple(self, anchor: datetime, steps: int) -> datetime:
        if not self.daily:
            return anchor + self.every * steps
        return (anchor.astimezone(self.zone) + self.every * steps).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Recurring:
    """A cron expression; skips times a clock change leaves out, runs once in repeated ones."""

    cron: Cron
    zone: ZoneInfo

    def after(self, moment: datetime, anchor: datetime) -> datetime | None:
        """Return the next time the expression names."""
        local = moment.astimezone(self.zone).replace(tzinfo=None)
        while (found := self.cron.after(local)) is not None:
            due = found.replace(tzinfo=self.zone).astimezone(UTC)
            exists = due.astimezone(self.zone).replace(tzinfo=None) == found
            if exists and due > moment:
                return due
            local = found
        return None


@dataclass(frozen=True, slots=True)
class Once:
    """One moment."""

    moment: datetime

    def after(self, moment: datetime, anchor: datetime) -> datetime | None:
        """Return the moment, while it is still to come."""
        return self.moment if self.moment > moment else None


@lru_cache(maxsize=256)
def parse_expression(text: str, time_zone: str = "UTC") -> Expression:
    """Parse a `ScheduleExpression` in its `ScheduleExpressionTimezone`.

    Raises:
        ScheduleExpressionError: it is none, or the zone is unknown.
    """
    try:
        zone = ZoneInfo(time_zone)
    except (KeyError, ValueError, OSError):
        raise ScheduleExpressionError(
            f"Invalid ScheduleExpressionTimezone {time_zone}: not a known time zone"
        ) from None
    try:
        return _parse(text, zone)
    except ValueError as error:
        raise ScheduleExpressionError(f"Invalid Schedule Expression {text}: {error}") from None


def _parse(text: str, zone: ZoneInfo) -> Expression:
    form = _FORM.match(text)
    if not form:
        raise ValueError("write rate(...), cron(...) or at(...)")
    kind, inner = form.groups()
    if kind == "cron":
        return Recurring(Cron.parse(inner), zone)
    if kind == "at":
        moment = datetime.strptime(inner, "%Y-%m-%dT%H:%M:%S")
        return Once(moment.replace(tzinfo=zone).astimezone(UTC))
    rate = _RATE.match(inner)
    if not rate:
        raise ValueError("a rate is a positive number and minutes, hours or days")
    return Rate(timedelta(**{f"{rate[2]}s": int(rate[1])}), rate[2] == "day", zone)
