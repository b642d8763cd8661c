"""The transports pass the contract; one that lies does not."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from infra.local.firehose.faults import Faults, some
from infra.wiring import start
from producers.boto_transport import BotoTransport
from producers.transport import ScriptedTransport, Transport
from schemas.lake import RAW
from tests.contract.transport_contract import TransportContract


class TestScripted(TransportContract):
    """The fake that ships with the code."""

    def transport(self) -> Transport:
        """Return one that takes everything."""
        self._fake = ScriptedTransport()
        return self._fake

    def refusing(self) -> Transport:
        """Return one that refuses each second record."""
        self._fake = ScriptedTransport(lambda call, i: "ServiceUnavailable" if i % 2 else None)
        return self._fake

    def taken(self) -> list[bytes]:
        """Return what it accepted."""
        return self._fake.accepted


class TestBoto(TransportContract):
    """boto3 against the local endpoint; what the stream took is what its backup holds."""

    @pytest.fixture(autouse=True)
    def _running(self, tmp_path: Path) -> Iterator[None]:
        with start(tmp_path) as (self._aws, self._platform):
            yield

    def transport(self) -> Transport:
        """Return one to a stream without faults."""
        return BotoTransport(self._platform.client("firehose"), self._platform.names.stream)

    def refusing(self) -> Transport:
        """Return one to a stream that throttles."""
        self._aws.services.firehose.inject(Faults(refuses=some(0.5)))
        return self.transport()

    def taken(self) -> list[bytes]:
        """Read the backup; the suite's records are told apart by their first word."""
        self._aws.flush()
        store = self._platform.store
        body = b"".join(store.get(o.key) for o in store.list(RAW))
        return [b"record" + part for part in body.split(b"record")[1:]]


class Liar(ScriptedTransport):
    """Says that everything was taken, and drops a record."""

    def put_record_batch(self, records: Sequence[bytes]) -> list[str | None]:
        """Take all but the last."""
        super().put_record_batch(records[:-1])
        return [None] * len(records)


def test_the_contract_finds_a_liar() -> None:
    """A suite that cannot fail proves nothing."""

    class Lying(TestScripted):
        def transport(self) -> Transport:
            self._fake = Liar()
            return self._fake

    with pytest.raises(AssertionError):
        Lying().test_what_is_accepted_has_arrived()
