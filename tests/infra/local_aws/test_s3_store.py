"""A bucket is an object store like the others, through boto3 and from inside."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from infra.local.aws.server import LocalAws
from schemas.lake import ObjectInfo, ObjectStore
from schemas.s3_store import S3Store
from tests.infra.local_aws.conftest import open_aws
from tests.infra.store_contract import REFUSED, StoreContract


class _BucketContract(StoreContract):
    aws: LocalAws
    count = 0

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def server(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
        """Start one server for the suite; each store has a bucket of its own."""
        with open_aws(tmp_path_factory.mktemp("data")) as aws:
            cls.aws = aws
            yield

    def bucket(self) -> str:
        """Return the name of a new bucket."""
        type(self).count += 1
        name = f"bucket-{self.count}"
        self.aws.client("s3").create_bucket(Bucket=name)
        return name


class TestS3Store(_BucketContract):
    """Objects over HTTP."""

    def make(self) -> ObjectStore:
        """Return an empty store."""
        return S3Store(self.aws.client("s3"), self.bucket())

    @pytest.mark.parametrize("key", REFUSED)
    def test_a_key_that_would_escape_is_refused(self, store: ObjectStore, key: str) -> None:
        """The server, or boto3 before it, refuses what cannot be a file; S3 would take some."""
        with pytest.raises((ClientError, BotoCoreError, ValueError)):
            store.put(key, b"x")
        assert list(store.list("")) == []


class TestBucketStore(_BucketContract):
    """Objects from inside the server's process."""

    def make(self) -> ObjectStore:
        """Return an empty store."""
        return self.aws.store(self.bucket())


def test_long_listings_come_in_pages_and_in_order(tmp_path: Path) -> None:
    """More than the 1000 keys of a page are all listed, once each, in key order."""
    keys = sorted(f"k{number % 7}/{number}" for number in range(1050))
    for key in reversed(keys):
        file = tmp_path / "s3" / "many" / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")
    with open_aws(tmp_path) as aws:
        store = S3Store(aws.client("s3"), "many")
        assert [info.key for info in store.list("")] == keys
        assert list(store.list("k3/10")) == list(aws.store("many").list("k3/10"))
        assert ObjectInfo("k3/10", 1) in store.list("k3/10")
