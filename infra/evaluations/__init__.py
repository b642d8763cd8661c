"""Evaluations as a person handles them: add, activate, remove; the tables follow."""
