"""Everything goes wrong at once, over real HTTP; afterwards each event counts once, exactly."""

import random
import time
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from threading import Lock

from infra.local.firehose import NO_FAULTS, Faults
from infra.local.firehose.faults import some
from infra.wiring import start
from producers.boto_transport import BotoTransport
from producers.faulty_transport import FaultyTransport, TransportFaults
from producers.writer import DeliveryWriter, WriterReport, WriterSettings
from tests.producers.writer.counted import Counted, check_audit, check_views
from tests.producers.writer.flaky_proxy import Network, Trouble, flaky
from tests.producers.writer.impatient import firehose_client
from tests.producers.writer.mortal import Hasty
from tests.producers.writer.numbered import Expected, numbered
from tests.producers.writer.on_disk import on_disk

EVENTS = 3_000
WRITERS = 4
SEED = 6
DAY = 86_400
NETWORK = Network(drops=0.1, loses=0.1, cuts=0.1, delays=0.05, delay_seconds=1.5)
READ_TIMEOUT = 1.0
WRONG = TransportFaults(
    throttles=0.1, fails_before=0.05, fails_after=0.05, slow=0.1, slow_seconds=0.05
)


@dataclass
class JumpingClock:
    """A wall clock that is set back and forth by days; a monotonic one that stands and leaps."""

    chance: random.Random

    def __post_init__(self) -> None:
        self._lock = Lock()
        self._offset = 0
        self._monotonic = 0.0
        self._looks = count(1)
        self.jumps = self.leaps = 0

    def now(self) -> int:
        """Return microseconds since 1970 UTC."""
        with self._lock:
            if self.chance.random() < 0.3:
                self.jumps += 1
                self._offset = self.chance.randint(-5 * DAY, 5 * DAY) * 1_000_000
            return time.time_ns() // 1_000 + self._offset

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        with self._lock:
            if next(self._looks) % 40 == 0:
                self.leaps += 1
                self._monotonic += self.chance.uniform(60, DAY)
            elif self.chance.random() < 0.5:
                self._monotonic += 0.01
            return self._monotonic


def test_every_fault_at_once(tmp_path: Path) -> None:
    """Four writers meet throttling, lost calls, lost and cut and late replies, and mad clocks."""
    clock = JumpingClock(random.Random(SEED))
    settings = WriterSettings(linger=0.05, batch_bytes=12_000, deadline=0.5)
    counted, reports = Counted(EVENTS), list[WriterReport]()
    with start(tmp_path / "finops") as (aws, platform):
        platform.activate_first_evaluation()
        aws.services.firehose.inject(Faults(refuses=some(0.3)))
        stream = platform.names.stream
        with (
            flaky(aws.endpoint_url, NETWORK, random.Random(SEED)) as proxy,
            closing(firehose_client(proxy.url, READ_TIMEOUT)) as client,
        ):
            way = BotoTransport(client, stream)
            transport = FaultyTransport(way, WRONG, random.Random(SEED), time.sleep)
            for part in range(WRITERS):
                safe: list[int] = []
                with DeliveryWriter(
                    *("p", transport, tmp_path, settings),
                    now=clock.now,
                    monotonic=clock.monotonic,
                    chance=Hasty(SEED),
                    acknowledged=safe.append,
                ) as writer:
                    first = EVENTS * part // WRITERS
                    assert writer.position == (first - 1 if first else None)
                    for number in range(first, EVENTS * (part + 1) // WRITERS):
                        writer.put(numbered(number), number)
                    writer.flush(timeout=1.0)
                assert safe[-1] == number + 1 - first
                reports.append(writer.report())
                aws.flush()
                counted.look(platform)
                assert not counted.lacks(number + 1, on_disk(tmp_path / "p").waiting)
        aws.services.firehose.inject(NO_FAULTS)
        calm = BotoTransport(platform.client("firehose"), stream)
        DeliveryWriter("p", calm, tmp_path, WriterSettings(deadline=60.0)).close()
        assert not on_disk(tmp_path / "p").waiting
        aws.flush()
        counted.look(platform)
        expected = Expected.of(range(EVENTS))
        counted.check_completions(expected.total)
        report, wrong = check_audit(platform, expected.total)
        assert not [*counted.problems, *check_views(platform, expected), *wrong]
    # And everything did go wrong.
    assert min(proxy.met[trouble] for trouble in Trouble) > 0
    assert clock.jumps and clock.leaps
    assert sum(r.sent.retried for r in reports) > 0
    assert report.raw_copies == counted.copies > 0
