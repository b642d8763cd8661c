"""A writer's reports for the tests of what shows them."""

from dataclasses import replace
from typing import Any

from producers.sending import Sent
from producers.writer import WriterReport

REPORT = WriterReport(
    delivery="3f0c2a9d1b7e4c5a6d8e9f01",
    put=120,
    acknowledged=110,
    rejected=3,
    sent=Sent(records=7, events=90, wire_bytes=4_321, billed_bytes=35_840, retried=5, unknown=2),
    in_flight=1,
    waiting_records=4,
    waiting_events=20,
    spool_bytes=9_999,
    oldest_waiting=1.5,
    found_events=0,
    cut_bytes=0,
    damaged_bytes=17,
    problem="",
)


def report(**changes: Any) -> WriterReport:
    """Return the report, changed."""
    return replace(REPORT, **changes)
