"""Building the function packages, with a folder of fake wheels in place of the package index."""

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from infra.bundle import (
    BUNDLES,
    LOCKS,
    PROJECT_PACKAGES,
    ROOT,
    Built,
    Bundle,
    BundleError,
    Install,
    build,
    find_interpreter,
    main,
    write_zip,
)

TRANSFORM, JOBS, INGEST = BUNDLES
# Powertools imports the bare `botocore`, to name itself in user agents; that costs nothing.
HEAVY = {"boto3", "botocore.client", "botocore.session", "click", "duckdb", "moto", "pyarrow"}


def wheels(*names: str) -> Install:
    """Return an installation that writes these files, each with its own name in it."""

    def install(target: Path) -> None:
        for name in names:
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"# {name}\n")

    return install


NO_WHEELS = wheels()


def built(tmp_path: Path, bundle: Bundle = TRANSFORM, install: Install = NO_WHEELS) -> Built:
    """Build without compiling."""
    return build(bundle, tmp_path / "build", install, None)


def names(result: Built) -> set[str]:
    """Return the paths in a package."""
    return {
        p.relative_to(result.folder).as_posix() for p in result.folder.rglob("*") if p.is_file()
    }


def test_a_package_has_our_code_and_its_data(tmp_path: Path) -> None:
    """Every file of the packages it needs, no cache, and nothing of the others."""
    for bundle in BUNDLES:
        found = names(built(tmp_path, bundle))
        ours = {
            path.relative_to(ROOT).as_posix()
            for package in bundle.packages
            for path in (ROOT / package).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        assert found == ours
        assert {"schemas/ledger.json", "schemas/avro/charge_recorded/1.avsc"} <= found
    assert "rules/policies/1.json" in names(built(tmp_path, TRANSFORM))
    assert set(JOBS.packages) == set(TRANSFORM.packages)
    assert set(INGEST.packages) == {"schemas", "producers"}


def test_dependencies_lose_what_no_function_reads(tmp_path: Path) -> None:
    """Tests, stubs, metadata and scripts go; code and shared objects stay."""
    install = wheels(
        "lib/__init__.py",
        "lib/fast.cpython-313-aarch64-linux-gnu.so",
        "lib/fast.pyi",
        "lib/fast.c",
        "lib/py.typed",
        "lib/tests/test_it.py",
        "lib/testing.py",
        "lib/__pycache__/old.cpython-311.pyc",
        "lib-1.0.dist-info/METADATA",
        "bin/tool",
        "single.py",
    )
    bundle = Bundle("deps", ())
    assert names(built(tmp_path, bundle, install)) == {
        "lib/__init__.py",
        "lib/fast.cpython-313-aarch64-linux-gnu.so",
        "lib/testing.py",
        "single.py",
    }


@pytest.mark.parametrize("package", PROJECT_PACKAGES)
@pytest.mark.parametrize("form", ["{}/__init__.py", "{}.py", "{}.abi3.so"])
def test_a_dependency_with_one_of_our_names_is_refused(
    tmp_path: Path, package: str, form: str
) -> None:
    """Whether a folder or a module: it would hide ours, or ours it."""
    with pytest.raises(BundleError, match=f"brings {package}"):
        built(tmp_path, install=wheels("harmless/__init__.py", form.format(package)))
    assert not (tmp_path / "build" / "transform").exists()


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    """Times, modes and the order of writing leave no trace, in the zip or in the folder."""
    one = built(tmp_path / "1", install=wheels("a/x.py", "b.py", "a/y.so"))
    umask = os.umask(0o077)
    try:
        two = built(tmp_path / "2", install=wheels("b.py", "a/y.so", "a/x.py"))
    finally:
        os.umask(umask)
    assert one.sha256 == two.sha256
    stats = [(p.stat().st_mode, p.stat().st_mtime) for p in sorted(one.folder.rglob("*.*"))]
    assert stats == [(p.stat().st_mode, p.stat().st_mtime) for p in sorted(two.folder.rglob("*.*"))]
    three = built(tmp_path / "3", install=wheels("a/x.py", "b.py", "a/z.so"))
    assert three.sha256 != one.sha256


def test_a_zip_holds_the_folder(tmp_path: Path) -> None:
    """Sorted names, whole contents, shared objects executable."""
    folder = tmp_path / "f"
    wheels("b/c.so", "a.py", "b.py")(folder)
    write_zip(folder, tmp_path / "f.zip")
    with zipfile.ZipFile(tmp_path / "f.zip") as archive:
        assert archive.namelist() == ["a.py", "b/c.so", "b.py"]
        assert archive.read("b/c.so") == b"# b/c.so\n"
        modes = {i.filename: i.external_attr >> 16 for i in archive.infolist()}
    assert modes == {"a.py": 0o644, "b.py": 0o644, "b/c.so": 0o755}


def test_a_new_build_replaces_the_old_one(tmp_path: Path) -> None:
    """What an earlier build left is gone; a failed build leaves the old package as it was."""
    first = built(tmp_path, install=wheels("gone.py"))
    assert "gone.py" in names(first)
    with pytest.raises(BundleError):
        built(tmp_path, install=wheels("rules.py"))
    assert "gone.py" in names(first)
    assert "gone.py" not in names(built(tmp_path))


def test_a_package_that_is_too_large_is_refused(tmp_path: Path) -> None:
    """The size is a budget, counted unzipped; 25 MB for the transform."""
    assert TRANSFORM.max_bytes == 25_000_000
    size = built(tmp_path, Bundle("x", ("schemas",))).size
    assert built(tmp_path, Bundle("x", ("schemas",), size)).size == size
    with pytest.raises(BundleError, match="MB unzipped"):
        built(tmp_path, Bundle("x", ("schemas",), size - 1))


def test_a_python_of_another_version_does_not_compile(tmp_path: Path) -> None:
    """Only what Lambda runs may write `.pyc` files; a shim that does not start is no Python."""
    assert find_interpreter("no-such-python") is None
    broken = tmp_path / "python3.13"
    broken.write_text("#!/bin/sh\nexit 127\n")
    other = tmp_path / "python3.9"
    other.write_text("#!/bin/sh\necho 3.9\n")
    right = tmp_path / "right"
    right.write_text("#!/bin/sh\necho 3.13\n")
    for path in (broken, other, right):
        path.chmod(0o755)
    assert find_interpreter(str(broken)) is None
    assert find_interpreter(str(other)) is None
    assert find_interpreter(str(right)) == right


def test_compiled_packages_run_without_their_sources_being_looked_at(tmp_path: Path) -> None:
    """Each module has a `.pyc` that is used unchecked, and names files where Lambda has them."""
    result = build(Bundle("x", ("schemas",)), tmp_path, NO_WHEELS, Path(sys.executable))
    sources = list(result.folder.rglob("*.py"))
    compiled = list(result.folder.rglob("*.pyc"))
    assert result.compiled
    assert len(compiled) == len(sources) > 0
    for path in compiled:
        header = path.read_bytes()[4:8]
        assert int.from_bytes(header, "little") == 0b01  # hash-based and unchecked, PEP 552
    codec = next(p for p in compiled if p.name.startswith("codec."))
    assert b"/var/task/schemas/codec.py" in codec.read_bytes()
    assert str(tmp_path).encode() not in codec.read_bytes()


def test_code_that_does_not_compile_stops_the_build(tmp_path: Path) -> None:
    """A syntax error is found now, not at the first invocation."""

    def install(target: Path) -> None:
        (target / "bad.py").write_text("def :\n")

    with pytest.raises(BundleError, match="compiling failed") as refusal:
        build(Bundle("x", ()), tmp_path, install, Path(sys.executable))
    assert "\n" not in str(refusal.value)


def test_the_transform_loads_from_its_package_and_loads_nothing_heavy(tmp_path: Path) -> None:
    """A cold start imports none of the engines and clients: boto3 alone costs 276 ms."""
    result = built(tmp_path)
    site = sysconfig.get_path("purelib")
    program = (
        "import json, sys\n"
        f"sys.path[:0] = [{str(result.folder)!r}, {site!r}]\n"
        "import transforms.firehose_handler as handler\n"
        "print(json.dumps([handler.__file__, sorted(sys.modules)]))"
    )
    # -S: without the editable installation, our packages come from the bundle or not at all.
    command = [sys.executable, "-I", "-S", "-c", program]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    file, modules = json.loads(run.stdout.splitlines()[-1])
    assert file == str(result.folder / "transforms" / "firehose_handler.py")
    assert not HEAVY & set(modules)
    assert {"fastavro", "orjson", "schemas", "rules"} <= set(modules)
    assert "producers" not in modules


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda bundle: bundle.name)
def test_the_lock_file_pins_hashes_and_names_no_index(bundle: Bundle) -> None:
    """What is deployed is what was locked, from wherever it is fetched."""
    lines = (LOCKS / bundle.lock).read_text().splitlines()
    pins = [line for line in lines if "==" in line]
    hashes = [line for line in lines if "--hash=sha256:" in line]
    assert len(hashes) >= len(pins) > 0
    assert len(pins) + len(hashes) == len(lines)
    pinned = {p.partition("==")[0] for p in pins}
    assert pinned >= {"aws-lambda-powertools", "fastavro", "orjson"}
    assert ("pyarrow" in pinned) is (bundle is INGEST), "only the ingest reads Parquet"


def test_a_refused_build_says_so_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A lock file without hashes ends the program with code 2 before any index is asked."""
    (tmp_path / "lambda.lock").write_text("no-such-package==1\n")
    out = str(tmp_path / "build")
    assert main(["--out", out, "--locks", str(tmp_path), "--python", "no-such-python"]) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith("pip: ")
    assert printed.err.count("\n") == 1
    assert "without .pyc" in printed.out
