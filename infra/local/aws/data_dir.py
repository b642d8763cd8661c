"""One server for one data directory: a lock that ends with its process, and where the server is."""

import fcntl
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from infra.local.aws.errors import InUseError

_LOCK = "server.lock"


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """The server that has a data directory."""

    pid: int
    endpoint_url: str


class DataDirLock:
    """Holds a data directory for this process; the kernel lets go of it, however the process ends.

    Raises:
        InUseError: a server has it already.
    """

    def __init__(self, data_dir: Path) -> None:
        data_dir.mkdir(parents=True, exist_ok=True)
        self._file: IO[str] = (data_dir / _LOCK).open("a+", encoding="utf-8")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            other = _read(self._file)
            self._file.close()
            where = f" at {other.endpoint_url}, process {other.pid}" if other else ""
            raise InUseError(
                f"{data_dir}: a server has it already{where}; use that one or end it with: "
                f"finops local down --data-dir {data_dir}"
            ) from None

    def announce(self, endpoint_url: str) -> None:
        """Write down where the server is."""
        self._file.truncate(0)
        json.dump(asdict(ServerInfo(os.getpid(), endpoint_url)), self._file)
        self._file.flush()

    def release(self) -> None:
        """Let go of the directory."""
        self._file.truncate(0)
        self._file.close()


def running_server(data_dir: Path) -> ServerInfo | None:
    """Return the server that has a data directory now, None when no process has it."""
    try:
        file = (data_dir / _LOCK).open("r", encoding="utf-8")
    except FileNotFoundError:
        return None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _read(file)
    return None


def _read(file: IO[str]) -> ServerInfo | None:
    """Return what the server wrote, None for one that is still starting."""
    file.seek(0)
    try:
        return ServerInfo(**json.loads(file.read()))
    except (ValueError, TypeError):
        return None
