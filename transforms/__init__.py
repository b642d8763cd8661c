"""OUT: from raw bytes to rows, and what is computed from the lake afterwards."""
