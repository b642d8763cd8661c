"""One scheduled hour of the simulated bill as a source: one delivery, or two at a month's turn."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from producers.errors import SourceError
from producers.sources import ChargeRow, Mapped
from producers.sources.simulator.clock import hour_of, micros, moment
from producers.sources.simulator.simulator import Simulator
from schemas.events import DeliveryMode

MAPPER_VERSION = "1"


class HourlyExport:
    """What the schedule at one hour delivers: the charges of the hour that just ended.

    It works from the scheduled time alone: a repeated invocation gives the same delivery. Late
    rows keep the billing period they arose in, so the first hours of a month may hold two scopes.

    Args:
        simulator: the bill.
        scheduled_time: when the schedule fired, with its zone; minutes do not count.

    Raises:
        SourceError: the time names no zone.
    """

    kind = "simulator"
    mapper_version = MAPPER_VERSION
    mode: DeliveryMode = "append"

    def __init__(self, simulator: Simulator, scheduled_time: datetime) -> None:
        if scheduled_time.tzinfo is None:
            raise SourceError(
                f"scheduled time {scheduled_time.isoformat()} names no zone; write it as UTC"
            )
        self._simulator = simulator
        scheduled = hour_of(scheduled_time)
        self._hour = scheduled - 1
        self.asserted_at = micros(scheduled)
        self.fingerprint = simulator.fingerprint(self._hour)
        self.name = f"simulator-{simulator.seed}-{moment(self._hour):%Y-%m-%dT%H}"
        self.dataset_instance = f"simulator:{simulator.seed}"
        self.settings: Mapping[str, str] = {}

    @property
    def parts(self) -> Sequence["_Hour"]:
        """The hour, as one part."""
        return [_Hour(self.name, self)]

    def check(self) -> None:
        """Do nothing: what is computed does not change."""

    def rows(self) -> Iterator[ChargeRow]:
        """Yield the hour's rows; the same hour gives the same rows."""
        return self._simulator.rows(self._hour)


class _Hour:
    size = 0
    bytes_read = 0

    def __init__(self, name: str, export: HourlyExport) -> None:
        self.name = name
        self._export = export

    def rows(self, first_ordinal: int, skip: int = 0) -> Iterator[Mapped]:
        """Yield each row of the hour as its one event."""
        for number, row in enumerate(self._export.rows()):
            if number >= skip:
                yield (row,)
