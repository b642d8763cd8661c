"""Exact money of events that tallies do not tell apart: raw/ is read again, for these days alone.

A tally has the sums of all of its events. Where two objects hold the same event, or some events of
a day are missing and others failed, sums of parts are needed: rare, so they are counted again.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from schemas.codec import Member, Unreadable, decode_message, envelope_of, split_members
from schemas.lake import ObjectStore
from transforms.tallies import Day, Sums, add_amounts

ALL = "all"


@dataclass(slots=True)
class Wanted:
    """A day to be counted again.

    Attributes:
        objects: the objects of raw/ that hold its events.
        classes: names of parts, and the ordinals of each; no ordinal is in two.
    """

    objects: set[str]
    classes: dict[str, set[int]] = field(default_factory=dict)


def recount(store: ObjectStore, wanted: dict[Day, Wanted]) -> dict[Day, dict[str, Sums]]:
    """Return the sums of each class of each day, and of `ALL` its events, each counted once."""
    found: dict[Day, dict[str, Sums]] = {
        day: {ALL: {}, **{name: {} for name in want.classes}} for day, want in wanted.items()
    }
    seen: dict[Day, set[int]] = defaultdict(set)
    days_of: dict[str, set[Day]] = defaultdict(set)
    for day, want in wanted.items():
        for key in want.objects:
            days_of[key].add(day)
    for key in sorted(days_of):
        try:
            body = store.get(key)
        except KeyError:
            continue
        for day, events in _events(body, days_of[key]):
            for event in events:
                ordinal = event["ordinal"]
                if ordinal in seen[day]:
                    continue
                seen[day].add(ordinal)
                add_amounts(found[day][ALL], event)
                for name, ordinals in wanted[day].classes.items():
                    if ordinal in ordinals:
                        add_amounts(found[day][name], event)
    return found


def _events(body: bytes, days: set[Day]) -> Iterable[tuple[Day, list[dict[str, Any]]]]:
    """Yield the events of some days; what is of other days is not decoded."""
    for member in split_members(body):
        day = _day(member)
        if day in days and not isinstance(member, Unreadable):
            batch = decode_message(member)
            if not isinstance(batch, Unreadable):
                yield day, batch.events


def _day(member: Member | Unreadable) -> Day:
    if isinstance(member, Unreadable):
        return ("", "", "")
    head = envelope_of(member)
    if isinstance(head, Unreadable) or "charge_date" not in head[1]:
        return ("", "", "")
    envelope = head[1]
    return (envelope["delivery_id"], envelope["billing_period"], envelope["charge_date"])
