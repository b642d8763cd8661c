"""The systemd unit: it parses, and its command is one that `finops produce` takes."""

import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from infra.bundle import ROOT
from infra.cli import finops
from producers.writer.settings import DEADLINE_SECONDS
from tests.infra.service.files import UNIT, command, defaults, unit

HOW_TO = ROOT / "docs" / "how-to" / "run-a-producer.md"
CALL_SECONDS = 35.0
"""Connecting and reading of one call that is under way: `infra.aws_account.put_config`."""


@pytest.mark.parametrize(
    "environment",
    [
        {"FINOPS_SOURCE": "/var/log/app/costs.ndjson"},
        {"FINOPS_SOURCE": "simulator", "FINOPS_OPTIONS": "--rate 10/s --events 1000 --emf"},
        {"FINOPS_SOURCE": "/srv/new exports", "FINOPS_OPTIONS": "", "FINOPS_STACK": "other"},
    ],
)
def test_the_command_is_one_that_produce_takes(environment: dict[str, str]) -> None:
    """Every option is there and takes its value; the source is one word, whatever it is called."""
    program, verb, *arguments = command("invoices", environment)
    assert (program, verb) == ("/opt/finops/bin/finops", "produce")
    produce = finops.commands["produce"]
    assert isinstance(produce, click.Command)
    taken = produce.make_context("produce", arguments).params
    assert taken["source"] == environment["FINOPS_SOURCE"]
    assert taken["name"] == "invoices"
    assert taken["spool"] == Path("/var/lib/finops")
    assert (taken["target"], taken["linger"], taken["deadline"]) == ("aws", 5.0, 30.0)
    assert taken["stack"] == environment.get("FINOPS_STACK", "finops")
    assert taken["metrics_port"] == (None if "FINOPS_OPTIONS" in environment else 9464)


def test_it_may_end_before_it_is_killed() -> None:
    """SIGTERM first; the deadline and a call under way fit into the time until SIGKILL."""
    service = unit()["Service"]
    assert service["KillSignal"] == "SIGTERM"
    seconds = float(service["TimeoutStopSec"].removesuffix("s"))
    taken = finops.commands["produce"].make_context("produce", command("p", {
        "FINOPS_SOURCE": "simulator"})[2:]).params  # fmt: skip
    assert taken["deadline"] == DEADLINE_SECONDS
    assert seconds > DEADLINE_SECONDS + CALL_SECONDS


def test_the_spool_is_the_folder_that_systemd_keeps() -> None:
    """Where the command writes is the state folder, which nothing clears."""
    service = unit()["Service"]
    words = command("p", {"FINOPS_SOURCE": "simulator"})
    assert words[words.index("--spool") + 1] == f"/var/lib/{service['StateDirectory']}"
    assert service["ProtectSystem"] == "strict"
    # A name of its own for each instance would hand the folder from one to the other.
    assert (service["DynamicUser"], service["User"]) == ("yes", "finops")
    assert service["Restart"] == "on-failure"


def test_the_how_to_names_every_setting() -> None:
    """What the unit reads from the environment is what the page tells of."""
    text = HOW_TO.read_text("utf-8")
    for name in {"FINOPS_SOURCE", *defaults()}:
        assert name in text


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze on the PATH")
@pytest.mark.parametrize("instance", ["", "invoices"])
def test_systemd_has_nothing_to_say_against_it(tmp_path: Path, instance: str) -> None:
    """No unknown key, no bad value; only the program is another, since ours is not installed."""
    copy = tmp_path / f"finops-produce@{instance}.service"
    copy.write_text(UNIT.read_text("utf-8").replace("/opt/finops/bin/finops", sys.executable))
    verify = ["systemd-analyze", "verify", "--man=no", str(copy)]
    run = subprocess.run(verify, capture_output=True, text=True, check=False, timeout=60)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
