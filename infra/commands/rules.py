"""`finops rules`: what the rules are, and how to write the next one."""

import click


@click.group("rules")
def rules_group() -> None:
    """Rule sets: what they find, how they differ, how to write one."""
