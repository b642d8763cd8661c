"""What users keep in Athena: named queries and prepared statements."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from infra.local.athena import AthenaError
from infra.local.aws.athena.errors import InvalidRequestError, ResourceNotFoundError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_@:]{0,255}")
MAX_QUERY_BYTES = 262_144
"""Athena service quotas, query string length."""


class PreparedStatementError(AthenaError):
    """A statement names a prepared statement that is not there, or is there already."""

    code = "NOT_FOUND"


@dataclass(frozen=True, slots=True)
class NamedQuery:
    """A query that somebody saved."""

    id: str
    name: str
    database: str
    query: str
    workgroup: str
    description: str | None = None

    def describe(self) -> dict[str, Any]:
        """Return the API's `NamedQuery`."""
        described = {
            "Name": self.name,
            "Database": self.database,
            "QueryString": self.query,
            "NamedQueryId": self.id,
            "WorkGroup": self.workgroup,
        }
        return described | ({"Description": self.description} if self.description else {})


class NamedQueries:
    """The named queries of one account and region.

    Args:
        new_id: makes ids.
    """

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._queries: dict[str, NamedQuery] = {}
        self._tokens: dict[str, tuple[dict[str, Any], str]] = {}

    def create(self, request: Mapping[str, Any], workgroup: str) -> str:
        """Keep a query and return its id.

        Raises:
            InvalidRequestError: it has no text, or its token came with another query before.
        """
        wanted = {key: value for key, value in request.items() if key != "ClientRequestToken"}
        token = request.get("ClientRequestToken")
        if token in self._tokens:
            known, id_ = self._tokens[token]
            if known != wanted:
                raise InvalidRequestError("Idempotent parameters do not match")
            return id_
        check_query(request["QueryString"])
        query = NamedQuery(
            self._new_id(),
            request["Name"],
            request["Database"],
            request["QueryString"],
            workgroup,
            request.get("Description"),
        )
        self._queries[query.id] = query
        if token is not None:
            self._tokens[token] = (wanted, query.id)
        return query.id

    def get(self, id_: str) -> NamedQuery:
        """Return a query.

        Raises:
            InvalidRequestError: there is none of that id.
        """
        if id_ not in self._queries:
            raise InvalidRequestError(f"Named query {id_} is not found")
        return self._queries[id_]

    def workgroup(self, id_: str) -> str | None:
        """Return the workgroup of a query, None when there is none of that id."""
        return self._queries[id_].workgroup if id_ in self._queries else None

    def ids(self, workgroup: str) -> list[str]:
        """Return the ids of a workgroup's queries, newest first."""
        return [query.id for query in self._queries.values() if query.workgroup == workgroup][::-1]

    def update(self, request: Mapping[str, Any]) -> None:
        """Change a query's name, description and text.

        Raises:
            InvalidRequestError: there is none of that id, or it would have no text.
        """
        query = self.get(request["NamedQueryId"])
        check_query(request["QueryString"])
        self._queries[query.id] = replace(
            query,
            name=request["Name"],
            query=request["QueryString"],
            description=request.get("Description", query.description),
        )

    def delete(self, id_: str) -> None:
        """Forget a query.

        Raises:
            InvalidRequestError: there is none of that id.
        """
        self.get(id_)
        del self._queries[id_]

    def forget(self, workgroup: str) -> None:
        """Forget a workgroup's queries."""
        for id_ in self.ids(workgroup):
            del self._queries[id_]


@dataclass(frozen=True, slots=True)
class PreparedStatement:
    """A statement with `?` in it, under a name."""

    name: str
    workgroup: str
    query: str
    modified: datetime
    description: str | None = None

    def describe(self) -> dict[str, Any]:
        """Return the API's `PreparedStatement`."""
        described = {
            "StatementName": self.name,
            "WorkGroupName": self.workgroup,
            "QueryStatement": self.query,
            "LastModifiedTime": self.modified,
        }
        return described | ({"Description": self.description} if self.description else {})


class PreparedStatements:
    """The prepared statements of every workgroup.

    Args:
        now: tells the time.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._statements: dict[tuple[str, str], PreparedStatement] = {}

    def create(self, workgroup: str, name: str, query: str, description: str | None = None) -> None:
        """Keep a statement under a name that is free.

        Raises:
            InvalidRequestError: it is taken or no name, or the statement has no text.
        """
        if (workgroup, name) in self._statements:
            raise InvalidRequestError(
                f"Prepared statement {name} already exists in workgroup {workgroup}"
            )
        self._put(workgroup, name, query, description)

    def update(self, workgroup: str, name: str, query: str, description: str | None) -> None:
        """Change a statement.

        Raises:
            ResourceNotFoundError: there is none of that name.
            InvalidRequestError: it would have no text.
        """
        known = self.get(workgroup, name)
        self._put(workgroup, name, query, known.description if description is None else description)

    def put(self, workgroup: str, name: str, query: str) -> None:
        """Run PREPARE.

        Raises:
            PreparedStatementError: the name is taken.
        """
        try:
            self.create(workgroup, name, query)
        except InvalidRequestError as error:
            raise PreparedStatementError(error.message, "DEALLOCATE PREPARE it first.") from None

    def get(self, workgroup: str, name: str) -> PreparedStatement:
        """Return a statement.

        Raises:
            ResourceNotFoundError: there is none of that name.
        """
        if (workgroup, name) not in self._statements:
            raise ResourceNotFoundError(
                f"PreparedStatement {name} was not found in workGroup {workgroup}"
            )
        return self._statements[workgroup, name]

    def list(self, workgroup: str) -> list[PreparedStatement]:
        """Return a workgroup's statements by name."""
        return [s for (group, _), s in sorted(self._statements.items()) if group == workgroup]

    def remove(self, workgroup: str, name: str) -> None:
        """Forget a statement.

        Raises:
            ResourceNotFoundError: there is none of that name.
        """
        self.get(workgroup, name)
        del self._statements[workgroup, name]

    def delete(self, workgroup: str, name: str) -> None:
        """Run DEALLOCATE PREPARE.

        Raises:
            PreparedStatementError: there is none of that name.
        """
        try:
            self.remove(workgroup, name)
        except ResourceNotFoundError as error:
            raise PreparedStatementError(error.message, "PREPARE it first.") from None

    def forget(self, workgroup: str) -> None:
        """Forget a workgroup's statements."""
        for statement in self.list(workgroup):
            del self._statements[workgroup, statement.name]

    def _put(self, workgroup: str, name: str, query: str, description: str | None) -> None:
        if _NAME.fullmatch(name) is None:
            raise InvalidRequestError(f"{name} is not a name for a prepared statement")
        check_query(query)
        self._statements[workgroup, name] = PreparedStatement(
            name, workgroup, query, self._now(), description
        )


def check_query(query: str) -> None:
    """Refuse a statement without text, or with too much.

    Raises:
        InvalidRequestError: it is one of these.
    """
    if not query.strip() or len(query.encode()) > MAX_QUERY_BYTES:
        raise InvalidRequestError(f"QueryString must have 1 to {MAX_QUERY_BYTES} bytes")
