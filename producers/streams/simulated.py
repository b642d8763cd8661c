"""The simulated bill as a stream: hour after hour, without an end."""

from collections.abc import Iterator
from typing import Any

from producers.errors import SourceError
from producers.sources.simulator.hourly_export import MAPPER_VERSION
from producers.sources.simulator.simulator import Simulator
from producers.streams import Item


class SimulatedStream:
    """Yields a simulator's rows as fast as they are taken.

    Args:
        simulator: the bill.
    """

    kind = "simulator"
    mapper_version = MAPPER_VERSION

    def __init__(self, simulator: Simulator) -> None:
        self.name = f"simulator {simulator.seed}"
        self._simulator = simulator
        self._settings = [simulator.seed, simulator.start, simulator.days]

    def items(self, position: Any) -> Iterator[Item | None]:
        """Yield the rows behind a place.

        Raises:
            SourceError: the place is another bill's.
        """
        hour, skip = self._simulator.start, 0
        if position is not None:
            if not isinstance(position, dict) or position.get("simulator") != self._settings:
                raise SourceError(
                    "this producer's name belongs to another source or simulated bill; "
                    "choose another --name"
                )
            hour, skip = position["hour"], position["row"]
        while True:
            for number, row in enumerate(self._simulator.rows(hour), start=1):
                if number > skip:
                    place = {"simulator": self._settings, "hour": hour, "row": number}
                    yield Item(row, place)
            hour, skip = hour + 1, 0
