"""The manifests of AWS cost exports: which files are one delivery of which month. Pure but to read.

    legacy CUR    <report>/<yyyymmdd-yyyymmdd>/[<assemblyId>/]<report>-Manifest.json
                  assemblyId, account, reportName, billingPeriod, compression, reportKeys
    Data Exports  <export>/metadata/BILLING_PERIOD=YYYY-MM/[<time>-<id>/]<export>-Manifest.json
                  executionId, exportArn, dataFiles (s3:// addresses or keys)

AWS writes a manifest after the files it names, and the one without the folder in brackets at every
refresh. What is not named by it is an older refresh, an emptied chunk or still being delivered.

Sources: AWS Data Exports user guide, "Understanding export delivery" and "Understanding your report
versions". The JSON of Data Exports is not specified there: only what is needed is required of it.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from producers.errors import SourceError
from producers.sources import SourceFile
from schemas.lake import is_month

Steps = tuple[str, ...]
"""A key or a file's name, split at `/`."""

_SUFFIX = "-manifest.json"
_BARE = "Manifest.json"
"""So named in AWS's own summary. In small letters it is Azure's, whose content is different."""

_RANGE = re.compile(r"(\d{4})(\d{2})\d{2}-\d{8}")
_PARTITION = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.+)")
_MONTH = re.compile(r"(\d{4})-?(\d{2})")
_ARN_ACCOUNT = re.compile(r"arn:[^:]*:bcm-data-exports:[^:]*:(\d{12}):")
_CHUNK = re.compile(r"-\d+\.[^/]*$")
_BUCKET = re.compile(r"^s3://[^/]+/")
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a manifest says. Empty text: it does not say."""

    file: SourceFile
    digest: str
    """SHA-256 of its bytes."""
    export_name: str
    assembly_id: str
    account: str
    """Of the export's owner, twelve digits."""
    billing_period: str
    """`YYYY-MM`."""
    columns: tuple[str, ...]
    """In legacy CUR with their category, as in the header of its CSV: `lineItem/UsageType`."""
    keys: tuple[str, ...]
    """Of the data files, relative to the bucket, in order."""

    @property
    def folder(self) -> Steps:
        """Where it lies in its place."""
        return steps(self.file.name)[:-1]


def is_manifest_name(name: str) -> bool:
    """Tell whether a file is named as AWS names the manifest of a cost export."""
    base = name.rpartition("/")[2]
    return base == _BARE or (base.lower().endswith(_SUFFIX) and len(base) > len(_SUFFIX))


def read_manifest(file: SourceFile) -> Manifest:
    """Read a manifest.

    Raises:
        SourceError: it cannot be read, is damaged, names no files, or its files are ZIP archives.
    """
    with file.open() as stream:
        content = stream.read()
    document = _document(file.name, content)
    keys = _keys(file.name, document)
    if _text(document, "compression").upper() == "ZIP" or any(is_zip(key) for key in keys):
        raise SourceError(
            f"{file.name}: the export is in ZIP archives, which are not read; "
            "choose GZIP or Parquet in the export's settings"
        )
    arn = _ARN_ACCOUNT.match(_text(document, "exportArn"))
    month = _billing_period(document)
    return Manifest(
        file=file,
        digest=hashlib.sha256(content).hexdigest(),
        export_name=_text(document, "reportName") or _export_name(file.name, keys),
        assembly_id=_text(document, "assemblyId") or _text(document, "executionId"),
        account=_text(document, "account") or (arn[1] if arn else ""),
        billing_period=month or _month_of_file(file.name) or _month_of_file(keys[0]),
        columns=_columns(document.get("columns")),
        keys=keys,
    )


def resolve(manifest: Manifest, files: Sequence[SourceFile]) -> tuple[SourceFile, ...]:
    """Find the files a manifest names, in its order.

    Keys are relative to the bucket, and the place may begin anywhere above or below it. So a file
    matches if its path, seen from the top of the place or from a folder on the way to the
    manifest, is the end of the key, or the key is the end of its path. The longest match counts.
    Every assembly of a report has a `<report>-1.csv.gz`, so one in folder `B` is not taken for the
    one in folder `A` that is named.

    Args:
        manifest: names the files.
        files: everything in the manifest's place.

    Raises:
        SourceError: files are absent, could be several ones, or are named twice.
    """
    by_name: dict[str, list[SourceFile]] = {}
    for file in files:
        by_name.setdefault(file.name.rpartition("/")[2], []).append(file)
    found: dict[str, SourceFile] = {}
    absent = []
    for key in manifest.keys:
        matches = _matches(manifest.folder, key, by_name.get(key.rpartition("/")[2], ()))
        if len(matches) > 1:
            names = some(file.name for file in matches)
            raise SourceError(
                f"{manifest.file.name}: {key} could be any of {names}; "
                "name the folder of one copy of the export"
            )
        if not matches:
            absent.append(key)
        elif matches[0].name in found:
            raise SourceError(
                f"{manifest.file.name}: names {matches[0].name} twice; fetch the manifest again"
            )
        else:
            found[matches[0].name] = matches[0]
    if absent:
        raise SourceError(
            f"{manifest.file.name}: {len(absent)} of its {len(manifest.keys)} files not found "
            f"({some(absent)}); copy the whole export, or fetch them again"
        )
    return tuple(found.values())


def steps(path: str) -> Steps:
    """Split a key or a name; a report without prefix has keys that begin with `/`."""
    return tuple(part for part in path.split("/") if part)


def is_partition(folder: str) -> bool:
    """Tell whether a folder is named `key=value`."""
    return bool(_PARTITION.fullmatch(folder))


def is_period(folder: str) -> bool:
    """Tell whether a folder is a partition or a range of days, the level of a month's manifest."""
    return is_partition(folder) or bool(_RANGE.fullmatch(folder))


def folded(folder: str) -> str:
    """Return a folder's name with a partition's key in small letters.

    AWS documents `BILLING_PERIOD=`, and FOCUS exports are delivered under `billing_period=`.
    """
    key, equals, value = folder.partition("=")
    return f"{key.lower()}={value}" if equals else folder


def month_of(folders: Iterable[str]) -> str:
    """Return the billing period, `YYYY-MM`, that folders tell, or empty text."""
    values: dict[str, str] = {}
    for folder in folders:
        if days := _RANGE.fullmatch(folder):
            values["billing_period"] = f"{days[1]}-{days[2]}"
        elif partition := _PARTITION.fullmatch(folder):
            values[partition[1].lower()] = partition[2]
    # The Parquet layout of legacy CUR: year=2026/month=9.
    split = f"{values.get('year', '')}-{values.get('month', '').zfill(2)}"
    month = values.get("billing_period", split)
    return month if is_month(month) else ""


def is_zip(name: str) -> bool:
    """Tell whether a file is named as a ZIP archive."""
    return name.lower().endswith(".zip")


def some(names: Iterable[str]) -> str:
    """Return the first three names, and how many more there are."""
    listed = list(names)
    more = len(listed) - _NAMED
    return ", ".join(listed[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _matches(
    manifest_folder: Steps, key: str, candidates: Sequence[SourceFile]
) -> Sequence[SourceFile]:
    key_path = steps(key)
    paths = [steps(file.name) for file in candidates]
    lengths = [_length(manifest_folder, key_path, path) for path in paths]
    if not any(lengths):
        key_path, manifest_folder = _folded(key_path), _folded(manifest_folder)
        lengths = [_length(manifest_folder, key_path, _folded(path)) for path in paths]
    longest = max(lengths, default=0)
    if not longest:
        return ()
    return [file for file, n in zip(candidates, lengths, strict=True) if n == longest]


def _length(manifest_folder: Steps, key: Steps, path: Steps) -> int:
    """Return how many components of a key a file's path has, or 0 if it is not that file."""
    if path[-len(key) :] == key:
        return len(key)
    for top in range(len(path)):
        if path[:top] != manifest_folder[:top]:
            break
        seen = path[top:]
        if key[-len(seen) :] != seen:
            continue
        # Cut off from its month, a path is trusted only beside the manifest: any refresh of any
        # month has a file of this name.
        if month_of(key[: -len(seen)]) and top < len(manifest_folder):
            continue
        return len(seen)
    return 0


def _month_of_file(name: str) -> str:
    return month_of(steps(name)[:-1])


def _folded(path: Steps) -> Steps:
    return tuple(map(folded, path))


def _document(name: str, content: bytes) -> Mapping[str, object]:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{name}: is not readable as JSON; fetch the manifest again") from error
    if not isinstance(document, dict):
        raise SourceError(
            f"{name}: is not the manifest of a cost export (no JSON object); "
            "fetch it again, or take it out of the folder"
        )
    return document


def _keys(name: str, document: Mapping[str, object]) -> tuple[str, ...]:
    listed = document.get("dataFiles") or document.get("reportKeys")
    if not listed:
        raise SourceError(
            f"{name}: names no files (neither dataFiles nor reportKeys); "
            "fetch it again after the next delivery, or take it out of the folder"
        )
    if not isinstance(listed, list) or not all(isinstance(k, str) for k in listed):
        raise SourceError(f"{name}: its list of files is not a list of keys; fetch it again")
    keys = tuple(_BUCKET.sub("", key) for key in listed)
    if not all(map(steps, keys)):
        raise SourceError(f"{name}: an entry of its list of files is empty; fetch it again")
    return keys


def _text(document: Mapping[str, object], key: str) -> str:
    value = document.get(key)
    return value if isinstance(value, str) else ""


def _export_name(name: str, keys: Sequence[str]) -> str:
    base = name.rpartition("/")[2]
    if base != _BARE:
        return base[: -len(_SUFFIX)]
    return _CHUNK.sub("", keys[0].rpartition("/")[2])


def _billing_period(document: Mapping[str, object]) -> str:
    period = document.get("billingPeriod")
    start = period.get("start") if isinstance(period, dict) else None
    found = _MONTH.match(start) if isinstance(start, str) else None
    month = f"{found[1]}-{found[2]}" if found else ""
    return month if is_month(month) else ""


def _columns(listed: object) -> tuple[str, ...]:
    names = []
    for column in listed if isinstance(listed, list) else ():
        if isinstance(column, dict) and (name := _text(column, "name")):
            category = _text(column, "category")
            names.append(f"{category}/{name}" if category else name)
    return tuple(names)
