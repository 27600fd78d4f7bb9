"""The one client for calls to addresses that tenants choose. Every outgoing call to them is made here."""

from sent_server.egress.client import Egress
from sent_server.egress.resolver import NameServerError
from sent_server.egress.results import Answer, Failed, Refused, Result
from sent_server.egress.urls import is_postable

__all__ = ["Answer", "Egress", "Failed", "NameServerError", "Refused", "Result", "is_postable"]
