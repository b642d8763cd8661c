"""Make `sample-data/output/` from `sample-data/focus/`: run it with `make samples`.

`tests/e2e/test_sample_data.py` holds what lies there to what the code does today.
"""

import shutil
import tempfile
from pathlib import Path

from infra import delivery_stream as stream
from infra.commands.ingest import run_ingest
from infra.local.transport import LocalTransport
from infra.wiring import LocalPlatform
from producers.sources.focus import FocusFile
from schemas.codec import Batch, read_members
from schemas.lake import ERRORS, RAW
from tests import samples

OUTPUT = samples.FOLDER.parent / "output"
DAY = "2024-09-03"
RECORD = OUTPUT / f"raw-record-{DAY}.avro.gz"
PARQUET = OUTPUT / f"processed-{DAY}.parquet"
ERROR = OUTPUT / "error-object.jsonl"


def main() -> None:
    """Ingest the real sample into a throw-away lake and keep one day of it."""
    OUTPUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        platform = LocalPlatform.at(Path(folder))
        run_ingest(platform, FocusFile(samples.REAL))
        record = record_of(platform, DAY)
        RECORD.write_bytes(record)
        (parquet,) = platform.lake.rglob(f"charge_date={DAY}/*.parquet")
        shutil.copyfile(parquet, PARQUET)
        firehose = platform.firehose()
        # The same record, cut short on its way.
        LocalTransport(firehose, stream.STREAM).put_record_batch([record[:200]])
        firehose.flush(stream.STREAM)
        (error,) = platform.store.list(ERRORS)
        ERROR.write_bytes(platform.store.get(error.key))


def record_of(platform: LocalPlatform, day: str) -> bytes:
    """Return the largest record of one day, byte for byte as it lies in raw/."""
    found = [
        batch.body
        for info in platform.store.list(RAW)
        for batch in read_members(platform.store.get(info.key))
        if isinstance(batch, Batch) and batch.envelope.get("charge_date") == day
    ]
    return max(found, key=len)


if __name__ == "__main__":
    main()
