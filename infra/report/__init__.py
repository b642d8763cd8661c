"""The report: one self-contained HTML page of what the lake says about money, and its data."""

from infra.report.data import Report, as_document, gather
from infra.report.page import render

__all__ = ["Report", "as_document", "gather", "render"]
