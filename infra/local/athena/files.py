"""The files of a table in the lake: the path is the only source of partition values."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from schemas.tables import Table

NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
"""Hive's name for the partition of the rows that have no value."""


@dataclass(frozen=True, slots=True)
class LakeFile:
    """One file of a table: where it is, its size in bytes, and its partition values."""

    path: str
    size: int
    partition: Mapping[str, str]


def folder_files(folder: Path, partition: Mapping[str, str]) -> list[LakeFile]:
    """List all files below a folder, whatever they are called, as files of one partition."""
    return sorted(
        (LakeFile(path, size, partition) for path, size in _walk(str(folder))),
        key=lambda item: item.path,
    )


def table_files(lake: Path, table: Table) -> list[LakeFile]:
    """List the table's files in path order.

    A file belongs to the table when its folders begin with exactly the table's partition columns,
    in order, and no part of its path begins with `_` or `.`. Any other is not seen, as with
    Athena's partition projection.
    """
    root = lake / table.prefix
    names = [column.name for column in table.partitions]
    found = []
    for path, size in _walk(str(root)):
        *folders, _ = Path(path).relative_to(root).parts
        partition = _partition(folders, names)
        if partition is not None:
            found.append(LakeFile(path, size, partition))
    return sorted(found, key=lambda item: item.path)


def _walk(folder: str) -> Iterator[tuple[str, int]]:
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:
        return
    for entry in entries:
        if entry.name.startswith(("_", ".")):
            continue
        if entry.is_dir():
            yield from _walk(entry.path)
        else:
            yield entry.path, entry.stat().st_size


def _partition(folders: Sequence[str], names: list[str]) -> dict[str, str] | None:
    values = {}
    for position, name in enumerate(names):
        key, equals, value = (
            folders[position].partition("=") if position < len(folders) else ("",) * 3
        )
        if key != name or not equals:
            return None
        values[name] = unquote(value)
    return values
