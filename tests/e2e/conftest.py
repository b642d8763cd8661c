"""A lake of its own for each test, and the command line as a function."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.cli import run
from infra.ingesting import run_ingest
from infra.local.aws.server import LocalAws
from infra.local.firehose import NO_FAULTS, Faults
from infra.wiring import Platform, start
from producers.decision import OnConflict
from producers.ingest import Options
from tests.sources import file_source
from transforms.audit import AuditReport, audit


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, read as JSON."""
        return json.loads(self.out)


Finops = Callable[..., Answer]


class Lake:
    """A data directory; the embedded AWS runs while something is asked of it.

    Commands find the running server and use it, as they do beside `finops local up`. Looking at the
    files ends it, because a test may change what it looks at.
    """

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self._running: ExitStack | None = None
        self._opened: tuple[LocalAws, Platform] | None = None

    def started(self) -> tuple[LocalAws, Platform]:
        """Return the embedded AWS, started if it was not."""
        if self._opened is None:
            self.data_dir.mkdir(parents=True, exist_ok=True)
            self._running = ExitStack()
            self._opened = self._running.enter_context(start(self.data_dir))
        return self._opened

    def stop(self) -> None:
        """End the embedded AWS, if it runs."""
        if self._running is not None:
            self._running.close()
        self._running = self._opened = None

    @property
    def folder(self) -> Path:
        """The lake's bucket as plain files."""
        self.stop()
        (folder,) = self.data_dir.glob("s3/*-lake-*")
        return folder

    def objects(self, prefix: str) -> list[Path]:
        """Return the files under a prefix, in order."""
        return sorted(p for p in (self.folder / prefix).rglob("*") if p.is_file())

    def ingest(
        self,
        file: Path,
        *,
        resend: bool = False,
        on_conflict: OnConflict = OnConflict.REFUSE,
        faults: Faults = NO_FAULTS,
    ) -> None:
        """Deliver a file, with faults on request."""
        aws, platform = self.started()
        aws.services.firehose.inject(faults)
        options = Options(resend=resend, on_conflict=on_conflict, max_rejected=1.0)
        run_ingest(platform, file_source(file, None), options)

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Ask in SQL."""
        return self.started()[1].query.rows(sql)

    def audit(self) -> AuditReport:
        """Audit it."""
        platform = self.started()[1]
        return audit(platform.query, platform.store)


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    """An empty lake."""
    lake = Lake(tmp_path / "finops")
    yield lake
    lake.stop()


@pytest.fixture
def finops(lake: Lake, capsys: pytest.CaptureFixture[str]) -> Finops:
    """Run `finops …` in this process over the test's lake."""
    return command_of(lake, capsys)


def command_of(lake: Lake, capsys: pytest.CaptureFixture[str]) -> Finops:
    """Return the command line over a lake, as a function."""

    def command(*arguments: str) -> Answer:
        code = run([*arguments, "--data-dir", str(lake.data_dir)])
        said = capsys.readouterr()
        return Answer(code, said.out, said.err)

    return command
