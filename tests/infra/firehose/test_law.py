"""The law: whatever happens, an accepted record is in the backup, and in main or error output."""

import base64
import io
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.local.firehose import DeliveryError, Faults, Journal, some
from infra.local.firehose.file_journal import FileJournal
from tests.infra.firehose.mortal import Disk, KilledError, MortalStore
from tests.infra.firehose.setups import World, configuration, data_of, ok

FATES = (
    "fine",
    "two rows",
    "dropped",
    "failed",
    "missing",
    "twice",
    "no partition",
    "bad row",
    "bad word",
    "raise",
)
BATCHES = st.lists(st.lists(st.sampled_from(FATES), min_size=1, max_size=8), max_size=6)
FAULTS = st.builds(
    Faults,
    duplicate_batches=st.booleans(),
    duplicate_objects=st.booleans(),
    reorder=st.booleans(),
    refuses=st.sampled_from([0.0, 0.3]).map(some),
)


def lambda_of_fates(request: str) -> str:
    """Do to each record what the record says; it reads `<number>:<fate>;`."""
    answers: list[dict[str, Any]] = []
    for record in json.loads(request)["records"]:
        number, fate = data_of(record).decode().rstrip(";").split(":")
        row = json.dumps({"id": int(number)}).encode()
        fine = ok(record, row, k="even" if int(number) % 2 == 0 else "odd")
        match fate:
            case "raise":
                raise RuntimeError
            case "fine":
                answers.append(fine)
            case "two rows":
                answers.append({**fine, "data": base64.b64encode(row + b"\n" + row).decode()})
            case "twice":
                answers += [fine, fine]
            case "dropped" | "failed" | "bad word":
                word = {"dropped": "Dropped", "failed": "ProcessingFailed"}.get(fate, "ok")
                answers.append({**fine, "result": word})
            case "no partition":
                answers.append(ok(record, row))
            case "bad row":
                bad = json.dumps({"id": "x", "text": number}).encode()
                answers.append({**fine, "data": base64.b64encode(bad).decode()})
    return json.dumps({"records": answers})


def put(world: World, batches: list[list[str]], ticks: list[int]) -> list[bytes]:
    """Put the batches, the clock moving between, and return what was accepted."""
    accepted: list[bytes] = []
    number = 0
    for fates, seconds in zip(batches, ticks, strict=False):
        records = [b"%d:%s;" % (number + n, f.encode()) for n, f in enumerate(fates)]
        number += len(records)
        answers = world.put(*records)["RequestResponses"]
        accepted += [r for r, a in zip(records, answers, strict=True) if "RecordId" in a]
        world.tick(seconds)
    return accepted


def number_of(record: bytes) -> int:
    return int(record.split(b":")[0])


def main_ids(world: World) -> Counter[int]:
    """Return how often each number is in the main output."""
    files = [pq.read_table(io.BytesIO(body)) for body in world.bodies("main/")]
    return Counter(id_ for file in files for id_ in file["id"].to_pylist())


def error_ids(world: World) -> set[int]:
    """Return the numbers in the error output."""
    raw = [
        base64.b64decode(json.loads(line)["rawData"])
        for body in world.bodies("errors/")
        for line in body.splitlines()
    ]
    sources = {number_of(r) for r in raw if r.endswith(b";")}
    outputs = [json.loads(r) for r in raw if r.startswith(b"{")]
    return sources | {int(row.get("text", row["id"])) for row in outputs}


@pytest.mark.fact("at-least-once")
@settings(deadline=None, max_examples=120)
@given(BATCHES, st.lists(st.integers(0, 400), min_size=6, max_size=6), FAULTS, st.integers(0, 9))
def test_no_accepted_record_is_lost(
    batches: list[list[str]], ticks: list[int], faults: Faults, seed: int
) -> None:
    """Every accepted record is in the backup; if not dropped, in main or in error output."""
    world = World(function=lambda_of_fates, faults=faults, seed=seed)
    accepted = put(world, batches, ticks)
    world.flush()

    copies = 2 if faults.duplicate_objects else 1
    backed_up = Counter(b"".join(world.bodies("raw/")).split(b";"))
    del backed_up[b""]
    assert backed_up == Counter({record[:-1]: copies for record in accepted})

    in_main, in_errors = main_ids(world), error_ids(world)
    bad_rows = Counter(
        int(json.loads(base64.b64decode(line["rawData"]))["text"])
        for line in world.error_lines("format-conversion-failed")
    )
    times = copies * (2 if faults.duplicate_batches else 1)
    for record in accepted:
        number, fate = number_of(record), record[:-1].split(b":")[1].decode()
        if number in in_main:
            assert fate in {"fine", "two rows"}
            assert in_main[number] == times * (2 if fate == "two rows" else 1)
            assert number not in in_errors
        elif number in bad_rows:
            assert (fate, bad_rows[number]) == ("bad row", times)
        elif number not in in_errors:
            assert fate == "dropped"
    assert {*in_main, *in_errors} <= {number_of(record) for record in accepted}

    before = world.keys()
    world.tick(10_000)
    assert world.keys() == before


@dataclass(frozen=True)
class Put:
    """Put records of these fates; with `room`, the process is killed after so many bytes of it."""

    fates: list[str]
    room: int | None


@dataclass(frozen=True)
class Deliver:
    """Let the time pass, or flush at None; the n-th object stored fails, if `puts` says so."""

    seconds: int | None
    puts: int | None
    stored: bool
    error: type[BaseException]


STEPS = st.lists(
    st.one_of(
        st.builds(
            Put,
            st.lists(st.sampled_from(FATES), min_size=1, max_size=5),
            st.none() | st.integers(0, 300),
        ),
        st.builds(
            Deliver,
            st.sampled_from([None, 0, 1, 60, 61, 300]),
            st.none() | st.integers(1, 5),
            st.booleans(),
            st.sampled_from([KilledError, OSError]),
        ),
        st.just("crash"),
    ),
    max_size=20,
)


class Mortal:
    """A world that is killed at any point, and starts again over the same files."""

    def __init__(self, folder: Path, segment_bytes: int, faults: Faults, backup: bool) -> None:
        self.folder = folder
        self.disk = Disk(error=KilledError, cuts=False)
        self.store = MortalStore()
        self.accepted: list[bytes] = []
        self.sent = 0

        def journal(stream: str) -> Journal:
            return FileJournal(
                folder, self.damaged, segment_bytes=segment_bytes, create=self.disk.create
            )

        self.world = World(
            None if backup else configuration(S3BackupMode=None, S3BackupConfiguration=None),
            function=lambda_of_fates,
            faults=faults,
            store=self.store,
            journals=journal,
        )

    def damaged(self, message: str) -> None:
        """Fail: a killed process damages nothing."""
        raise AssertionError(message)

    def do(self, step: Put | Deliver | str) -> None:
        """Take one step, and start again where it was the last one of its process."""
        try:
            match step:
                case Put(fates, room):
                    self.disk.room = room
                    self.put(fates)
                case Deliver(seconds, puts, stored, error):
                    self.store.puts, self.store.stored, self.store.error = puts, stored, error
                    if seconds is None:
                        self.world.flush()
                    else:
                        self.world.tick(seconds)
                case _:
                    raise KilledError
        except DeliveryError:
            pass
        except KilledError:
            self.world.restart()
        self.disk.room = self.store.puts = None

    def put(self, fates: list[str]) -> None:
        """Put a batch, and remember what was acknowledged."""
        records = [b"%d:%s;" % (self.sent + n, f.encode()) for n, f in enumerate(fates)]
        self.sent += len(records)
        answers = self.world.put(*records)["RequestResponses"]
        self.accepted += [r for r, a in zip(records, answers, strict=True) if "RecordId" in a]


@settings(deadline=None, max_examples=200)
@given(STEPS, st.sampled_from([1, 200, 1_000_000]), FAULTS, st.booleans())
def test_no_acknowledged_record_is_lost_by_a_kill(
    steps: list[Put | Deliver | str], segment_bytes: int, faults: Faults, backup: bool
) -> None:
    """Killed anywhere, every acknowledged record is delivered, and the journal ends empty."""
    with TemporaryDirectory() as name:
        mortal = Mortal(Path(name), segment_bytes, faults, backup)
        world = mortal.world
        for step in steps:
            mortal.do(step)
        world.restart()
        world.flush()

        acknowledged = {record[:-1] for record in mortal.accepted}
        if backup:
            assert acknowledged <= set(b"".join(world.bodies("raw/")).split(b";"))
        seen = {*main_ids(world), *error_ids(world)}
        for record in acknowledged:
            assert number_of(record) in seen or record.endswith(b":dropped")
        assert seen <= set(range(mortal.sent))

        assert [path.name for path in Path(name).iterdir()] == ["lock"]
        before = world.keys()
        world.restart()
        world.tick(10_000)
        world.flush()
        assert world.keys() == before
        world.firehose.close()
