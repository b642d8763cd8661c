"""Tests with AWS clients in environments of their own: `make test-clients`."""
