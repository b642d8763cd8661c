"""The verbs of `finops`, one file a group of verbs."""
