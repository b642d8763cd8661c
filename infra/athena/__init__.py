"""The SQL we ship, as files: views now, named queries later. Written for Athena."""
