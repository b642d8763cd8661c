"""Who pays and who uses: one payer account, its sub accounts, the regions, and the tags they set.

Account numbers are in the style of AWS's own examples and belong to nobody.
"""

from dataclasses import dataclass

from producers.sources.simulator.noise import Draws

PAYER = "111122223333"
PAYER_NAME = "Example Retail Group"
CURRENCY = "USD"


@dataclass(frozen=True, slots=True)
class Account:
    """A sub account and what the tags of its resources should say."""

    account_id: str
    name: str
    environment: str
    business_unit: str


@dataclass(frozen=True, slots=True)
class Region:
    """A region; its prices in thousandths of us-east-1's."""

    region_id: str
    name: str
    prices: int


ACCOUNTS = (
    Account("444455556661", "shop-production", "prod", "retail"),
    Account("444455556662", "shop-staging", "staging", "retail"),
    Account("444455556663", "data-platform", "prod", "data"),
    Account("444455556664", "machine-learning", "prod", "data"),
    Account("444455556665", "shared-services", "prod", "platform"),
    Account("444455556666", "sandbox", "dev", "platform"),
)
SHARED = ACCOUNTS[4]
"""Where what the whole organisation buys is booked."""

REGIONS = (
    Region("us-east-1", "US East (N. Virginia)", 1000),
    Region("eu-west-1", "EU (Ireland)", 1080),
    Region("eu-central-1", "EU (Frankfurt)", 1120),
    Region("ap-southeast-2", "Asia Pacific (Sydney)", 1200),
)
APPLICATIONS = (
    *("checkout", "search", "catalogue", "ledger", "pricing"),
    *("recommendations", "ingest", "reporting", "loyalty", "returns"),
)

_MISSPELT = {"prod": "production", "staging": "stage", "dev": "development"}


def tags(draws: Draws, account: Account, application: str) -> dict[str, str] | None:
    """Return a resource's tags as people really set them; about six in ten are as they should be.

    The others have a key in the wrong case, an empty value, a value nobody agreed on, a key
    missing, or no tags at all.
    """
    good = {
        "application": application,
        "environment": account.environment,
        "business_unit": account.business_unit,
    }
    chance = draws.below(100)
    if chance < 62:
        return good
    if chance < 70:
        return {key.capitalize(): value for key, value in good.items()}
    if chance < 76:
        return {**good, draws.pick(("application", "business_unit")): ""}
    if chance < 82:
        return {**good, "environment": _MISSPELT[account.environment]}
    if chance < 90:
        del good[draws.pick(("application", "environment", "business_unit"))]
        return good
    return None
