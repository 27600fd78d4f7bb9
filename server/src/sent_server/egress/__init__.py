"""The one client for calls to addresses that tenants choose. Every outgoing call to them is made here."""

from sent_server.egress.client import Egress
from sent_server.egress.resolver import NameServerError
from sent_server.egress.results import EgressResponse, RequestFailed, RequestRefused, Result
from sent_server.egress.rules import BAD_URL, UrlRules
from sent_server.egress.urls import UrlError, is_postable

__all__ = [
    "BAD_URL",
    "Egress",
    "EgressResponse",
    "NameServerError",
    "RequestFailed",
    "RequestRefused",
    "Result",
    "UrlError",
    "UrlRules",
    "is_postable",
]
