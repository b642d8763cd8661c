"""`transforms.compaction.ports.Objects` over an S3 client: conditional requests, files streamed.

S3 checks `If-None-Match: *` and `If-Match` on puts and `If-Match` on deletes and gets, each as one
step with the request itself (S3 user guide, "Conditional requests"); so does the local S3.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from transforms.compaction.ports import ChangedError, Stored

_CHUNK_BYTES = 1024 * 1024
_LOST = ("PreconditionFailed", "ConditionalRequestConflict", "412", "409")
_ABSENT = ("NoSuchKey", "404")


class S3Objects:
    """The objects of one bucket.

    Args:
        client: a boto3 S3 client.
        bucket: the bucket's name.
    """

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def list(self, prefix: str) -> Iterator[Stored]:
        """Yield the objects under `prefix` in key order."""
        pages = self._client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self._bucket, Prefix=prefix):
            for entry in page.get("Contents", ()):
                yield Stored(entry["Key"], entry["Size"], entry["ETag"], entry["LastModified"])

    def read(self, key: str) -> tuple[bytes, str]:
        """Return an object's bytes and its ETag; raise `KeyError` when there is none."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
        except self._client.exceptions.ClientError as error:
            if _code(error) in _ABSENT:
                raise KeyError(key) from None
            raise
        return answer["Body"].read(), answer["ETag"]

    def download(self, key: str, etag: str, path: Path) -> None:
        """Copy an object into a file; raise `ChangedError` unless it has this ETag."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=key, IfMatch=etag)
        except self._client.exceptions.ClientError as error:
            if _code(error) in (*_LOST, *_ABSENT):
                raise ChangedError(key) from None
            raise
        with path.open("wb") as file:
            for chunk in answer["Body"].iter_chunks(_CHUNK_BYTES):
                file.write(chunk)

    def upload(self, path: Path, key: str) -> str:
        """Store a file as an object, whole or not at all; return its ETag."""
        with path.open("rb") as file:
            answer = self._client.put_object(Bucket=self._bucket, Key=key, Body=file)
        return str(answer["ETag"])

    def create(self, key: str, body: bytes) -> str | None:
        """Store an object where there is none; return its ETag, None where there is one."""
        return self._put(key, body, IfNoneMatch="*")

    def replace(self, key: str, body: bytes, etag: str) -> str | None:
        """Replace an object that has this ETag; return the new one, None where it changed."""
        return self._put(key, body, IfMatch=etag)

    def remove(self, key: str, etag: str) -> bool:
        """Delete an object that has this ETag; False where it is another, True where it is gone."""
        try:
            self._client.delete_object(Bucket=self._bucket, Key=key, IfMatch=etag)
        except self._client.exceptions.ClientError as error:
            if _code(error) in _ABSENT:
                return True
            if _code(error) in _LOST:
                return False
            raise
        return True

    def _put(self, key: str, body: bytes, **condition: str) -> str | None:
        try:
            answer = self._client.put_object(Bucket=self._bucket, Key=key, Body=body, **condition)
        except self._client.exceptions.ClientError as error:
            if _code(error) in (*_LOST, *_ABSENT):
                return None
            raise
        return str(answer["ETag"])


def _code(error: Any) -> str:
    return str(error.response["Error"]["Code"])
