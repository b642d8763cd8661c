"""The files behind all buckets: objects, and what is remembered beside them."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from threading import RLock

from infra.local.aws.s3_properties import PropertyLog
from infra.local.store import INCOMING, DirectoryStore, check_key

_STRIPES = 64


class BucketFiles:
    """The files behind all buckets, and what is remembered beside them.

    Args:
        data_dir: the folder that holds `s3/` and `s3-properties/`.
    """

    def __init__(self, data_dir: Path) -> None:
        self.root = data_dir / "s3"
        self._beside = data_dir / "s3-properties"
        self._logs: dict[str, PropertyLog] = {}
        self._store = DirectoryStore(self.root)
        self._locks = [RLock() for _ in range(_STRIPES)]

    def lock(self, bucket: str, key: str) -> RLock:
        """Return the lock to hold while a key's file and moto's memory of it change."""
        return self._locks[hash((bucket, key)) % _STRIPES]

    def buckets(self) -> list[str]:
        """Return the buckets that were made, in any process."""
        if not self.root.is_dir():
            return []
        return sorted(p.name for p in self.root.iterdir() if p.is_dir() and p.name != INCOMING)

    def make_bucket(self, bucket: str) -> None:
        """Make the bucket's folder."""
        self.bucket(bucket).mkdir(parents=True, exist_ok=True)

    def remove_bucket(self, bucket: str) -> None:
        """Remove the folder of a bucket that has no objects, and what was remembered of it."""
        shutil.rmtree(self.bucket(bucket), ignore_errors=True)
        self.properties(bucket).drop()

    def bucket(self, bucket: str) -> Path:
        """Return the folder of a bucket."""
        return self.root / bucket

    def properties(self, bucket: str) -> PropertyLog:
        """Return what is remembered beside the objects of a bucket."""
        if bucket not in self._logs:
            self._logs[bucket] = PropertyLog(self._beside / f"{bucket}.jsonl")
        return self._logs[bucket]

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """Write an object, atomically and durably; `ValueError` for a key that cannot be a file."""
        check_key(key)
        self._store.put(f"{bucket}/{key}", body)

    def delete(self, bucket: str, key: str) -> None:
        """Remove an object's file if it is there."""
        self._store.delete(f"{bucket}/{key}")

    def keys(self, bucket: str) -> Iterator[str]:
        """Yield the keys of a bucket, in order."""
        start = len(bucket) + 1
        for info in self._store.list(f"{bucket}/"):
            yield info.key[start:]
