"""What runs in the clients' environments; nothing of the project can be imported there."""
