"""`finops produce`: from every source into the lake, each event once, and the money right."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from time import sleep

import orjson
import pytest

from infra.aws_account import open_stack
from producers import quarantine
from tests import samples
from tests.e2e.conftest import Finops, Lake
from tests.producers.writer.events import event

FAST = ("--linger", "50ms")


def lines(numbers: Sequence[int]) -> bytes:
    return b"".join(orjson.dumps(event(n, BilledCost=f"{n}.01")) + b"\n" for n in numbers)


def produce(lake: Lake, *arguments: str) -> "subprocess.Popen[bytes]":
    """Start the command as a person does, beside the lake's server."""
    lake.started()
    return subprocess.Popen(
        [sys.executable, "-m", "infra.cli", "produce", *arguments, *FAST,
         "--data-dir", str(lake.data_dir)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def wait_until(true: Callable[[], bool]) -> None:
    for _ in range(600):
        if true():
            return
        sleep(0.05)
    raise AssertionError("it never came true")


def totals(finops: Finops) -> tuple[int, Decimal]:
    """Return how many charges the views show, and their billed cost."""
    sql = "select count(*) as n, sum(billed_cost) as cost from charges"
    ((row),) = finops("query", "--json", "--sql", sql).json
    return row["n"], Decimal(row["cost"] or 0)


def test_lines_on_standard_input(finops: Finops, lake: Lake) -> None:
    """Good lines are charges, bad ones are in quarantine with their line; all are audited."""
    process = produce(lake, "-", "--json")
    out, err = process.communicate(lines(range(1, 201)) + b"no json\n" + lines([500])[:-1])
    assert process.returncode == 0, err
    report = orjson.loads(out)
    assert (report["rows"], report["acknowledged"], report["rejected"]) == (202, 201, 1)
    assert (report["waiting_records"], report["sent"]["events"]) == (0, 201)
    assert totals(finops) == (201, sum(range(1, 201)) + 500 + 201 * Decimal("0.01"))
    (row,) = quarantine.read(lake.started()[1].store)
    assert (row.reason, row.line, row.text) == ("bad-json", 201, "no json")
    assert finops("audit").code == 0
    ((delivery),) = [d for d in finops("deliveries", "--json").json if d["events"]]
    assert (delivery["status"], delivery["stored"]) == ("append", 201)


def test_a_followed_file_until_sigterm_and_on(finops: Finops, lake: Lake, tmp_path: Path) -> None:
    """It says what happened, exits with 0, and the next run reads on behind what it had read."""
    path = tmp_path / "costs.ndjson"
    path.write_bytes(lines(range(50)))
    process = produce(lake, str(path), "--name", "costs")
    spool = lake.data_dir / "producers" / "costs"
    with path.open("ab") as file:
        file.write(lines(range(50, 80)))
    wait_until(lambda: (spool / "accepted.json").exists())
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert b"told to stop; sending on" in err
    assert b"acknowledged" in out
    read = int(out.split()[0])
    with path.open("ab") as file:
        file.write(lines(range(80, 100)))
    answer = finops("produce", str(path), "--name", "costs", "--once", *FAST)
    assert (answer.code, int(answer.out.split()[0])) == (0, 100 - read)
    assert totals(finops) == (100, sum(range(100)) + Decimal(1))
    again = finops("produce", str(path), "--name", "costs", "--once", *FAST)
    assert again.out.startswith("0 rows read")
    other = finops("produce", "simulator", "--events", "1", "--name", "costs")
    assert (other.code, "choose another --name" in other.err) == (2, True)


def test_the_same_name_twice_at_once(finops: Finops, lake: Lake) -> None:
    """The second is refused before it reads anything; after a kill -9 the next one is not."""
    process = produce(lake, "-", "--name", "p")
    assert process.stdin is not None
    process.stdin.write(lines([1, 2, 3]))
    process.stdin.flush()
    spool = lake.data_dir / "producers" / "p"
    wait_until(lambda: (spool / "accepted.json").exists())
    answer = finops("produce", "simulator", "--events", "5", "--name", "p")
    assert (answer.code, f"process {process.pid} writes here already" in answer.err) == (2, True)
    process.kill()
    process.communicate()
    path = lake.data_dir / "more.ndjson"
    path.write_bytes(lines([4]))
    answer = finops("produce", str(path), "--once", "--name", "p", "--json", *FAST)
    assert answer.code == 0
    assert totals(finops) == (4, Decimal("10.04"))
    sql = "select ordinal from charges order by 1"
    found = finops("query", "--json", "--sql", sql).json
    assert [row["ordinal"] for row in found] == [0, 1, 2, 3]
    # One delivery, that the crash did not end.
    ids = finops("query", "--json", "--sql", "select distinct delivery_id from charges").json
    assert len(ids) == 1


def test_the_simulator_at_a_rate(finops: Finops, lake: Lake) -> None:
    """So many rows, no faster than told; the next run goes on in the bill."""
    lake.started()
    said = finops("produce", "simulator", "--events", "40", "--rate", "100/s", "--json", *FAST)
    assert said.code == 0
    again = finops("produce", "simulator", "--events", "2", "--json", "--emf", *FAST)
    # What happened since the last full minute is a line of metrics, too.
    emf, _, report = again.out.partition("\n")
    assert orjson.loads(emf)["EventsAccepted"] in (2, [2.0])
    assert orjson.loads(report)["rows"] == 2
    found = finops("query", "--json", "--sql", "select count(*) as n from charges").json
    assert found == [{"n": 42}]
    assert said.json["delivery"] != orjson.loads(report)["delivery"]


def test_a_folder_that_exports_drop_into(finops: Finops, lake: Lake, tmp_path: Path) -> None:
    """Each is ingested once; one that is refused stands in nobody's way."""
    folder = tmp_path / "drop"
    folder.mkdir()
    shutil.copy(samples.REAL, folder)
    (folder / "notes.csv").write_text("a,b\n1,2\n")
    (folder / ".hidden").write_text("x")
    lake.started()
    answer = finops("produce", str(folder), "--once")
    assert answer.code == 1
    assert "notes.csv: neither FOCUS nor CUR columns" in answer.err
    assert "1 export taken, 1 refused" in answer.out
    before = totals(finops)
    assert before[0] > 0
    (folder / "notes.csv").unlink()
    again = finops("produce", str(folder), "--once", "--json")
    assert (again.code, [d["nothing_new"] for d in again.json]) == (0, [True])
    assert totals(finops) == before


def test_a_deployed_stack_is_found_by_its_outputs(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--target aws` needs nothing but credentials, a region and the stack's name."""
    aws, platform = lake.started()
    names = platform.names
    outputs = {"LakeBucket": names.bucket, "StreamName": names.stream,
               "DatabaseName": names.database, "WorkGroupName": names.workgroup}  # fmt: skip
    template = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {name: {"Value": value} for name, value in outputs.items()},
    }
    platform.client("cloudformation").create_stack(
        StackName="mine", TemplateBody=orjson.dumps(template).decode()
    )
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)
    assert open_stack("mine").names == names
    path = tmp_path / "e.ndjson"
    path.write_bytes(lines([7]))
    platform.activate_first_evaluation()
    environment = {**aws.environment, "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "infra.cli", "produce", str(path), "--once", "--target", "aws",
         "--stack", "mine", "--spool", str(tmp_path / "spool"), *FAST],
        env=environment, capture_output=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout[:10]) == (0, b"1 row read"), done.stderr
    aws.flush()
    found = platform.query.rows("select billed_cost from charges_all")
    assert [row["billed_cost"] for row in found] == [Decimal("7.01")]
    missing = subprocess.run(
        [sys.executable, "-m", "infra.cli", "produce", str(path), "--target", "aws",
         "--stack", "none"],
        env=environment, capture_output=True, check=False,
    )  # fmt: skip
    assert missing.returncode == 2
    assert b"name the deployed stack with --stack" in missing.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["simulator", "--replace"], "for a folder of exports"),
        (["simulator", "--once"], "end a simulation with --events"),
        (["simulator", "--set", "BillingCurrency=USD"], "the simulated bill has every column"),
        (["simulator", "--rate", "fast"], "is not a rate such as 50"),
        (["simulator", "--linger", "soon"], "is not a time such as 5s"),
        (["simulator", "--spool-limit", "0"], "is not a size such as 64MiB"),
        (["simulator", "--name", "../x"], "cannot name a producer"),
        (["{tmp}", "--rate", "5"], "tells: finops deliveries"),
        (["{tmp}/e", "--set", "Nope=1"], "is not a FOCUS column"),
        (["{tmp}/e", "--once"], "no such file or folder; check the path"),
    ],
)
def test_what_does_not_go_together(
    finops: Finops, tmp_path: Path, arguments: list[str], said: str
) -> None:
    """Exit code 2 and the next step."""
    answer = finops("produce", *(a.replace("{tmp}", str(tmp_path)) for a in arguments))
    assert (answer.code, said in answer.err) == (2, True), answer.err
