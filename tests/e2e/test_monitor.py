"""`finops monitor` as a command: beside a server, without one, and again and again."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import samples
from tests.e2e.conftest import Finops, Lake
from tests.e2e.rehearsal import BEGIN, RARELY, rehearsal


def test_without_a_server_it_says_that_nobody_looks(lake: Lake, finops: Finops) -> None:
    """The lake is shown all the same; an empty one is refused."""
    nothing = finops("monitor")
    assert (nothing.code, nothing.out) == (2, "")
    assert "finops ingest" in nothing.err
    lake.ingest(samples.REAL)
    lake.stop()
    said = finops("monitor")
    assert said.code == 0
    assert "nobody evaluates them" in said.out
    assert "deliveries  " in said.out
    assert "2 active" in said.out
    seen = finops("monitor", "--json").json
    assert seen["evaluated"] is False
    assert {a["state"] for a in seen["alarms"]} == {"INSUFFICIENT_DATA"}


def test_watch_and_json_exclude_each_other(finops: Finops) -> None:
    """A usage error, with what to do."""
    said = finops("monitor", "--watch", "--json")
    assert said.code == 2
    assert "give one of them" in said.err


def test_it_goes_by_the_server_s_clock_and_watches_until_it_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A screen at once; Ctrl-C ends it with the code of what was shown last."""
    with rehearsal(tmp_path, capsys, **RARELY) as on:
        on.wait(2)
        _, seen = on.monitor()
        assert seen["at"][:16] == BEGIN.isoformat()[:14] + "03"
        assert seen["evaluated"] is True
        command = [
            sys.executable,
            "-m",
            "infra.cli",
            "monitor",
            "--watch",
            "--data-dir",
            str(tmp_path),
        ]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("audit"):
                break
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(20) == 0
        process.stdout.close()
