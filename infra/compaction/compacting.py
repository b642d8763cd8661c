"""Compaction on a platform: its bucket, its stream's form of file, its workgroup's queries."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.compaction.objects import S3Objects
from infra.compaction.parquet_rows import ParquetRows
from infra.compaction.queries import queries_running
from infra.replay.replaying import stream_parquet
from infra.wiring import Platform
from schemas.current_state import read_current
from transforms.compaction.job import Compaction, Report, Selection, Step
from transforms.compaction.planning import Criteria
from transforms.compaction.records import Partition


def compact(
    platform: Platform,
    selection: Selection,
    criteria: Criteria,
    *,
    dry_run: bool = False,
    reached: Callable[[Step], None] = lambda step: None,
) -> Report:
    """Delete what earlier compactions replaced, and compact what is due.

    Raises:
        FinopsError: a record under `state/` is damaged.
    """
    names = platform.names
    days = read_current(platform.store)

    def current(partition: Partition) -> set[str]:
        return {
            day.delivery_id
            for day in days
            if (day.evaluation, day.billing_period, day.charge_date) == partition
        }

    with (
        TemporaryDirectory(prefix="finops-compact-") as scratch,
        ParquetRows(stream_parquet(platform), Path(scratch)) as rows,
    ):
        job = Compaction(
            S3Objects(platform.client("s3"), names.bucket),
            rows,
            current,
            lambda: queries_running(
                platform.client("athena"), names.workgroup, platform.clock.now()
            ),
            platform.clock.now,
            Path(scratch),
            reached,
        )
        return job.run(selection, criteria, dry_run=dry_run)
