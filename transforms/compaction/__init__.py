"""Compaction: the many small files of a quiet partition become few, and no answer ever changes.

Planning, the order of steps and the arithmetic of verification; files are written in `infra`.
"""
