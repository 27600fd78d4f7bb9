"""Limits of list lengths in requests, checked before any element, so that a long list is cheap."""

from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from sent_server.kernel.values import value_object


@value_object
class AtMost:
    """An annotation of a list: `Annotated[list[Phone], AtMost(1_000, "recipients")]`."""

    count: int
    what: str
    code: str = "VALIDATION_001"

    def check(self, value: Any) -> Any:
        if type(value) is list and len(value) > self.count:  # pyright: ignore[reportUnknownArgumentType]
            message = f"At most {self.count} {self.what} are allowed"
            raise PydanticCustomError(self.code, message)  # type: ignore[arg-type]
        return value  # pyright: ignore[reportUnknownVariableType]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.check, handler(source))
