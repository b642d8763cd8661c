"""The doubles that the tests of compaction use keep the contract of the real ones."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.compaction.folder import FolderObjects
from tests.compaction.memory import MemoryObjects
from tests.compaction.objects_contract import ObjectsContract


class TestMemoryObjects(ObjectsContract):
    """In a dictionary."""

    @pytest.fixture
    def objects(self) -> MemoryObjects:
        """Make an empty one."""
        return MemoryObjects(lambda: datetime(2026, 9, 1, tzinfo=UTC))


class TestFolderObjects(ObjectsContract):
    """In a folder."""

    @pytest.fixture
    def objects(self, tmp_path: Path) -> FolderObjects:
        """Make an empty one."""
        return FolderObjects(tmp_path / "objects")
