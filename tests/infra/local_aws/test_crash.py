"""Killing the server loses nothing that it acknowledged, and leaves nothing half."""

import hashlib
import threading
from pathlib import Path
from random import Random
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.local.aws.account import ACCOUNT
from infra.local.aws.clients import Clients
from infra.local.aws.server import LocalAws
from schemas.s3_store import S3Store
from tests.infra.local_aws.conftest import open_aws
from tests.infra.local_aws.serving import served

WRITERS = 3
STREAM = "events"
BACKUP_ONLY = {
    "BucketARN": "arn:aws:s3:::lake",
    "RoleARN": f"arn:aws:iam::{ACCOUNT}:role/any",
    "Prefix": "main/",
    "ErrorOutputPrefix": "errors/",
    "ProcessingConfiguration": {
        "Enabled": True,
        "Processors": [
            {
                "Type": "Lambda",
                "Parameters": [
                    {
                        "ParameterName": "LambdaArn",
                        "ParameterValue": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:none",
                    }
                ],
            }
        ],
    },
    "S3BackupMode": "Enabled",
    "S3BackupConfiguration": {
        "BucketARN": "arn:aws:s3:::lake",
        "RoleARN": f"arn:aws:iam::{ACCOUNT}:role/any",
        "Prefix": "raw/",
    },
}
"""A stream whose function is missing, so that records end in the backup and in the errors."""


def body(random: Random) -> bytes:
    """Return bytes that can tell whether they are whole."""
    content = random.randbytes(random.choice([10, 3_000, 200_000]))
    return hashlib.sha256(content).digest() + content


def is_whole(stored: bytes) -> bool:
    return hashlib.sha256(stored[32:]).digest() == stored[:32]


def write(s3: Any, writer: int, acknowledged: dict[str, bytes], enough: threading.Event) -> None:
    """Put and replace objects until the server is gone; say when there are some."""
    random = Random(writer)
    for number in range(10_000):
        key = f"w{writer}/{number % 20}"
        content = body(random)
        try:
            s3.put_object(
                Bucket="lake",
                Key=key,
                Body=content,
                Metadata={"md5": hashlib.md5(content).hexdigest()},
            )
        except (BotoCoreError, ClientError):
            return
        acknowledged[key] = content
        if number == 25:
            enough.set()


def test_kill_9_during_puts_loses_no_acknowledged_object(tmp_path: Path) -> None:
    """What was acknowledged is there, or what was just being put in its place; all are whole."""
    acknowledged: list[dict[str, bytes]] = [{} for _ in range(WRITERS)]
    enough = threading.Event()
    with served(tmp_path) as server:
        clients = Clients(server.endpoint_url)
        s3 = clients.client("s3")
        s3.create_bucket(Bucket="lake")
        writers = [
            threading.Thread(target=write, args=(s3, n, acknowledged[n], enough))
            for n in range(WRITERS)
        ]
        for writer in writers:
            writer.start()
        assert enough.wait(60)
        server.process.kill()
        for writer in writers:
            writer.join()
        clients.close()
    with open_aws(tmp_path) as aws:
        client = aws.client("s3")
        store = S3Store(client, "lake")
        stored = {info.key: store.get(info.key) for info in store.list("")}
        assert all(is_whole(content) for content in stored.values())
        changed = 0
        for known in acknowledged:
            for key, content in known.items():
                if stored[key] == content:
                    metadata = client.head_object(Bucket="lake", Key=key)["Metadata"]
                    assert metadata == {"md5": hashlib.md5(content).hexdigest()}
                else:
                    changed += 1
        # Each writer had one put under way, which may have arrived or not.
        assert changed <= WRITERS


def create_stream(clients: Clients | LocalAws) -> Any:
    """Make the stream, and return a client of it."""
    firehose = clients.client("firehose")
    firehose.create_delivery_stream(
        DeliveryStreamName=STREAM, ExtendedS3DestinationConfiguration=BACKUP_ONLY
    )
    return firehose


def send(firehose: Any, writer: int, acknowledged: set[bytes], enough: threading.Event) -> None:
    """Put batches until the server is gone; say when there are some."""
    for number in range(10_000):
        batch = [b"%d-%d-%d;" % (writer, number, n) for n in range(1 + number % 100)]
        records = [{"Data": data} for data in batch]
        try:
            answer = firehose.put_record_batch(DeliveryStreamName=STREAM, Records=records)
        except (BotoCoreError, ClientError):
            return
        if "RequestResponses" not in answer:
            return  # killed between the head and the body of the answer; botocore lets that pass
        assert answer["FailedPutCount"] == 0
        acknowledged.update(batch)
        if number == 25:
            enough.set()


def stored_records(aws: LocalAws, prefix: str) -> list[bytes]:
    """Return the records in the objects under a prefix."""
    store = S3Store(aws.client("s3"), "lake")
    bodies = b"".join(store.get(info.key) for info in store.list(prefix))
    return [record + b";" for record in bodies.split(b";")[:-1]]


def test_kill_9_before_delivery_loses_no_accepted_record(tmp_path: Path) -> None:
    """What a stream accepted is in the backup after a restart, each record in its order, once."""
    acknowledged: list[set[bytes]] = [set() for _ in range(WRITERS)]
    enough = threading.Event()
    with served(tmp_path) as server:
        clients = Clients(server.endpoint_url)
        clients.client("s3").create_bucket(Bucket="lake")
        firehose = create_stream(clients)
        writers = [
            threading.Thread(target=send, args=(firehose, n, acknowledged[n], enough))
            for n in range(WRITERS)
        ]
        for writer in writers:
            writer.start()
        assert enough.wait(60)
        server.process.kill()
        for writer in writers:
            writer.join()
        clients.close()
    with served(tmp_path) as server:  # and killed again, before anything is delivered
        clients = Clients(server.endpoint_url)
        create_stream(clients).put_record(DeliveryStreamName=STREAM, Record={"Data": b"late;"})
        server.process.kill()
        clients.close()
    with open_aws(tmp_path) as aws:
        create_stream(aws)
        assert stored_records(aws, "raw/") == []
        aws.flush()
        stored = stored_records(aws, "raw/")
        assert stored[-1] == b"late;"
        assert set().union(*acknowledged) <= set(stored)
        assert len(stored) == len(set(stored))
        for writer_number in range(WRITERS):
            mine = [r for r in stored if r.startswith(b"%d-" % writer_number)]
            assert mine == sorted(mine, key=lambda r: [int(n) for n in r[:-1].split(b"-")])
    with open_aws(tmp_path) as aws:
        create_stream(aws)
        aws.flush()
        assert stored_records(aws, "raw/") == stored
