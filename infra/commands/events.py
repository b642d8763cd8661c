"""`finops events cat`: the raw log as people can read it."""

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any

import click
import orjson

from infra.commands.options import lake_options
from infra.errors import UsageError
from infra.wiring import open_platform
from schemas.codec import Batch, Unreadable, read_members
from schemas.events import event_id
from schemas.lake import RAW, ObjectStore


@click.group("events")
def events_group() -> None:
    """Look into the immutable log."""


@events_group.command("cat")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--delivery", help="Only events of this delivery.")
@click.option("--limit", type=click.IntRange(min=1), help="Stop after so many events.")
@lake_options
def cat_command(
    files: tuple[Path, ...], delivery: str | None, limit: int | None, data_dir: Path
) -> None:
    """Print events as JSON, one a line: from raw/, or from FILES such as a backup object.

    Bytes that cannot be decoded are printed as a line with their reason, where they lie.

    \b
    Example:
      finops events cat --limit 1
    """
    with ExitStack() as opened:
        if files:
            bodies = _files(files)
        else:
            bodies = _raw(opened.enter_context(open_platform(data_dir, needs_data=True)).store)
        for document in islice(_events(bodies, delivery), limit):
            click.echo(orjson.dumps(document))


def _files(files: tuple[Path, ...]) -> Iterator[bytes]:
    for file in files:
        try:
            yield file.read_bytes()
        except OSError as error:
            raise UsageError(f"{file}: {error.strerror}; name a file with records") from error


def _raw(store: ObjectStore) -> Iterator[bytes]:
    return (store.get(info.key) for info in store.list(RAW))


def _events(bodies: Iterator[bytes], delivery: str | None) -> Iterator[dict[str, Any]]:
    for body in bodies:
        for record in read_members(body):
            if isinstance(record, Unreadable):
                if delivery is None:
                    yield {
                        "unreadable": record.reason,
                        "detail": record.detail,
                        "bytes": len(record.body),
                    }
            elif delivery in (None, record.delivery_id):
                yield from _of(record)


def _of(batch: Batch) -> Iterator[dict[str, Any]]:
    for event in batch.events:
        told = {name: value for name, value in event.items() if value is not None}
        yield {
            "type": batch.schema.name,
            "event_id": event_id(batch.delivery_id, event["ordinal"]),
            **batch.envelope,
            **told,
        }
