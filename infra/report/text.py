"""Text from outside, as far as a page and a drawing can hold it."""

import re

_NO_XML = re.compile(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")
"""Characters that XML 1.0 has no place for, and that a name may hold all the same."""


def holdable(text: str) -> str:
    """Return the text with a mark in place of each character that XML has no place for."""
    return _NO_XML.sub("\ufffd", text)
