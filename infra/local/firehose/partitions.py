"""Dynamic partitioning: one buffer for each evaluated prefix, within the limit of active ones."""

from collections.abc import Iterator
from datetime import datetime

from infra.local.firehose.buffers import NOTHING, Buffer
from infra.local.firehose.choices import Choices
from infra.local.firehose.identifiers import Identifiers
from infra.local.firehose.prefix import Prefix
from infra.local.firehose.records import Output
from infra.local.firehose.settings import Destination

LIMIT_TYPE = "activePartitionExceeded"
"""§4.3: the error output type of records above the limit."""


class UnpartitionedError(Exception):
    """The record has no partition to go to; `error_type` names the error output it goes to."""

    def __init__(self, error_type: str, code: str, message: str) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.code = code
        self.message = message


class Partitions:
    """The buffers of the main output; without partition keys there is just one."""

    def __init__(
        self, destination: Destination, identifiers: Identifiers, choices: Choices
    ) -> None:
        self._destination = destination
        self._choices = choices
        self._prefix = destination.output_prefix
        self._identifiers = identifiers
        self._buffers: dict[Prefix, Buffer[Output]] = {}

    def add(self, output: Output, now: datetime) -> None:
        """Buffer one record in the partition that its keys name.

        Raises:
            UnpartitionedError: a key is missing, the prefix is not storable, or too many partitions
                are active.
        """
        prefix = self._bound(output)
        buffer = self._buffers.get(prefix)
        if buffer is None:
            most = self._choices.max_active_partitions
            if len(self._buffers) >= most:
                raise UnpartitionedError(
                    LIMIT_TYPE,
                    self._choices.partition_limit_code,
                    f"More than {most} active partitions",
                )
            buffer = self._buffers[prefix] = Buffer(self._destination.hints)
        buffer.add(output, len(output.data), now)

    def buffers(self) -> Iterator[tuple[Prefix, Buffer[Output]]]:
        """Yield each active partition; a partition ends when its buffer is found empty."""
        for prefix, buffer in list(self._buffers.items()):
            yield prefix, buffer
            if buffer.empty:
                del self._buffers[prefix]

    def drain(self) -> list[tuple[Output, datetime]]:
        """Remove all that is waiting, each with the moment since when."""
        return [waiting for buffer in self._buffers.values() for waiting in buffer.drain()]

    @property
    def active(self) -> int:
        """How many partitions are active."""
        return len(self._buffers)

    @property
    def lowest(self) -> int:
        """The lowest sequence of all that is waiting; `NOTHING` when nothing is."""
        return min((buffer.lowest for buffer in self._buffers.values()), default=NOTHING)

    def _bound(self, output: Output) -> Prefix:
        try:
            prefix = self._prefix.bind(output.keys)
            if prefix not in self._buffers:
                prefix.check(self._identifiers)
        except ValueError as error:
            raise UnpartitionedError(
                self._choices.partition_key_type, self._choices.partition_key_code, str(error)
            ) from None
        return prefix
