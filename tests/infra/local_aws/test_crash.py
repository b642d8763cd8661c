"""Killing the server loses nothing that it acknowledged, and leaves nothing half."""

import hashlib
import threading
from pathlib import Path
from random import Random
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.local.aws.clients import Clients
from schemas.s3_store import S3Store
from tests.infra.local_aws.conftest import open_aws
from tests.infra.local_aws.serving import served

WRITERS = 3


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
