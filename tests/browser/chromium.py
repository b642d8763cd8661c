"""The little of W3C WebDriver that these tests need, over the standard library."""

import base64
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_SECONDS = 60
TAB, ENTER = "\ue004", "\ue007"
# The driver is on this machine: a proxy of the environment has no part in it.
_DIRECT = build_opener(ProxyHandler({}))


class Chromium:
    """One window of a headless browser.

    Args:
        session: the address of the driver's session.
    """

    def __init__(self, session: str) -> None:
        self._session = session

    @classmethod
    @contextmanager
    def started(cls, profile: Path) -> Iterator["Chromium"]:
        """Start a browser with a fresh profile and end it afterwards.

        Raises:
            RuntimeError: Chromium or its driver is not on the PATH.
        """
        browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
        if browser is None or driver is None:
            raise RuntimeError(
                "no chromium and chromedriver on the PATH; on Debian: "
                "apt-get install chromium chromium-driver"
            )
        process = subprocess.Popen([driver, "--port=0"], stdout=subprocess.PIPE, text=True)
        try:
            address = f"http://127.0.0.1:{_port(process)}/session"
            options = {"binary": browser, "args": [*_FLAGS, f"--user-data-dir={profile}"]}
            wanted = {
                "goog:chromeOptions": options,
                "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
            }
            made = _call("POST", address, {"capabilities": {"alwaysMatch": wanted}})
            session = f"{address}/{made['sessionId']}"
            yield cls(session)
            _call("DELETE", session)
        finally:
            process.terminate()
            process.wait(_SECONDS)
            if process.stdout:
                process.stdout.close()

    def show(
        self, page: Path, *, width: int = 1200, height: int = 4000, dark: bool = False
    ) -> None:
        """Load a page from disk in a window of this size."""
        self._cdp(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._cdp("Emulation.setEmulatedMedia", {"features": [scheme]})
        self._post("url", {"url": page.as_uri()})

    def run(self, script: str) -> Any:
        """Return what a script returns."""
        return self._post("execute/sync", {"script": script, "args": []})

    def press(self, key: str) -> None:
        """Press and let go of a key, as WebDriver calls it."""
        strokes = [{"type": kind, "value": key} for kind in ("keyDown", "keyUp")]
        keyboard = {"type": "key", "id": "keyboard", "actions": strokes}
        self._post("actions", {"actions": [keyboard]})

    def console(self) -> list[str]:
        """Return what the browser had to say of the pages since it was last asked."""
        return [entry["message"] for entry in self._post("se/log", {"type": "browser"})]

    def requests(self) -> list[str]:
        """Return every address that was asked for since this was last called."""
        entries = self._post("se/log", {"type": "performance"})
        messages = [json.loads(entry["message"])["message"] for entry in entries]
        return [
            message["params"]["request"]["url"]
            for message in messages
            if message["method"] == "Network.requestWillBeSent"
        ]

    def pictures(self) -> list[dict[str, Any]]:
        """Return what assistive technology is told of the page's pictures."""
        nodes = self._cdp("Accessibility.getFullAXTree", {})["nodes"]
        roles = ("image", "img")
        return [n for n in nodes if not n["ignored"] and n["role"]["value"] in roles]

    def screenshot(self, path: Path) -> None:
        """Write the whole page as PNG."""
        taken = self._cdp("Page.captureScreenshot", {"captureBeyondViewport": True})
        path.write_bytes(base64.b64decode(taken["data"]))

    def pdf(self, path: Path) -> bytes:
        """Print the page to a file and return its bytes."""
        body = base64.b64decode(self._post("print", {"background": False}))
        path.write_bytes(body)
        return body

    def _cdp(self, command: str, parameters: dict[str, Any]) -> Any:
        return self._post("goog/cdp/execute", {"cmd": command, "params": parameters})

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        return _call("POST", f"{self._session}/{path}", body)


def _port(process: "subprocess.Popen[str]") -> str:
    assert process.stdout
    for line in process.stdout:
        if "started successfully on port" in line:
            return line.rstrip().rstrip(".").rpartition(" ")[2]
    raise RuntimeError("chromedriver ended before it listened; run it by hand to see why")


def _call(method: str, address: str, body: dict[str, Any] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = Request(address, data, {"Content-Type": "application/json"}, method=method)
    try:
        with _DIRECT.open(request, timeout=_SECONDS) as answer:
            return json.load(answer)["value"]
    except HTTPError as error:
        with error:
            raise RuntimeError(f"{address}: {error.read().decode()}") from None
