"""The blanks that Athena's trim takes off: Java's, which keep the no-break spaces."""

from typing import Final

BLANKS: Final = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2008\u2009\u200a"
    "\u2028\u2029\u205f\u3000"
)
"""Every code point was asked of a Trino 476; `str.strip` takes off four more, the no-break ones."""
