"""Bodies of the channel routes. Source: contract/openapi-v3.json, contract/NOTES.md."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, cast

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from sent_server.channels import markets, requirements
from sent_server.channels.model import ChannelsState, Market, NumberType
from sent_server.channels.requirements import Requirement
from sent_server.egress import is_postable
from sent_server.http import unserved
from sent_server.http.fields import RequestBody, fault, one_of
from sent_server.http.lengths import AtMost
from sent_server.http.zero_values import Fault
from sent_server.kernel import timestamps, typed_text

MAX_GROUP_BYTES = 16_384
MAX_DEPTH = 5
AGENT_USE_CASES = ("VERIFICATION", "NOTIFICATIONS", "MARKETING", "MULTI_USE")
BOTH = "Give either area_codes or numbers, not both"
ONLY_COMPLIANCE = "Cannot be changed; this call changes only compliance"
NOT_IN_ANSWERS = ("logo_url", "banner_url", "opt_in_screenshot_url")


def _check_country(value: str) -> str:
    known = requirements.country(value)
    if known is None:
        raise fault("VALIDATION_001", "Must be a two-letter country code, such as US")
    return known


def _check_type(value: str) -> str:
    known = requirements.number_type(value)
    if known is None:
        raise fault("VALIDATION_006", f"Value must be one of: {', '.join(NumberType)}")
    return known


def _check_filled(value: str) -> str:
    if typed_text.is_blank(value):
        raise fault("VALIDATION_001", "Must not be blank")
    return value


def _check_link(value: str) -> str:
    if not is_postable(value):
        raise fault("VALIDATION_001", "Must be an absolute http or https address")
    return value


def _check_area_code(value: str) -> str:
    if not (value.isascii() and value.isdigit() and 2 <= len(value) <= 5):
        raise fault("VALIDATION_001", "An area code has 2 to 5 digits")
    return value


def _check_group(value: dict[str, Any]) -> dict[str, Any]:
    """Fields without a value are dropped, so that they leave stored ones alone."""
    if not isinstance(value.get("inherit", False), bool):
        raise fault("VALIDATION_001", "inherit must be true or false")
    if _depth(value) > MAX_DEPTH:
        raise fault("VALIDATION_001", f"At most {MAX_DEPTH} levels of objects and lists are allowed")
    kept = {name: item for name, item in requirements.in_camel_case(value).items() if item or item is False}
    kept = orjson.loads(orjson.dumps(kept, default=str))
    if len(orjson.dumps(kept)) > MAX_GROUP_BYTES:
        raise fault("VALIDATION_001", f"At most {MAX_GROUP_BYTES} bytes are allowed")
    return {"inherit": False, **kept} if kept else {}


def _depth(value: Any) -> int:
    match value:
        case dict():
            return 1 + max((_depth(item) for item in cast(dict[str, Any], value).values()), default=0)
        case list():
            return 1 + max((_depth(item) for item in cast(list[Any], value)), default=0)
        case _:
            return 0


Country = Annotated[str, AfterValidator(_check_country)]
Kind = Annotated[str, AfterValidator(_check_type)]
Group = Annotated[dict[str, Any], AfterValidator(_check_group)]
Line = Annotated[str, StringConstraints(max_length=255)]
FilledLine = Annotated[Line, AfterValidator(_check_filled)]
FilledText = Annotated[str, StringConstraints(max_length=4_096), AfterValidator(_check_filled)]
Link = Annotated[str, StringConstraints(max_length=2_048), AfterValidator(_check_link)]
AreaCode = Annotated[str, AfterValidator(_check_area_code)]


class ComplianceInput(BaseModel):
    """Brand and campaign are stored as they are given. Documents cannot be uploaded."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, hide_input_in_errors=True)
    not_served: ClassVar[frozenset[str]] = unserved.MARKET_COMPLIANCE

    brand: Group | None = None
    campaign: Group | None = None

    @property
    def groups(self) -> dict[str, Any]:
        return {name: group for name, group in (("brand", self.brand), ("campaign", self.campaign)) if group}


def sender_fits(body: Mapping[str, Any]) -> Sequence[Fault]:
    """What the market has and asks for. Fields that are wrong by themselves are reported by their own rules."""
    if body.get("area_codes") and body.get("numbers"):
        return [(("area_codes",), "VALIDATION_001", BOTH)]
    country = requirements.country(body["country"]) if isinstance(body.get("country"), str) else None
    kind = requirements.number_type(body["number_type"]) if isinstance(body.get("number_type"), str) else None
    value = body.get("sender_value")
    if country is None or kind is None or not isinstance(value, str | None):
        return []
    if reason := requirements.not_available(country, kind):
        return [(("number_type",), "VALIDATION_001", reason)]
    wrong = requirements.sender_fault(country, kind, value)
    return [(("sender_value",), *wrong)] if wrong else []


class CreateSmsMarket(RequestBody):
    not_served: ClassVar[frozenset[str]] = unserved.MARKET
    together = staticmethod(sender_fits)

    country: Country
    number_type: Kind
    sender_value: Line | None = None
    area_codes: Annotated[list[AreaCode], AtMost(20, "area codes")] | None = None
    compliance: ComplianceInput | None = None

    @property
    def kind(self) -> NumberType:
        return NumberType(self.number_type)

    @property
    def details(self) -> dict[str, Any]:
        given = self.compliance.groups if self.compliance else {}
        return {
            **({"compliance": given} if given else {}),
            **({"area_codes": self.area_codes} if self.area_codes else {}),
        }


def _only_compliance(body: Mapping[str, Any]) -> Sequence[Fault]:
    """A field that is ignored here would look changed to the client, so every other one is refused unless empty."""
    allowed = UpdateSmsMarket.model_fields
    return [
        ((name[:40],), "VALIDATION_001", ONLY_COMPLIANCE)
        for name, value in list(body.items())[:20]
        if name not in allowed
        and name != "_"
        and not unserved.is_empty(value)
        and not unserved.refuses(unserved.TRIAL, name, value)  # already refused as such
    ]


class UpdateSmsMarket(RequestBody):
    together = staticmethod(_only_compliance)

    compliance: ComplianceInput | None = None


class CreateWhatsapp(RequestBody):
    waba_id: FilledLine
    phone_number_id: Line | None = None

    @property
    def details(self) -> dict[str, Any]:
        return {"waba_id": self.waba_id, "phone_number_id": self.phone_number_id}


class Address(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, hide_input_in_errors=True)

    street: Line | None = None
    city: Line | None = None
    state: Line | None = None
    postal_code: Line | None = None
    country: Line | None = None


class CreateRcsAgent(RequestBody):
    """Everything is asked for, so that a refusal names all that is missing."""

    display_name: FilledLine
    description: FilledText
    agent_use_case: Annotated[str, one_of(AGENT_USE_CASES)]
    brand_name: FilledLine
    privacy_policy_url: Link
    terms_and_conditions_url: Link
    website_url: Link
    brand_color: FilledLine
    logo_url: Link
    banner_url: Link
    brand_phone_number: FilledLine
    customer_support_phone_number: FilledLine
    brand_email: FilledLine
    customer_support_email: FilledLine
    contact_name_and_title: FilledLine
    company_ein: FilledLine
    entity_type: FilledLine
    official_address: Address
    brief_company_description: FilledText
    opt_in_process_description: FilledText
    start_message: FilledText
    help_message: FilledText
    stop_message: FilledText
    sample_messages: Annotated[list[FilledText], Field(min_length=1), AtMost(20, "sample messages")]
    opt_in_screenshot_url: Link | None = None

    @property
    def details(self) -> dict[str, Any]:
        return self.model_dump(exclude={"sandbox", "test_mode"})


def channels(state: ChannelsState, *, with_compliance: bool = True) -> dict[str, Any]:
    return {
        "customer_id": state.customer_id,
        "sms": [sms_market(one, in_list=True, with_compliance=with_compliance) for one in state.sms],
        "mms": [_bare(one) for one in state.sms if markets.carries_mms(one)],
        "whatsapp": whatsapp(state.whatsapp) if state.whatsapp else None,
        "rcs": rcs_agent(state.rcs) if state.rcs else None,
    }


def sms_market(market: Market, *, in_list: bool = False, with_compliance: bool = True) -> dict[str, Any]:
    shown = _bare(market)
    if market.reason_code:
        shown |= {"reason_code": market.reason_code, "reason": market.reason}
    return {**shown, "compliance": _compliance(market, in_list=in_list) if with_compliance else None}


def _bare(market: Market) -> dict[str, Any]:
    return {
        "country": market.country,
        "number_type": market.number_type,
        "sender_value": market.sender_value,
        "status": market.state.value,
    }


def _compliance(market: Market, *, in_list: bool) -> dict[str, Any] | None:
    given = market.compliance
    if not given:
        return None
    shown = {"brand": given.get("brand"), "campaign": given.get("campaign")}
    return shown if in_list else {**shown, "documents": []}


def whatsapp(market: Market) -> dict[str, Any]:
    return {
        "waba_id": market.details.get("waba_id"),
        "phone_number_id": market.details.get("phone_number_id"),
        "solution_id": None,
        "owner_business_id": None,
        "status": market.state.value,
    }


def rcs_agent(market: Market) -> dict[str, Any]:
    fields = {
        name: market.details.get(name)
        for name in CreateRcsAgent.model_fields
        if name not in (*NOT_IN_ANSWERS, "sandbox", "test_mode")
    }
    return {
        **fields,
        "id": market.id,
        "status": market.state.value,
        "phone_number": market.sender_value,
        "created_at": timestamps.iso(market.created_at_ms),
    }


def requirements_of(country: str, kind: NumberType) -> dict[str, Any]:
    """What a market asks for, and the call that sets it up."""
    asked = requirements.of_market(kind)
    body: dict[str, Any] = {"country": country, "number_type": kind.value, "sender_value": ""}
    for one in asked:
        _, group, *field = one.key.split(".")
        groups = body.setdefault("compliance", {})
        groups.setdefault(group, {}).update(dict.fromkeys(field, ""))
    return {
        "channel": "sms",
        "country": country,
        "type": kind.value,
        "required": bool(asked),
        "sender_id_pattern": requirements.SENDER_ID_PATTERN if kind is NumberType.ALPHANUMERIC else None,
        "requirements": [_requirement(one) for one in asked],
        "setup": [{"method": "POST", "path": "/v3/channels/sms", "body": body}],
    }


def _requirement(one: Requirement) -> dict[str, Any]:
    return {
        "key": one.key,
        "type": "value",
        "required": one.is_required,
        "label": one.label,
        "description": one.description,
        "schema": {"type": "object" if one.is_object else "string"},
    }
