"""Failed records on their way back: what is sent, what is marked, and what a kill leaves."""

import base64
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from random import Random
from typing import Any

import pytest

from infra.local.store import MemoryStore
from infra.redriving import Chosen, Redrive, Report
from producers.errors import DeliveryError
from producers.sending import MAX_ATTEMPTS, Sender
from producers.transport import ScriptedTransport, Transport
from schemas.codec import Batch, decode
from tests import samples
from tests.benchmarks import bills
from transforms.context import default_context
from transforms.redrive.marks import Marks

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
ARRIVED = round(datetime(2026, 11, 25, 11, 30, tzinfo=UTC).timestamp() * 1_000)
FIRST = "errors/processing-failed/2026/11/25/11/finops-1-2026-11-25-11-30-00-a"
SECOND = "errors/format-conversion-failed/2026/11/25/11/finops-1-2026-11-25-11-30-00-b"
RAW = "raw/2026/11/25/10/finops-1-2026-11-25-10-59-00-c"


class Nothing:
    """A lake in which nothing has arrived."""

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Answer with no row."""
        return []


@cache
def records() -> list[bytes]:
    return list(bills.records(samples.REAL, 350))


def line(raw: bytes, **fields: object) -> bytes:
    body = {"rawData": base64.b64encode(raw).decode(), "errorCode": "E", "errorMessage": "m"}
    return json.dumps({**body, "arrivalTimestamp": ARRIVED, **fields}).encode()


def rows_of(record: bytes) -> bytes:
    """Return what stands in errors/ where Firehose kept the transform's answer."""
    batch = decode(record)
    assert isinstance(batch, Batch)
    day, month = batch.envelope["charge_date"], batch.envelope["billing_period"]
    return b"\n".join(
        json.dumps(
            {
                "delivery_id": batch.delivery_id,
                "ordinal": event["ordinal"],
                "billing_currency": "USD",
                "billed_cost": event["billed_cost"],
                "charge_period_start": f"{day} 00:00:00.000000",
                "billing_period_start": f"{month}-01 00:00:00.000000",
            }
        ).encode()
        for event in batch.events
    )


def ids(sent: Sequence[bytes]) -> list[tuple[str, int]]:
    found = []
    for record in sent:
        batch = decode(record)
        assert isinstance(batch, Batch)
        found += [(batch.delivery_id, event["ordinal"]) for event in batch.events]
    return sorted(found)


def lake() -> MemoryStore:
    """Three records failed: two in one object, glued, and one whose answer was kept."""
    store = MemoryStore()
    one, two, three = records()[:3]
    store.put(FIRST, line(one, lambdaARN="x") + line(two, LAMBDAArn="y"))
    store.put(
        SECOND,
        line(rows_of(three), errorCode=None, lastErrorCode="D", arrivalTimestamp=str(ARRIVED)),
    )
    store.put(RAW, b"damaged" + b"".join(records()))
    return store


def redrive(store: MemoryStore, transport: Transport, chosen: Chosen = Chosen()) -> Report:  # noqa: B008
    sender = Sender(transport, lambda seconds: None, Random(1))
    job = Redrive(store, Nothing(), default_context(), sender, lambda: NOW, lambda: None)
    return job.run(chosen)


def test_the_originals_go_back_byte_for_byte_and_once() -> None:
    """Every spelling of the fields, glued lines, and the answer's original from raw/."""
    store, transport = lake(), ScriptedTransport()
    report = redrive(store, transport)
    assert sorted(transport.accepted) == sorted(records()[:3])
    assert (report.put_lines, report.split_lines, report.poison) == (3, 0, [])
    again = redrive(store, transport)
    assert (again.put_lines, again.marked, len(transport.accepted)) == (0, 3, 3)


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (Chosen(kind="processing"), 2),
        (Chosen(kind="conversion"), 1),
        (Chosen(kind="partitioning"), 0),
        (Chosen(since=NOW), 0),
        (Chosen(since=datetime(2026, 11, 25, tzinfo=UTC)), 3),
        (Chosen(delivery=bills.DELIVERY[:5]), 3),
        (Chosen(delivery="other"), 0),
    ],
)
def test_only_what_was_chosen_goes_back(chosen: Chosen, expected: int) -> None:
    """By step, by time and by delivery."""
    assert redrive(lake(), ScriptedTransport(), chosen).put_lines == expected


def test_a_kill_between_put_and_mark_sends_the_same_ids_again() -> None:
    """The mark is written last: what it would tell of is sent once more, and then never again."""

    class Dying(MemoryStore):
        def put(self, key: str, body: bytes) -> None:
            if key.startswith("state/redrives/"):
                raise KeyboardInterrupt
            super().put(key, body)

    store, transport = Dying(), ScriptedTransport()
    for info in (whole := lake()).list(""):
        store.put(info.key, whole.get(info.key))
    with pytest.raises(KeyboardInterrupt):
        redrive(store, transport)
    sent = len(transport.accepted)
    assert sent > 0
    for info in store.list(""):
        whole.put(info.key, store.get(info.key))
    redrive(whole, transport)
    assert set(ids(transport.accepted)) == set(ids(records()[:3]))
    assert len(transport.accepted) == sent + 3
    assert redrive(whole, transport).put_lines == 0


def test_what_the_stream_does_not_take_is_left_for_the_next_time() -> None:
    """A line is marked when all of its records were accepted, and not before."""
    store = lake()
    refuses = ScriptedTransport(lambda call, record: "ServiceUnavailable" if record == 1 else None)

    class Never(ScriptedTransport):
        def put_record_batch(self, sent: Sequence[bytes]) -> list[str | None]:
            super().put_record_batch(sent)
            return [None if body == records()[0] else "ServiceUnavailable" for body in sent]

    report = redrive(store, never := Never(), Chosen(kind="processing"))
    assert (report.put_lines, report.left, report.error) == (1, 1, "ServiceUnavailable")
    assert not report.clean
    assert len(never.calls) == MAX_ATTEMPTS
    assert Marks(store).of(FIRST).keys() == {1}
    assert redrive(store, refuses).put_lines == 2


def test_what_is_accepted_before_a_refusal_is_marked() -> None:
    """A service that refuses for good ends the redrive; what it took does not go twice."""

    class Half(ScriptedTransport):
        def put_record_batch(self, sent: Sequence[bytes]) -> list[str | None]:
            if self.calls:
                raise DeliveryError("not allowed; allow it")
            super().put_record_batch(sent)
            return [None, *["Slow"] * (len(sent) - 1)]

    store = lake()
    with pytest.raises(DeliveryError):
        redrive(store, Half(), Chosen(kind="processing"))
    assert Marks(store).of(FIRST).keys() == {1}


def test_rows_whose_record_is_not_in_raw_are_poison() -> None:
    """Nothing is made up: the reason and the next step are named, the others go back."""
    store = lake()
    store.delete(RAW)
    report = redrive(store, ScriptedTransport())
    assert report.put_lines == 2
    (poison,) = report.poison
    assert (poison.reason, poison.delivery_id) == ("no-original", bills.DELIVERY)
    assert "ingest" in poison.next
    assert poison.events > 0
    assert poison.billed.keys() == {"USD"}
