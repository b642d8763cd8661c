"""A difference for people and scripts: as tables, as a document for JSON, as one HTML page."""

from infra.difference_report.document import as_document
from infra.difference_report.page import render
from infra.difference_report.tables import print_difference

__all__ = ["as_document", "print_difference", "render"]
