"""A moto server on loopback with our backends in it, and a bucket store over moto's own S3."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from moto.s3.models import s3_backends
from werkzeug.serving import make_server

from schemas.lake import ObjectInfo

ACCOUNT = "123456789012"
REGION = "us-east-1"


class Endpoint:
    """Clients of the server; each is made once, which is slow."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """Return a boto3 client."""
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                endpoint_url=self.url,
                region_name=REGION,
                aws_access_key_id="local",
                aws_secret_access_key="local",
                config=Config(retries={"total_max_attempts": 1}),
            )
        return self._clients[service]


@contextmanager
def endpoint() -> Iterator[Endpoint]:
    """Serve moto, with whatever backends are registered, until the end of the block.

    Moto keeps its state in module globals: reset it between tests.
    """
    server = make_server(
        "127.0.0.1",
        0,
        DomainDispatcherApplication(create_backend_app),
        threaded=True,
        request_handler=MotoRequestHandler,
    )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Endpoint(f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class MotoBucket:
    """The objects of one bucket of moto's S3, in process."""

    def __init__(self, name: str) -> None:
        self.name = name

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Yield the objects under a prefix."""
        for key in sorted(_s3().buckets[self.name].keys):
            if key.startswith(prefix):
                yield ObjectInfo(key, len(self.get(key)))

    def get(self, key: str) -> bytes:
        """Return an object's bytes."""
        found = _s3().get_object(self.name, key)
        if found is None:
            raise KeyError(key)
        return bytes(found.value)

    def put(self, key: str, body: bytes) -> None:
        """Store an object."""
        _s3().put_object(self.name, key, body)

    def delete(self, key: str) -> None:
        """Remove an object."""
        _s3().delete_object(self.name, key)


def bucket_store(name: str) -> MotoBucket:
    """Return a bucket's objects; raise `KeyError` when there is no such bucket."""
    if name not in _s3().buckets:
        raise KeyError(name)
    return MotoBucket(name)


def _s3() -> Any:
    return s3_backends[ACCOUNT]["aws"]
