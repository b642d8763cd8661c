"""For authors of rules: begin one in the source tree, hold it to its golden files."""
