"""A stack on a clock of its own, to let things go wrong in and watch."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from infra.cli import run
from infra.local.aws.server import LocalAws
from infra.local.clock import ManualClock
from infra.local.firehose import DeliveryError
from infra.wiring import Platform, start
from producers.boto_transport import BotoTransport
from producers.delivery import Delivery
from tests.sources import deliver, file_source
from transforms.audit import AuditReport, audit

BEGIN = datetime(2026, 11, 26, 8, 1, tzinfo=UTC)
RARELY = {
    "SettleExpression": "cron(10 5 * * ? *)",
    "SettleMissedAfterHours": "160",
    "SummariesExpression": "cron(25 5 * * ? *)",
    "SummariesMissedAfterHours": "160",
}
"""For rehearsals that need neither: they take most of a simulated hour's time."""


class Rehearsal:
    """What an operator has: a clock on the wall, commands, and things to break."""

    def __init__(
        self, aws: LocalAws, platform: Platform, clock: ManualClock, capsys: Any, data_dir: Path
    ) -> None:
        self.aws = aws
        self.platform = platform
        self.clock = clock
        self._capsys = capsys
        self._data_dir = data_dir

    def wait(self, minutes: int) -> None:
        """Let time pass, as a server that stays does it: a tick that fails is no end."""
        for _ in range(minutes):
            self.clock.advance(by=timedelta(minutes=1))
            with suppress(DeliveryError):
                self.aws.tick()

    def wait_for(self, alarm: str, state: str, *, within: int) -> None:
        """Let time pass until an alarm is in a state."""
        for _ in range(within):
            if self.states()[alarm] == state:
                return
            self.wait(1)
        pytest.fail(f"{alarm} is {self.states()[alarm]} after {within} minutes, not {state}")

    def states(self) -> dict[str, str]:
        """Return the state of each alarm."""
        found = self.platform.client("cloudwatch").describe_alarms(AlarmNamePrefix="finops-")
        return {
            a["AlarmName"].removeprefix("finops-"): a["StateValue"] for a in found["MetricAlarms"]
        }

    def send(self, file: Path) -> None:
        """Deliver a file; a refused record is sent again at once."""
        delivery = Delivery(
            BotoTransport(self.platform.client("firehose"), self.platform.names.stream),
            sleep=lambda seconds: None,
            jitter=Random(1),
            next_interval=lambda: None,
        )
        deliver(self.platform, file_source(file), delivery)

    def finops(self, *arguments: str) -> tuple[int, str]:
        """Run a command beside the server; return its exit code and what it printed."""
        code = run([*arguments, "--data-dir", str(self._data_dir)])
        said = self._capsys.readouterr()
        return code, said.out + said.err

    def monitor(self) -> tuple[int, dict[str, Any]]:
        """Run `finops monitor --json`."""
        code, out = self.finops("monitor", "--json")
        document: dict[str, Any] = json.loads(out)
        return code, document

    def firing(self) -> dict[str, dict[str, Any]]:
        """Return what the monitor shows in ALARM, by name; its exit code agrees."""
        code, document = self.monitor()
        firing = {a["name"]: a for a in document["alarms"] if a["state"] == "ALARM"}
        assert code == (1 if firing else 0)
        for alarm in firing.values():
            assert alarm["reason"]
            assert datetime.fromisoformat(alarm["since"]) <= self.clock.now()
            assert alarm["runbook"].startswith("docs/how-to/runbook.md#")
        return firing

    def audit(self) -> AuditReport:
        """Audit the lake."""
        return audit(self.platform.query, self.platform.store)


@contextmanager
def rehearsal(data_dir: Path, capsys: Any, **parameters: str) -> Iterator[Rehearsal]:
    """Start a stack that has just been deployed."""
    clock = ManualClock(BEGIN)
    with start(data_dir, clock=clock, parameters=parameters) as (aws, platform):
        capsys.readouterr()
        try:
            yield Rehearsal(aws, platform, clock, capsys, data_dir)
        finally:
            aws.faults.clear()
