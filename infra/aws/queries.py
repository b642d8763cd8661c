"""The query library as the template's YAML: a saved query and a prepared statement of each.

Saved queries are for people: the console lists them and asks for the parameters one by one.
Prepared statements are for programs: `EXECUTE name USING ...` needs no SQL text. Neither does the
other's work, so there are both.
"""

from collections.abc import Iterator

from infra.athena.library import LibraryQuery, library

LONGEST_DESCRIPTION = 1024
"""Characters, by the API's reference of both."""


def queries_yaml() -> str:
    """Return the resources of every query."""
    return "".join(
        "\n".join((*_saved(query), *_prepared(query))) + "\n" for query in library().values()
    )


def query_keys() -> dict[str, str]:
    """Return what would happen without each resource, by its name in the template."""
    found = {}
    for query in library().values():
        found[f"{_key(query)}Query"] = f"the console would not list {query.name}"
        found[f"{_key(query)}Statement"] = f"EXECUTE {query.name} would find nothing"
    return found


def description(query: LibraryQuery) -> str:
    """Return what the console says of a query: the question, and the parameters in order."""
    names = ", ".join(f"{p.name} ({p.example})" for p in query.parameters)
    return f"{query.question} Parameters: {names}."


def _key(query: LibraryQuery) -> str:
    return "".join(part.capitalize() for part in query.name.split("_"))


def _saved(query: LibraryQuery) -> Iterator[str]:
    yield f"  {_key(query)}Query:"
    yield "    Type: AWS::Athena::NamedQuery"
    yield "    Properties:"
    yield f"      Name: {query.name}"
    yield f"      Description: {_quoted(description(query))}"
    yield "      WorkGroup: !Ref WorkGroup"
    yield "      Database: !Ref GlueDatabase"
    yield from _text("QueryString", query)


def _prepared(query: LibraryQuery) -> Iterator[str]:
    yield f"  {_key(query)}Statement:"
    yield "    Type: AWS::Athena::PreparedStatement"
    yield "    Properties:"
    yield f"      StatementName: {query.name}"
    yield f"      Description: {_quoted(description(query))}"
    yield "      WorkGroup: !Ref WorkGroup"
    yield from _text("QueryStatement", query)


def _text(name: str, query: LibraryQuery) -> Iterator[str]:
    yield f"      {name}: |-"
    for line in query.sql.splitlines():
        yield f"        {line}" if line else ""


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
