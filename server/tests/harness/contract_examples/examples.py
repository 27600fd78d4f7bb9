"""The request bodies that the contract shows."""

from typing import Any

from harness import contract

BAD_KEY = {"Idempotency-Key": "not a key!"}


def example(operation: str, name: str | None = None) -> Any:
    """The documented request body of an operation."""
    definition = next(item for item in contract.operations() if item.name == operation).definition
    media = contract.resolve(definition["requestBody"])["content"]["application/json"]
    return media["examples"][name]["value"] if name else media["example"]
