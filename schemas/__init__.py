"""CONTRACTS: what an event is, on the wire, in memory and in the lake. Imports none of ours."""
