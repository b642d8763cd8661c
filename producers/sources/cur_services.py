"""AWS's services: what a report's row calls its service, and FOCUS's category of it.

`cur_services.csv` holds well-known service codes with the product names that AWS's reports use and
FOCUS 1.2 categories; a service that is not in it has no category: unknown is not `Other`.
"""

import csv
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Service:
    """A service as a row names it."""

    name: str | None
    category: str | None
    subcategory: str | None
    code: str | None


@lru_cache(maxsize=16_384)
def service(
    product_name: str | None,
    service_name: str | None,
    service_code: str | None,
    product_code: str | None,
    marketplace: bool,
) -> Service:
    """Return the service of a row, from what it says about its product.

    A name decides the category before a code does: transfer out of EC2 has the code
    `AWSDataTransfer` under EC2's name, and FOCUS wants one category for each name.

    Args:
        product_name: the product's name; a seller's own in AWS Marketplace.
        service_name: the service's name, where a report has one.
        service_code: `product/servicecode`.
        product_code: `lineItem/ProductCode`; a random id in AWS Marketplace.
        marketplace: whether somebody sold it through AWS Marketplace: no service of AWS's.
    """
    code = service_code or product_code
    codes, names = _table()
    known = None if marketplace else codes.get(code or "") or codes.get(product_code or "")
    name = product_name or service_name or (known.name if known else code)
    if not marketplace:
        known = names.get(name or "", known)
    if known is None:
        return Service(name, None, None, code)
    return Service(name, known.category, known.subcategory, code)


@cache
def _table() -> tuple[dict[str, Service], dict[str, Service]]:
    text = resources.files(__package__).joinpath("cur_services.csv").read_text("utf-8")
    rows = [
        Service(row["name"], row["category"], row["subcategory"], row["code"])
        for row in csv.DictReader(text.splitlines())
    ]
    return {str(row.code): row for row in rows}, {str(row.name): row for row in rows}
