"""The only HTTP client for addresses that tenants choose."""

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
