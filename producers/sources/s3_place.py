"""Objects in S3 as files of a place; AWS errors are mapped here.

The client is an argument, so that nothing here imports an SDK.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, BinaryIO

from producers.errors import SourceChangedError, SourceError
from producers.sources.places import is_data_file

_SCHEME = "s3://"
_BUFFER = 1024 * 1024
_NEXT_STEPS = {
    "NoSuchBucket": "no such bucket; check the address",
    "NoSuchKey": "no such object; check the address",
    # An answer to HEAD has no body, so its code is only the status.
    "404": "no such object; check the address",
    "InvalidObjectState": "is archived; restore it first",
    "PermanentRedirect": "lies in another region; set AWS_REGION to the bucket's",
    "301": "lies in another region; set AWS_REGION to the bucket's",
}
_DENIED = frozenset({"AccessDenied", "403"})
_CHANGED = frozenset({"PreconditionFailed", "412"})


def parse_s3_address(address: str) -> tuple[str, str]:
    """Split `s3://bucket/prefix` into bucket and prefix; the prefix may be empty.

    Raises:
        SourceError: not such an address.
    """
    bucket, _, prefix = address.removeprefix(_SCHEME).partition("/")
    if not (address.startswith(_SCHEME) and bucket):
        raise SourceError(f"{address}: not an S3 address; write s3://BUCKET/PREFIX")
    return bucket, prefix


class S3Object:
    """One object; what is known of it stays as it was first seen. `str()` is its address.

    Args:
        client: a boto3 S3 client.
        bucket: the bucket's name.
        key: the object's key.
        name: how people call it.
        listed: its entry in a listing, which saves a call for each object.
    """

    def __init__(
        self,
        client: Any,
        bucket: str,
        key: str,
        name: str,
        listed: Mapping[str, Any] | None = None,
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._key = key
        self._listed = listed
        self.name = name

    def __str__(self) -> str:
        return f"{_SCHEME}{self._bucket}/{self._key}"

    @property
    def size(self) -> int:
        """Bytes.

        Raises:
            SourceError: it is missing or may not be looked at.
        """
        return int(self._facts["Size"])

    @property
    def modified_at(self) -> int:
        """Microseconds since 1970 UTC.

        Raises:
            SourceError: it is missing or may not be looked at.
        """
        since: timedelta = self._facts["LastModified"] - datetime(1970, 1, 1, tzinfo=UTC)
        return since // timedelta(microseconds=1)

    @property
    def fingerprint(self) -> str:
        """The ETag and the size, `etag:bytes`.

        Raises:
            SourceError: it is missing or may not be looked at.
        """
        etag = self._facts["ETag"].strip('"')
        return f"{etag}:{self.size}"

    def open(self) -> BinaryIO:
        """Open it for reading from the start, as a stream that cannot seek.

        Reading raises SourceError where the transfer breaks off.

        Raises:
            SourceError: it is missing or may not be read.
            SourceChangedError: it is no longer what its fingerprint says.
        """
        facts = self._facts
        try:
            answer = self._client.get_object(
                Bucket=self._bucket, Key=self._key, IfMatch=facts["ETag"]
            )
        # botocore's errors share no base class we could name without importing it.
        except Exception as error:
            raise _refusal(str(self), error, "s3:GetObject on it") from error
        return io.BufferedReader(_Body(answer["Body"], str(self), self.size), _BUFFER)

    @cached_property
    def _facts(self) -> Mapping[str, Any]:
        if self._listed is not None:
            return self._listed
        try:
            head = self._client.head_object(Bucket=self._bucket, Key=self._key)
        except Exception as error:
            raise _refusal(str(self), error, "s3:GetObject on it") from error
        return {**head, "Size": head["ContentLength"]}


class S3Prefix:
    """The objects under a prefix, taken as a folder: `a/b` holds `a/b/c` and not `a/b-old/c`.

    The key of one object is a place with that object in it.

    Args:
        client: a boto3 S3 client.
        bucket: the bucket's name.
        prefix: where the objects' keys begin; empty for the whole bucket.
    """

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix
        self.name = f"{_SCHEME}{bucket}/{prefix}"

    def files(self) -> Sequence[S3Object]:
        """Return the data files under it, at any depth, by key relative to the prefix.

        There are none where there is no such prefix: S3 knows no empty folders.

        Raises:
            SourceError: the bucket is missing or may not be listed.
        """
        key = self._prefix
        folder = key if not key or key.endswith("/") else f"{key}/"
        try:
            found = [
                self._object(entry["Key"].removeprefix(folder), entry)
                for entry in self._listed(folder)
            ]
            if not found and folder != key:
                # Of all keys that begin with the object's key, its own is the first.
                first = next(self._listed(key), {"Key": ""})
                if first["Key"] == key:
                    return [self._object(key.rpartition("/")[2], first)]
        # botocore's errors share no base class we could name without importing it.
        except Exception as error:
            permission = f"s3:ListBucket on the bucket {self._bucket}"
            raise _refusal(self.name, error, permission) from error
        data = (file for file in found if is_data_file(file.name))
        return sorted(data, key=lambda file: file.name)

    def _listed(self, prefix: str) -> Iterator[Mapping[str, Any]]:
        pages = self._client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self._bucket, Prefix=prefix):
            yield from page.get("Contents", ())

    def _object(self, name: str, entry: Mapping[str, Any]) -> S3Object:
        return S3Object(self._client, self._bucket, entry["Key"], name, entry)


class _Body(io.RawIOBase):
    """The body of an answer as a raw stream that notices when it ends too early."""

    def __init__(self, body: Any, address: str, size: int) -> None:
        self._body = body
        self._address = address
        self._size = size
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data: bytes = self._body.read(len(buffer))
        except Exception as error:
            raise self._broken(_one_line(error)) from error
        if not data and self._read < self._size:
            raise self._broken("the connection ended")
        buffer[: len(data)] = data
        self._read += len(data)
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._body.close()
        super().close()

    def _broken(self, why: str) -> SourceError:
        return SourceError(
            f"{self._address}: broke off after {self._read:,} of {self._size:,} bytes ({why}); "
            "try again"
        )


def _refusal(address: str, error: Exception, permission: str) -> SourceError:
    code = getattr(error, "response", {}).get("Error", {}).get("Code", "")
    if code in _NEXT_STEPS:
        return SourceError(f"{address}: {_NEXT_STEPS[code]}")
    if code in _DENIED:
        return SourceError(f"{address}: access denied; allow {permission}")
    if code in _CHANGED:
        return SourceChangedError(f"{address}: changed since it was listed; start again")
    return SourceError(
        f"{address}: {_one_line(error)}; check the credentials and the network, then try again"
    )


def _one_line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())
