"""What cannot be decoded or judged costs only itself, and nothing of it is lost."""

import base64
import gzip
import json

from schemas.codec import MARKER
from schemas.lake import ERRORS
from tests import samples
from tests.e2e.conftest import Finops, Lake
from tests.e2e.test_deliveries import answer, delivery_over, transport_of
from tests.sources import deliver, file_source
from transforms.settle import settle

FIELDS = [
    "rawData", "errorCode", "errorMessage", "attemptsMade", "arrivalTimestamp",
    "attemptEndingTimestamp", "lambdaARN",
]  # fmt: skip


def deliver_with(lake: Lake, foreign: list[bytes]) -> None:
    """Ingest the real sample with foreign records in the same stream."""
    aws, platform = lake.started()
    transport = transport_of(platform)
    transport.put_record_batch(foreign[:1])
    delivery = delivery_over(transport)
    deliver(platform, file_source(samples.REAL), delivery)
    transport.put_record_batch(foreign[1:])
    aws.flush()
    settle(platform.query, platform.store, platform.clock.now())


def test_foreign_records_end_in_errors_with_their_bytes_and_a_reason(
    finops: Finops, lake: Lake
) -> None:
    """Random bytes, a cut gzip member and an unknown fingerprint; the batch around them arrives."""
    good = gzip.compress(MARKER + bytes(8) + b"datum")
    foreign = {
        b"\x00random bytes\xff": "bad-gzip",
        good[:-5]: "bad-gzip",
        good: "unknown-schema",
    }
    deliver_with(lake, list(foreign))
    lines = [
        json.loads(line) for path in lake.objects(ERRORS) for line in path.read_bytes().splitlines()
    ]
    assert {base64.b64decode(line["rawData"]) for line in lines} == set(foreign)
    for line in lines:
        assert list(line) == FIELDS
        assert line["errorCode"] == "Lambda.ProcessingFailedStatus"
        assert line["attemptsMade"] == 1
        assert isinstance(line["arrivalTimestamp"], int)
    listed = finops("quarantine", "list", "--json").json
    assert sorted(e["reason"] for e in listed) == sorted(foreign.values())
    for entry in listed:
        assert finops("quarantine", "show", entry["id"]).code == 0
    assert len(answer(lake)) == len(samples.rows(samples.REAL))
    assert finops("audit").code == 0
