"""A report ten times as long: does an ingest need more memory? How fast is it, step by step?

`python -m tests.benchmarks.scale 5000000` is the issue's figure; `make bench` runs a tenth of it.
Each length runs in a process of its own, whose peak memory the system counts. Everything but the
stream is real: a gzipped legacy CUR, the spool on disk, packing, receipts.
"""

import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from infra.ingesting import Request, open_sources
from infra.local.store import DirectoryStore
from producers.delivery import Delivery
from producers.identity import ingest_id
from producers.ingest import Ingest
from producers.spool import StoreSpool
from tests.benchmarks.discarding import DiscardingTransport
from tests.benchmarks.memory import peak
from tests.sources import no_s3

ROWS = 500_000
ALLOWED = 1.2
"""Peak memory of ten times as many rows, at most: the budget."""


def run(rows: int = ROWS) -> None:
    """Print rows a second and peak memory of `rows` and of a tenth of them."""
    print(f"Ingest of a legacy CUR, {rows // 10:,} and {rows:,} rows")
    peaks = []
    for count in (rows // 10, rows):
        said = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.scale", "--one", str(count)],
            check=True,
            stdout=subprocess.PIPE,
        )
        told = json.loads(said.stdout)
        peaks.append(told["peak_mb"])
        print(
            f"  {count:>9,} rows: {told['seconds']:7.1f} s, {count / told['seconds']:7,.0f} rows/s "
            f"(reading {told['read']:.0%}), peak {told['peak_mb']:.0f} MB, "
            f"{told['billed'] / count:.0f} billed bytes a row"
        )
    ratio = peaks[1] / peaks[0]
    print(f"  peak memory, ten times the rows: {ratio:.2f} x (budget {ALLOWED})")


def one(rows: int) -> None:
    """Ingest one file and print what it took, as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "big.csv.gz")
        # Written by another process: its memory is not what is measured.
        script = "from tests.benchmarks.big_report import write; from pathlib import Path; "
        script += f"write(Path({str(path)!r}), {rows})"
        subprocess.run([sys.executable, "-c", script], check=True)
        (source,) = open_sources(Request(str(path)), no_s3)
        store = DirectoryStore(Path(folder, "lake"))
        delivery = Delivery(DiscardingTransport(), time.sleep, random.Random(1), lambda: None)
        steps: dict[str, float] = {}

        def reached(step: str) -> None:
            steps.setdefault(step, time.perf_counter() - began)

        began = time.perf_counter()
        ingest = Ingest(
            source,
            delivery,
            store,
            StoreSpool(store, ingest_id(source)),
            lambda: time.time_ns() // 1_000,
            reached=reached,
        )
        report = ingest.run()
        seconds = time.perf_counter() - began
    assert report is not None
    assert report.rows == rows
    print(
        json.dumps(
            {
                "seconds": seconds,
                "read": steps["decide"] / seconds,
                "peak_mb": peak() / 2**20,
                "billed": report.sent.billed_bytes,
            }
        )
    )


if __name__ == "__main__":
    if sys.argv[1] == "--one":
        one(int(sys.argv[2]))
    else:
        run(int(sys.argv[1]))
