"""The composition root: puts the parts together for one place to run, and reads the environment."""

import os
import random
import time
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from infra import delivery_stream as stream
from infra.athena.catalog import views
from infra.errors import DataDirError, NoDataError
from infra.local.store import DirectoryStore
from schemas.lake import PROCESSED, QUARANTINE, RAW
from schemas.tables import LAKE_ROWS, TABLES
from transforms.state import activate, active_evaluation

if TYPE_CHECKING:
    from infra.local.athena.engine import LocalAthena
    from infra.local.firehose.faults import Faults
    from infra.local.firehose.service import LocalFirehose
    from producers.delivery import Delivery

DEFAULT_DATA_DIR = Path(".finops")
_FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:finops-transform:live"
_ROLE = "arn:aws:iam::000000000000:role/finops-firehose"


class LocalPlatform:
    """Everything on a laptop: the lake as plain files, Firehose and Athena in this process.

    Engines are loaded when first used, so that `--help` and small commands start fast.

    Args:
        data_dir: where the lake and the logs lie.
    """

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.lake = data_dir / "lake"
        self.transform_log = data_dir / "logs" / "transform.log"

    @classmethod
    def at(cls, data_dir: Path, *, needs_data: bool = False) -> "LocalPlatform":
        """Open a data directory.

        Raises:
            DataDirError: the path is a file, or may not be written.
            NoDataError: `needs_data`, and nothing was ever ingested.
        """
        platform = cls(data_dir)
        if data_dir.exists() and not data_dir.is_dir():
            raise DataDirError(f"{data_dir}: is not a folder; choose another --data-dir")
        if needs_data:
            if not any((platform.lake / p).is_dir() for p in (RAW, PROCESSED, QUARANTINE)):
                raise NoDataError(
                    f"no data yet in {data_dir}; run: finops ingest FILE --source focus"
                )
            return platform
        try:
            platform.lake.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataDirError(
                f"{data_dir}: cannot be created ({error.strerror}); choose another --data-dir"
            ) from error
        if not os.access(platform.lake, os.W_OK):
            raise DataDirError(f"{data_dir}: cannot be written; choose another --data-dir")
        return platform

    @cached_property
    def store(self) -> DirectoryStore:
        """The lake's objects."""
        return DirectoryStore(self.lake)

    @cached_property
    def query(self) -> "LocalAthena":
        """The lake in SQL."""
        from infra.local.athena.engine import LocalAthena

        return LocalAthena(self.lake, TABLES, views())

    def firehose(self, faults: "Faults | None" = None) -> "LocalFirehose":
        """Start the delivery stream; `flush` it before the process ends."""
        from infra.local.firehose.faults import NO_FAULTS
        from infra.local.firehose.service import LocalFirehose
        from infra.local.lambda_runtime import transform_function

        firehose = LocalFirehose(
            stores={stream.BUCKET: self.store},
            functions={_FUNCTION: transform_function(self.transform_log)},
            tables={(stream.DATABASE, stream.ROWS_TABLE): LAKE_ROWS},
            clock=utc_now,
            random=random.Random(),
            faults=faults or NO_FAULTS,
        )
        firehose.create_delivery_stream(
            stream.STREAM,
            stream.destination(
                bucket_arn=f"arn:aws:s3:::{stream.BUCKET}", role_arn=_ROLE, function_arn=_FUNCTION
            ),
        )
        return firehose

    def delivery(self, firehose: "LocalFirehose") -> "Delivery":
        """Return the producers' way into the stream."""
        from infra.local.transport import LocalTransport
        from producers.delivery import Delivery

        return Delivery(
            LocalTransport(firehose, stream.STREAM),
            sleep=time.sleep,
            jitter=random.Random(),
            # Here nobody waits for an interval: the buffers are delivered at once.
            next_interval=lambda: firehose.flush(stream.STREAM),
        )

    def activate_first_evaluation(self) -> None:
        """Write down which evaluation the views show, where nobody has yet."""
        activate(self.store, active_evaluation(self.store))


def utc_now() -> datetime:
    """Return the present moment; the one place that asks the clock."""
    return datetime.now(UTC)  # noqa: TID251 the composition root


def environment() -> dict[str, str]:
    """Return the process's environment; the one place of the command line that reads it."""
    return dict(os.environ)  # noqa: TID251 the composition root
