"""One resource with its name, its tags and its meters: the constant part of its rows."""

from collections.abc import Iterator
from decimal import Decimal

from producers.sources.simulator.catalogue import Fleet, Meter, Service
from producers.sources.simulator.charges import Line, template
from producers.sources.simulator.commitments import COMMITMENTS, Commitment
from producers.sources.simulator.exact import PRICE_DECIMALS, integer
from producers.sources.simulator.noise import Draws, key
from producers.sources.simulator.organisation import APPLICATIONS, Account, Region, tags
from schemas.events import ChargeRecorded

_HEX = "0123456789abcdef"
_SKU = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_ON_DEMAND = "JRTCKXETXF.6YS6EN2CT7"
"""AWS's rate codes: this term and rate mean on demand, per hour or unit."""
_THOUSAND = 1_000


class Place:
    """Makes the resources of one service in one account and region."""

    def __init__(self, seed: int, service: Service, account: Account, region: Region) -> None:
        self._seed = seed
        self._service = service
        self._account = account
        self._region = region

    def resource(self, fleet: Fleet, number: int, since: int) -> Iterator[Line]:
        """Yield the lines of one resource, one for each of its meters."""
        place = (self._service.code, self._account.name, self._region.region_id)
        draws = Draws(self._seed, "resource", *place, fleet.noun, number)
        application = draws.pick(APPLICATIONS)
        name = f"{application}-{fleet.noun}-{number}"
        identity: ChargeRecorded = {
            "resource_id": fleet.resource_id.format(
                region=self._region.region_id,
                account=self._account.account_id,
                name=name,
                hex=draws.letters(17, _HEX),
            ),
            "resource_name": name,
            "resource_type": fleet.resource_type,
            "tags": tags(draws, self._account, application),
        }
        if fleet.zonal:
            identity["availability_zone"] = self._region.region_id + draws.pick("abc")
        for meter in fleet.meters:
            yield self._line(fleet, meter, identity, draws, since)

    def _line(
        self, fleet: Fleet, meter: Meter, identity: ChargeRecorded, draws: Draws, since: int
    ) -> Line:
        low, high = (integer(text, meter.decimals) for text in (meter.low, meter.high))
        regional = self._region.prices if self._service.regional else _THOUSAND
        price = integer(meter.price, PRICE_DECIMALS) * regional // _THOUSAND
        contracted = price * self._service.contracted // _THOUSAND
        commitment = None
        if fleet.commitment:
            commitment = COMMITMENTS[fleet.commitment].at(self._account, self._region)
        return Line(
            key=key(self._seed, identity["resource_id"], meter.usage_type),
            constant=self._constant(meter, price, commitment, identity),
            base=draws.between(low, high),
            decimals=meter.decimals,
            most=None if meter.most is None else integer(meter.most, meter.decimals),
            steady=meter.steady,
            list_price=price,
            contracted_price=contracted,
            commitment=commitment,
            effective_price=commitment.price(price) if commitment else contracted,
            since=since,
        )

    def _constant(
        self,
        meter: Meter,
        price: int,
        commitment: Commitment | None,
        identity: ChargeRecorded,
    ) -> ChargeRecorded:
        service, region = self._service, self._region
        sku = Draws("sku", service.code, meter.usage_type, region.prices).letters(16, _SKU)
        dollars = f"{Decimal(price).scaleb(-PRICE_DECIMALS).normalize():f}"
        return template(
            self._account,
            charge_category="Usage",
            charge_description=meter.description.format(price=f"${dollars}"),
            charge_frequency="Usage-Based",
            pricing_category="Committed" if commitment else "Standard",
            pricing_unit=meter.unit,
            consumed_unit=meter.unit,
            service_category=service.category,
            service_subcategory=service.subcategory,
            service_name=service.name,
            region_id=region.region_id if service.regional else None,
            region_name=region.name if service.regional else None,
            sku_id=sku,
            sku_price_id=f"{sku}.{_ON_DEMAND}",
            sku_meter=meter.usage_type,
            x_extensions={
                "x_ServiceCode": service.code,
                "x_UsageType": meter.usage_type,
                "x_Operation": meter.operation,
            },
            **identity,
            **(commitment.columns("Used") if commitment else {}),
        )
