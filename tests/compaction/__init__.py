"""What the tests of compaction share: a lake in memory, its rows, and what may go wrong."""
