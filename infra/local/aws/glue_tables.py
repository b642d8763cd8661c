"""The Glue Data Catalog as moto holds it in this process: the one catalogue of Firehose and Athena.

The only module that knows moto's Glue objects; everything else sees the API's `Table` structures.
"""

from collections.abc import Mapping
from typing import Any

from moto.glue.exceptions import EntityNotFoundException, PartitionAlreadyExistsException
from moto.glue.models import GlueBackend, glue_backends

from infra.errors import UsageError
from schemas.tables import Column, Table


class GlueNotFoundError(UsageError):
    """There is no such database or table; `message` is Glue's own."""

    def __init__(self, message: str) -> None:
        self.message = message
        super().__init__(f"{message.rstrip('.')}; create it in Glue or correct its name")


class GlueCatalogue:
    """Databases and tables of one account and region.

    Args:
        account: Whose catalogue.
        region: Where it is.
    """

    def __init__(self, account: str, region: str) -> None:
        self.account = account
        self.region = region

    def databases(self) -> list[str]:
        """List the names of the databases."""
        return sorted(self._glue().databases)

    def database(self, name: str) -> dict[str, Any]:
        """Return a database, as `GetDatabase` would.

        Raises:
            GlueNotFoundError: there is no such database.
        """
        try:
            return self._glue().get_database(name).as_dict()
        except EntityNotFoundException as error:
            raise GlueNotFoundError(error.message) from None

    def create_database(self, database_input: dict[str, Any]) -> None:
        """Create a database whose name is free."""
        self._glue().create_database(database_input["Name"], database_input)

    def delete_database(self, name: str) -> None:
        """Delete a database and the tables in it.

        Raises:
            GlueNotFoundError: there is no such database.
        """
        try:
            self._glue().delete_database(name)
        except EntityNotFoundException as error:
            raise GlueNotFoundError(error.message) from None

    def tables(self, database: str) -> dict[str, dict[str, Any]]:
        """Return every table and view of a database by name, as `GetTables` would.

        Raises:
            GlueNotFoundError: there is no such database.
        """
        try:
            found = self._glue().get_tables(database, None)
        except EntityNotFoundException as error:
            raise GlueNotFoundError(error.message) from None
        return {table.name: table.as_dict() for table in found}

    def table(self, database: str, name: str) -> dict[str, Any]:
        """Return the newest version of a table, as `GetTable` would.

        Raises:
            GlueNotFoundError: there is no such database or table.
        """
        try:
            return self._glue().get_table(database, name).as_dict()
        except EntityNotFoundException as error:
            raise GlueNotFoundError(error.message) from None

    def put(self, database: str, table_input: dict[str, Any]) -> None:
        """Create a table or view, or store a new version of it.

        Raises:
            GlueNotFoundError: there is no such database.
        """
        name = table_input["Name"]
        if name in self.tables(database):
            self._glue().update_table(database, name, table_input)
        else:
            self._glue().create_table(database, name, table_input)

    def delete(self, database: str, name: str) -> None:
        """Delete a table or view.

        Raises:
            GlueNotFoundError: there is no such database or table.
        """
        try:
            self._glue().delete_table(database, name)
        except EntityNotFoundException as error:
            raise GlueNotFoundError(error.message) from None

    def partitions(self, database: str, name: str) -> list[dict[str, Any]]:
        """Return the partitions that are registered of a table, as `GetPartitions` would.

        Raises:
            GlueNotFoundError: there is no such database or table.
        """
        try:
            found = self._glue().get_table(database, name).partitions
        except EntityNotFoundException as error:
            raise GlueNotFoundError(error.message) from None
        return [partition.as_dict() for partition in list(found.values())]

    def add_partition(self, database: str, name: str, partition_input: dict[str, Any]) -> bool:
        """Register a partition; false when it was there already, and then nothing changes."""
        try:
            self._glue().create_partition(database, name, partition_input)
        except PartitionAlreadyExistsException:
            return False
        return True

    def delete_partition(self, database: str, name: str, values: list[str]) -> bool:
        """Forget a partition; false when there is none with these values."""
        try:
            self._glue().get_table(database, name).delete_partition(values)  # type: ignore[arg-type]
        except EntityNotFoundException:
            return False
        return True

    def _glue(self) -> GlueBackend:
        return glue_backends[self.account][self.region]


def columns_of(columns: object) -> tuple[Column, ...]:
    """Return Glue's `Columns` or `PartitionKeys` as ours; the comment is the meaning."""
    listed: list[Mapping[str, Any]] = list(columns) if isinstance(columns, list | tuple) else []
    return tuple(
        Column(column["Name"].lower(), column.get("Type", "string"), column.get("Comment") or "")
        for column in listed
    )


def rows_table(glue: Mapping[str, Any]) -> Table:
    """Return what Firehose reads of a Glue table: its columns, in order."""
    storage = glue.get("StorageDescriptor") or {}
    return Table(
        name=glue["Name"],
        prefix="",
        format="parquet",
        columns=columns_of(storage.get("Columns")),
        partitions=columns_of(glue.get("PartitionKeys")),
        meaning=glue.get("Description") or "",
    )
