"""The transports pass the contract; one that lies does not."""

from collections.abc import Sequence
from random import Random

import pytest

from infra import delivery_stream as stream
from infra.local.firehose.faults import Faults, some
from infra.local.firehose.service import LocalFirehose
from infra.local.store import MemoryStore
from infra.local.transport import LocalTransport
from infra.wiring import utc_now
from producers.transport import ScriptedTransport, Transport
from schemas.lake import RAW
from schemas.tables import LAKE_ROWS
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


class TestLocalFirehose(TransportContract):
    """The in-process Firehose; what it took is what its backup holds."""

    def transport(self) -> Transport:
        """Return one to a stream without faults."""
        return self._started(Faults())

    def refusing(self) -> Transport:
        """Return one to a stream that throttles."""
        return self._started(Faults(refuses=some(0.5)))

    def taken(self) -> list[bytes]:
        """Read the backup; the suite's records are told apart by their first word."""
        self._firehose.flush(stream.STREAM)
        body = b"".join(self._store.get(o.key) for o in self._store.list(RAW))
        return [b"record" + part for part in body.split(b"record")[1:]]

    def _started(self, faults: Faults) -> Transport:
        self._store = MemoryStore()
        arn = "arn:aws:lambda:us-east-1:000000000000:function:f"
        self._firehose = LocalFirehose(
            stores={stream.BUCKET: self._store},
            functions={arn: lambda request: '{"records": []}'},
            tables={(stream.DATABASE, stream.ROWS_TABLE): LAKE_ROWS},
            clock=utc_now,
            random=Random(7),
            faults=faults,
        )
        bucket, role = f"arn:aws:s3:::{stream.BUCKET}", "arn:aws:iam::0:role/r"
        self._firehose.create_delivery_stream(
            stream.STREAM,
            stream.destination(bucket_arn=bucket, role_arn=role, function_arn=arn),
        )
        return LocalTransport(self._firehose, stream.STREAM)


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
