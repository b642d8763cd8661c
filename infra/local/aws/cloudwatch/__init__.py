"""CloudWatch's metrics and alarms: what was measured when, and what that means.

Moto keeps alarms and never looks at them. Here they are evaluated as the user guide says, each
minute of the platform's clock, and what cannot be evaluated is refused when it is made.
"""
