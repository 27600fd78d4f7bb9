"""Customers, their API keys, their onboarding state and their quotas."""

from sent_server.accounts.model import OperatorError

__all__ = ["OperatorError"]
