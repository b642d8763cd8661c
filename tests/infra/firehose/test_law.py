"""The law: whatever happens, an accepted record is in the backup, and in main or error output."""

import base64
import io
import json
from collections import Counter
from typing import Any

import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.local.firehose import Faults, some
from tests.infra.firehose.setups import World, data_of, ok

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
                answers.append({**fine, "data": base64.b64encode(b'{"id":"x"}').decode()})
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


def main_ids(world: World) -> Counter[int]:
    """Return how often each number is in the main output."""
    files = [pq.read_table(io.BytesIO(body)) for body in world.bodies("main/")]
    return Counter(id_ for file in files for id_ in file["id"].to_pylist())


def error_ids(world: World) -> set[int]:
    """Return the numbers in the error output; of a bad row only that it is one."""
    raw = [
        base64.b64decode(json.loads(line)["rawData"])
        for body in world.bodies("errors/")
        for line in body.splitlines()
    ]
    sources = {int(r.split(b":")[0]) for r in raw if r.endswith(b";")}
    outputs = {json.loads(r)["id"] for r in raw if r.startswith(b"{")}
    return sources | {id_ for id_ in outputs if isinstance(id_, int)}


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
    bad_rows = world.error_lines("format-conversion-failed")
    times = copies * (2 if faults.duplicate_batches else 1)
    unseen_bad_rows = 0
    for record in accepted:
        number, fate = int(record.split(b":")[0]), record[:-1].split(b":")[1].decode()
        if number in in_main:
            assert fate in {"fine", "two rows"}
            assert in_main[number] == times * (2 if fate == "two rows" else 1)
            assert number not in in_errors
        elif number not in in_errors and fate == "bad row":
            unseen_bad_rows += 1
        elif number not in in_errors:
            assert fate == "dropped"
    assert len(bad_rows) == unseen_bad_rows * times
    assert set(in_main) <= {int(record.split(b":")[0]) for record in accepted}

    before = world.keys()
    world.tick(10_000)
    assert world.keys() == before
