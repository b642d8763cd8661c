"""Files of rows as a source: a single file, a folder of files, or an assembly of an export."""

from collections.abc import Iterator, Mapping, Sequence

from producers.errors import SourceChangedError, SourceError
from producers.sources import Mapped, Place, SourceFile, TableRow
from producers.sources.discovery import Assembly, changed
from producers.sources.kinds import KINDS, Kind, kind_of
from producers.sources.tabular import open_table
from schemas.events import DeliveryMode


class TablePart:
    """One file of a source, mapped row by row."""

    def __init__(self, file: SourceFile, kind: Kind, settings: Mapping[str, str]) -> None:
        self.name = file.name
        self.size = file.size
        self.bytes_read = 0
        self._file = file
        self._kind = kind
        self._settings = settings

    def rows(self, first_ordinal: int, skip: int = 0) -> Iterator[Mapped]:
        """Yield what became of each row after the first `skip`.

        Raises:
            SourceError: the file is not what it was said to be, or stops being readable.
        """
        with open_table(self._file, skip) as table:
            mapper = self._kind.mapper(self.name, table.columns, self._settings)
            rows: Iterator[TableRow] = table.rows()
            for ordinal, row in enumerate(rows, first_ordinal + skip):
                yield mapper.map(ordinal, row)
                self.bytes_read = table.bytes_read


class TableSource:
    """An assembly of files, all of one kind.

    Args:
        assembly: which files, in which order, and how they are called.
        place: where it was found, to look again at its end.
        kind: `focus` or `cur`; None looks at the first file's columns.
        settings: values for FOCUS columns that the files lack or leave empty.

    Raises:
        SourceError: the first file cannot be read, or is of no known kind.
    """

    mode: DeliveryMode = "overwrite"

    def __init__(
        self,
        assembly: Assembly,
        place: Place,
        kind: str | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        chosen = KINDS[kind] if kind else _detected(assembly)
        self._assembly = assembly
        self._place = place
        self.kind = chosen.name
        self.mapper_version = chosen.version
        self.name = assembly.name
        # A CUR and a FOCUS export of one name do not replace each other unasked.
        of_export = assembly.manifest is not None
        kind_of_it = f"{chosen.name}-" if of_export else ""
        self.dataset_instance = kind_of_it + assembly.dataset_instance
        self.fingerprint = assembly.fingerprint
        self.asserted_at = assembly.asserted_at
        self.settings = dict(settings or {})
        self.parts: Sequence[TablePart] = [
            TablePart(file, chosen, self.settings) for file in assembly.files
        ]

    def check(self) -> None:
        """Make sure that the manifest and the files are still those that were read.

        Raises:
            SourceChangedError: they are not.
        """
        what = changed(self._assembly, self._place)
        if what:
            raise SourceChangedError(
                f"{self.name}: {what} while it was read; nothing was sent, run the command again"
            )


def _detected(assembly: Assembly) -> Kind:
    first = assembly.files[0]
    with open_table(first) as table:
        found = kind_of(table.columns)
    if found is None:
        raise SourceError(
            f"{first.name}: neither FOCUS nor CUR columns; "
            "say --source focus or --source cur to see what is missing"
        )
    return found
