"""Customers, their keys, their place in the onboarding, and what they may do."""

from sent_server.accounts.model import OperatorError

__all__ = ["OperatorError"]
