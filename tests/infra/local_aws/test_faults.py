"""Faults as an AWS client meets them, and as they are set over the server's own path."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from infra.local.aws.account import ACCESS_KEY, REGION, SECRET_KEY
from infra.local.aws.control_client import ask
from infra.local.aws.control_paths import ControlError
from infra.local.aws.fault_control import FAULTS_PATH
from infra.local.aws.server import FLUSH_PATH, LocalAws
from infra.local.clock import ManualClock
from infra.local.firehose import Fault, FaultError, Kind
from tests.infra.local_aws.conftest import START


class Producer:
    """A client that tries once, and a stream that keeps what it is given for a while."""

    def __init__(self, data_dir: Path) -> None:
        self.clock = ManualClock(START)
        self.aws = LocalAws(data_dir, clock=self.clock, random=Random(7))
        self.aws.client("s3").create_bucket(Bucket="lake")
        self.aws.client("firehose").create_delivery_stream(
            DeliveryStreamName="events",
            ExtendedS3DestinationConfiguration={
                "BucketARN": "arn:aws:s3:::lake",
                "RoleARN": "arn:aws:iam::123456789012:role/any",
                "Prefix": "main/",
            },
        )
        self.firehose = self.client()

    def client(self, attempts: int = 1) -> Any:
        """Return a Firehose client that tries so many times."""
        return boto3.client(
            "firehose",
            endpoint_url=self.aws.endpoint_url,
            region_name=REGION,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            config=Config(retries={"total_max_attempts": attempts, "mode": "standard"}),
        )

    def put(self, *records: bytes) -> dict[str, Any]:
        """Put a batch."""
        answer: dict[str, Any] = self.firehose.put_record_batch(
            DeliveryStreamName="events", Records=[{"Data": record} for record in records]
        )
        return answer

    def stored(self) -> bytes:
        """Deliver and return everything."""
        self.aws.flush()
        store = self.aws.store("lake")
        return b"".join(store.get(info.key) for info in store.list("main/"))


@pytest.fixture
def producer(tmp_path: Path) -> Iterator[Producer]:
    """Start a server with a stream."""
    running = Producer(tmp_path)
    yield running
    running.firehose.close()
    running.aws.faults.clear()
    running.aws.close()


@pytest.mark.fact("service-unavailable", "failed-put-count")
def test_a_throttled_record_is_told_in_a_call_that_succeeds(producer: Producer) -> None:
    """With the service's code at its place; as a single record it is the service's exception."""
    producer.aws.faults.add(Fault(Kind.THROTTLE))
    answer = producer.put(b"a", b"b")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert answer["FailedPutCount"] == 2
    assert [list(r) for r in answer["RequestResponses"]] == [["ErrorCode", "ErrorMessage"]] * 2
    with pytest.raises(producer.firehose.exceptions.ServiceUnavailableException):
        producer.firehose.put_record(DeliveryStreamName="events", Record={"Data": b"x"})


@pytest.mark.fact("service-unavailable")
def test_a_failed_call_is_the_service_s_fault_and_sdks_try_again(producer: Producer) -> None:
    """A status of 5xx and the service's exception class; a client with retries gets through."""
    producer.aws.faults.add(Fault(Kind.FAIL_CALL, ends=START + timedelta(seconds=60)))
    with pytest.raises(producer.firehose.exceptions.ServiceUnavailableException) as failed:
        producer.put(b"a")
    assert failed.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    seed = next(
        seed
        for seed in range(100)
        if [Fault(Kind.FAIL_CALL, 0.5, seed).strikes(n) for n in range(2)] == [True, False]
    )
    producer.aws.faults.clear()
    (on,) = [producer.aws.faults.add(Fault(Kind.FAIL_CALL, 0.5, seed))]
    patient = producer.client(attempts=2)
    patient.put_record(DeliveryStreamName="events", Record={"Data": b"b"})
    patient.close()
    assert (on.chances, on.strikes) == (2, 1)
    assert producer.stored() == b"b"


def test_a_connection_is_dropped_before_anything_is_accepted(producer: Producer) -> None:
    """The client sees a connection that closed, and the server goes on."""
    producer.aws.faults.add(Fault(Kind.DROP_CONNECTION))
    with pytest.raises(ConnectionClosedError):
        producer.put(b"a")
    producer.aws.faults.clear()
    producer.put(b"b")
    assert producer.stored() == b"b"


def test_an_answer_is_lost_after_the_records_were_accepted(producer: Producer) -> None:
    """As an error of the service or as no answer; both times everything is delivered."""
    producer.aws.faults.add(Fault(Kind.FAIL_AFTER_ACCEPT, variant="error"))
    with pytest.raises(ClientError) as failed:
        producer.put(b"a")
    assert failed.value.response["Error"]["Code"] == "InternalFailure"
    assert failed.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    producer.aws.faults.clear()
    producer.aws.faults.add(Fault(Kind.FAIL_AFTER_ACCEPT, variant="drop"))
    with pytest.raises(ConnectionClosedError):
        producer.put(b"b")
    assert producer.stored() == b"ab"


def test_a_slow_answer_takes_its_time_on_the_server_s_clock(producer: Producer) -> None:
    """The put succeeds, later."""
    producer.aws.faults.add(Fault(Kind.SLOW, delay=90))
    assert producer.put(b"a")["FailedPutCount"] == 0
    assert producer.clock.now() == START + timedelta(seconds=90)


def test_a_server_inside_another_process_does_not_crash(producer: Producer) -> None:
    """It would take that process with it."""
    with pytest.raises(FaultError, match="finops local up"):
        producer.aws.faults.add(Fault(Kind.CRASH))


def test_faults_are_set_listed_and_cleared_over_http(producer: Producer) -> None:
    """A duration ends on the server's clock; a fault without a seed is given one to repeat."""
    url = producer.aws.endpoint_url
    added = ask(
        url, "POST", FAULTS_PATH, document={"kind": "throttle", "rate": 0.5, "duration": 60}
    )
    again = {"kind": "throttle", "rate": 0.5, "seed": added["seed"], "stream": "events"}
    ask(url, "POST", FAULTS_PATH, document={**again, "after": 30})
    listed = ask(url, "GET", FAULTS_PATH)["faults"]
    assert [fault["id"] for fault in listed] == [1, 2]
    assert [fault["remaining_seconds"] for fault in listed] == [60, None]
    assert [fault["stream"] for fault in listed] == [None, "events"]
    producer.put(*[b"x"] * 20)
    producer.clock.advance(by=timedelta(seconds=60))
    (left,) = ask(url, "GET", FAULTS_PATH)["faults"]
    assert (left["id"], left["chances"]) == (2, 0)
    assert ask(url, "DELETE", FAULTS_PATH, query={"id": "2"})["cleared"][0]["id"] == 2
    assert ask(url, "DELETE", FAULTS_PATH) == {"cleared": []}


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({}, "the kind must be one of these: throttle, fail-call"),
        ({"kind": "flood"}, "the kind must be one of these"),
        ({"kind": "throttle", "rate": 2}, "is not a share"),
        ({"kind": "throttle", "rate": "much"}, "nothing that a fault has"),
        ({"kind": "throttle", "seed": 1.5}, "whole number"),
        ({"kind": "throttle", "colour": "red"}, "nothing that a fault has"),
        ({"kind": "throttle", "stream": "evnets"}, "the streams are: events"),
        ({"kind": "throttle", "duration": 0}, "ends before it begins"),
        ({"kind": "crash"}, "finops local up"),
    ],
)
def test_what_is_no_fault_is_refused(
    producer: Producer, document: dict[str, object], words: str
) -> None:
    """The answer says what would be one, and nothing is switched on."""
    with pytest.raises(ControlError, match=words):
        ask(producer.aws.endpoint_url, "POST", FAULTS_PATH, document=document)
    assert producer.aws.faults.on() == ()


def test_other_paths_and_numbers_are_refused(producer: Producer) -> None:
    """A path of ours is never taken for a bucket."""
    url = producer.aws.endpoint_url
    with pytest.raises(ControlError, match="no PUT /_local/faults here"):
        ask(url, "PUT", FAULTS_PATH)
    with pytest.raises(ControlError, match="no fault 9"):
        ask(url, "DELETE", FAULTS_PATH, query={"id": "9"})
    with pytest.raises(ControlError, match="is no fault's number"):
        ask(url, "DELETE", FAULTS_PATH, query={"id": "x"})


def test_a_flush_while_s3_is_down_says_so(producer: Producer) -> None:
    """And what waits is stored when it is up again."""
    producer.put(b"a")
    producer.aws.faults.add(Fault(Kind.S3_DOWN))
    with pytest.raises(ControlError, match="its data is kept"):
        ask(producer.aws.endpoint_url, "POST", FLUSH_PATH)
    producer.aws.faults.clear()
    ask(producer.aws.endpoint_url, "POST", FLUSH_PATH)
    assert producer.stored() == b"a"


def test_faults_do_not_outlive_their_server(tmp_path: Path) -> None:
    """A restart has none, and delivers what waited."""
    first = Producer(tmp_path)
    first.put(b"a")
    first.aws.faults.add(Fault(Kind.S3_DOWN))
    first.firehose.close()
    with pytest.raises(Exception, match="S3 is down"):
        first.aws.close()
    second = Producer(tmp_path)
    assert second.aws.faults.on() == ()
    assert second.stored() == b"a"
    second.firehose.close()
    second.aws.close()
