"""Asks the provider first, and the numbering plan for facts that the provider does not know."""

import asyncio
from dataclasses import replace

import structlog

from sent_server.errors import ApiError
from sent_server.kernel.values import value_object
from sent_server.numbers import plan
from sent_server.numbers.model import NumberDetails
from sent_server.ports.lookup import Answer, LookedUpNumber, Lookup, NoSuchNumber, NotTold

log = structlog.get_logger()
PROVIDER_WITHIN_S = 5


@value_object
class Numbers:
    """If `lookup` is None, no provider is configured and only the plan is used."""

    lookup: Lookup | None

    async def find(self, number: str) -> NumberDetails:
        """`number` is E.164. Raises RESOURCE_013 if the plan or the provider does not know it."""
        planned = await asyncio.to_thread(plan.describe, number)
        if planned is None:
            raise ApiError("RESOURCE_013")
        if self.lookup is None:
            return planned
        match await self._ask(self.lookup, number):
            case NotTold():
                return planned
            case NoSuchNumber():
                raise ApiError("RESOURCE_013")
            case LookedUpNumber() as told:
                return replace(
                    planned,
                    is_valid=True,
                    line_type=told.line_type or planned.line_type,
                    carrier_name=told.carrier_name or planned.carrier_name,
                    mobile_country_code=told.mobile_country_code,
                    mobile_network_code=told.mobile_network_code,
                    is_ported=told.is_ported,
                    provider=self.lookup.name,
                )

    async def _ask(self, lookup: Lookup, number: str) -> Answer:
        try:
            async with asyncio.timeout(PROVIDER_WITHIN_S):
                return await lookup.find(number)
        except TimeoutError:
            log.warning("lookup.timed_out", provider=lookup.name)
            return NotTold("no answer in time")
