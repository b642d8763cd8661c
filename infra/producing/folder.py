"""A folder that exports drop into: each is ingested once it lies still."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from producers.errors import DeliveryError, SourceError
from producers.ingest_report import IngestReport
from producers.sources import Source
from producers.sources.places import is_data_file

Look = tuple[tuple[str, int, int], ...]
"""Every file of a drop: name, size, time of its last change."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """One file at the top of the folder, or one folder in it."""

    path: Path
    look: Look


class FolderWatch:
    """Ingests what drops into a folder.

    A file or a folder is taken when two looks in a row find it unchanged, and again when it
    changes. What an earlier run ingested is recognised by its content, and not sent again.

    Args:
        folder: where exports drop into.
        sources: finds the sources of a path.
        ingest: delivers one.
        said: told what became of each: the drop, its report or what went wrong.
    """

    def __init__(
        self,
        folder: Path,
        sources: Callable[[Path], list[Source]],
        ingest: Callable[[Source], IngestReport],
        said: Callable[[Path, IngestReport | str], None],
    ) -> None:
        self._folder = folder
        self._sources = sources
        self._ingest = ingest
        self._said = said
        self._seen: dict[Path, Look] = {}
        self._done: dict[Path, Look] = {}
        self.delivered = 0
        self.failed: dict[Path, str] = {}

    def run(self, stop: Event, every: float, *, once: bool = False) -> None:
        """Look every so many seconds until told to stop; `once` ends when everything was taken.

        Raises:
            SourceError: the folder cannot be read.
        """
        while not stop.is_set():
            settled, moving = self._look()
            for dropped in settled:
                if stop.is_set():
                    return
                self._take(dropped)
            if once and not moving:
                return
            stop.wait(every)

    def _look(self) -> tuple[list[Dropped], bool]:
        """Return what lies still and was not taken, oldest first, and whether anything moves."""
        found = list(self._drops())
        settled = [d for d in found if self._seen.get(d.path) == d.look != self._done.get(d.path)]
        moving = any(self._seen.get(d.path) != d.look for d in found)
        self._seen = {d.path: d.look for d in found}
        return sorted(settled, key=lambda d: max(at for _, _, at in d.look)), moving

    def _drops(self) -> Iterator[Dropped]:
        try:
            paths = sorted(self._folder.iterdir())
        except OSError as error:
            raise SourceError(
                f"{self._folder}: cannot be read ({error.strerror}); check the folder"
            ) from error
        for path in paths:
            if not is_data_file(path.name):
                continue
            try:
                files = [p for p in path.rglob("*") if p.is_file()] if path.is_dir() else [path]
                facts = [(str(p), p.stat()) for p in sorted(files)]
            except OSError:
                continue  # It moved between two looks: the next one sees it.
            look = tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in facts)
            if look:
                yield Dropped(path, look)

    def _take(self, dropped: Dropped) -> None:
        self._done[dropped.path] = dropped.look
        try:
            for source in self._sources(dropped.path):
                self._said(dropped.path, self._ingest(source))
        except DeliveryError as error:
            # The stream, not the file: the next look tries again, from where it was interrupted.
            del self._done[dropped.path]
            self._fail(dropped.path, str(error))
        except SourceError as error:
            self._fail(dropped.path, str(error))
        else:
            self.delivered += 1
            self.failed.pop(dropped.path, None)

    def _fail(self, path: Path, why: str) -> None:
        self.failed[path] = why
        self._said(path, why)
