"""Files and folders of this machine; which of a place's files hold data."""

import hashlib
import io
import os
import stat
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from producers.errors import SourceError


def is_data_file(name: str) -> bool:
    """Tell whether a file holds data: not hidden, not in a hidden folder, no `_SUCCESS` marker.

    Args:
        name: its path within the place, with `/`; one that ends with `/`, as consoles mark empty
            folders in S3, is no file.
    """
    *folders, last = name.split("/")
    hidden = any(part.startswith(".") for part in (*folders, last))
    return bool(last) and not last.startswith("_") and not hidden


class LocalFile:
    """One file of this machine.

    Size, time and fingerprint are those of the first time that each was asked for; whoever wants to
    know whether the file changed makes another LocalFile and compares. `str()` is the path.

    Args:
        path: where it is.
        name: how people call it; the file's own name when none is given.
    """

    def __init__(self, path: Path, name: str | None = None) -> None:
        self.path = path
        self.name = path.name if name is None else name

    def __str__(self) -> str:
        return str(self.path)

    @property
    def size(self) -> int:
        """Bytes.

        Raises:
            SourceError: missing, a folder, or may not be looked at.
        """
        return self._facts.st_size

    @property
    def modified_at(self) -> int:
        """Microseconds since 1970 UTC.

        Raises:
            SourceError: missing, a folder, or may not be looked at.
        """
        return self._facts.st_mtime_ns // 1_000

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of its bytes, in hex; reads the whole file once.

        Raises:
            SourceError: missing, a folder, or may not be read.
        """
        with self.open() as file:
            try:
                return hashlib.file_digest(file, "sha256").hexdigest()
            except OSError as error:
                raise self._unreadable(error) from error

    def open(self) -> io.BufferedReader:
        """Open it for reading from the start.

        Raises:
            SourceError: missing, a folder, or may not be read.
        """
        # Opening a pipe would wait for its writer, and reading it twice gives two halves.
        if not stat.S_ISREG(self._facts.st_mode):
            raise SourceError(f"{self}: is not a regular file; save its content to one first")
        try:
            return self.path.open("rb")
        except OSError as error:
            raise self._unreadable(error) from error

    @cached_property
    def _facts(self) -> os.stat_result:
        try:
            facts = self.path.stat()
        except OSError as error:
            raise self._unreadable(error) from error
        if stat.S_ISDIR(facts.st_mode):
            raise SourceError(f"{self}: is a folder; name one file in it")
        return facts

    def _unreadable(self, error: OSError) -> SourceError:
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            return SourceError(f"{self}: no such file; check the path")
        return SourceError(f"{self}: {error.strerror}; check its permissions")


class LocalFolder:
    """A folder of this machine.

    Args:
        path: where it is.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = str(path)

    def files(self) -> Sequence[LocalFile]:
        """Return the data files in it, at any depth, by name.

        Links to folders are not followed, so that nothing is found twice or without end.

        Raises:
            SourceError: missing, no folder, or it or a folder in it may not be listed.
        """
        if not self.path.exists():
            raise SourceError(f"{self.path}: no such folder; check the path")
        if not self.path.is_dir():
            raise SourceError(f"{self.path}: is a file; name the folder it lies in")
        found: dict[str, Path] = {}
        for folder, folders, names in os.walk(self.path, onerror=_unlistable):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for name in names:
                path = Path(folder, name)
                found[path.relative_to(self.path).as_posix()] = path
        return [LocalFile(found[name], name) for name in sorted(found) if is_data_file(name)]


class OneFile:
    """The place of a single file: its folder may hold anything, and is not looked at.

    Args:
        path: where the file is.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.name = str(path)

    def files(self) -> Sequence[LocalFile]:
        """Return the file as it is now; nothing where it is gone."""
        return [LocalFile(self._path)] if self._path.exists() else []


def _unlistable(error: OSError) -> None:
    raise SourceError(f"{error.filename}: {error.strerror}; check its permissions") from error
