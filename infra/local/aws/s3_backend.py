"""Moto's S3 with plain files as its memory: `data_dir/s3/<bucket>/<key>` is the object.

A put is on disk, whole, before the call returns, and every bucket and object is there again at the
next start. Keys that cannot be a file's path are refused (`infra.local.store.check_key`), and so is
a key that is the folder of another. Bucket configuration, tags, access lists, checksums and
noncurrent versions end with the process: the deploy sets the first again; a replaced or deleted
object in a versioned bucket is gone as if a lifecycle rule had expired it at once.
"""

import json
from types import SimpleNamespace
from typing import Any, ClassVar

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3 import urls
from moto.s3.exceptions import S3ClientError
from moto.s3.models import FakeBucket, FakeDeleteMarker, FakeKey, S3Backend, s3_backends

from infra.local.aws.s3_conditions import url_paths
from infra.local.aws.s3_files import BucketFiles
from infra.local.aws.s3_key import FileKey, md5


class FileBucket(FakeBucket):
    """A bucket that enforces of its policy what moto understands, and no more."""

    def get_permission(self, action: str, resource: str) -> Any:
        """Judge by the unconditional statements.

        Moto ignores conditions: a statement that denies only plain HTTP would deny everything.
        """
        if self.policy is None:
            return PermissionResult.NEUTRAL
        policy = json.loads(self.policy)
        statements = policy["Statement"]
        statements = [statements] if isinstance(statements, dict) else statements
        policy["Statement"] = [s for s in statements if "Condition" not in s]
        return IAMPolicy(json.dumps(policy)).is_action_permitted(action, resource)


class FileS3Backend(S3Backend):
    """All buckets of one account; `files` is set in a subclass, one for each embedded AWS."""

    files: ClassVar[BucketFiles]

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        if region_name == "aws":
            for name in self.files.buckets():
                self._load(name)

    @property
    def _url_module(self) -> Any:
        return SimpleNamespace(url_bases=urls.url_bases, url_paths=url_paths)

    def create_bucket(
        self, bucket_name: str, region_name: str, bucket_namespace: str | None = None
    ) -> FakeBucket:
        """Create a bucket and its folder."""
        bucket = super().create_bucket(bucket_name, region_name, bucket_namespace)
        bucket.__class__ = FileBucket  # type: ignore[type-abstract]
        self.files.make_bucket(bucket_name)
        return bucket

    def delete_bucket(self, bucket_name: str) -> FakeBucket | None:
        """Delete an empty bucket and its folder; None when it is not empty."""
        bucket = super().delete_bucket(bucket_name)
        if bucket is not None:
            self.files.remove_bucket(bucket_name)
        return bucket

    def put_object(
        self, bucket_name: str, key_name: str, value: bytes, *args: Any, **kwargs: Any
    ) -> FileKey:
        """Store an object: first on disk, then in moto's memory.

        Moto sets the headers afterwards, and that is when they are remembered.
        """
        bucket = self.get_bucket(bucket_name)
        kwargs["etag"] = kwargs.get("etag") or md5(value)
        with self.files.lock(bucket_name, key_name):
            try:
                self.files.put(bucket_name, key_name, value)
            except ValueError as error:
                raise S3ClientError(
                    "InvalidRequest", f"The local S3 keeps objects as files: {error}"
                ) from error
            key = super().put_object(bucket_name, key_name, value, *args, **kwargs)
            bucket.keys.setlist(key_name, [key])
            return self._adopt(bucket, key)

    def delete_object(
        self, bucket_name: str, key_name: str, *args: Any, **kwargs: Any
    ) -> tuple[bool, dict[str, Any]]:
        """Delete an object, in moto's memory and on disk."""
        bucket = self.get_bucket(bucket_name)
        with self.files.lock(bucket_name, key_name):
            answer = super().delete_object(bucket_name, key_name, *args, **kwargs)
            current = bucket.keys.get(key_name)
            if isinstance(current, FakeDeleteMarker):
                bucket.keys.setlist(key_name, [current])
            if not isinstance(current, FakeKey):
                self.files.delete(bucket_name, key_name)
            return answer

    def _adopt(self, bucket: FakeBucket, key: FakeKey) -> FileKey:
        path = f"{self.files.bucket(bucket.name)}/{key.name}"
        return FileKey.adopt(key, path, self.files.properties(bucket.name))

    def _load(self, name: str) -> None:
        """Make a bucket again from its files."""
        bucket = self.create_bucket(name, "us-east-1")
        keys = [self._adopt(bucket, self._bare(name, key)) for key in self.files.keys(name)]
        known = self.files.properties(name).load({key.name: key.written for key in keys})
        for key in keys:
            properties = known.get(key.name)
            if properties:
                key._etag = properties.etag
                key._metadata.update(properties.metadata)
            bucket.keys.setlist(key.name, [key])

    def _bare(self, bucket: str, key: str) -> FakeKey:
        return FakeKey(
            key, b"", self.account_id, self.region_name, version_id="null", bucket_name=bucket
        )


def register_s3(files: BucketFiles) -> None:
    """Put this S3 in moto's place, for the whole process; earlier buckets are forgotten."""

    class Backend(FileS3Backend):
        pass

    Backend.files = files
    s3_backends.clear()
    s3_backends.bucket_accounts.clear()
    s3_backends.backend = Backend
