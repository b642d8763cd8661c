"""What every transport owes a producer; each implementation runs this suite."""

from abc import ABC, abstractmethod
from collections import Counter

import pytest

from producers.errors import TransportError
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
    def unreachable(self) -> Transport:
        """Return a transport to a stream that no call reaches."""

    @abstractmethod
    def taken(self) -> list[bytes]:
        """Return every record the stream has taken from the transport made last."""

    def test_what_is_accepted_has_arrived(self) -> None:
        """No error code means the stream has the record, in every call."""
        transport = self.transport()
        records = [f"record {i}".encode() for i in range(MAX_RECORDS_PER_CALL + 1)]
        first, last = records[:-1], records[-1:]
        assert transport.put_record_batch(first) == [None] * len(first)
        assert transport.put_record_batch(last) == [None]
        assert Counter(self.taken()) == Counter(records)

    def test_every_byte_arrives(self) -> None:
        """Records are bytes: no text, no line ends, no end at a zero."""
        records = [b"record \n\n", b"record " + bytes(range(256)), b"record \0", b"record \xff\r\n"]
        assert self.transport().put_record_batch(records) == [None] * len(records)
        assert Counter(self.taken()) == Counter(records)

    def test_answers_are_positional(self) -> None:
        """One answer a record, in order: refused ones are not taken, the others are, once."""
        records = [f"record {i}".encode() for i in range(200)]
        answers = self.refusing().put_record_batch(records)
        assert len(answers) == len(records)
        accepted = [r for r, error in zip(records, answers, strict=True) if error is None]
        assert 0 < len(accepted) < len(records)
        assert Counter(self.taken()) == Counter(accepted)

    def test_a_call_that_fails_as_a_whole_says_so(self) -> None:
        """Nobody knows what became of its records: no answer is made up for them."""
        with pytest.raises(TransportError, match="try again"):
            self.unreachable().put_record_batch([b"record"])
