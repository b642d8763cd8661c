"""Import times in fresh processes, and the size of the functions' packages where they are built."""

import statistics
import subprocess
import sys
from pathlib import Path

_ROUNDS = 7
_IMPORTS = {
    "bare Python": "pass",
    "floor: powertools, fastavro, orjson": "import aws_lambda_powertools, fastavro, orjson",
    "the transform function": "import transforms.firehose_handler",
    "the scheduled ingest function": "import producers.scheduled_handler",
    "the command line": "import infra.cli",
}
_CODE = "import time; t = time.perf_counter(); {}; print(time.perf_counter() - t)"


def run() -> None:
    """Print medians, and sizes of what `make bundle` made."""
    print("Import, fresh process, warm file cache")
    for name, statement in _IMPORTS.items():
        times = [_seconds(statement) for _ in range(_ROUNDS)]
        print(f"  {name:40}{statistics.median(times) * 1e3:8.0f} ms")
    print("Packages")
    for name in ("transform", "jobs"):
        folder = Path("build") / name
        if folder.is_dir():
            size = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())
            print(f"  {name:40}{size / 1e6:8.1f} MB unzipped")
        else:
            print(f"  {name:40} not built; run: make bundle")


def _seconds(statement: str) -> float:
    code = _CODE.format(statement)
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(told.stdout)
