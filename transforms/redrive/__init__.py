"""Redrive, the pure part: which failed records go back to the stream, and which do not."""
