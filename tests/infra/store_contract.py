"""What every `schemas.lake.ObjectStore` must do; a test class per implementation runs it."""

from abc import ABC, abstractmethod

import pytest

from schemas.lake import ObjectInfo, ObjectStore

REFUSED = [
    "",
    "/absolute",
    "..",
    "../outside",
    "a/../b",
    "a/./b",
    "a//b",
    "folder/",
    "nul\0byte",
    ".incoming/half",
    "a/" + "x" * 256,
    "/".join(["x" * 200] * 6),
    "\ud800",
]


class StoreContract(ABC):
    """The laws of the port; subclasses say how to make an empty store."""

    @abstractmethod
    def make(self) -> ObjectStore:
        """Return an empty store."""

    @pytest.fixture
    def store(self, tmp_path_factory: pytest.TempPathFactory) -> ObjectStore:
        """Make the store under test."""
        self.tmp_path = tmp_path_factory.mktemp("store")
        return self.make()

    def test_get_returns_what_was_put(self, store: ObjectStore) -> None:
        """Bytes come back as they went in, empty ones and awkward names too."""
        for key in ("a", "b/c", "dt=2026-11-23/x y'!(é).parquet", ".hidden/file", "..."):
            store.put(key, key.encode())
            assert store.get(key) == key.encode()
        store.put("empty", b"")
        assert store.get("empty") == b""

    def test_put_replaces_the_whole_object(self, store: ObjectStore) -> None:
        """A second put leaves nothing of the first."""
        store.put("k", b"a longer body")
        store.put("k", b"short")
        assert store.get("k") == b"short"
        assert list(store.list("")) == [ObjectInfo("k", 5)]

    def test_an_absent_key_is_a_key_error(self, store: ObjectStore) -> None:
        """Get of nothing, of a folder, or below an object raises KeyError."""
        store.put("a/b", b"x")
        for key in ("none", "a", "a/b/c", "a/none"):
            with pytest.raises(KeyError):
                store.get(key)

    def test_delete_removes_and_forgives(self, store: ObjectStore) -> None:
        """A deleted object is gone, and deleting an absent one is no error."""
        store.put("a/b", b"x")
        store.delete("a/b")
        store.delete("a/b")
        store.delete("a")
        assert list(store.list("")) == []
        with pytest.raises(KeyError):
            store.get("a/b")

    def test_list_is_in_key_order_with_sizes(self, store: ObjectStore) -> None:
        """Keys come in the order of their characters, not of folders."""
        keys = ["a-b", "a/b", "a/b-c", "a/b/d", "a0", "B", "é/x", "a/c"]
        keys = [k for k in keys if k != "a/b"]  # not both an object and a folder
        for size, key in enumerate(keys):
            store.put(key, b"x" * size)
        expected = [ObjectInfo(key, keys.index(key)) for key in sorted(keys)]
        assert list(store.list("")) == expected

    @pytest.mark.parametrize(
        ("prefix", "expected"),
        [
            ("p/", ["p/a/1", "p/ab/2", "p/b"]),
            ("p/a", ["p/a/1", "p/ab/2"]),
            ("p/a/", ["p/a/1"]),
            ("p/a/1", ["p/a/1"]),
            ("p/a/1/", []),
            ("q", ["q"]),
            ("none/", []),
            ("/", []),
            ("p/../p/", []),
        ],
    )
    def test_list_matches_prefixes_not_folders(
        self, store: ObjectStore, prefix: str, expected: list[str]
    ) -> None:
        """A prefix is the beginning of a key, wherever it ends."""
        for key in ("p/a/1", "p/ab/2", "p/b", "q"):
            store.put(key, b"")
        assert [info.key for info in store.list(prefix)] == expected

    @pytest.mark.parametrize("key", REFUSED)
    def test_a_key_that_would_escape_is_refused(self, store: ObjectStore, key: str) -> None:
        """No put leaves the store, and none hides in it."""
        with pytest.raises(ValueError):
            store.put(key, b"x")
        assert list(store.list("")) == []
        with pytest.raises(KeyError):
            store.get(key)
        store.delete(key)
