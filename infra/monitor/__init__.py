"""How a deployed stack is, at a moment: what `finops monitor` shows, local or in an account."""
