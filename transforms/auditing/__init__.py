"""The parts of an audit: what is tallied, what is kept of it, and how a day is judged."""
