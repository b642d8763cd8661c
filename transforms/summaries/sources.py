"""What each day's summary is made from, told without a query: its files and its deliveries."""

import hashlib
from collections import defaultdict
from dataclasses import dataclass

from schemas.current_state import read_current
from schemas.lake import ObjectStore, is_date, is_month, partition_of
from schemas.tables import CHARGES_STORED
from transforms.state import active_evaluation


@dataclass(frozen=True, slots=True)
class DaySource:
    """What one charge date's summary is made from.

    Attributes:
        built_from: a hash of the evaluation, the files with rows of the day, and which deliveries
            the day is read from. Where it is the same, the view `charges` shows the same.
        periods: the billing periods that have files of it, in order.
    """

    built_from: str
    periods: tuple[str, ...]


def day_sources(store: ObjectStore) -> dict[str, DaySource]:
    """Return what every charge date with files is made from, under the active evaluation."""
    evaluation = active_evaluation(store)
    parts: defaultdict[str, list[str]] = defaultdict(list)
    periods: defaultdict[str, set[str]] = defaultdict(set)
    for info in store.list(f"{CHARGES_STORED.prefix}evaluation={evaluation}/"):
        partition = partition_of(info.key)
        if partition is None:
            continue
        _, period, day = partition
        # What goes into a query is of its form, whoever put the file there.
        if is_date(day) and is_month(period):
            parts[day].append(f"{info.key}\0{info.size}")
            periods[day].add(period)
    for entry in read_current(store):
        if entry.evaluation == evaluation and entry.charge_date in parts:
            parts[entry.charge_date].append(f"{entry.billing_period}\0{entry.delivery_id}")
    return {
        day: DaySource(fingerprint([evaluation, *sorted(found)]), tuple(sorted(periods[day])))
        for day, found in sorted(parts.items())
    }


def fingerprint(parts: list[str]) -> str:
    """Return a short hash of texts in their order."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
