"""Tests in a real browser; they run only where they are asked for: `make test-browser`."""
