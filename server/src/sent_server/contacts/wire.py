"""Bodies of the contact routes. Source: contract/openapi-v3.json, contract/NOTES.md a10-a12, a44, a60."""

from typing import Annotated, Any, ClassVar

from sent_server.contacts.model import Contact
from sent_server.http import unserved
from sent_server.http.fields import Phone, RequestBody, one_of
from sent_server.http.zero_values import ZeroValues
from sent_server.kernel import phone, timestamps
from sent_server.kernel.channels import SMS, WHATSAPP

DefaultChannel = Annotated[str, one_of((SMS, WHATSAPP))]


class CreateContact(RequestBody):
    missing: ClassVar[dict[str, tuple[str, str]]] = {"phone_number": ("VALIDATION_001", "Phone number is required")}
    not_served: ClassVar[frozenset[str]] = unserved.NEW_CONTACT

    phone_number: Phone


class UpdateContact(RequestBody):
    """Absent, null and empty fields stay unchanged, but a number cannot become empty."""

    default_channel: DefaultChannel | None = None
    opt_out: bool | None = None
    phone_number: Annotated[Phone | None, ZeroValues()] = None


def contact(found: Contact, *, viewer_id: str) -> dict[str, Any]:
    """`viewer_id` is the account that asks: the key's own, or the profile of x-profile-id."""
    formats = phone.formats(found.phone)
    return {
        "id": found.id,
        "customer_id": viewer_id,
        "phone_number": found.phone,
        "format_e164": formats.e164,
        "format_international": formats.international,
        "format_national": formats.national,
        "format_rfc": formats.rfc3966,
        "country_code": formats.country_code,
        "region_code": found.region_code,
        "available_channels": found.available_channels,
        "default_channel": found.default_channel,
        "opt_out": found.opted_out_at_ms is not None,
        "is_inherited": found.is_inherited,
        "created_at": timestamps.iso(found.created_at_ms),
        "updated_at": timestamps.iso_or_none(found.updated_at_ms),
    }
