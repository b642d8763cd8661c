"""Both stores keep the contract, and a wrong one does not."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.store import INCOMING, DirectoryStore, MemoryStore
from schemas.lake import ObjectInfo, ObjectStore
from tests.infra.store_contract import StoreContract


class TestMemoryStore(StoreContract):
    """Objects in memory."""

    def make(self) -> ObjectStore:
        """Return an empty store."""
        return MemoryStore()


class TestDirectoryStore(StoreContract):
    """Objects as files."""

    def make(self) -> ObjectStore:
        """Return an empty store, in a folder that does not exist yet."""
        return DirectoryStore(self.tmp_path / "not" / "yet")


class WrongStore(MemoryStore):
    """A fake that answers in the wrong order and appends instead of replacing."""

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Yield in reverse order."""
        yield from reversed(tuple(super().list(prefix)))

    def put(self, key: str, body: bytes) -> None:
        """Append, and take any key."""
        self._objects[key] = self._objects.get(key, b"") + body


class _WrongStoreContract(StoreContract):
    def make(self) -> ObjectStore:
        return WrongStore()


def test_the_contract_catches_a_wrong_store() -> None:
    """The suite is worth something: it fails where the fake is wrong."""
    suite = _WrongStoreContract()
    with pytest.raises(AssertionError):
        suite.test_put_replaces_the_whole_object(suite.make())
    with pytest.raises(AssertionError):
        suite.test_list_is_in_key_order_with_sizes(suite.make())
    with pytest.raises(pytest.fail.Exception):
        suite.test_a_key_that_would_escape_is_refused(suite.make(), "../outside")


def test_objects_are_plain_files(tmp_path: Path) -> None:
    """Any tool can read the lake, and nothing half-written stays behind."""
    DirectoryStore(tmp_path).put("a/b.txt", b"hello")
    assert (tmp_path / "a" / "b.txt").read_bytes() == b"hello"
    assert list((tmp_path / INCOMING).iterdir()) == []


def test_a_second_store_sees_what_the_first_put(tmp_path: Path) -> None:
    """All state is on disk."""
    DirectoryStore(tmp_path).put("a/b", b"x")
    assert list(DirectoryStore(tmp_path).list("a/")) == [ObjectInfo("a/b", 1)]


def test_a_half_written_object_is_never_listed(tmp_path: Path) -> None:
    """What a crash left in the hidden folder is in no answer."""
    store = DirectoryStore(tmp_path)
    store.put("a", b"x")
    (tmp_path / INCOMING / "left").write_bytes(b"half")
    assert [info.key for info in store.list("")] == ["a"]
    assert list(store.list(".")) == []


def test_a_key_cannot_be_an_object_and_a_folder(tmp_path: Path) -> None:
    """The one difference to S3 is refused, not half done."""
    store = DirectoryStore(tmp_path)
    store.put("a/b", b"x")
    for key in ("a", "a/b/c"):
        with pytest.raises(ValueError, match="folder of another"):
            store.put(key, b"y")
    assert [info.key for info in store.list("")] == ["a/b"]
    assert list((tmp_path / INCOMING).iterdir()) == []


def test_readers_see_whole_objects_while_writers_replace_them(tmp_path: Path) -> None:
    """Concurrent puts of one key never show a mixture."""
    store = DirectoryStore(tmp_path)
    bodies = [bytes([65 + n]) * 50_000 for n in range(4)]
    store.put("k", bodies[0])

    def write(body: bytes) -> None:
        for _ in range(10):
            store.put("k", body)

    writers = [threading.Thread(target=write, args=(body,)) for body in bodies]
    for writer in writers:
        writer.start()
    seen = {store.get("k") for _ in range(100)}
    for writer in writers:
        writer.join()
    assert seen <= set(bodies)
    assert [info.size for info in store.list("k")] == [50_000]
