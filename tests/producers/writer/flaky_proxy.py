"""A network that goes wrong on purpose: a TCP proxy on loopback between an SDK and its endpoint."""

import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from urllib.parse import urlsplit

_HOST = "127.0.0.1"
_CHUNK = 65_536
DEAL = 20
"""Of so many requests, each trouble meets exactly its share, in an order of chance."""


class Trouble(StrEnum):
    """What becomes of one request."""

    NONE = "none"
    DROPPED = "dropped before the request was read"
    LOST = "forwarded, and the reply lost"
    CUT = "forwarded, and the reply cut half-way"
    LATE = "forwarded, and the reply later than anybody waits"


@dataclass(frozen=True, slots=True)
class Network:
    """How often what goes wrong; every share is 0 to 1 in steps of 0.05, together at most 1."""

    drops: float = 0.0
    loses: float = 0.0
    cuts: float = 0.0
    delays: float = 0.0
    delay_seconds: float = 1.0
    """Longer than the client's read timeout."""


class FlakyProxy:
    """Forwards each connection's one request, as the network allows.

    Attributes:
        met: how many requests met which trouble.
    """

    def __init__(self, endpoint_url: str, network: Network, chance: Random) -> None:
        to = urlsplit(endpoint_url)
        assert to.port is not None
        self._to = (to.hostname or _HOST, to.port)
        self._dealt: list[Trouble] = []
        self.network = network
        self.met: Counter[Trouble] = Counter()
        self._chance = chance
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._listener = socket.create_server((_HOST, 0))
        self._threads: list[threading.Thread] = []
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    @property
    def url(self) -> str:
        """Where a client finds it."""
        return f"http://{_HOST}:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        """Take no more connections, and wait for those under way."""
        self._ended.set()
        # Wakes the acceptor; closing the listener alone does not.
        socket.create_connection(self._listener.getsockname()).close()
        self._acceptor.join()
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while True:
            client, _ = self._listener.accept()
            if self._ended.is_set():
                client.close()
                return
            thread = threading.Thread(target=self._serve, args=(client,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, client: socket.socket) -> None:
        trouble = self._draw()
        with closing(client):
            try:
                self._forward(client, trouble)
            except OSError:
                # Whoever waited does so no longer: that is what this is for.
                return

    def _forward(self, client: socket.socket, trouble: Trouble) -> None:
        if trouble is Trouble.DROPPED:
            return
        request = _message(client)
        with socket.create_connection(self._to) as server:
            server.sendall(request)
            reply = _message(server)
        if trouble is Trouble.LATE:
            self._ended.wait(self.network.delay_seconds)
        if trouble is Trouble.CUT:
            reply = reply[: len(reply) // 2]
        if trouble is not Trouble.LOST:
            client.sendall(reply)

    def _draw(self) -> Trouble:
        with self._lock:
            if not self._dealt:
                self._dealt = _deal(self.network)
                self._chance.shuffle(self._dealt)
            trouble = self._dealt.pop()
            self.met[trouble] += 1
        return trouble


def _deal(network: Network) -> list[Trouble]:
    troubles = [
        *[Trouble.DROPPED] * round(network.drops * DEAL),
        *[Trouble.LOST] * round(network.loses * DEAL),
        *[Trouble.CUT] * round(network.cuts * DEAL),
        *[Trouble.LATE] * round(network.delays * DEAL),
    ]
    return troubles + [Trouble.NONE] * (DEAL - len(troubles))


@contextmanager
def flaky(endpoint_url: str, network: Network, chance: Random) -> Iterator[FlakyProxy]:
    """Run a proxy in front of an endpoint."""
    with closing(FlakyProxy(endpoint_url, network, chance)) as proxy:
        yield proxy


def _message(sender: socket.socket) -> bytes:
    """Read one HTTP message whole: its head says how long its body is."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = sender.recv(_CHUNK)
        if not part:
            return data
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [
        int(line.split(b":")[1])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length:")
    ]
    missing = (lengths[0] if lengths else 0) - len(body)
    while missing > 0:
        part = sender.recv(_CHUNK)
        if not part:
            break
        data += part
        missing -= len(part)
    return data
