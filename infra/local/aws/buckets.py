"""Buckets as object stores, for the services in this process: the same S3, without HTTP."""

from collections.abc import Iterator, Mapping

from moto.s3.exceptions import MissingBucket, S3ClientError
from moto.s3.models import FakeBucket, FakeKey, s3_backends

from infra.local.aws.account import ACCOUNT
from infra.local.aws.s3_backend import FileS3Backend
from schemas.lake import ObjectInfo, ObjectStore


class BucketStore:
    """The objects of one bucket; what it puts is what `GetObject` gives, and on disk."""

    def __init__(self, backend: FileS3Backend, bucket: FakeBucket) -> None:
        self._backend = backend
        self._bucket = bucket

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Yield the objects under `prefix` as they were when the listing began, in key order."""
        found = dict(self._bucket.keys.items())
        for name, key in sorted(found.items()):
            if name.startswith(prefix) and isinstance(key, FakeKey):
                yield ObjectInfo(name, key.size)

    def get(self, key: str) -> bytes:
        """Return the object's bytes; raise `KeyError` when there is none."""
        with self._backend.files.lock(self._bucket.name, key):
            found = self._bucket.keys.get(key)
            if not isinstance(found, FakeKey):
                raise KeyError(key)
            return found.value

    def put(self, key: str, body: bytes) -> None:
        """Store the object, whole and durable; `ValueError` for a key that cannot be a file."""
        try:
            self._backend.put_object(self._bucket.name, key, bytes(body)).remember()
        except S3ClientError as error:
            raise ValueError(error.message) from error

    def delete(self, key: str) -> None:
        """Remove the object if it is there."""
        self._backend.delete_object(self._bucket.name, key)


class Buckets(Mapping[str, ObjectStore]):
    """All buckets, by name."""

    def __getitem__(self, name: str) -> ObjectStore:
        """Return a bucket's objects; raise `KeyError` when there is no such bucket."""
        backend = _backend()
        try:
            return BucketStore(backend, backend.get_bucket(name))
        except MissingBucket:
            raise KeyError(name) from None

    def __iter__(self) -> Iterator[str]:
        """Yield the names."""
        return iter(list(_backend().buckets))

    def __len__(self) -> int:
        return len(_backend().buckets)


def _backend() -> FileS3Backend:
    backend = s3_backends[ACCOUNT]["aws"]
    assert isinstance(backend, FileS3Backend), "register_s3 came first"
    return backend
