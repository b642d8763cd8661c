"""Tests with the FOCUS Validator; they run only where they are asked for: `make test-focus`."""
