"""The simulated network's lookup (`ports.lookup`). It knows only the magic numbers."""

from sent_server.carriers.simulator.behaviour import Magic, magic
from sent_server.ports.lookup import Answer, LookedUpNumber, NoSuchNumber, NotTold

# The network that the numbering plan reserves for tests. Source: ITU-T E.212.
TEST_COUNTRY, TEST_NETWORK = "001", "01"


class SimulatedLookup:
    name = "simulator"

    async def find(self, number: str) -> Answer:
        match magic(number):
            case None:
                return NotTold("only the magic numbers are known here")
            case Magic.INVALID_NUMBER:
                return NoSuchNumber()
            case Magic.LANDLINE:
                return LookedUpNumber("landline", "Simulated Landline", is_ported=False)
            case _:
                return LookedUpNumber("mobile", "Simulated Mobile", TEST_COUNTRY, TEST_NETWORK, is_ported=False)
