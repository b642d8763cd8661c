"""The law for any stream: whatever it does and whatever goes wrong, no accepted record is lost."""

import base64
import gzip
import io
import json
import re
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.local.firehose import Choices, DeliveryError, Fault, Faults, FirehoseError, some
from infra.local.firehose.fault_errors import DroppedConnectionError
from tests.infra.firehose.mortal import MortalStore
from tests.infra.firehose.setups import (
    STREAM,
    World,
    configuration,
    conversion,
    data_of,
    delimiting,
    ok,
    processing,
)
from tests.infra.firehose.test_fault_law import Remembering, a_fault

FATES = ("fine", "two rows", "dropped", "failed", "missing", "no key", "bad row", "no JSON")
NUMBER = re.compile(rb'"text":"(\d+)"')
# Nothing is given up in these tests, however far the clock goes.
CHOICES = Choices(retention_hours=10**6, max_active_partitions=2)

FAULTS = st.builds(
    Faults,
    duplicate_batches=st.booleans(),
    duplicate_objects=st.booleans(),
    reorder=st.booleans(),
    refuses=st.sampled_from([0.0, 0.3]).map(some),
)


@dataclass(frozen=True)
class Shape:
    """What a stream has switched on; each of its legal combinations is a configuration."""

    function: bool
    converts: bool
    partitions: bool
    backup: bool
    delimiter: bool
    gzip: bool

    def settings(self) -> dict[str, Any]:
        """Return the configuration."""
        processors = processing()["Processors"] if self.function else []
        processors = [*processors, *(delimiting()["Processors"] if self.delimiter else [])]
        backup = None if self.backup else {"S3BackupMode": None, "S3BackupConfiguration": None}
        return configuration(
            Prefix="main/k=!{partitionKeyFromLambda:k}/" if self.partitions else "main/",
            DynamicPartitioningConfiguration={"Enabled": True} if self.partitions else None,
            DataFormatConversionConfiguration=conversion() if self.converts else None,
            ProcessingConfiguration={"Enabled": bool(processors), "Processors": processors},
            CompressionFormat="GZIP" if self.gzip else "UNCOMPRESSED",
            **(backup or {}),
        )


def legal(shape: Shape) -> bool:
    """Tell what the service accepts together."""
    return (
        (shape.function or not shape.partitions)
        and (shape.function or shape.converts or not shape.backup)
        and not (shape.converts and shape.gzip)
    )


SHAPES = st.sampled_from(
    [shape for flags in product([True, False], repeat=6) if legal(shape := Shape(*flags))]
)


@dataclass(frozen=True)
class Put:
    """Put records of these fates."""

    fates: list[str]


@dataclass(frozen=True)
class Deliver:
    """Move the clock, or flush at None; the n-th object from now fails, stored or not."""

    seconds: int | None
    fails: int | None
    stored: bool


STEPS = st.lists(
    st.one_of(
        st.builds(Put, st.lists(st.sampled_from(FATES), min_size=1, max_size=6)),
        st.builds(
            Deliver,
            st.none() | st.integers(-100, 1000),
            st.none() | st.integers(1, 4),
            st.booleans(),
        ),
        FAULTS,
        a_fault(),
        SHAPES,
    ),
    max_size=12,
)


def record(number: int, fate: str) -> bytes:
    """Return a record that says what becomes of it, and its number wherever it is found."""
    if fate == "no JSON":
        return b'no JSON "text":"%d";' % number
    id_: int | str = "x" if fate == "bad row" else number
    return json.dumps({"id": id_, "text": str(number), "fate": fate}).replace(": ", ":").encode()


def answer(asked: dict[str, Any]) -> dict[str, Any] | None:
    """Do to a record what it says."""
    data = data_of(asked)
    fate = "no JSON" if data.startswith(b"no") else json.loads(data)["fate"]
    if fate == "missing":
        return None
    if fate in {"dropped", "failed"}:
        return {**ok(asked), "result": {"dropped": "Dropped"}.get(fate, "ProcessingFailed")}
    if fate == "no key":
        return ok(asked)
    found = NUMBER.search(data)
    assert found
    return ok(asked, data * 2 if fate == "two rows" else data, k=str(int(found[1]) % 4))


def numbers(bodies: list[bytes]) -> set[int]:
    """Return the records found in objects, in whatever form they are in."""
    found: set[int] = set()
    for body in bodies:
        if body.startswith(b"PAR1"):
            texts = pq.read_table(io.BytesIO(body))["text"].to_pylist()
            found |= {int(text) for text in texts}
        else:
            plain = gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body
            found |= {int(number) for number in NUMBER.findall(plain)}
    return found


def failed(world: World) -> set[int]:
    """Return the records in the error output."""
    lines = [line for body in world.bodies("errors/") for line in body.splitlines()]
    return numbers([base64.b64decode(json.loads(line)["rawData"]) for line in lines])


def acknowledged(world: World, records: list[bytes]) -> list[bytes]:
    """Put a batch and return what the producer is told of as accepted."""
    try:
        answers = world.put(*records)["RequestResponses"]
    except (FirehoseError, DroppedConnectionError):
        return []
    return [r for r, answer in zip(records, answers, strict=True) if "RecordId" in answer]


@pytest.mark.fact("at-least-once", "backup-keeps-all", "update-buffered")
@settings(deadline=None, max_examples=250)
@given(SHAPES, STEPS, st.integers(0, 9))
def test_no_accepted_record_is_lost_by_any_stream(
    shape: Shape, steps: list[Put | Deliver | Faults | Fault | Shape], seed: int
) -> None:
    """Each accepted record is in the backup, and in main or error output unless it was dropped.

    Backup only where there was one all the time; `Dropped` only where there was a function. What
    was accepted is known from the journal: a fault may hide it from the producer.
    """
    store, journal = MortalStore(), Remembering()
    store.error = OSError
    world = World(
        shape.settings(),
        answer,
        seed=seed,
        store=store,
        choices=CHOICES,
        journals=lambda stream: journal,
    )
    fates: list[str] = []
    shapes = [shape]
    for step in steps:
        match step:
            case Put(more):
                records = [record(n, fate) for n, fate in enumerate(more, len(fates))]
                fates += more
                assert set(acknowledged(world, records)) <= set(journal.accepted)
            case Deliver(seconds, fails, stored):
                store.puts, store.stored = fails, stored
                try:
                    if seconds is None:
                        world.flush()
                    else:
                        world.tick(seconds)
                except DeliveryError as error:
                    assert error.lost == 0
                store.puts = None
            case Faults():
                world.firehose.inject(step)
            case Fault():
                world.firehose.faults.add(step)
            case Shape():
                same = replace(step, backup=shape.backup)  # or the backup would say nothing
                shapes.append(same if legal(same) else step)
                world.firehose.update_destination(STREAM, shapes[-1].settings())
    world.firehose.faults.clear()
    world.flush()

    accepted = numbers(journal.accepted)
    if all(s.backup for s in shapes):
        assert numbers(world.bodies("raw/")) == accepted
    found = numbers(world.bodies("main/")) | failed(world)
    excused = {n for n in accepted if fates[n] == "dropped"}
    if not any(s.function for s in shapes):
        excused = set()
    assert accepted - excused <= found <= accepted

    before = world.keys()
    world.tick(10_000)
    world.flush()
    assert world.keys() == before
