"""Events of older schema versions as the newest one says them: one named, pure step per jump."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from schemas.registry import DELIVERY_COMPLETED

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """Makes an event of version `version` one of the next version."""

    name: str
    version: int
    upcast: Callable[[Event], Event]


def delivery_completed_v1_to_v2(event: Event) -> Event:
    """Before version 2 each scope had one nameless instance, and nobody filled anything in."""
    return {
        **event,
        "dataset_instance": "",
        "replaces_scope": False,
        "settings": {},
        "revision": 0,
    }


STEPS = (Step(DELIVERY_COMPLETED, 1, delivery_completed_v1_to_v2),)


def upcast(name: str, version: int, events: list[Event]) -> list[Event]:
    """Return events of a schema version as events of the newest.

    Args:
        name: the schema, such as `delivery_completed`.
        version: the version that the events were written with.
        events: the events; not changed.
    """
    for step in STEPS:
        if step.name == name and step.version >= version:
            events = [step.upcast(event) for event in events]
    return events
