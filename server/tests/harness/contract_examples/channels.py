"""Rows of the channel operations."""

from harness import samples
from harness.client import Client
from harness.contract_examples.examples import example
from harness.rows import Row, World

STATE, SMS, ONE = "/v3/channels", "/v3/channels/sms", "/v3/channels/sms/{country}/{type}"
WHATSAPP, RCS, ASKED = "/v3/channels/whatsapp", "/v3/channels/rcs", "/v3/compliance/requirements"
CREATE, UPDATE = f"POST {SMS}", f"PATCH {ONE}"
GB = "country=GB&type=ALPHANUMERIC"
AGENT = samples.rcs_agent()


def _new(world: World) -> Client:
    return world.server.create_account("With channels").http


def _bare(world: World) -> Client:
    """An organization without any channel."""
    customer_id = world.server.ask("accounts create", name="Without channels", channels=False)["customer_id"]
    return world.server.client(world.server.create_key(customer_id))


CHANNELS = [
    Row(f"GET {STATE}", "the demo account", STATE, 200, check=lambda data: data["sms"] and data["rcs"]),
    Row(f"GET {SMS}", "the first number", SMS, 200, check=lambda data: data[0]["number_type"] == "TEN_DLC"),
    Row(f"GET {ONE}", "the first number", f"{SMS}/us/10dlc", 200, check=lambda data: data["status"] == "ACTIVE"),
    Row(f"GET {ONE}", "an unknown country", f"{SMS}/xx/10dlc", 400, "VALIDATION_001", details="country"),
    Row(f"GET {ONE}", "a market that it has not", f"{SMS}/fr/LOCAL", 404, "RESOURCE_011"),
    Row(CREATE, "documented example", SMS, 201, body=example(CREATE, "sender_id"), caller=_new),
    Row(CREATE, "an unknown country", SMS, 400, "VALIDATION_001", body={"country": "XX", "number_type": "LOCAL"}),
    Row(CREATE, "nothing", SMS, 400, "VALIDATION_004", body={}, details="country"),
    Row(CREATE, "an unknown type", SMS, 400, "VALIDATION_006", body={"country": "GB", "number_type": "PIGEON"}),
    Row(
        CREATE, "a second time", SMS, 409, "RESOURCE_007",
        body={"country": "US", "number_type": "TEN_DLC", "compliance": {
            "brand": {"inherit": True}, "campaign": {"inherit": True}}},
    ),
    Row(UPDATE, "another field", f"{SMS}/US/TEN_DLC", 400, "VALIDATION_001", body={"status": "ACTIVE"}),
    Row(UPDATE, "a market that it has not", f"{SMS}/fr/LOCAL", 404, "RESOURCE_011", body={}),
    Row(
        UPDATE, "one fact of two", f"{SMS}/US/TEN_DLC", 400, "VALIDATION_001", body=example(UPDATE, "campaign"),
        caller=_new, details="compliance.brand",
    ),
    Row(UPDATE, "nothing", f"{SMS}/US/TEN_DLC", 200, body={}),
    Row(f"POST {WHATSAPP}", "documented example", WHATSAPP, 201, body=example(f"POST {WHATSAPP}", "own"), caller=_bare),
    Row(f"POST {WHATSAPP}", "blank", WHATSAPP, 400, "VALIDATION_001", body={"waba_id": " "}),
    Row(f"POST {WHATSAPP}", "nothing", WHATSAPP, 400, "VALIDATION_004", body={}),
    Row(f"POST {WHATSAPP}", "a second time", WHATSAPP, 409, "RESOURCE_007", body={"waba_id": "1"}),
    Row(f"POST {RCS}", "complete", RCS, 201, body=AGENT, caller=_bare),
    Row(f"POST {RCS}", "no address", RCS, 400, "VALIDATION_001", body={**AGENT, "logo_url": "x"}, details="logo_url"),
    Row(f"POST {RCS}", "nothing", RCS, 400, "VALIDATION_004", body={}),
    Row(f"POST {RCS}", "an unknown use", RCS, 400, "VALIDATION_006", body={**AGENT, "agent_use_case": "SPAM"}),
    Row(f"POST {RCS}", "a second time", RCS, 409, "RESOURCE_007", body=AGENT),
    Row(f"GET {ASKED}", "documented example", f"{ASKED}?{GB}", 200, check=lambda data: data["required"] is False),
    Row(f"GET {ASKED}", "nothing", ASKED, 400, "VALIDATION_004", details="country"),
    Row(f"GET {ASKED}", "an unknown type", f"{ASKED}?country=GB&type=PIGEON", 400, "VALIDATION_001", details="type"),
    Row(f"GET {ASKED}", "WhatsApp", f"{ASKED}?channel=whatsapp", 501, "CHANNEL_003"),
]  # fmt: skip
