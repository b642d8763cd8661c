"""IAM enforced in the embedded AWS: roles as moto holds them, calls as they come in.

`access.Access` judges; `edge.Edge` asks it about every HTTP call that comes with a role's keys, and
the services that act with a role by themselves (Firehose, Scheduler, Lambda, Athena for its caller)
ask it where they do so. The keys that people have are not judged.
"""
