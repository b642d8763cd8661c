"""The network that goes wrong on purpose does, and an SDK notices each of its troubles."""

import json
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random

import pytest

from producers.boto_transport import BotoTransport
from producers.errors import TransportError
from tests.producers.writer.flaky_proxy import DEAL, Network, Trouble, flaky
from tests.producers.writer.impatient import firehose_client


class Endpoint(BaseHTTPRequestHandler):
    """Answers PutRecordBatch, and counts."""

    seen = 0

    def do_POST(self) -> None:
        """Take every record."""
        type(self).seen += 1
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        entries = [{"RecordId": "1"} for _ in request["Records"]]
        body = json.dumps({"FailedPutCount": 0, "RequestResponses": entries}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the base class's name
        """Say nothing."""


@contextmanager
def endpoint() -> Iterator[str]:
    Endpoint.seen = 0
    with ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("network", "trouble", "arrives"),
    [
        (Network(drops=1.0), Trouble.DROPPED, False),
        (Network(loses=1.0), Trouble.LOST, True),
        (Network(cuts=1.0), Trouble.CUT, True),
        (Network(delays=1.0, delay_seconds=60.0), Trouble.LATE, True),
    ],
)
def test_every_trouble_is_a_call_of_unknown_fate(
    network: Network, trouble: Trouble, arrives: bool
) -> None:
    """The producer learns that it knows nothing, whether or not the stream took the records."""
    with (
        endpoint() as url,
        flaky(url, network, Random(1)) as proxy,
        closing(firehose_client(proxy.url, 0.3)) as client,
    ):
        with pytest.raises(TransportError, match="try again"):
            BotoTransport(client, "stream").put_record_batch([b"a", b"b"])
        assert proxy.met == {trouble: 1}
        assert Endpoint.seen == arrives


def test_troubles_come_as_often_as_they_are_asked_for() -> None:
    """Each has its share of the requests; a seed gives the same order again."""
    network = Network(drops=0.25, loses=0.2, cuts=0.15)
    orders = []
    for _ in range(2):
        with (
            endpoint() as url,
            flaky(url, network, Random(7)) as proxy,
            closing(firehose_client(proxy.url, 5.0)) as client,
        ):
            taken = []
            for _ in range(2 * DEAL):
                try:
                    taken.append(BotoTransport(client, "stream").put_record_batch([b"a"]) == [None])
                except TransportError:
                    taken.append(False)
            assert proxy.met == {
                Trouble.DROPPED: 10,
                Trouble.LOST: 8,
                Trouble.CUT: 6,
                Trouble.NONE: 16,
            }
            assert sum(taken) == proxy.met[Trouble.NONE]
            orders.append(taken)
    assert orders[0] == orders[1]
