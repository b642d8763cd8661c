"""The embedded AWS: moto's API on loopback, with our Firehose, Athena, Scheduler and Lambda in it.

`server.LocalAws` is the way in. Moto keeps its state in module globals, so one runs at a time in a
process. Nothing here repeats what the template says.
"""
