"""How the deliveries of one scope combine: a pure fold that settle and the producers share.

A scope (payer account and billing period) is filled by dataset instances, most often by one: an
export by its name, or a file. A newer delivery of an instance replaces the older one, whatever
order they arrive in; a delivery of which a person said that it replaces the scope ends all others.
"""

from collections.abc import Iterable
from typing import Any, Protocol, TypeVar


class Claim(Protocol):
    """What is asked of a delivery: when it was asserted, and for which instance."""

    @property
    def delivery_id(self) -> str:
        """The delivery."""
        ...

    @property
    def asserted_at(self) -> Any:
        """When; comparable among the claims of one call."""
        ...

    @property
    def dataset_instance(self) -> str:
        """Which instance it fills."""
        ...

    @property
    def replaces_scope(self) -> bool:
        """Whether it ends all other instances."""
        ...


C = TypeVar("C", bound=Claim)


def holders(claims: Iterable[C]) -> list[C]:
    """Return the claims that hold a scope, one for each instance, oldest first.

    The order of the claims does not matter: only when they were asserted, then their ids.
    """
    held: dict[str, C] = {}
    for claim in sorted(claims, key=lambda c: (c.asserted_at, c.delivery_id)):
        if claim.replaces_scope:
            held.clear()
        held.pop(claim.dataset_instance, None)
        held[claim.dataset_instance] = claim
    return list(held.values())
