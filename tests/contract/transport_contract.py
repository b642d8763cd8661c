"""What every transport owes a producer; each implementation runs this suite."""

from abc import ABC, abstractmethod
from collections import Counter

from producers.limits import MAX_RECORDS_PER_CALL
from producers.transport import Transport


class TransportContract(ABC):
    """Subclass it, make a transport, and say what the stream has taken."""

    @abstractmethod
    def transport(self) -> Transport:
        """Return a transport to an empty stream that takes everything."""

    @abstractmethod
    def refusing(self) -> Transport:
        """Return a transport to an empty stream that refuses about every second record."""

    @abstractmethod
    def taken(self) -> list[bytes]:
        """Return every record the stream has taken from the transport made last."""

    def test_what_is_accepted_has_arrived(self) -> None:
        """No error code means the stream has the record."""
        records = [f"record {i}".encode() for i in range(MAX_RECORDS_PER_CALL)]
        assert self.transport().put_record_batch(records) == [None] * len(records)
        assert Counter(self.taken()) == Counter(records)

    def test_answers_are_positional(self) -> None:
        """One answer a record, in order: refused ones are not taken, the others are."""
        records = [f"record {i}".encode() for i in range(200)]
        answers = self.refusing().put_record_batch(records)
        assert len(answers) == len(records)
        accepted = [r for r, error in zip(records, answers, strict=True) if error is None]
        assert 0 < len(accepted) < len(records)
        assert Counter(self.taken()) == Counter(accepted)
