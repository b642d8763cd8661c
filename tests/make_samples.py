"""Make `sample-data/output/` from `sample-data/focus/`: run it with `make samples`.

`tests/e2e/test_sample_data.py` holds what lies there to what the code does today.
"""

import shutil
import tempfile
from pathlib import Path

from infra.ingesting import run_ingest
from infra.wiring import start
from producers.boto_transport import BotoTransport
from schemas.codec import Batch, read_members
from schemas.lake import ERRORS, RAW, ObjectStore
from tests import samples
from tests.sources import file_source

OUTPUT = samples.FOLDER.parent / "output"
DAY = "2024-09-03"
RECORD = OUTPUT / f"raw-record-{DAY}.avro.gz"
PARQUET = OUTPUT / f"processed-{DAY}.parquet"
ERROR = OUTPUT / "error-object.jsonl"


def main() -> None:
    """Ingest the real sample into a throw-away lake and keep one day of it."""
    OUTPUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, start(Path(folder)) as (aws, platform):
        run_ingest(platform, file_source(samples.REAL))
        record = record_of(platform.store, DAY)
        RECORD.write_bytes(record)
        (parquet,) = Path(folder).rglob(f"charge_date={DAY}/*.parquet")
        shutil.copyfile(parquet, PARQUET)
        # The same record, cut short on its way.
        stream = BotoTransport(platform.client("firehose"), platform.names.stream)
        stream.put_record_batch([record[:200]])
        aws.flush()
        (error,) = platform.store.list(ERRORS)
        ERROR.write_bytes(platform.store.get(error.key))


def record_of(store: ObjectStore, day: str) -> bytes:
    """Return the largest record of one day, byte for byte as it lies in raw/."""
    found = [
        batch.body
        for info in store.list(RAW)
        for batch in read_members(store.get(info.key))
        if isinstance(batch, Batch) and batch.envelope.get("charge_date") == day
    ]
    return max(found, key=len)


if __name__ == "__main__":
    main()
