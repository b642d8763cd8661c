"""The one thing delivery needs of a stream: a call that says, record by record, what it took.

Implementations: `BotoTransport`, `ScriptedTransport`, the fake that ships with the code, and
`FaultyTransport` in front of either. All pass `tests/contract/transport_contract.py`.
"""

from collections.abc import Callable, Sequence
from typing import Protocol


class Transport(Protocol):
    """`PutRecordBatch`, reduced to what a producer must know."""

    def put_record_batch(self, records: Sequence[bytes]) -> list[str | None]:
        """Send 1 to 500 records, at most 4 MiB together.

        Returns:
            One entry a record, in order: None where the stream took it, else an error code.
            A batch with failures is a success of the call: no SDK retries it.

        Raises:
            TransportError: the call failed as a whole; the records' fate is unknown.
        """
        ...


class ScriptedTransport:
    """A stream that fails as told: `script(call number, record number) -> error code or None`."""

    def __init__(
        self, script: Callable[[int, int], str | None] = lambda call, record: None
    ) -> None:
        self._script = script
        self.calls: list[list[bytes]] = []
        self.accepted: list[bytes] = []

    def put_record_batch(self, records: Sequence[bytes]) -> list[str | None]:
        """Take the records that the script lets through, in order."""
        call = len(self.calls)
        self.calls.append(list(records))
        answers = [self._script(call, i) for i in range(len(records))]
        self.accepted += [r for r, error in zip(records, answers, strict=True) if error is None]
        return answers
