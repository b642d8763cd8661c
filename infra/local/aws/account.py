"""Whose the local resources are, where, and the keys that open them."""

ACCOUNT = "123456789012"
"""Moto's account: it derives the account from the access key, and a made-up key gives this one."""
REGION = "us-east-1"
ACCESS_KEY = "local"
SECRET_KEY = "local"


def environment(endpoint_url: str) -> dict[str, str]:
    """Return the variables that point every AWS SDK and the `aws` command at the endpoint."""
    return {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
    }
