"""One Trino server over the folder of a lake: Hive connector, metastore of files, no network."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

import orjson

CATALOG = "lake"
_PATIENCE_SECONDS = 180
_JVM = (
    "-Xmx2G",
    "-XX:+UseSerialGC",
    "-Djdk.attach.allowAttachSelf=true",
    "--add-opens=java.base/java.nio=ALL-UNNAMED",
    "--add-opens=java.base/java.lang=ALL-UNNAMED",
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
)
"""Small, for one question at a time; the flags are those of Trino's own deployment guide."""
_DIRECT = build_opener(ProxyHandler({}))


@contextmanager
def trino(home: Path, java: Path, root: Path, folder: Path) -> Iterator[int]:
    """Run a server and yield its port.

    Args:
        home: the unpacked `trino-server`.
        java: the program that runs it.
        root: what it may read, as `local:///`; its metastore lies there, too.
        folder: for its own files.
    """
    port = _free_port()
    _configure(home, root, folder, port)
    command = [
        str(java),
        *_JVM,
        f"-Dconfig={folder}/etc/config.properties",
        f"-Dnode.data-dir={folder}/data",
        "-Dnode.environment=judge",
        f"-Dlog.levels-file={folder}/etc/log.properties",
        "-cp",
        f"{home}/lib/*",
        "io.trino.server.TrinoServer",
    ]
    log = folder / "log.txt"
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=folder, stdout=out, stderr=out)
    try:
        _wait(process, port, log)
        yield port
    finally:
        process.kill()
        process.wait()


def _configure(home: Path, root: Path, folder: Path, port: int) -> None:
    (folder / "etc" / "catalog").mkdir(parents=True)
    (folder / "data").mkdir()
    # Of fifty connectors one is loaded: the others take half a minute and a gigabyte.
    plugins = folder / "plugin"
    plugins.mkdir()
    (plugins / "hive").symlink_to(home / "plugin" / "hive")
    _properties(
        folder / "etc" / "config.properties",
        {
            "coordinator": "true",
            "node-scheduler.include-coordinator": "true",
            "http-server.http.port": str(port),
            "discovery.uri": f"http://127.0.0.1:{port}",
            "node.internal-address": "127.0.0.1",
            "plugin.dir": str(plugins),
            "catalog.config-dir": str(folder / "etc" / "catalog"),
        },
    )
    _properties(folder / "etc" / "log.properties", {"io.trino": "WARN", "io.airlift": "WARN"})
    _properties(
        folder / "etc" / "catalog" / f"{CATALOG}.properties",
        {
            "connector.name": "hive",
            "hive.metastore": "file",
            "hive.metastore.catalog.dir": "local:///metastore",
            "fs.native-local.enabled": "true",
            "local.location": str(root),
            "hive.partition-projection-enabled": "true",
            # A projected day without a charge has no folder; on S3 nothing has one.
            "hive.ignore-absent-partitions": "true",
        },
    )


def _properties(path: Path, values: dict[str, str]) -> None:
    path.write_text("".join(f"{key}={value}\n" for key, value in values.items()), "utf-8")


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            with _DIRECT.open(f"http://127.0.0.1:{port}/v1/info", timeout=5) as answer:
                if not orjson.loads(answer.read())["starting"]:
                    return
        except OSError:
            pass
        time.sleep(0.5)
    last = log.read_text("utf-8", "replace")[-3_000:]
    raise RuntimeError(f"Trino did not start within {_PATIENCE_SECONDS} s; it said last:\n{last}")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def where(environment: Mapping[str, str]) -> tuple[Path, Path]:
    """Return the unpacked server and a Java for it, from TRINO_HOME and TRINO_JAVA.

    Raises:
        RuntimeError: they are not given, or not there.
    """
    home, java = environment.get("TRINO_HOME"), environment.get("TRINO_JAVA")
    if not home or not java or not Path(home, "lib").is_dir() or not shutil.which(java):
        raise RuntimeError("TRINO_HOME and TRINO_JAVA say where they are; run: make test-trino")
    return Path(home).resolve(), Path(java)
