"""Storing one object: its key by the service's naming rules (§4.2), its body, its compression."""

import gzip
from datetime import datetime

from infra.local.firehose.environment import Environment
from infra.local.firehose.errors import StoringDeniedError
from infra.local.firehose.prefix import Prefix
from infra.local.firehose.settings import Destination
from infra.local.firehose.telemetry import ObjectWatch


def deliver(
    world: Environment,
    stream: str,
    destination: Destination,
    prefix: Prefix,
    body: bytes,
    *,
    version: int,
    oldest: datetime,
    watch: ObjectWatch,
    extension: str = "",
    error_type: str = "",
) -> None:
    """Store `body` under the evaluated prefix.

    Args:
        world: where things are.
        stream: the stream's name.
        destination: where it goes.
        prefix: with its partition keys bound.
        body: the object.
        version: of the stream's configuration.
        oldest: the arrival of its oldest record.
        watch: is told of each put.
        extension: the end of its name.
        error_type: the error output type, of error objects.
    """
    moment = oldest.astimezone(destination.zone)
    for _ in range(2 if world.faults.duplicates_object(stream) else 1):
        folder = prefix.evaluate(moment, world.identifiers, error_type)
        stamp = moment.strftime("%Y-%m-%d-%H-%M-%S")
        name = f"{stream}-{version}-{stamp}-{world.identifiers.uuid()}{extension}"
        with watch.put():
            world.faults.check_store(stream)
            _require(world, destination, folder + name)
            world.stores[destination.bucket].put(folder + name, body)


def _require(world: Environment, destination: Destination, key: str) -> None:
    resource = f"arn:aws:s3:::{destination.bucket}/{key}"
    denied = world.denied(destination.role, "s3:PutObject", resource)
    if denied is not None:
        raise StoringDeniedError(denied)


def compressed(body: bytes, destination: Destination) -> tuple[bytes, str]:
    """Return the body in the destination's compression, and the usual extension of that."""
    if destination.compression == "GZIP":
        return gzip.compress(body, mtime=0), destination.extension or ".gz"
    return body, destination.extension or ""
