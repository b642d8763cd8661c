"""`finops produce`: the continuous producer as a command."""
