"""The embedded AWS: the same template, on a laptop, without a network."""
