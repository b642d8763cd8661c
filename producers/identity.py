"""Names derived from what is delivered: the same delivery has the same, another one never.

An ingest id stands for a source as a whole, a delivery id for one scope of it.
"""

import hashlib

from producers.sources import Scope, Source


def ingest_id(source: Source) -> str:
    """Return the id of a source's ingest: 24 hex digits of a hash over what is delivered.

    The same content, settings, mapper and dataset instance give the same id; anything else gives
    another: a file that a person kept is not the export it once came from.
    """
    settings = [f"{name}={value}" for name, value in sorted(source.settings.items())]
    parts = (source.kind, source.mapper_version, source.dataset_instance, source.fingerprint)
    return _hash(*parts, *settings)


def delivery_id_of(ingest: str, scope: Scope) -> str:
    """Return the id of one scope's delivery."""
    return _hash(ingest, scope.billing_account_id, scope.billing_period)


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]
