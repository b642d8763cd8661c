"""A served lake, clients in their own environments, and the rule that only a named run has them."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.local.aws.account import environment
from tests import samples

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
ENVIRONMENTS = ROOT / "build" / "clients"
BUCKET = "client-tests"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the folder out unless the command line names it: it needs the clients."""
    named = (Path(config.invocation_params.dir, arg.split("::")[0]) for arg in config.args)
    asked = any(FOLDER in (path.resolve(), *path.resolve().parents) for path in named)
    return None if asked else True


@dataclass(frozen=True)
class Clients:
    """Runs clients in their environments, pointed at the server by five variables alone."""

    environment: dict[str, str]

    def command(self, client: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a program of a client's environment."""
        program, *rest = arguments
        return subprocess.run(
            [str(ENVIRONMENTS / client / "bin" / program), *rest],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
        )

    def script(self, client: str) -> Any:
        """Run the client's script and return what it found out, which it prints as JSON."""
        script = FOLDER / "scripts" / f"{client}_script.py"
        ended = self.command(client, "python", "-I", str(script), f"s3://{BUCKET}/{client}")
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)


@pytest.fixture(scope="session")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clients]:
    """Serve a lake with the real sample, in a process of its own, as a user does."""
    data_dir = tmp_path_factory.mktemp("clients")
    finops = [sys.executable, "-m", "infra.cli"]
    server = subprocess.Popen(
        [*finops, "local", "up", "--data-dir", str(data_dir)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert server.stdout is not None
    with server:
        try:
            url = next(w for line in server.stdout for w in line.split() if "http://" in w)
            ingest = [*finops, "ingest", str(samples.REAL), "--data-dir", str(data_dir)]
            subprocess.run(ingest, check=True, capture_output=True, cwd=ROOT)
            home = tmp_path_factory.mktemp("home")
            variables = environment(url.rstrip(";")) | {"HOME": str(home), "PATH": os.defpath}
            running = Clients(variables)
            made = running.command("awscli", "aws", "s3", "mb", f"s3://{BUCKET}")
            assert made.returncode == 0, made.stderr
            yield running
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(60)
