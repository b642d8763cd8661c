"""The transports pass the contract; one that lies does not."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from infra.local.aws.clients import Clients
from infra.local.firehose.faults import Faults, some
from infra.wiring import start
from producers.boto_transport import BotoTransport
from producers.errors import TransportError
from producers.faulty_transport import NOTHING_WRONG, FaultyTransport, TransportFaults
from producers.transport import ScriptedTransport, Transport
from schemas.lake import RAW
from tests.contract.transport_contract import TransportContract


def every_second(call: int, i: int) -> str | None:
    return "ServiceUnavailableException" if i % 2 else None


class TestScripted(TransportContract):
    """The fake that ships with the code."""

    def transport(self) -> Transport:
        """Return one that takes everything."""
        self._fake = ScriptedTransport()
        return self._fake

    def refusing(self) -> Transport:
        """Return one that refuses each second record."""
        self._fake = ScriptedTransport(every_second)
        return self._fake

    def unreachable(self) -> Transport:
        """Return one whose script ends the call."""

        def script(call: int, i: int) -> str | None:
            raise TransportError("no connection; try again")

        return ScriptedTransport(script)

    def taken(self) -> list[bytes]:
        """Return what it accepted."""
        return self._fake.accepted


class TestFaulty(TransportContract):
    """The transport that goes wrong on purpose: whatever it does, it says so."""

    def transport(self) -> Transport:
        """Return one without faults."""
        return self._with(NOTHING_WRONG)

    def refusing(self) -> Transport:
        """Return one that throttles, in front of one that does."""
        return self._with(TransportFaults(throttles=0.3), ScriptedTransport(every_second))

    def unreachable(self) -> Transport:
        """Return one whose calls all fail."""
        return self._with(TransportFaults(fails_before=1.0))

    def taken(self) -> list[bytes]:
        """Return what the stream behind it accepted."""
        return self._inner.accepted

    def test_an_answer_that_is_lost_leaves_the_records_taken(self) -> None:
        """Accepted, and then the call fails: the producer cannot know, and sends again."""
        transport = self._with(TransportFaults(fails_after=1.0))
        with pytest.raises(TransportError, match="answer was lost"):
            transport.put_record_batch([b"record"])
        assert self.taken() == [b"record"]

    def test_slow_calls_wait(self) -> None:
        """The share of slow calls takes the seconds that were asked for."""
        waited: list[float] = []
        faults = TransportFaults(slow=0.5, slow_seconds=30.0)
        transport = FaultyTransport(ScriptedTransport(), faults, random.Random(1), waited.append)
        for _ in range(100):
            transport.put_record_batch([b"record"])
        assert 30 < len(waited) < 70
        assert set(waited) == {30.0}

    def _with(
        self, faults: TransportFaults, inner: ScriptedTransport | None = None
    ) -> FaultyTransport:
        self._inner = inner or ScriptedTransport()
        return FaultyTransport(self._inner, faults, random.Random(1), time.sleep)


class TestBoto(TransportContract):
    """boto3 against the local endpoint; what the stream took is what its backup holds."""

    @pytest.fixture(autouse=True)
    def _running(self, tmp_path: Path) -> Iterator[None]:
        nowhere = Clients("http://127.0.0.1:9")
        with closing(nowhere), start(tmp_path, views=False) as (self._aws, self._platform):
            self._nowhere = nowhere
            yield

    def transport(self) -> Transport:
        """Return one to a stream without faults."""
        return BotoTransport(self._platform.client("firehose"), self._platform.names.stream)

    def refusing(self) -> Transport:
        """Return one to a stream that throttles."""
        self._aws.services.firehose.inject(Faults(refuses=some(0.5)))
        return self.transport()

    def unreachable(self) -> Transport:
        """Return one to a port where nobody listens."""
        return BotoTransport(self._nowhere.client("firehose"), self._platform.names.stream)

    def taken(self) -> list[bytes]:
        """Read the backup; the suite's records are told apart by their first word."""
        self._aws.flush()
        store = self._platform.store
        body = b"".join(store.get(o.key) for o in store.list(RAW))
        return [b"record" + part for part in body.split(b"record")[1:]]


# --- suites that cannot fail prove nothing ----------------------------------------------------


class Dropping(ScriptedTransport):
    """Says that everything was taken, and drops a record."""

    def put_record_batch(self, records: Sequence[bytes]) -> list[str | None]:
        """Take all but the last."""
        super().put_record_batch(records[:-1])
        return [None] * len(records)


class Forgetful(ScriptedTransport):
    """Takes its first call, and says so of every other one."""

    def put_record_batch(self, records: Sequence[bytes]) -> list[str | None]:
        """Take them the first time."""
        return [None] * len(records) if self.calls else super().put_record_batch(records)


class Stuttering(ScriptedTransport):
    """Takes a record twice."""

    def put_record_batch(self, records: Sequence[bytes]) -> list[str | None]:
        """Take the first one once more."""
        return super().put_record_batch([records[0], *records])[1:]


class Trimming(ScriptedTransport):
    """Takes records for lines of text."""

    def put_record_batch(self, records: Sequence[bytes]) -> list[str | None]:
        """Take them without what stands at their ends."""
        return super().put_record_batch([record.rstrip() for record in records])


class Denying(ScriptedTransport):
    """Refuses records, and keeps them."""

    def put_record_batch(self, records: Sequence[bytes]) -> list[str | None]:
        """Take all, whatever the answers say."""
        answers = super().put_record_batch(records)
        self.accepted = list(records)
        return answers


class Disordered(ScriptedTransport):
    """Answers in an order of its own."""

    def put_record_batch(self, records: Sequence[bytes]) -> list[str | None]:
        """Answer for the last record first."""
        return super().put_record_batch(records)[::-1]


class Curt(ScriptedTransport):
    """Has answers for what failed, and no others."""

    def put_record_batch(self, records: Sequence[bytes]) -> list[str | None]:
        """Leave out what it took."""
        return [code for code in super().put_record_batch(records) if code is not None]


class Inventing(ScriptedTransport):
    """Has an answer for every record of a call that failed as a whole."""

    def put_record_batch(self, records: Sequence[bytes]) -> list[str | None]:
        """Say that each was refused, which nobody knows."""
        try:
            return super().put_record_batch(records)
        except TransportError:
            return ["ServiceUnavailableException"] * len(records)


class Leaking(ScriptedTransport):
    """Lets an error of the network through that no producer knows."""

    def put_record_batch(self, records: Sequence[bytes]) -> list[str | None]:
        """Raise what it was raised from."""
        try:
            return super().put_record_batch(records)
        except TransportError as error:
            raise ConnectionResetError from error


Kind = type[ScriptedTransport]
ARRIVE = TransportContract.test_what_is_accepted_has_arrived
BYTES = TransportContract.test_every_byte_arrives
ANSWERS = TransportContract.test_answers_are_positional
WHOLE = TransportContract.test_a_call_that_fails_as_a_whole_says_so


@pytest.mark.parametrize(
    ("kind", "test"),
    [
        (Dropping, ARRIVE),
        (Forgetful, ARRIVE),
        (Stuttering, ARRIVE),
        (Trimming, BYTES),
        (Denying, ANSWERS),
        (Disordered, ANSWERS),
        (Curt, ANSWERS),
        (Inventing, WHOLE),
        (Leaking, WHOLE),
    ],
)
def test_the_contract_finds_a_liar(kind: Kind, test: Callable[[TransportContract], None]) -> None:
    """Each wrong transport fails the test that is there for it; an honest one passes it."""

    class Lying(TestScripted):
        def transport(self) -> Transport:
            self._fake = kind()
            return self._fake

        def refusing(self) -> Transport:
            self._fake = kind(every_second)
            return self._fake

        def unreachable(self) -> Transport:
            def script(call: int, i: int) -> str | None:
                raise TransportError("no connection; try again")

            return kind(script)

    # What pytest.raises raises when nothing was raised is no AssertionError.
    with pytest.raises((AssertionError, ConnectionResetError, pytest.fail.Exception)):
        test(Lying())
    test(TestScripted())
