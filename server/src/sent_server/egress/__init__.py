"""The one client for calls to addresses that tenants choose. Whoever calls out goes through here."""

from sent_server.egress.client import Answer, EgressClient, Failed, Refused, Result
from sent_server.egress.urls import is_postable

__all__ = ["Answer", "EgressClient", "Failed", "Refused", "Result", "is_postable"]
