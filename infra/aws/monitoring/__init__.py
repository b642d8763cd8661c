"""What is watched of a stack: its alarms and its dashboard, as a part of the template.

`python -m infra.aws.generate` writes them; each alarm has an entry in docs/how-to/runbook.md.
"""
