"""The Containerfile: what it copies is there, and its commands are ones that work."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from infra.bundle import PROJECT_PACKAGES, ROOT
from infra.cli import finops
from infra.producing.metrics import MetricsServer
from tests.infra.producing.reports import report
from tests.infra.service.files import exec_form, instructions

PORT = 9464


def rest_of(name: str) -> list[str]:
    """Return what follows each instruction of a name."""
    return [rest for found, rest in instructions() if found == name]


def test_what_is_copied_is_there() -> None:
    """Every package of ours, the lock, and what the build reads."""
    copied: list[str] = []
    for rest in rest_of("COPY"):
        copied += rest.split()[:-1]
    for name in copied:
        assert (ROOT / name).exists(), name
    assert set(PROJECT_PACKAGES) <= set(copied)
    assert {"pyproject.toml", "requirements/local.lock"} <= set(copied)
    for name in re.findall(r'^(?:readme|license-files) = \[?"([^"]+)"',
                           (ROOT / "pyproject.toml").read_text("utf-8"), re.M):  # fmt: skip
        assert name in copied


def test_it_installs_what_is_locked_and_nothing_else() -> None:
    """Dependencies with their hashes; the project itself fetches nothing."""
    locked, ours = (rest for rest in rest_of("RUN") if "pip install" in rest)
    assert {"--require-hashes", "requirements/local.lock"} <= set(locked.split())
    assert {"--no-deps", "--no-build-isolation"} <= set(ours.split())
    lock = (ROOT / "requirements" / "local.lock").read_text("utf-8")
    assert re.search(r"^hatchling==", lock, re.M)
    assert not re.search(r"://|^-", lock, re.M)


def test_the_locks_agree() -> None:
    """What runs in the container is what the tests ran with."""
    dev, local = (
        set(re.findall(r"^([a-z0-9-]+==\S+)", text, re.M))
        for text in (
            (ROOT / "requirements" / f"{name}.lock").read_text("utf-8") for name in ("dev", "local")
        )
    )
    assert local <= dev
    assert {name for name in local if name.startswith("pytest")} == set()


def test_it_runs_as_nobody_special_and_keeps_the_spool() -> None:
    """A user by number, a volume where the spool is, SIGTERM to end it."""
    (volume,) = rest_of("VOLUME")
    (entry,) = map(exec_form, rest_of("ENTRYPOINT"))
    assert int(rest_of("USER")[-1]) > 0
    assert entry[entry.index("--spool") + 1] == volume
    assert rest_of("STOPSIGNAL") == ["SIGTERM"]
    assert rest_of("EXPOSE") == [str(PORT)]


def test_the_entry_point_is_one_that_produce_takes() -> None:
    """With what a person adds to it, which may be said again otherwise."""
    (entry,) = map(exec_form, rest_of("ENTRYPOINT"))
    assert entry[:2] == ["finops", "produce"]
    more = ["-", "--name", "invoices", "--target", "aws", "--stack", "finops"]
    taken = finops.commands["produce"].make_context("produce", [*entry[2:], *more]).params
    assert (taken["source"], taken["name"], taken["spool"]) == (
        "-", "invoices", Path("/var/lib/finops"))  # fmt: skip
    assert (taken["metrics_port"], taken["metrics_host"]) == (PORT, "0.0.0.0")


@pytest.mark.parametrize(("problem", "code"), [("", 0), ("disk full; make room", 1)])
def test_the_health_check_asks_the_producer(problem: str, code: int) -> None:
    """Run as it stands, but for the port; a proxy of the machine's is not asked."""
    (check,) = map(exec_form, rest_of("HEALTHCHECK"))
    looked = report(problem=problem)
    with MetricsServer(0, lambda: looked, name="p") as server:
        here = [word.replace(f"http://127.0.0.1:{PORT}", server.url) for word in check]
        assert here != check
        run = subprocess.run(
            [sys.executable, *here[1:]],
            env={**os.environ, "http_proxy": "http://127.0.0.1:9"},  # noqa: TID251 the real one
            capture_output=True,
            check=False,
            timeout=60,
        )
    assert run.returncode == code, run.stderr
