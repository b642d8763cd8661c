"""What every `transforms.compaction.ports.Objects` must do; a test class per implementation."""

from pathlib import Path

import pytest

from transforms.compaction.ports import ChangedError, Objects


class ObjectsContract:
    """The laws of the port; subclasses give a fixture `objects` that is empty."""

    def test_created_once(self, objects: Objects) -> None:
        """Whoever comes second is told so, and changes nothing."""
        etag = objects.create("a/b", b"one")
        assert etag
        assert objects.create("a/b", b"two") is None
        assert objects.read("a/b") == (b"one", etag)

    def test_replaced_by_who_knows_it(self, objects: Objects) -> None:
        """With the ETag of now, and not with an older one."""
        first = objects.create("k", b"one")
        assert first
        second = objects.replace("k", b"two", first)
        assert second
        assert second != first
        assert objects.replace("k", b"three", first) is None
        assert objects.read("k") == (b"two", second)
        assert objects.replace("absent", b"x", first) is None

    def test_removed_by_who_knows_it(self, objects: Objects) -> None:
        """With the ETag of now; one that is gone already is removed."""
        first = objects.create("k", b"one")
        assert first
        second = objects.replace("k", b"two", first)
        assert second
        assert not objects.remove("k", first)
        assert objects.remove("k", second)
        assert objects.remove("k", second)
        with pytest.raises(KeyError):
            objects.read("k")
        assert objects.create("k", b"again")

    def test_files_go_up_and_come_down(self, objects: Objects, tmp_path: Path) -> None:
        """Only the object that was listed, and listed as it is."""
        (tmp_path / "up").write_bytes(b"body")
        etag = objects.upload(tmp_path / "up", "x/file")
        (listed,) = objects.list("x/")
        assert (listed.key, listed.size, listed.etag) == ("x/file", 4, etag)
        assert listed.modified.tzinfo is not None
        objects.download("x/file", etag, tmp_path / "down")
        assert (tmp_path / "down").read_bytes() == b"body"
        (tmp_path / "up").write_bytes(b"other")
        objects.upload(tmp_path / "up", "x/file")
        for key in ("x/file", "x/none"):
            with pytest.raises(ChangedError):
                objects.download(key, etag, tmp_path / "down")

    def test_listed_in_order(self, objects: Objects) -> None:
        """Those under a prefix, and no others."""
        for key in ("p/b", "p/a", "q/a", "pq"):
            objects.create(key, key.encode())
        assert [stored.key for stored in objects.list("p/")] == ["p/a", "p/b"]
