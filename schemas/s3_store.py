"""`schemas.lake.ObjectStore` over an S3 client: for the functions on AWS, and for the laptop's.

The client is an argument, so that nothing here imports an SDK.
"""

from collections.abc import Iterator
from typing import Any

from schemas.lake import ObjectInfo


class S3Store:
    """The objects of one bucket.

    Args:
        client: a boto3 S3 client.
        bucket: the bucket's name.
    """

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Yield the objects under `prefix` in the order of their keys' UTF-8 bytes."""
        pages = self._client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self._bucket, Prefix=prefix):
            for entry in page.get("Contents", ()):
                yield ObjectInfo(entry["Key"], entry["Size"])

    def get(self, key: str) -> bytes:
        """Return the object's bytes; raise `KeyError` when there is none."""
        try:
            body: bytes = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except self._client.exceptions.NoSuchKey:
            raise KeyError(key) from None
        return body

    def put(self, key: str, body: bytes) -> None:
        """Store the object, whole or not at all."""
        self._client.put_object(Bucket=self._bucket, Key=key, Body=body)

    def delete(self, key: str) -> None:
        """Remove the object if it is there."""
        self._client.delete_object(Bucket=self._bucket, Key=key)
