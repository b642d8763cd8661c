"""What all tests share."""

import gc

# By and by a worker holds a gigabyte of long-lived objects, and hardly a cycle.
gc.set_threshold(200_000, 50, 50)
