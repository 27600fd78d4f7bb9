"""The one client for calls to addresses that tenants choose. Every outgoing call to them is made here."""

from sent_server.egress.client import Egress
from sent_server.egress.resolver import NameServerError
from sent_server.egress.results import Answer, Failed, Refused, Result
from sent_server.egress.rules import BAD_URL, UrlRules
from sent_server.egress.urls import UrlError, is_postable

__all__ = [
    "BAD_URL",
    "Answer",
    "Egress",
    "Failed",
    "NameServerError",
    "Refused",
    "Result",
    "UrlError",
    "UrlRules",
    "is_postable",
]
