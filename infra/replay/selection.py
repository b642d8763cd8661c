"""Which part of the log is replayed: told from a record's envelope, before its events are read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.errors import UsageError
from schemas.lake import is_date, is_month


@dataclass(frozen=True, slots=True)
class Selection:
    """What to replay; None is everything.

    Raises:
        UsageError: a date or a period is not one, or the range is empty.
    """

    first: str | None = None
    """The first charge date, YYYY-MM-DD."""
    last: str | None = None
    """The last charge date, included."""
    billing_period: str | None = None
    delivery_id: str | None = None

    def __post_init__(self) -> None:
        for text in (self.first, self.last):
            if text is not None and not is_date(text):
                raise UsageError(f"{text!r} is no charge date of the lake; write YYYY-MM-DD")
        if self.billing_period is not None and not is_month(self.billing_period):
            raise UsageError(
                f"{self.billing_period!r} is no billing period of the lake; write YYYY-MM"
            )
        if self.first and self.last and self.first > self.last:
            raise UsageError(f"--from {self.first} is after --to {self.last}")

    @property
    def is_everything(self) -> bool:
        """Whether no event is left out."""
        return self == Selection()

    def wants(self, envelope: Mapping[str, Any]) -> bool:
        """Tell whether a record of charges with this envelope is replayed."""
        date = envelope["charge_date"]
        return (
            (self.first is None or date >= self.first)
            and (self.last is None or date <= self.last)
            and self.billing_period in (None, envelope["billing_period"])
            and self.delivery_id in (None, envelope["delivery_id"])
        )
