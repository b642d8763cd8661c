"""From a place to the deliveries in it: one a manifest, or everything where there is none.

A folder of an export holds every refresh of the month; reading all of it counts the month several
times. So what is delivered is what a manifest names, and where several refreshes lie without the
manifest that says which is current, nothing is.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from producers.errors import SourceError
from producers.sources import Place, SourceFile
from producers.sources.manifests import (
    Manifest,
    Steps,
    folded,
    is_manifest_name,
    is_partition,
    is_period,
    is_zip,
    month_of,
    read_manifest,
    resolve,
    some,
    steps,
)

DATA = (".csv", ".csv.gz", ".parquet")
"""How the files that may hold charges end; `.snappy.parquet` among them."""

_STATUS = "cost_and_usage_data_status"
"""A folder that AWS lays beside a legacy CUR for Athena: the state of a delivery, no charges."""

_INSTANCE_DIGITS = 16
_ID_SHOWN = 8
_VERSIONS_SHOWN = 5


@dataclass(frozen=True)
class Assembly:
    """What is delivered at once: the files of one export and month, a folder, or a file."""

    export_name: str
    dataset_instance: str
    """`export:<name>`, or `file:<16 hex digits>` by content where no export is known."""
    assembly_id: str
    """AWS's id of this refresh; empty in overwrite mode and without a manifest."""
    billing_period: str
    """`YYYY-MM`; empty if unknown."""
    asserted_at: int
    """Microseconds since 1970 UTC: when the manifest, else the newest file, was written.

    A manifest carries no time of its own.
    """
    files: tuple[SourceFile, ...]
    """In the manifest's order, else by name."""
    manifest: SourceFile | None
    columns: tuple[str, ...]
    """As the manifest names them, possibly none; they differ from month to month."""
    account: str
    """The export's owner; empty if unknown."""
    name: str
    """For people, such as `my-report 2026-09 assembly fcb5b2d8`."""
    manifest_digest: str = ""
    stamps: tuple[tuple[str, int, int], ...] = ()
    """Each file's name, size in bytes and time of writing, as listed when it was found."""
    whole_place: bool = False
    """Whether it is everything in its place, so that a new file there changes it."""

    @cached_property
    def fingerprint(self) -> str:
        """The same id and the same bytes in the same order have the same; names do not count.

        Reads local files whole, at the first use.
        """
        return _fingerprint(self.assembly_id, self.files)


def assemblies(place: Place) -> list[Assembly]:
    """Find the current deliveries in a place, ordered by billing period and export.

    Files that no manifest names are left out where there are manifests: they are older refreshes,
    or a delivery whose manifest AWS has yet to write.

    Raises:
        SourceError: there is nothing to read, or it cannot be told what is current.
    """
    files = [file for file in place.files() if not _is_hidden(file.name)]
    manifests = [file for file in files if is_manifest_name(file.name)]
    if not manifests:
        return [_everything(place, files)]
    groups: dict[tuple[str, str, str], list[Manifest]] = {}
    for manifest in map(read_manifest, _uppermost(manifests)):
        key = manifest.billing_period, manifest.export_name, manifest.account
        groups.setdefault(key, []).append(manifest)
    current = [_current(place, groups[key]) for key in sorted(groups)]
    found = [(manifest, resolve(manifest, files)) for manifest in current]
    _check_named_once(found)
    _check_no_other_refresh(found, files)
    return [_delivery(manifest, its) for manifest, its in found]


def single_file(file: SourceFile) -> Assembly:
    """Return one file as a delivery of its own; a manifest is the caller's to recognise.

    Raises:
        SourceError: it cannot be read.
    """
    return _unnamed(file.name.rpartition("/")[2], (file,))


def changed(assembly: Assembly, place: Place) -> str:
    """Say what changed since an assembly was found, or nothing.

    Lists the place again and reads the manifest, no data: AWS replaces files in place in overwrite
    mode, and their size and time of writing tell.

    Args:
        assembly: found in the place before.
        place: lists the files as they are now, under the names they had.

    Raises:
        SourceError: the place cannot be listed or the manifest cannot be read.
    """
    now = {file.name: file for file in place.files()}
    words = []
    if assembly.manifest is not None:
        name = assembly.manifest.name
        if name not in now:
            words.append(f"{name} is gone")
        elif _digest(now[name]) != assembly.manifest_digest:
            words.append(f"{name} has other content")
    for name, size, modified_at in assembly.stamps:
        if name not in now:
            words.append(f"{name} is gone")
        elif now[name].size != size:
            words.append(f"{name} has {now[name].size:,} bytes instead of {size:,}")
        elif now[name].modified_at != modified_at:
            words.append(f"{name} was written again")
    if assembly.whole_place:
        known = {name for name, _, _ in assembly.stamps}
        words += [f"{name} is new" for name in sorted(now) if _is_data(name) and name not in known]
    return some(words)


def _uppermost(manifests: Sequence[SourceFile]) -> list[SourceFile]:
    """Leave out, unread, the manifests of refreshes below their month's manifest.

    A year of refreshes has a thousand of them.
    """
    paths = {steps(file.name) for file in manifests}

    def covered(path: Steps) -> bool:
        for depth in range(len(path) - 2, -1, -1):
            if is_period(path[depth]):
                return False
            if (*path[:depth], path[-1]) in paths:
                return True
        return False

    return [file for file in manifests if not covered(steps(file.name))]


def _current(place: Place, manifests: Sequence[Manifest]) -> Manifest:
    """Return the one that says what is current, of an export's manifests for one month."""
    of_month = [m for m in manifests if m.folder and is_period(m.folder[-1])]
    left = of_month or manifests
    above = [m for m in left if all(other is m or _is_above(m, other) for other in left)]
    if above:
        return above[0]
    export = f"{left[0].export_name} {left[0].billing_period}".strip()
    if of_month:
        raise SourceError(
            f"{place.name}: {export} lies in it {len(left)} times and would count as often "
            f"({some(sorted(m.file.name for m in left))}); "
            "name the folder of one export, or keep one manifest of a month"
        )
    newest = sorted(left, key=lambda m: m.file.modified_at, reverse=True)
    shown = [
        f"{m.assembly_id or '/'.join(m.folder)} of {_time(m.file.modified_at)}"
        for m in newest[:_VERSIONS_SHOWN]
    ]
    more = f" and {len(newest) - len(shown)} more" if len(newest) > len(shown) else ""
    base = left[0].file.name.rpartition("/")[2]
    raise SourceError(
        f"{place.name}: {len(left)} assemblies of {export} without the month's manifest would "
        f"count the month {len(left)} times ({', '.join(shown)}{more}); "
        f"fetch {base} from one level up too, or name one assembly's folder"
    )


def _is_above(manifest: Manifest, other: Manifest) -> bool:
    depth = len(manifest.folder)
    return len(other.folder) > depth and other.folder[:depth] == manifest.folder


def _check_named_once(found: Sequence[tuple[Manifest, Sequence[SourceFile]]]) -> None:
    named: dict[str, str] = {}
    for manifest, files in found:
        for file in files:
            if file.name in named:
                raise SourceError(
                    f"{named[file.name]} and {manifest.file.name} both name {file.name}; "
                    "its rows would count twice. Remove the manifest that is not the export's"
                )
            named[file.name] = manifest.file.name


def _check_no_other_refresh(
    found: Sequence[tuple[Manifest, Sequence[SourceFile]]], files: Sequence[SourceFile]
) -> None:
    """Refuse a refresh's own manifest, in its folder, where unnamed data lies beside it.

    The month's manifest says that what it does not name is old; this one says nothing of others.
    """
    named = {file.name for _, its in found for file in its}
    unnamed = [file.name for file in files if _is_data(file.name) and file.name not in named]
    for manifest, its in found:
        if not manifest.folder or is_period(manifest.folder[-1]):
            continue
        for folder in sorted({steps(file.name)[:-1] for file in its}):
            beside = [name for name in unnamed if folder and _is_beside(folder, steps(name))]
            if beside:
                raise SourceError(
                    f"{manifest.file.name}: is not the month's manifest, and {some(beside)} beside "
                    "its files may be newer; fetch the month's manifest from one level up too, or "
                    f"name the folder {'/'.join(folder)}"
                )


def _is_beside(folder: Steps, path: Steps) -> bool:
    depth = len(folder) - 1
    return path[:depth] == folder[:depth] and path[depth : depth + 1] != folder[depth:]


def _delivery(manifest: Manifest, files: tuple[SourceFile, ...]) -> Assembly:
    shown = f"assembly {manifest.assembly_id[:_ID_SHOWN]}" if manifest.assembly_id else ""
    words = (manifest.export_name, manifest.billing_period, shown)
    return Assembly(
        export_name=manifest.export_name,
        # Member accounts' reports of one name carry the same payer: they are not one another.
        dataset_instance="export:"
        + "/".join(filter(None, (manifest.account, manifest.export_name))),
        assembly_id=manifest.assembly_id,
        billing_period=manifest.billing_period,
        asserted_at=manifest.file.modified_at,
        files=files,
        manifest=manifest.file,
        columns=manifest.columns,
        account=manifest.account,
        name=" ".join(filter(None, words)),
        manifest_digest=manifest.digest,
        stamps=_stamps(files),
    )


def _everything(place: Place, files: Sequence[SourceFile]) -> Assembly:
    data = sorted((file for file in files if _is_data(file.name)), key=lambda file: file.name)
    if not data:
        raise _nothing(place, files)
    _check_layout(place, (), [steps(file.name)[:-1] for file in data])
    same: dict[str, str] = {}
    for file in data:
        if file.fingerprint in same:
            raise SourceError(
                f"{place.name}: {same[file.fingerprint]} and {file.name} hold the same bytes; "
                "the rows would count twice; remove one"
            )
        same[file.fingerprint] = file.name
    name = place.name.rstrip("/").rpartition("/")[2] or place.name
    return _unnamed(name, tuple(data), whole_place=True)


def _unnamed(name: str, files: tuple[SourceFile, ...], whole_place: bool = False) -> Assembly:
    months = {month_of(steps(file.name)[:-1]) for file in files}
    return Assembly(
        export_name=name,
        dataset_instance=f"file:{_fingerprint('', files)[:_INSTANCE_DIGITS]}",
        assembly_id="",
        billing_period=months.pop() if len(months) == 1 else "",
        asserted_at=max(file.modified_at for file in files),
        files=files,
        manifest=None,
        columns=(),
        account="",
        name=name,
        stamps=_stamps(files),
        whole_place=whole_place,
    )


def _nothing(place: Place, files: Sequence[SourceFile]) -> SourceError:
    if any(is_zip(file.name) for file in files):
        return SourceError(
            f"{place.name}: no CSV or Parquet files in it, only ZIP archives, which are not read; "
            "choose GZIP or Parquet in the export's settings"
        )
    others = f", only {some(sorted(file.name for file in files))}" if files else ""
    return SourceError(
        f"{place.name}: no CSV or Parquet files in it{others}; "
        "name the folder of an export, or one file"
    )


def _check_layout(place: Place, at: Steps, folders: Iterable[Steps]) -> None:
    """Let pass only what can be read whole: files, one folder, or partitions of one key."""
    below: dict[str, list[Steps]] = {}
    direct = False
    for folder in folders:
        if folder:
            below.setdefault(folder[0], []).append(folder[1:])
        else:
            direct = True
    if below and (direct or (len(below) > 1 and not _are_partitions(below))):
        lie = "directly in it and in" if direct else "in"
        where = "/".join((place.name.rstrip("/"), *at))
        raise SourceError(
            f"{where}: CSV or Parquet files lie {lie} {some(sorted(below))}, and without a "
            "manifest it cannot be told which are current; name one of the folders, "
            "or fetch the export's -Manifest.json too"
        )
    for name, inner in below.items():
        _check_layout(place, (*at, name), inner)


def _are_partitions(names: Iterable[str]) -> bool:
    listed = [folded(name) for name in names]
    keys = {name.partition("=")[0] for name in listed}
    return all(map(is_partition, listed)) and len(keys) == 1 and len(set(listed)) == len(listed)


def _is_data(name: str) -> bool:
    return name.lower().endswith(DATA) and not _is_hidden(name) and _STATUS not in steps(name)[:-1]


def _is_hidden(name: str) -> bool:
    # macOS writes `._x.csv` beside `x.csv` on foreign disks.
    return any(step.startswith(".") for step in steps(name))


def _fingerprint(assembly_id: str, files: Iterable[SourceFile]) -> str:
    lines = [assembly_id, *(file.fingerprint for file in files)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _stamps(files: Iterable[SourceFile]) -> tuple[tuple[str, int, int], ...]:
    return tuple((file.name, file.size, file.modified_at) for file in files)


def _digest(file: SourceFile) -> str:
    with file.open() as stream:
        return hashlib.sha256(stream.read()).hexdigest()


def _time(micros: int) -> str:
    return datetime.fromtimestamp(micros // 1_000_000, UTC).strftime("%Y-%m-%d %H:%M UTC")
