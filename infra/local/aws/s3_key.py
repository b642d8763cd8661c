"""An S3 object as moto sees it, with a plain file for its bytes."""

import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from moto.s3.exceptions import S3ClientError
from moto.s3.models import FakeAcl, FakeGrant, FakeGrantee, FakeKey, get_canned_acl

from infra.local.aws.s3_properties import Properties, PropertyLog, Written

_PRIVATE = get_canned_acl("private")
_DEFAULT_METADATA = {"content-type": "binary/octet-stream"}


class ObjectMovedError(S3ClientError):
    """The object changed between its look-up and its reading; S3 has a 503 for such moments."""

    code = "SlowDown"

    def __init__(self) -> None:
        super().__init__("SlowDown", "The object is being replaced; try again.")


class FileKey(FakeKey):
    """An object whose bytes are read from its file each time, never kept in memory."""

    path: str
    written: Written
    log: PropertyLog

    @classmethod
    def adopt(cls, key: FakeKey, path: str, log: PropertyLog) -> "FileKey":
        """Turn a key of moto's into one of ours, once its file is there.

        Moto makes its keys by name, deep in `put_object`; changing the class of the finished one
        leaves that alone.
        """
        key._value_buffer.close()
        key.__class__ = cls
        assert isinstance(key, FileKey)
        status = os.stat(path)  # noqa: PTH116 there are many, and a Path costs more than the call
        key.path, key.log, key.written = path, log, Written.of(status)
        key.contentsize = status.st_size
        key.last_modified = datetime.fromtimestamp(status.st_mtime, UTC).replace(tzinfo=None)
        key.acl = _PRIVATE
        # Moto keeps everything ever made in these lists, until a reset that never comes here.
        for kind in (FakeKey, FakeAcl, FakeGrant, FakeGrantee):
            kind.instances_tracked.clear()  # type: ignore[union-attr]
        return key

    @property
    def value(self) -> bytes:
        """The object's bytes.

        Raises:
            S3ClientError: the file was replaced or removed since this key was looked up; clients
                try again, as with S3's own 503.
        """
        try:
            with Path(self.path).open("rb") as file:
                if Written.of(os.fstat(file.fileno())) == self.written:
                    return file.read()
        except FileNotFoundError:
            pass
        raise ObjectMovedError

    @property
    def etag(self) -> str:
        """The quoted ETag: MD5, except of multipart uploads; computed once where not known."""
        if self._etag is None:
            self._etag = md5(self.value)
            self.remember()
        return f'"{self._etag}"'

    @property
    def last_modified_ISO8601(self) -> Any:  # noqa: N802 moto's name
        """The date for listings; moto would parse a text again, a third of a listing's time."""
        return self.last_modified.replace(microsecond=0, tzinfo=UTC)

    def set_metadata(self, metadata: Any, replace: bool = False) -> None:
        """Set the headers of the object and remember them beyond this process."""
        super().set_metadata(metadata, replace)
        self.remember()

    def remember(self) -> None:
        """Write down what the file cannot hold."""
        metadata = {name.lower(): value for name, value in self.metadata.items()}
        special = metadata != _DEFAULT_METADATA
        self.log.add(
            Properties(self.name, self.written, self.etag.strip('"'), metadata if special else {}),
            durable=special,
        )

    def dispose(self, garbage: bool = False) -> None:
        """Do nothing: there is no temporary file behind this key."""

    def __del__(self) -> None:
        """Do nothing; moto's would warn of a key that was not disposed of."""


def md5(body: bytes) -> str:
    """Return an object's ETag, unquoted."""
    return hashlib.md5(body, usedforsecurity=False).hexdigest()
