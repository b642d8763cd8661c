"""Compaction on a lake of Parquet in S3: files, objects, running queries."""
