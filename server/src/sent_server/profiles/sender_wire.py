"""Bodies of the sender profile routes. Source: contract/openapi-v3.json `SenderProfile`, contract/NOTES.md."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, cast

from pydantic import BaseModel, ConfigDict, Discriminator, Tag

from sent_server.channels import wire as channels
from sent_server.channels.model import ChannelsState
from sent_server.channels.wire import ComplianceInput, CreateRcsAgent, CreateSmsMarket, CreateWhatsapp
from sent_server.compliance.wire import brand_wire
from sent_server.http import unserved
from sent_server.http.fields import RequestBody
from sent_server.http.zero_values import Fault, ZeroValues
from sent_server.kernel import timestamps
from sent_server.profiles.model import ORGANIZATION_PAYS, BillingContact, Profile, Wanted
from sent_server.profiles.wire import BillingContactInput, Description, Name, ShortName

BOTH_PAY = "profile_and_organization"
FIXED = ("billing", "channels", "compliance")
NOT_HERE = "Cannot be changed here; use PATCH /v3/profiles/{id} or /v3/channels with x-profile-id"
NO_CONTACT = "Is required when billing.fallback is true"
NOTHING = "Nothing to change: give name, short_name or description"


class _Group(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, hide_input_in_errors=True)


class Inherited(_Group):
    """The channel is the organization's, as it is for every profile that has none of its own."""

    inherit: bool


def _form(value: Any) -> str:
    """The brackets keep the tags out of the field names in errors."""
    inherits = isinstance(value, dict) and cast(dict[str, Any], value).get("inherit") is True
    return "[inherited]" if inherits else "[own]"


OneOf = Discriminator(_form)
Sms = Annotated[Annotated[CreateSmsMarket, Tag("[own]")] | Annotated[Inherited, Tag("[inherited]")], OneOf]
Whatsapp = Annotated[Annotated[CreateWhatsapp, Tag("[own]")] | Annotated[Inherited, Tag("[inherited]")], OneOf]
Rcs = Annotated[Annotated[CreateRcsAgent, Tag("[own]")] | Annotated[Inherited, Tag("[inherited]")], OneOf]


class ChannelsInput(_Group):
    """Each is the body of its POST under /v3/channels, or `{"inherit": true}`."""

    sms: Sms | None = None
    whatsapp: Whatsapp | None = None
    rcs: Rcs | None = None


class Billing(_Group):
    inherit: bool = False
    fallback: bool = False
    contact: BillingContactInput | None = None

    @property
    def model(self) -> str | None:
        """None is the default: the profile pays."""
        if self.inherit:
            return ORGANIZATION_PAYS
        return BOTH_PAY if self.fallback else None


def _fits_together(body: Mapping[str, Any]) -> Sequence[Fault]:
    """A market and its sender, and who is billed."""
    faults: list[Fault] = []
    billing: Any = body.get("billing")
    if isinstance(billing, dict):
        given = cast(dict[str, Any], billing)
        if given.get("inherit") is not True and given.get("fallback") is True and not given.get("contact"):
            faults.append((("billing", "contact"), "VALIDATION_001", NO_CONTACT))
    groups: Any = body.get("channels")
    sms: Any = cast(dict[str, Any], groups).get("sms") if isinstance(groups, dict) else None
    if isinstance(sms, dict) and _form(sms) == "[own]":
        found = channels.sender_fits(cast(dict[str, Any], sms))
        faults += [(("channels", "sms", *at), code, message) for at, code, message in found]
    return faults


class CreateSenderProfile(RequestBody):
    together = staticmethod(_fits_together)

    name: Name
    short_name: ShortName
    description: Description | None = None
    billing: Billing | None = None
    channels: ChannelsInput | None = None
    compliance: ComplianceInput | None = None

    @property
    def wanted(self) -> Wanted:
        contact = self.billing.contact if self.billing else None
        return Wanted(
            name=self.name,
            short_name=self.short_name,
            description=self.description,
            billing_model=self.billing.model if self.billing else None,
            billing_contact=BillingContact(**contact.model_dump()) if contact else None,
        )


def _changes_something(body: Mapping[str, Any]) -> Sequence[Fault]:
    faults: list[Fault] = [
        ((name,), "VALIDATION_001", NOT_HERE) for name in FIXED if not unserved.is_empty(body.get(name))
    ]
    if not faults and all(body.get(name) is None for name in ("name", "short_name", "description")):
        faults.append((("body",), "VALIDATION_001", NOTHING))
    return faults


class UpdateSenderProfile(RequestBody):
    """Absent, null and empty fields stay unchanged, but a name cannot become empty."""

    required_code: ClassVar[str] = "VALIDATION_001"
    together = staticmethod(_changes_something)

    name: Annotated[Name | None, ZeroValues()] = None
    short_name: ShortName | None = None
    description: Description | None = None

    @property
    def wanted(self) -> Wanted:
        return Wanted(name=self.name, short_name=self.short_name, description=self.description)


def sender_profile(found: Profile, state: ChannelsState, *, api_key: str | None = None) -> dict[str, Any]:
    """Lists and single rows alike leave out what the markets were given."""
    account, contact = found.account, found.details.billing_contact
    billing: dict[str, Any] = {
        "inherit": account.billing_model == ORGANIZATION_PAYS,
        "fallback": account.billing_model == BOTH_PAY,
    }
    if contact is not None:
        billing["contact"] = {
            "name": contact.name, "email": contact.email, "phone": contact.phone, "address": contact.address,
        }  # fmt: skip
    shown = {
        "id": account.id,
        "organization_id": account.organization_id,
        "name": account.name,
        "short_name": account.short_name,
        "description": account.description,
        "billing": billing,
        "brand": {**brand_wire(found.brand), "inherit": found.brand.is_inherited} if found.brand else None,
        "channels": channels.channels(state, with_compliance=False),
        "created_at": timestamps.iso(account.created_at_ms),
    }
    return {**shown, "api_key": api_key} if api_key else shown
