"""A server of its own that is told to crash: what it had accepted is there after the next start."""

import signal
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError

from infra.local.aws.clients import Clients
from infra.local.aws.control_client import ask
from infra.local.aws.fault_control import FAULTS_PATH
from infra.local.aws.server import LocalAws
from tests.infra.local_aws.conftest import open_aws
from tests.infra.local_aws.serving import served

STREAM = {
    "DeliveryStreamName": "plain",
    "ExtendedS3DestinationConfiguration": {
        "BucketARN": "arn:aws:s3:::lake",
        "RoleARN": "arn:aws:iam::123456789012:role/any",
        "Prefix": "raw/",
    },
}


def test_a_server_that_crashes_after_a_put_has_lost_nothing(tmp_path: Path) -> None:
    """Its producer gets no answer, the journal has the record, and the fault is gone."""
    with served(tmp_path) as server:
        clients = Clients(server.endpoint_url)
        clients.client("s3").create_bucket(Bucket="lake")
        firehose = clients.client("firehose")
        firehose.create_delivery_stream(**STREAM)
        ask(server.endpoint_url, "POST", FAULTS_PATH, document={"kind": "crash"})
        with pytest.raises(BotoCoreError):
            firehose.put_record(DeliveryStreamName="plain", Record={"Data": b"accepted"})
        clients.close()
        assert server.process.wait(30) == -signal.SIGKILL
    with open_aws(tmp_path) as aws:
        aws.client("firehose").create_delivery_stream(**STREAM)
        assert aws.faults.on() == ()
        assert stored(aws) == b"accepted"


def stored(aws: LocalAws) -> bytes:
    aws.flush()
    store = aws.store("lake")
    return b"".join(store.get(info.key) for info in store.list("raw/"))
