"""`finops local up`, `status` and `down`, without the command line."""

import signal
from pathlib import Path

from infra.local.aws.clients import Clients
from infra.local.aws.lifecycle import export_lines, status, stop
from infra.local.aws.server import LocalAws
from infra.local.clock import SystemClock
from schemas.s3_store import S3Store
from tests.infra.local_aws.conftest import open_aws
from tests.infra.local_aws.serving import served


def test_status_and_stop_find_the_server(tmp_path: Path) -> None:
    """A running server is found by its directory, told to stop, and ends as asked."""
    assert status(tmp_path) is None
    with served(tmp_path) as server:
        found = status(tmp_path)
        assert found is not None
        assert (found.pid, found.endpoint_url) == (server.process.pid, server.endpoint_url)
        assert stop(tmp_path, SystemClock(), seconds=30)
        assert server.process.wait(10) == 0
    assert status(tmp_path) is None
    assert stop(tmp_path, SystemClock())


def test_sigterm_delivers_what_is_buffered(tmp_path: Path) -> None:
    """A record that waits for its interval is in the bucket after a graceful end."""
    with served(tmp_path) as server:
        clients = Clients(server.endpoint_url)
        clients.client("s3").create_bucket(Bucket="lake")
        firehose = clients.client("firehose")
        firehose.create_delivery_stream(
            DeliveryStreamName="plain",
            ExtendedS3DestinationConfiguration={
                "BucketARN": "arn:aws:s3:::lake",
                "RoleARN": "arn:aws:iam::123456789012:role/any",
                "Prefix": "raw/",
            },
        )
        firehose.put_record(DeliveryStreamName="plain", Record={"Data": b"waits"})
        clients.close()
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(30) == 0
    with open_aws(tmp_path) as aws:
        store = S3Store(aws.client("s3"), "lake")
        assert [store.get(info.key) for info in store.list("raw/")] == [b"waits"]


def test_a_shell_is_told_what_to_export(aws: LocalAws) -> None:
    """The lines can be pasted or evaluated."""
    lines = export_lines(aws)
    assert f"export AWS_ENDPOINT_URL={aws.endpoint_url}" in lines
    assert "export AWS_ACCESS_KEY_ID=local" in lines
