"""Conditional requests against the local S3, through unmodified boto3."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from infra.compaction.objects import S3Objects
from infra.local.aws.server import LocalAws
from tests.compaction.objects_contract import ObjectsContract
from tests.infra.local_aws.conftest import open_aws

_RACERS = 8


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    """Start one server for all tests."""
    with open_aws(tmp_path_factory.mktemp("objects") / "data") as server:
        yield server


class TestS3Objects(ObjectsContract):
    """The contract, over HTTP."""

    @pytest.fixture
    def objects(self, aws: LocalAws, request: pytest.FixtureRequest) -> S3Objects:
        """Make a bucket for each test."""
        bucket = request.node.name.replace("_", "-")
        aws.client("s3").create_bucket(Bucket=bucket)
        return S3Objects(aws.client("s3"), bucket)

    def test_of_many_at_once_one_is_first(self, objects: S3Objects) -> None:
        """Creating, replacing and deleting: the condition and the change are one step."""
        with ThreadPoolExecutor(_RACERS) as pool:
            for number in range(10):
                key = f"k{number}"
                made = list(pool.map(lambda n, k=key: objects.create(k, b"%d" % n), range(_RACERS)))
                (etag,) = filter(None, made)
                body = b"%d" % made.index(etag)
                assert objects.read(key) == (body, etag)
                made = list(
                    pool.map(lambda n, k=key, e=etag: objects.replace(k, b"x%d" % n, e),
                             range(_RACERS))
                )  # fmt: skip
                (second,) = filter(None, made)
                assert objects.read(key)[1] == second


def test_a_large_file_goes_up_and_down(aws: LocalAws, tmp_path: Path) -> None:
    """Byte for byte, in chunks."""
    aws.client("s3").create_bucket(Bucket="large")
    objects = S3Objects(aws.client("s3"), "large")
    body = bytes(range(256)) * 20_000
    (tmp_path / "up").write_bytes(body)
    etag = objects.upload(tmp_path / "up", "k")
    objects.download("k", etag, tmp_path / "down")
    assert (tmp_path / "down").read_bytes() == body
