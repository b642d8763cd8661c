"""How two evaluations differ, and the rows they are read from."""
