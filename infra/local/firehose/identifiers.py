"""Every random thing the service makes up, from one injected source of randomness."""

import string
from collections.abc import Sequence
from random import Random
from typing import TypeVar
from uuid import UUID

T = TypeVar("T")

_ALPHANUMERIC = string.ascii_letters + string.digits


class Identifiers:
    """Ids in the forms the service uses; the same seed gives the same ids."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def uuid(self) -> str:
        """Return a version 4 UUID: invocation ids and the last part of object names."""
        return str(UUID(int=self.random.getrandbits(128), version=4))

    def random_string(self) -> str:
        """Return 11 alphanumerics (§4.2, `!{firehose:random-string}`)."""
        return "".join(self.random.choices(_ALPHANUMERIC, k=11))

    def put_id(self) -> str:
        """Return the opaque id a producer gets; it is not the one the Lambda sees (§1.2)."""
        return f"{self.random.getrandbits(512):0128x}"

    def record_ids(self, count: int) -> list[str]:
        """Return the ids of one Lambda batch: opaque digits, unique in the batch (§2.1)."""
        batch = self.random.randrange(10**55, 10**56)
        return [f"{batch}{number:06d}" for number in range(count)]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """Return the items in a random order."""
        return self.random.sample(items, len(items))
