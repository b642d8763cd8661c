"""Fetch what is needed and run these tests: `make test-trino`."""

import os
import subprocess
import sys
from pathlib import Path

from tests.trino.fetch import java, server

_FOLDER = Path("build", "trino")


def main() -> int:
    """Run them; the exit code is pytest's, or 2 where no Trino can be had."""
    environment = dict(os.environ)  # noqa: TID251 handed on to the tests
    try:
        homes = [Path(environment["JAVA_HOME"])] if environment.get("JAVA_HOME") else []
        program = java(homes)
        home = server(_FOLDER)
    except RuntimeError as error:
        print(f"make test-trino: {error}", file=sys.stderr)
        return 2
    environment |= {"TRINO_HOME": str(home.resolve()), "TRINO_JAVA": str(program)}
    command = [sys.executable, "-m", "pytest", "-q", "tests/trino", *sys.argv[1:]]
    return subprocess.run(command, env=environment, check=False).returncode


sys.exit(main())
