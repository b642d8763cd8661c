"""A real Trino, asked the same questions: Athena's engine v3 is one. Run by `make test-trino`."""
