"""Build the functions' packages for arm64 and Python 3.13: `make bundle`, `python -m infra.bundle`.

A package is a folder (what the template's `CodeUri` names) and a zip of it. The same lock file and
the same sources give the same bytes, so that nothing is deployed anew that did not change.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import FinopsError

ROOT = Path(__file__).parents[1]
OUT = ROOT / "build"
LOCKS = ROOT / "requirements"

PROJECT_PACKAGES = ("schemas", "rules", "transforms", "producers", "infra")
PLATFORMS = ("manylinux_2_28_aarch64", "manylinux2014_aarch64")
"""Lambda's Python 3.13 runs on Amazon Linux 2023, whose glibc 2.34 takes both; pyarrow needs the
newer one."""
PYTHON = "3.13"
TASK_ROOT = "/var/task"
"""Where Lambda unpacks a package; tracebacks name files below it."""

MEGABYTE = 1_000_000
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest moment that a zip can hold."""
_EPOCH_SECONDS = 315_532_800
_NOISE_FOLDERS = {"__pycache__", "bin", "test", "tests"}
_NOISE_SUFFIXES = {".pyi", ".pyx", ".pxd", ".c", ".pyc"}
_NOISE_NAMES = {"py.typed"}

Install = Callable[[Path], None]


class BundleError(FinopsError):
    """A package cannot be built as it should be."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """One package: its name, our own packages in it, and the most it may weigh unzipped.

    Attributes:
        lock: the file in `requirements/` that its dependencies come from.
    """

    name: str
    packages: tuple[str, ...]
    max_bytes: int = 25 * MEGABYTE
    lock: str = "lambda.lock"


BUNDLES = (
    Bundle("transform", ("schemas", "rules", "transforms")),
    Bundle("jobs", ("schemas", "rules", "transforms")),
    # Exports come as Parquet too; Lambda takes 250 MB unzipped.
    Bundle("ingest", ("schemas", "producers"), 240 * MEGABYTE, "ingest.lock"),
)


@dataclass(frozen=True, slots=True)
class Built:
    """What was built: sizes in bytes, the zip's hash, and whether `.pyc` files are in it."""

    folder: Path
    files: int
    size: int
    zip_size: int
    sha256: str
    compiled: bool


def build(
    bundle: Bundle, out: Path, install: Install, interpreter: Path | None, root: Path = ROOT
) -> Built:
    """Build one package into `out/<name>/` and `out/<name>.zip`, in place of an earlier one.

    Args:
        bundle: What to build.
        out: The folder that packages are built in.
        install: Puts the dependencies into a folder.
        interpreter: A Python 3.13 to compile with; None ships sources only.
        root: The folder of our packages.

    Raises:
        BundleError: A dependency carries one of our names, compiling failed, or it is too large.
    """
    new = out / f".{bundle.name}.new"
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    install(new)
    _refuse_collisions(new)
    _prune(new)
    for package in bundle.packages:
        _copy_package(root / package, new / package)
    if interpreter is not None:
        _compile(new, interpreter)
    _freeze(new)
    files = list(_files(new))
    size = sum(file.stat().st_size for file in files)
    if size > bundle.max_bytes:
        raise BundleError(
            f"{bundle.name} is {size / MEGABYTE:.1f} MB unzipped, more than "
            f"{bundle.max_bytes / MEGABYTE:.1f}; drop a dependency, see {new}"
        )
    folder = out / bundle.name
    shutil.rmtree(folder, ignore_errors=True)
    new.rename(folder)
    archive = out / f"{bundle.name}.zip"
    write_zip(folder, archive)
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    compiled = interpreter is not None
    return Built(folder, len(files), size, archive.stat().st_size, digest, compiled)


def write_zip(folder: Path, archive: Path) -> None:
    """Zip a folder: entries sorted, times and modes fixed, so that equal folders are equal zips."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for path in _files(folder):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, or the modes mean nothing
            entry.external_attr = _mode(path) << 16
            file.writestr(entry, path.read_bytes())


def install_locked(lock: Path) -> Install:
    """Return what installs the wheels of a lock file, for Lambda's platform and not for ours."""

    def install(target: Path) -> None:
        # fmt: off
        command = [
            sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
            "--target", str(target), "--requirement", str(lock), "--require-hashes", "--no-deps",
            "--no-compile", "--only-binary", ":all:",
            *(word for platform in PLATFORMS for word in ("--platform", platform)),
            "--implementation", "cp", "--python-version", PYTHON,
        ]
        # fmt: on
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode:
            reason = (run.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise BundleError(f"pip: {reason}; check the package index, or renew {lock.name}")

    return install


def find_interpreter(name: str) -> Path | None:
    """Return the Python 3.13 called `name`, None where there is none that runs."""
    path = shutil.which(name)
    if path is None:
        return None
    ask = [path, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    run = subprocess.run(ask, capture_output=True, text=True, check=False)
    return Path(path) if run.returncode == 0 and run.stdout.strip() == PYTHON else None


def main(arguments: list[str] | None = None) -> int:
    """Build every package and say what came of it."""
    parser = argparse.ArgumentParser(prog="python -m infra.bundle", description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT, help="where to build (default: build/)")
    parser.add_argument("--locks", type=Path, default=LOCKS, help="the folder of the lock files")
    parser.add_argument("--python", default="python3.13", help="a Python 3.13 to compile with")
    options = parser.parse_args(arguments)
    interpreter = find_interpreter(options.python)
    if interpreter is None:
        print(f"no Python {PYTHON} called {options.python}: without .pyc files, slower cold starts")
    try:
        for bundle in BUNDLES:
            install = install_locked(options.locks / bundle.lock)
            built = build(bundle, options.out, install, interpreter)
            print(
                f"{built.folder}: {built.size / MEGABYTE:.1f} MB in {built.files} files, "
                f"zip {built.zip_size / MEGABYTE:.1f} MB, sha256 {built.sha256[:16]}"
            )
    except BundleError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _refuse_collisions(folder: Path) -> None:
    for package in PROJECT_PACKAGES:
        found = [p.name for p in folder.iterdir() if p.name.partition(".")[0] == package]
        if found:
            raise BundleError(
                f"a dependency brings {found[0]}, the name of one of our packages; "
                "find it in the lock file and drop it"
            )


def _prune(folder: Path) -> None:
    """Remove what no function reads: tests, type stubs, sources of compiled code, metadata."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            if path.name in _NOISE_FOLDERS or path.suffix == ".dist-info":
                shutil.rmtree(path)
        elif path.suffix in _NOISE_SUFFIXES or path.name in _NOISE_NAMES:
            path.unlink()


def _copy_package(source: Path, target: Path) -> None:
    """Copy code and data files; caches and hidden files are not ours to ship."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", ".*", "*.pyc"))


def _compile(folder: Path, interpreter: Path) -> None:
    """Compile beside the sources; unchecked, because nobody edits a deployed package."""
    # fmt: off
    command = [
        str(interpreter), "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash",
        "-s", str(folder), "-p", TASK_ROOT, str(folder),
    ]
    # fmt: on
    environment = {"PYTHONHASHSEED": "0"}  # or sets in the code would vary
    run = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if run.returncode:
        reason = (run.stdout + run.stderr).strip().splitlines()[-1]
        raise BundleError(f"compiling failed: {reason}; correct it, or build without --python")


def _freeze(folder: Path) -> None:
    """Give files the same modes and times everywhere: deployment tools zip the folder again."""
    for path in _files(folder):
        path.chmod(_mode(path))
        os.utime(path, (_EPOCH_SECONDS, _EPOCH_SECONDS))


def _files(folder: Path) -> Iterator[Path]:
    yield from sorted(p for p in folder.rglob("*") if p.is_file())


def _mode(path: Path) -> int:
    return 0o755 if ".so" in path.suffixes else 0o644


if __name__ == "__main__":
    sys.exit(main())
