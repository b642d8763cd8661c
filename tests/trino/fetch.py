"""Fetch a Trino server with Maven, once, and find a Java that runs it."""

import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterable
from pathlib import Path

VERSION = "476"
"""The newest at the time whose Java (24 or newer) is a released one."""
NEEDS_JAVA = 24
_ARTIFACT = f"io.trino:trino-server:{VERSION}:tar.gz"


def server(folder: Path) -> Path:
    """Return the unpacked server, fetched into a folder if it is not there.

    Raises:
        RuntimeError: there is no Maven, or it cannot fetch.
    """
    home = folder / f"trino-server-{VERSION}"
    if (home / "lib").is_dir() and (home / "plugin" / "hive").is_dir():
        return home
    maven = shutil.which("mvn")
    if maven is None:
        raise RuntimeError("no mvn on the PATH: Maven fetches the server (800 MB, once)")
    print(f"fetching Trino {VERSION} (800 MB, once) ...", flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    for goal, arguments in (
        ("get", [f"-Dartifact={_ARTIFACT}", "-Dtransitive=false"]),
        ("copy", [f"-Dartifact={_ARTIFACT}", f"-DoutputDirectory={folder.resolve()}"]),
    ):
        done = subprocess.run(
            [maven, "-q", "-B", f"dependency:{goal}", *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"mvn dependency:{goal} failed:\n{done.stdout}{done.stderr}")
    archive = folder / f"trino-server-{VERSION}.tar.gz"
    with tarfile.open(archive) as packed:
        wanted = (f"{home.name}/lib/", f"{home.name}/plugin/hive/", f"{home.name}/NOTICE")
        packed.extractall(
            folder,
            members=[m for m in packed if m.name.startswith(wanted)],
            filter="data",
        )
    archive.unlink()
    return home


def java(homes: Iterable[Path]) -> Path:
    """Return the first Java that is new enough, of these homes and the machine's usual places.

    Raises:
        RuntimeError: there is none.
    """
    seen = []
    for home in (*homes, *sorted(Path("/usr/lib/jvm").glob("*"), reverse=True)):
        program = home / "bin" / "java"
        if not program.is_file():
            continue
        said = subprocess.run([program, "-version"], capture_output=True, text=True, check=False)
        version = re.search(r'version "(\d+)', said.stderr)
        if version and int(version[1]) >= NEEDS_JAVA:
            return program
        seen.append(f"{home} ({version[1] if version else 'unknown'})")
    raise RuntimeError(
        f"Trino {VERSION} needs Java {NEEDS_JAVA} or newer; set JAVA_HOME to one. "
        f"Seen: {', '.join(seen) or 'none'}"
    )
