"""A store that cannot be written in places."""

from infra.local.store import MemoryStore


class BrokenStore(MemoryStore):
    """A store whose puts under `broken` fail, until it is None."""

    def __init__(self, broken: str | None) -> None:
        super().__init__()
        self.broken = broken

    def put(self, key: str, body: bytes) -> None:
        """Fail below the broken prefix."""
        if self.broken is not None and key.startswith(self.broken):
            raise PermissionError(key)
        super().put(key, body)
