"""A lake, the embedded AWS that filled it, and a real Trino over the same files."""

import os
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from trino.dbapi import Connection, connect

from infra.anomalies import judge_now
from infra.athena.catalog import view_statements
from infra.auditing import run_audit
from infra.ingesting import run_ingest
from infra.wiring import Platform, start
from producers.ingest import Options
from schemas.lake import PROCESSED
from schemas.tables import TABLES
from tests import samples
from tests.e2e.compacting import compact_at
from tests.infra.athena import quarter
from tests.sources import file_source
from tests.trino import story
from tests.trino.server import CATALOG, trino, where
from tests.trino.tables import Span, create_table
from transforms.anomalies.acks import Ack, acknowledge
from transforms.anomalies.suppressions import Suppression, suppress
from transforms.compaction.job import Selection
from transforms.context import default_context
from transforms.jobs_handler import Job, run_baseline
from transforms.summaries.refresh import refresh

FOLDER = Path(__file__).parent
_SCHEMA = "finops"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the folder out unless the command line names it: it needs a gigabyte of Trino."""
    named = (Path(config.invocation_params.dir, arg.split("::")[0]) for arg in config.args)
    asked = any(FOLDER in (path.resolve(), *path.resolve().parents) for path in named)
    return None if asked else True


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that Trino may read."""
    return tmp_path_factory.mktemp("judge")


@pytest.fixture(scope="session")
def platform(root: Path) -> Iterator[Platform]:
    """A lake of which each question has something to tell; audited, one file sent twice."""
    exports = quarter.write_quarter(root / "exports")
    *before, newest = map(file_source, story.write_story(root / "story"))
    whole = [file_source(sample) for sample in (samples.REAL, samples.GENERATED)]
    with start(root / "finops") as (_, platform):
        for source in (*whole, *quarter.quarter_sources(exports), *before):
            run_ingest(platform, source)
        job = Job(platform.query, platform.store, default_context(), platform.clock.now)
        run_baseline(job, story.LEARNED)
        run_ingest(platform, newest)
        run_ingest(platform, file_source(samples.BROKEN), Options(max_rejected=1.0))
        run_ingest(platform, file_source(samples.REAL), Options(resend=True))
        # Its old files wait beside the new ones.
        tomorrow = platform.clock.now() + timedelta(days=1)
        compact_at(platform, tomorrow, Selection(billing_period="2024-09"))
        _judge_anomalies(platform)
        run_audit(platform)
        refresh(platform.query, platform.store, platform.clock.now())
        yield platform


def _judge_anomalies(platform: Platform) -> None:
    """Judge what there is, and let somebody say something of each kind."""
    store, moment = platform.store, platform.clock.now().isoformat(timespec="seconds")
    (found, *_) = judge_now(platform).anomalies
    acknowledge(store, Ack(found.anomaly_id, moment, "ana", "a test of load", "true"))
    planned = Suppression(
        first_day=found.first_day, last_day=found.last_day, service_name="Elsewhere",
        reason="a move", created_by="ana", created_at=moment,
    )  # fmt: skip
    suppress(store, planned)


@pytest.fixture(scope="session")
def judge(
    root: Path, platform: Platform, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Connection]:
    """A connection to a real Trino that has our tables and views."""
    home, java = where(os.environ)  # noqa: TID251 the make target says where
    span = span_of(platform)
    lake = f"local:///{Path(platform.lake).resolve().relative_to(root.resolve())}/"
    with trino(home, java, root, tmp_path_factory.mktemp("trino")) as port:
        connection = connect(  # type: ignore[no-untyped-call]
            host="127.0.0.1", port=port, user="judge", catalog=CATALOG, schema=_SCHEMA
        )
        with closing(connection):
            run(connection, f"create schema {CATALOG}.{_SCHEMA}")
            for table in TABLES:
                # On S3 a prefix without objects is an empty table; a folder has to be there.
                Path(platform.lake, table.prefix).mkdir(parents=True, exist_ok=True)
                run(connection, create_table(table, lake, span))
            for statement in view_statements():
                run(connection, statement)
            yield connection


def span_of(platform: Platform) -> Span:
    """Return which partitions the lake has."""
    found = [re.findall(r"=([^/]+)/", info.key) for info in platform.store.list(PROCESSED)]
    charges = [values for values in found if len(values) == 3]
    dates = sorted(date for _, _, date in charges)
    months = {values[-2] for values in charges} | {v[0] for v in found if len(v) == 1}
    evaluations = {evaluation for evaluation, _, _ in charges}
    return Span(tuple(sorted(evaluations)), tuple(sorted(months)), dates[0], dates[-1])


def run(connection: Connection, sql: str) -> tuple[list[tuple[str, str]], list[list[object]]]:
    """Ask Trino; return columns as (name, type), and rows."""
    with closing(connection.cursor()) as cursor:
        cursor.execute(sql)
        rows = cursor.fetchall()
        return [(c.name, c.type_code) for c in cursor.description or ()], rows
