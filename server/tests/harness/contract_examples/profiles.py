"""Rows of the profile operations."""

from typing import Any

from harness import samples
from harness.contract_examples.examples import BAD_KEY, example
from harness.rows import Row, World

EVERY, ONE, COMPLETE = "/v3/profiles", "/v3/profiles/{fresh_profile}", "/v3/profiles/{profile}/complete"
CREATE, UPDATE, COMPLETION = f"POST {EVERY}", f"PATCH {EVERY}/{{profileId}}", f"POST {EVERY}/{{profileId}}/complete"
CONTACT = {"name": "Acme Corp", "email": "billing@acme.example"}
CARD = {"card_number": "4242424242424242", "expiry": "09/37", "cvc": "123", "zip_code": "10001"}
SHORT_NAME = (
    "short_name must be 3–11 characters, contain only letters, numbers, and spaces, and include at least one letter"
)
EXPIRY = "payment_details.expiry must be in MM/YY format (e.g. '09/27')"
NO_WHATSAPP = (
    "Organization does not have a WhatsApp Business Account configured. Complete WhatsApp Embedded Signup for your "
    "organization first, or provide direct credentials in the 'whatsapp_business_account' field."
)
WABA = {"waba_id": "123456789012345", "access_token": "EAAB-secret", "phone_number_id": "1098"}


def _with(**values: Any) -> dict[str, Any]:
    return {"name": "Rows", "billing_model": "profile", "billing_contact": CONTACT, **values}


def _card(**values: str) -> dict[str, Any]:
    return _with(payment_details={**CARD, **values})


def _completable(world: World) -> dict[str, str]:
    world.campaign()
    return {"webHookUrl": world.receiver.url("/completed")}


def _complete_already(world: World) -> dict[str, str]:
    return {"web_hook_url": world.receiver.url("/completed")}


_SHOWN = example(CREATE)


def _as_documented(data: Any) -> bool:
    flags = [name for name in _SHOWN if name.startswith(("inherit_", "allow_"))]
    same = all(data[name] == _SHOWN[name] for name in ("name", "icon", "description", "short_name", *flags))
    brand = data["brand"]
    return (
        same
        and data["billing_contact"] == _SHOWN["billing_contact"]
        and data["status"] == "incomplete"
        and brand["business"]["legal_name"] == "Acme Corporation LLC"
        and brand["compliance"]["destination_countries"] == [{"id": "US", "isMain": False}]
        and brand["is_inherited"] is False
    )


_CREATE_ROWS = [
    Row(CREATE, "documented example", EVERY, 201, body=_SHOWN, check=_as_documented),
    Row(
        CREATE,
        "no more than a name",
        EVERY,
        201,
        body={"name": " Sales "},
        check=lambda d: d["name"] == "Sales" and d["billing_model"] == "profile" and d["inherit_tcr_brand"] is True,
    ),
    Row(CREATE, "no name", EVERY, 400, "VALIDATION_001", {}, "Profile name is required", details="name"),
    Row(CREATE, "a blank name", EVERY, 400, "VALIDATION_001", {"name": " "}, details="name"),
    Row(CREATE, "a short name too short", EVERY, 400, "VALIDATION_001", _with(short_name="AB"), details="short_name"),
    Row(CREATE, "a short name too long", EVERY, 400, "VALIDATION_001", _with(short_name="A" * 12)),
    Row(CREATE, "a short name without a letter", EVERY, 400, "VALIDATION_001", _with(short_name="123 45")),
    Row(CREATE, "a short name with a newline", EVERY, 400, "VALIDATION_001", _with(short_name="SALES\n")),
    Row(CREATE, "an unknown billing model", EVERY, 400, "VALIDATION_006", _with(billing_model="nobody")),
    Row(CREATE, "not a flag", EVERY, 400, "VALIDATION_001", _with(inherit_contacts="yes"), details="inherit_contacts"),
    Row(CREATE, "not an icon", EVERY, 400, "VALIDATION_001", _with(icon="javascript:alert(1)"), details="icon"),
    Row(
        CREATE,
        "a bill without a contact",
        EVERY,
        400,
        "VALIDATION_001",
        {"name": "Rows", "billing_model": "profile_and_organization"},
        details="billing_contact",
    ),
    Row(
        CREATE,
        "a contact without an address",
        EVERY,
        400,
        "VALIDATION_004",
        _with(billing_contact={"name": "Acme"}),
        details="billing_contact.email",
    ),
    Row(CREATE, "a card", EVERY, 201, body=_card(), check=lambda d: "payment_details" not in d),
    Row(
        CREATE, "a card's expiry", EVERY, 400, "VALIDATION_001", _card(expiry="0927"), details="payment_details.expiry"
    ),
    Row(CREATE, "month 13", EVERY, 400, "VALIDATION_001", _card(expiry="13/37"), details="payment_details.expiry"),
    Row(CREATE, "an old card", EVERY, 400, "VALIDATION_001", _card(expiry="01/20"), details="payment_details.expiry"),
    Row(CREATE, "12 digits", EVERY, 400, "VALIDATION_001", _card(card_number="1" * 12)),
    Row(CREATE, "20 digits", EVERY, 400, "VALIDATION_001", _card(card_number="1" * 20)),
    Row(CREATE, "5 digits of cvc", EVERY, 400, "VALIDATION_001", _card(cvc="12345"), details="payment_details.cvc"),
    Row(CREATE, "foreign digits", EVERY, 400, "VALIDATION_001", _card(cvc="١٢٣"), details="payment_details.cvc"),
    Row(CREATE, "a declined card", EVERY, 400, "VALIDATION_001", _card(card_number="4000000000000002")),
    Row(
        CREATE,
        "a card while the organization pays",
        EVERY,
        400,
        "VALIDATION_001",
        _with(billing_model="organization", payment_details=CARD),
        details="payment_details",
    ),
    Row(
        CREATE,
        "a brand and an inherited one",
        EVERY,
        400,
        "VALIDATION_001",
        {**_SHOWN, "inherit_tcr_brand": True},
        details="brand",
    ),
    Row(
        CREATE,
        "a brand alone",
        EVERY,
        201,
        body=_with(brand=_SHOWN["brand"]),
        check=lambda d: d["inherit_tcr_brand"] is False and d["brand"]["is_inherited"] is False,
    ),
    Row(CREATE, "half a brand", EVERY, 400, "VALIDATION_004", _with(brand={"contact": {"name": "x"}})),
    Row(CREATE, "an own WhatsApp account", EVERY, 201, body=_with(whatsapp_business_account=WABA)),
    Row(CREATE, "an older form's settings", EVERY, 201, body=_with(settings={"timezone": "UTC"})),
    Row(CREATE, "a bad key", EVERY, 400, "VALIDATION_007", {}, headers=BAD_KEY),
    Row(
        CREATE,
        "no WhatsApp anywhere",
        EVERY,
        422,
        "VALIDATION_001",
        _with(),
        NO_WHATSAPP,
        caller=lambda world: world.unconnected.http,
    ),
    Row(
        CREATE,
        "WhatsApp of its own only",
        EVERY,
        201,
        body=_with(whatsapp_business_account=WABA),
        caller=lambda world: world.unconnected.http,
        check=lambda d: d["waba_id"] == WABA["waba_id"],
    ),
    Row(CREATE, "sandbox", EVERY, 201, body={**_SHOWN, "sandbox": True}),
]
_UPDATE_ROWS = [
    Row(
        UPDATE,
        "documented example",
        ONE,
        200,
        body=example(UPDATE),
        check=lambda d: d["name"] == "Sales Team - Updated" and d["allow_contact_sharing"] is True,
    ),
    Row(UPDATE, "nothing", ONE, 200, body={}, check=lambda d: d["name"] == "Fresh"),
    Row(UPDATE, "nulls change nothing", ONE, 200, body={"name": None, "icon": None, "inherit_contacts": None}),
    Row(
        UPDATE,
        "what only updates have",
        ONE,
        200,
        body=lambda world: {
            "sending_phone_number": "+14155550100",
            "whatsapp_phone_number": "+14155550101",
            "sending_phone_number_profile_id": world.fresh_profile()["id"],
            "sending_whatsapp_number_profile_id": world.branded["id"],
            "allow_number_change_during_onboarding": False,
        },
        check=lambda d: (
            d["sending_phone_number"] == "+14155550100"
            and d["whatsapp_phone_number"] == "+14155550101"
            and d["sending_phone_number_profile_id"]
            and d["allow_number_change_during_onboarding"] is False
        ),
    ),
    Row(UPDATE, "a bad number", ONE, 400, "VALIDATION_001", {"sending_phone_number": "911"}),
    Row(UPDATE, "a bad sibling", ONE, 400, "VALIDATION_003", {"sending_phone_number_profile_id": "x"}),
    Row(UPDATE, "no sibling", ONE, 400, "VALIDATION_001", {"sending_phone_number_profile_id": samples.UNKNOWN_ID}),
    Row(UPDATE, "a bill without a contact", ONE, 400, "VALIDATION_001", {"billing_model": "profile"}),
    Row(UPDATE, "a card", ONE, 200, body=_card()),
    Row(UPDATE, "a card without a bill", ONE, 400, "VALIDATION_001", {"payment_details": CARD}),
    Row(UPDATE, "a card's expiry", ONE, 400, "VALIDATION_001", _card(expiry="9/27"), details="payment_details.expiry"),
    Row(UPDATE, "an unknown billing model", ONE, 400, "VALIDATION_006", {"billing_model": "nobody"}),
    Row(
        UPDATE,
        "a brand and an inherited one",
        ONE,
        400,
        "VALIDATION_001",
        {"inherit_tcr_brand": True, "brand": _SHOWN["brand"]},
        details="brand",
    ),
    Row(
        UPDATE,
        "a brand",
        ONE,
        200,
        body={"brand": _SHOWN["brand"]},
        check=lambda d: d["inherit_tcr_brand"] is False and d["brand"]["contact"]["name"] == "John Smith",
    ),
    Row(UPDATE, "a malformed id", "/v3/profiles/{malformed}", 400, "VALIDATION_003", {}),
    Row(UPDATE, "a bad key", ONE, 400, "VALIDATION_007", {}, headers=BAD_KEY),
    Row(UPDATE, "unknown", "/v3/profiles/{unknown}", 404, "RESOURCE_014", {}, "Profile not found"),
]
_COMPLETE_ROWS = [
    Row(
        COMPLETION,
        "what is there",
        COMPLETE,
        202,
        body=_completable,
        check=lambda d: d == {"message": "Profile completion in progress"},
    ),
    Row(
        COMPLETION,
        "complete already",
        "/v3/profiles/{heir_profile}/complete",
        200,
        body=_complete_already,
        check=lambda d: d == {"message": "Profile is already completed", "status": "completed"},
    ),
    Row(
        COMPLETION,
        "nothing is there",
        "/v3/profiles/{profile_without_brand}/complete",
        400,
        "VALIDATION_001",
        {"webhook_url": "https://example.com/"},
        details="brand",
    ),
    Row(COMPLETION, "no address", COMPLETE, 400, "VALIDATION_004", {}, details="webHookUrl"),
    Row(COMPLETION, "a bad address", COMPLETE, 400, "VALIDATION_001", {"webHookUrl": "ftp://x"}, details="webHookUrl"),
    Row(COMPLETION, "a malformed id", "/v3/profiles/{malformed}/complete", 400, "VALIDATION_003", {}),
    Row(COMPLETION, "a bad key", COMPLETE, 400, "VALIDATION_007", {}, headers=BAD_KEY),
    Row(
        COMPLETION,
        "unknown",
        "/v3/profiles/{unknown}/complete",
        404,
        "RESOURCE_014",
        {"webHookUrl": "https://example.com/"},
    ),
]
PROFILES = [
    Row("GET /v3/profiles", "page 0", "/v3/profiles?page=0", 400, "VALIDATION_005", says="Page must be greater than 0"),
    Row("GET /v3/profiles", "size 101", "/v3/profiles?page_size=101", 400, "VALIDATION_001", details="page_size"),
    Row("GET /v3/profiles", "no cursor", "/v3/profiles?after=nonsense", 400, "VALIDATION_001", details="after"),
    Row(f"GET {EVERY}", "all", EVERY, 200, check=lambda d: isinstance(d["profiles"], list)),
    Row(f"GET {EVERY}", "a query that is no text", f"{EVERY}?x=%FF", 400, "VALIDATION_001"),
    *_CREATE_ROWS,
    Row(f"GET {EVERY}/{{profileId}}", "one", ONE, 200, check=lambda d: d["name"] == "Fresh"),
    Row(f"GET {EVERY}/{{profileId}}", "a query that is no text", f"{ONE}?x=%FF", 400, "VALIDATION_001"),
    Row(f"GET {EVERY}/{{profileId}}", "a malformed id", "/v3/profiles/{malformed}", 400, "VALIDATION_003"),
    Row(f"GET {EVERY}/{{profileId}}", "unknown", "/v3/profiles/{unknown}", 404, "RESOURCE_014"),
    *_UPDATE_ROWS,
    Row(f"DELETE {EVERY}/{{profileId}}", "documented example", ONE, 204, body={"sandbox": False}),
    Row(f"DELETE {EVERY}/{{profileId}}", "not a boolean", ONE, 400, "VALIDATION_001", {"sandbox": "yes"}),
    Row(f"DELETE {EVERY}/{{profileId}}", "a malformed id", "/v3/profiles/{malformed}", 400, "VALIDATION_003", {}),
    Row(f"DELETE {EVERY}/{{profileId}}", "a bad key", ONE, 400, "VALIDATION_007", {}, headers=BAD_KEY),
    Row(f"DELETE {EVERY}/{{profileId}}", "unknown", "/v3/profiles/{unknown}", 404, "RESOURCE_014", {}),
    *_COMPLETE_ROWS,
]
