"""Delivery: nothing is lost, and only what was refused or unknown is sent twice."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from producers.delivery import Delivery
from producers.errors import DeliveryError, TransportError
from producers.limits import (
    BILLING_STEP_BYTES,
    MAX_BYTES_PER_CALL,
    MAX_PARTITIONS_PER_INTERVAL,
    MAX_RECORDS_PER_CALL,
)
from producers.packing import Record
from producers.sending import MAX_ATTEMPTS
from producers.transport import ScriptedTransport


def record(data: bytes, partition: str = "p") -> Record:
    return Record(data, partition, events=1, json_bytes=len(data))


def delivery(transport: ScriptedTransport, pauses: list[float] | None = None) -> Delivery:
    sleep = (lambda seconds: None) if pauses is None else pauses.append
    return Delivery(transport, sleep, Random(1), next_interval=lambda: None)


@given(
    st.lists(st.integers(1, 400_000), max_size=60),
    st.dictionaries(st.tuples(st.integers(0, 5), st.integers(0, 30)), st.just("Throttled")),
)
@settings(max_examples=80, deadline=None)
def test_every_record_arrives_once_and_only_refused_ones_go_again(
    sizes: list[int], failures: dict[tuple[int, int], str]
) -> None:
    """Any sizes, any failures within the bound: all accepted once, calls within the limits."""
    transport = ScriptedTransport(lambda call, i: failures.get((call, i)))
    sender = delivery(transport)
    records = [i.to_bytes(4, "big") + bytes(size) for i, size in enumerate(sizes)]
    for data in records:
        sender.put(record(data))
    sender.flush()
    assert Counter(transport.accepted) == Counter(records)
    sent = Counter(r for call in transport.calls for r in call)
    refused = Counter(
        call[i] for n, call in enumerate(transport.calls) for i in range(len(call))
        if (n, i) in failures
    )  # fmt: skip
    assert sent == Counter(records) + refused
    assert sender.sent.records == len(records)
    assert sender.sent.retried == refused.total()
    for call in transport.calls:
        assert len(call) <= MAX_RECORDS_PER_CALL
        assert sum(map(len, call)) <= MAX_BYTES_PER_CALL


def test_full_calls_are_used() -> None:
    """A thousand and one small records are three calls."""
    transport = ScriptedTransport()
    sender = delivery(transport)
    for i in range(1_001):
        sender.put(record(b"%d" % i))
    sender.flush()
    assert [len(call) for call in transport.calls] == [500, 500, 1]
    assert sender.sent.billed_bytes == 1_001 * BILLING_STEP_BYTES


def test_it_gives_up_after_bounded_attempts_and_says_what_to_do() -> None:
    """Pauses grow with full jitter; the error is one line with the next step."""
    pauses: list[float] = []
    sender = delivery(ScriptedTransport(lambda call, i: "ServiceUnavailableException"), pauses)
    sender.put(record(b"x"))
    with pytest.raises(DeliveryError, match="run the same command again"):
        sender.flush()
    assert len(pauses) == MAX_ATTEMPTS - 1
    assert all(0 <= pause <= 0.1 * 2**n for n, pause in enumerate(pauses, start=1))


class FailsOnce(ScriptedTransport):
    """Takes the records and then loses the connection, once."""

    failed = False

    def put_record_batch(self, records):  # type: ignore[no-untyped-def]
        """Accept, then pretend that nobody knows."""
        answers = super().put_record_batch(records)
        if not self.failed:
            self.failed = True
            raise TransportError("connection lost; try again")
        return answers


def test_a_call_whose_fate_is_unknown_is_repeated() -> None:
    """At-least-once: better twice than never."""
    transport = FailsOnce()
    sender = delivery(transport)
    sender.put(record(b"x"))
    sender.flush()
    assert transport.accepted == [b"x", b"x"]
    assert sender.sent.records == 1


def test_more_partitions_than_firehose_buffers_wait_for_the_next_interval() -> None:
    """Never more than 300 distinct partitions between two intervals."""
    transport = ScriptedTransport()
    intervals: list[int] = []
    sender = Delivery(
        transport, lambda s: None, Random(1), lambda: intervals.append(len(transport.accepted))
    )
    for i in range(1_000):
        sender.put(record(b"x%d" % i, partition=str(i)))
    sender.flush()
    assert intervals == [MAX_PARTITIONS_PER_INTERVAL * n for n in (1, 2, 3)]
    assert len(transport.accepted) == 1_000
