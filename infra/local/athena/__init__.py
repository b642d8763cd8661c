"""Athena on a laptop: SQL written for Athena, answered by DuckDB over the lake's plain files.

Importing this package loads neither DuckDB nor sqlglot; the first query does.
"""

from infra.local.athena.engine import LocalAthena, QueryResult
from infra.local.athena.errors import AthenaError

__all__ = ["AthenaError", "LocalAthena", "QueryResult"]
