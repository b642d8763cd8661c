"""Deploys a plain CloudFormation template into the embedded AWS, through each service's own API.

Not through moto's CloudFormation: that skips types and properties it does not know without a word,
names no resource when one fails, and its import alone takes longer than a whole deploy here.
"""
