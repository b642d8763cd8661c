"""The stack as one SAM template, and what it takes to read, generate and translate it."""
