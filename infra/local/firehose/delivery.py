"""Storing one object: its key by the service's naming rules (§4.2), its body, its compression."""

import gzip
from datetime import datetime

from infra.local.firehose.environment import Environment
from infra.local.firehose.errors import AccessDeniedError
from infra.local.firehose.prefix import Prefix
from infra.local.firehose.settings import Destination

STREAM_VERSION = 1
"""§4.2: rises with each change of the configuration; streams here are never updated."""


def deliver(
    world: Environment,
    stream: str,
    destination: Destination,
    prefix: Prefix,
    body: bytes,
    *,
    oldest: datetime,
    extension: str = "",
    error_type: str = "",
) -> None:
    """Store `body` under the evaluated prefix; `oldest` is the arrival of its oldest record."""
    moment = oldest.astimezone(destination.zone)
    for _ in range(2 if world.faults.duplicate_objects else 1):
        folder = prefix.evaluate(moment, world.identifiers, error_type)
        stamp = moment.strftime("%Y-%m-%d-%H-%M-%S")
        name = f"{stream}-{STREAM_VERSION}-{stamp}-{world.identifiers.uuid()}{extension}"
        _require(world, destination, folder + name)
        world.stores[destination.bucket].put(folder + name, body)


def _require(world: Environment, destination: Destination, key: str) -> None:
    resource = f"arn:aws:s3:::{destination.bucket}/{key}"
    denied = world.denied(destination.role, "s3:PutObject", resource)
    if denied is not None:
        raise AccessDeniedError(denied)


def compressed(body: bytes, destination: Destination) -> tuple[bytes, str]:
    """Return the body in the destination's compression, and the usual extension of that."""
    if destination.compression == "GZIP":
        return gzip.compress(body, mtime=0), destination.extension or ".gz"
    return body, destination.extension or ""
