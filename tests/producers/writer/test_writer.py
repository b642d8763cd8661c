"""DeliveryWriter: what it acknowledges is on disk, and what is on disk reaches the stream."""

import random
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep

import pytest

from producers.errors import (
    DeliveryError,
    RejectedEventError,
    SpoolError,
    SpoolFullError,
    TransportError,
    WriterClosedError,
)
from producers.sources.focus_object import FocusObjects
from producers.transport import ScriptedTransport
from producers.writer import DeliveryWriter, WriterSettings
from producers.writer.spool import FileSpool
from tests.producers.writer.events import AT_ONCE, charges, completions, event


class Down(ScriptedTransport):
    """A stream that nothing reaches until it is `up`."""

    def __init__(self) -> None:
        super().__init__()
        self.up = Event()

    def put_record_batch(self, records: Sequence[bytes]) -> list[str | None]:
        """Fail as a whole, or take everything."""
        if not self.up.is_set():
            raise TransportError("no connection; try again")
        return super().put_record_batch(records)


def test_what_is_put_arrives_once_and_is_completed(tmp_path: Path) -> None:
    """Ids are the delivery's and the ordinal; the completion promises exactly what was put."""
    stream = ScriptedTransport()
    with DeliveryWriter("invoices", stream, tmp_path, AT_ONCE) as writer:
        ids = [writer.put(event(n, day=1 + n % 3)) for n in range(300)]
    assert charges(stream) == {(id_.split(":")[0], n, str(Decimal(n).scaleb(-2).normalize())
                                if n else "0"): 1 for n, id_ in enumerate(ids)}  # fmt: skip
    (done,) = completions(stream)
    assert (done["events"], done["ordinal"], len(done["days"])) == (300, 300, 3)
    billed = [s for d in done["days"] for s in d["sums"] if s["column_name"] == "billed_cost"]
    assert sum(Decimal(s["stored"]) for s in billed) == Decimal("448.5")
    residues = [s for d in done["days"] for s in d["sums"] if s["column_name"] == "effective_cost"]
    exact = sum(Decimal(s["stored"]) + Decimal(s["residue"]) for s in residues)
    assert exact == 300 * Decimal("0.1234567890123456")
    report = writer.report()
    assert (report.put, report.acknowledged, report.pending) == (300, 300, 0)
    assert (report.waiting_records, report.sent.events, report.sent.retried) == (0, 300, 0)


def test_only_refused_records_are_sent_again(tmp_path: Path) -> None:
    """A third of the records is throttled: those go again, no other."""
    chance = random.Random(5)
    refused = 0

    def script(call: int, i: int) -> str | None:
        nonlocal refused
        if chance.random() < 0.3:
            refused += 1
            return "ServiceUnavailableException"
        return None

    stream = ScriptedTransport(script)
    # Small batches: a record each.
    settings = WriterSettings(linger=0.01, batch_bytes=1)
    with DeliveryWriter("p", stream, tmp_path, settings, chance=random.Random(1)) as writer:
        for n in range(40):
            writer.put(event(n))
    assert refused > 0
    assert set(charges(stream).values()) == {1}
    assert len(charges(stream)) == 40
    assert sum(map(len, stream.calls)) == len(stream.accepted) + refused
    assert writer.report().sent.retried == refused


def test_while_the_stream_is_down_events_are_acknowledged_and_wait(tmp_path: Path) -> None:
    """The next writer of the name sends them first, and counts on."""
    down = Down()
    settings = WriterSettings(linger=0.01, deadline=0.0)
    with DeliveryWriter("p", down, tmp_path, settings) as writer:
        for n in range(10):
            writer.put(event(n))
        report = writer.flush()
        assert (report.acknowledged, report.waiting_events) == (10, 10)
    assert charges(down) == {}
    down.up.set()
    with DeliveryWriter("p", down, tmp_path, AT_ONCE) as again:
        assert again.report().found_events == 10
        again.put(event(10))
    assert [cost for _, _, cost in charges(down)][:2] == ["0", "0.01"]
    assert set(charges(down).values()) == {1}
    assert len(charges(down)) == 11
    # Two deliveries: the first was closed, and its completion waited with its events.
    assert [done["events"] for done in completions(down)] == [10, 1]
    assert len({delivery for delivery, _, _ in charges(down)}) == 2


def test_a_call_that_hangs_does_not_hold_up_the_end(tmp_path: Path) -> None:
    """The deadline holds; the name is free once the call has ended, and its answer is noted."""
    release = Event()

    class Hangs(ScriptedTransport):
        def put_record_batch(self, records: Sequence[bytes]) -> list[str | None]:
            assert release.wait(60)
            return super().put_record_batch(records)

    stream = Hangs()
    writer = DeliveryWriter("p", stream, tmp_path, WriterSettings(linger=0.01, deadline=0.1))
    writer.put(event(1))
    began = monotonic()
    writer.close()
    assert monotonic() - began < 20
    assert writer.report().waiting_events == 1
    with pytest.raises(SpoolError, match="writes here already"):
        DeliveryWriter("p", ScriptedTransport(), tmp_path, AT_ONCE)
    release.set()
    wait_until(lambda: is_free(tmp_path))
    with DeliveryWriter("p", stream, tmp_path, AT_ONCE):
        pass
    assert set(charges(stream).values()) == {1}


def is_free(spool: Path) -> bool:
    try:
        FileSpool(spool / "p").close()
    except SpoolError:
        return False
    return True


def test_a_problem_is_said_while_it_lasts(tmp_path: Path) -> None:
    """The report names what keeps records from the stream."""
    refused = Event()

    class Denied(ScriptedTransport):
        def put_record_batch(self, records: Sequence[bytes]) -> list[str | None]:
            refused.set()
            raise DeliveryError("AccessDenied; allow firehose:PutRecordBatch on the stream")

    settings = WriterSettings(linger=0.01, deadline=0.0)
    with DeliveryWriter("p", Denied(), tmp_path, settings) as writer:
        writer.put(event(1))
        writer.flush()
        assert refused.wait(20)
        writer.flush(timeout=0.2)
        assert "allow firehose:PutRecordBatch" in writer.report().problem
        assert writer.report().waiting_events == 1


def test_events_that_cannot_be_are_refused_and_change_nothing(tmp_path: Path) -> None:
    """A float, a missing account, an amount that is none: said at once, with the ordinal free."""
    stream = ScriptedTransport()
    with DeliveryWriter("p", stream, tmp_path, AT_ONCE) as writer:
        for bad, reason in (
            (event(1, BilledCost=0.1), "float-amount"),
            (event(1, BilledCost="much"), "bad-amount"),
            (event(1, BillingAccountId=None), "missing-value"),
            ({"BilledCost": "1"}, "missing-column"),
            (event(1, ServiceName=object()), "bad-value"),
            (event(1, ServiceName="x" * 2_000_000), "event-too-large"),
        ):
            with pytest.raises(RejectedEventError, match=reason):
                writer.put(bad)
        assert writer.put(event(1)).endswith(":0")
    assert [(ordinal, cost) for _, ordinal, cost in charges(stream)] == [(0, "0.01")]
    assert completions(stream)[0]["events"] == 1


def test_rejected_rows_reach_quarantine_after_their_entry(tmp_path: Path) -> None:
    """Rows are counted in their delivery and kept with their text, once for each entry."""
    kept: dict[tuple[str, int], list[bytes]] = {}
    closed = []

    class Kept:
        def rejected(self, delivery_id: str, number: int, lines: list[bytes]) -> None:
            kept[(delivery_id, number)] = lines

        def completed(self, end: object) -> None:
            closed.append(end)

    stream = ScriptedTransport()
    lines = FocusObjects("events.ndjson")
    with DeliveryWriter("p", stream, tmp_path, AT_ONCE, keeper=Kept()) as writer:
        writer.put(event(1))
        writer.put_row(lines.map_line(0, 7, b'{"BilledCost": 1'))
        writer.put_row(lines.map_line(0, 8, b"[]"))
    ((_, number), found), = kept.items()  # fmt: skip
    assert number == 0
    assert [b'"ordinal":%d' % n in line for n, line in enumerate(found, start=1)] == [True, True]
    assert b'"line":7' in found[0]
    (unknown,) = [done for done in completions(stream) if not done["events"]]
    assert [(r["reason"], r["rows"]) for r in unknown["rejected"]] == [("bad-json", 2)]
    assert len(closed) == 1


def test_a_row_that_no_record_holds_keeps_its_money(tmp_path: Path) -> None:
    """Its delivery says what is missing, to the last of forty digits."""
    cost = "12345678901234567890123456.12345678901234"
    row = FocusObjects("big").map_object(0, event(1, BilledCost=cost, ServiceName="x" * 2_000_000))
    stream = ScriptedTransport()
    with DeliveryWriter("p", stream, tmp_path, AT_ONCE) as writer:
        writer.put_row(row)
        writer.put(event(2))
    (done,) = completions(stream)
    assert [(r["reason"], r["rows"], r["billed_cost"]) for r in done["rejected"]] == [
        ("event-too-large", 1, cost)
    ]
    assert [(ordinal, billed) for _, ordinal, billed in charges(stream)] == [(1, "0.02")]
    assert writer.report().rejected == 1


def test_a_spool_that_cannot_be_read_is_said_and_drained_when_it_can(tmp_path: Path) -> None:
    """Trouble on the disk ends no thread."""
    down = Down()
    with DeliveryWriter("p", down, tmp_path, AT_ONCE) as writer:
        writer.put(event(1))
        writer.flush()
        (segment,) = (tmp_path / "p").glob("*.spool")
        away = segment.rename(tmp_path / "away")
        writer.put(event(2))
        with pytest.raises(SpoolFullError, match="not safe"):
            writer.flush()
        wait_until(lambda: writer.report().problem != "")
        away.rename(segment)
        down.up.set()
    assert set(charges(down).values()) == {1}
    assert len(charges(down)) == 2


def test_a_full_spool_pushes_back_and_recovers(tmp_path: Path) -> None:
    """What does not fit is refused before it is taken; room makes the writer go on by itself."""
    down = Down()
    settings = WriterSettings(linger=0.01, batch_bytes=1, deadline=10.0)
    with DeliveryWriter("p", down, tmp_path, settings, max_spool_bytes=12_000) as writer:
        taken = 0
        with pytest.raises(SpoolFullError, match="not safe"):
            for n in range(100):
                writer.put(event(n))
                taken += 1
        assert 0 < taken < 100
        assert "not safe" in writer.report().problem
        down.up.set()
        wait_until(lambda: takes(writer, taken))
        assert writer.flush(timeout=20).waiting_records == 0
    assert set(charges(down).values()) == {1}
    assert len(charges(down)) == taken + 1


def test_a_full_spool_keeps_no_later_version_from_draining_it(tmp_path: Path) -> None:
    """Rows are made otherwise now: the delivery is closed although the spool is full, and sent."""
    settings = WriterSettings(linger=60.0, batch_bytes=1, deadline=0.0)
    writer = DeliveryWriter("p", Down(), tmp_path, settings, max_spool_bytes=12_000)
    with pytest.raises(SpoolFullError):
        for n in range(100):
            writer.put(event(n))
    safe = writer.report().acknowledged
    with pytest.raises(SpoolFullError):
        writer.close()
    stream = ScriptedTransport()
    with DeliveryWriter(
        *("p", stream, tmp_path, AT_ONCE), mapper_version="later", max_spool_bytes=12_000
    ) as later:
        assert later.flush(timeout=20.0).waiting_records == 0
        later.put(event(100))
    assert set(charges(stream).values()) == {1}
    assert [done["events"] for done in completions(stream)] == [safe, 1]


def test_the_position_is_that_of_the_newest_row_on_disk(tmp_path: Path) -> None:
    """A source may forget what lies before it, also after a flush that the disk refused."""
    settings = WriterSettings(linger=60.0, deadline=0.0)
    with DeliveryWriter("p", Down(), tmp_path, settings, max_spool_bytes=12_000) as writer:
        writer.put(event(0), position=0)
        writer.flush()
        with pytest.raises(SpoolFullError):
            for n in range(1, 100):
                writer.put(event(n, ServiceName=f"{n}" * 500), position=n)
                writer.flush()
        report = writer.report()
        assert report.pending == 1
        assert writer.position == report.acknowledged - 1
        with pytest.raises(SpoolFullError):
            writer.close()


def test_deliveries_are_closed_by_the_hour(tmp_path: Path) -> None:
    """What was promised is said while the producer goes on; ids of the next ones are others."""
    stream = ScriptedTransport()
    seconds = [0.0]
    settings = WriterSettings(linger=1e-3, close_every=3_600.0)
    ids = []
    with DeliveryWriter("p", stream, tmp_path, settings, monotonic=lambda: seconds[0]) as writer:
        for _ in range(3):
            ids.append(writer.report().delivery)
            for n in range(5):
                writer.put(event(n))
            writer.flush()
            seconds[0] += 3_601.0
            # The writer looks at its clock when something is put.
            writer.put(event(9))
            wait_until(lambda: writer.report().delivery != ids[-1])
    assert len(set(ids)) == 3
    # The sixth of each may be put when its delivery is closed already: then it is the next one's.
    assert sum(done["events"] for done in completions(stream)) == 18
    assert len(completions(stream)) in (3, 4)
    assert set(charges(stream).values()) == {1}


def takes(writer: DeliveryWriter, number: int) -> bool:
    try:
        writer.put(event(number))
    except SpoolFullError:
        return False
    return True


def wait_until(true: Callable[[], bool]) -> None:
    for _ in range(2_000):
        if true():
            return
        sleep(0.01)
    raise AssertionError("it never came true")


def test_many_threads_may_put(tmp_path: Path) -> None:
    """Every event has an ordinal of its own."""
    stream = ScriptedTransport()
    with DeliveryWriter("p", stream, tmp_path, AT_ONCE) as writer:

        def work(first: int) -> None:
            for n in range(first, first + 100):
                writer.put(event(n))

        threads = [Thread(target=work, args=(first,)) for first in range(0, 400, 100)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    found = charges(stream)
    assert sorted(ordinal for _, ordinal, _ in found) == list(range(400))
    assert sum(Decimal(cost) for _, _, cost in found) == sum(range(400)) * Decimal("0.01")


def test_a_name_is_used_once_at_a_time_and_is_a_name(tmp_path: Path) -> None:
    """Two writers of one name would give two events one id."""
    with DeliveryWriter("p", ScriptedTransport(), tmp_path, AT_ONCE):
        with pytest.raises(SpoolError, match="writes here already"):
            DeliveryWriter("p", ScriptedTransport(), tmp_path, AT_ONCE)
        DeliveryWriter("q", ScriptedTransport(), tmp_path, AT_ONCE).close()
    with pytest.raises(SpoolError, match="cannot name a producer"):
        DeliveryWriter("../up", ScriptedTransport(), tmp_path, AT_ONCE)


def test_a_closed_writer_takes_nothing(tmp_path: Path) -> None:
    """Closing twice is fine; putting afterwards is said."""
    writer = DeliveryWriter("p", ScriptedTransport(), tmp_path, AT_ONCE)
    writer.close()
    writer.close()
    with pytest.raises(WriterClosedError, match="not taken"):
        writer.put(event(1))


def test_acknowledgements_come_in_order(tmp_path: Path) -> None:
    """A source that has to confirm what it was given does so when it is told."""
    safe: list[int] = []
    settings = WriterSettings(linger=60.0, batch_bytes=2_000)
    with DeliveryWriter("p", ScriptedTransport(), tmp_path, settings, acknowledged=safe.append,
                        ) as writer:  # fmt: skip
        for n in range(50):
            writer.put(event(n), position=n)
        assert safe == sorted(safe)
        assert safe[-1] < 50
        assert writer.position == safe[-1] - 1
        writer.flush()
        assert safe[-1] == 50
    again = DeliveryWriter("p", ScriptedTransport(), tmp_path, settings)
    assert again.position == 49
    again.close()
