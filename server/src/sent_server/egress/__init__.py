"""The one client for calls to addresses that tenants choose. Whoever calls out goes through here."""

from sent_server.egress.client import Answer, Egress, Failed, Refused, Result
from sent_server.egress.urls import is_postable

__all__ = ["Answer", "Egress", "Failed", "Refused", "Result", "is_postable"]
