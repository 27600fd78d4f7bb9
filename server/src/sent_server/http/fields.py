"""Field types of wire models, and the translation of validation errors into documented codes.

Pydantic reports all errors of a body at once. `refusal` converts them into one ApiError with per-field details.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from sent_server import egress
from sent_server.errors import ApiError
from sent_server.http import unserved, zero_values
from sent_server.http.zero_values import Fault, Together, ZeroValuePlan, ZeroValues
from sent_server.kernel import ids, phone, timestamps

_CODES = {
    "missing": "VALIDATION_004",
    "literal_error": "VALIDATION_006",
    "greater_than_equal": "VALIDATION_005",
    "less_than_equal": "VALIDATION_005",
    "greater_than": "VALIDATION_005",
    "less_than": "VALIDATION_005",
}
# Pydantic itself matches patterns, because a send may contain a thousand numbers.
_OF_PATTERN = {
    phone.e164_pattern(): ("VALIDATION_002", "Phone number must be in E.164 format (e.g., +1234567890)"),
    ids.uuid_pattern(): ("VALIDATION_003", "Invalid GUID format"),
}
_EXPECTED = {
    "string_type": "Expected a string",
    "int_type": "Expected a whole number",
    "int_from_float": "Expected a whole number",
    "bool_type": "Expected true or false",
    "list_type": "Expected a list",
    "dict_type": "Expected an object",
    "model_type": "Expected an object",
    "model_attributes_type": "Expected an object",
    "float_type": "Expected a number",
}
M = TypeVar("M", bound="RequestBody")


class RequestBody(BaseModel):
    """A mutation's body.

    `missing` gives the documented code and message for an absent field, `required_code` the code for all others,
    `not_served` the fields that are refused unless they are empty. `together` checks rules over several fields: it
    receives the body without empty fields, and fields that it reports are not validated further.
    """

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)
    missing: ClassVar[dict[str, tuple[str, str]]] = {}
    required_code: ClassVar[str] = "VALIDATION_004"
    not_served: ClassVar[frozenset[str]] = unserved.TRIAL
    together: ClassVar[Together | None] = None
    plan: ClassVar[ZeroValuePlan]

    sandbox: bool | None = None
    test_mode: bool | None = None

    @classmethod
    def __pydantic_init_subclass__(cls, **options: Any) -> None:
        super().__pydantic_init_subclass__(**options)
        cls.plan = zero_values.plan_of(cls)

    @property
    def is_sandbox(self) -> bool:
        return bool(self.sandbox or self.test_mode)


class Mutation(RequestBody):
    """A mutation whose only field is the sandbox flag."""


def fault(code: str, message: str) -> PydanticCustomError:
    """Raise this in a validator to select the documented error code."""
    return PydanticCustomError(code, message)  # type: ignore[arg-type]


def _check_post_url(value: str) -> str:
    if not egress.is_postable(value):
        raise fault("VALIDATION_001", egress.BAD_URL)
    return value


def _check_moment(value: Any) -> int | None:
    if value is None:
        return None
    at_ms = timestamps.parse(value) if isinstance(value, str) else None
    if at_ms is None:
        raise fault("VALIDATION_001", "Expected an ISO 8601 time with offset, such as 2026-01-15T10:35:00Z")
    return at_ms


def not_supported() -> PydanticCustomError:
    return fault("VALIDATION_001", unserved.NOT_SUPPORTED)


def one_of(
    values: Sequence[str], *, code: str = "VALIDATION_006", message: str | None = None, not_served: Sequence[str] = ()
) -> Any:
    """A validator for a closed set of strings, case-sensitive as documented."""

    def check(value: Any) -> Any:
        if isinstance(value, str) and value.lower() in not_served:
            raise not_supported()
        if value is not None and (not isinstance(value, str) or value not in values):
            raise fault(code, message or f"Value must be one of: {', '.join(values)}")
        return value

    return BeforeValidator(check)


def between(low: int, high: int) -> Any:
    def check(value: int) -> int:
        if not low <= value <= high:
            raise fault("VALIDATION_005", f"Value must be between {low} and {high}")
        return value

    return AfterValidator(check)


Phone = Annotated[str, StringConstraints(pattern=phone.e164_pattern())]
# A URL to post to. `egress.UrlRules` applies the operator's rules.
PostUrl = Annotated[str, AfterValidator(_check_post_url)]
# ISO 8601 text on the wire. The value is epoch milliseconds.
Moment = Annotated[int, BeforeValidator(_check_moment), ZeroValues((str,))]
Uuid = Annotated[str, StringConstraints(pattern=ids.uuid_pattern(), to_lower=True)]


def validate(model: type[M], value: dict[str, Any]) -> M:
    """Raises ApiError with all errors of the body."""
    faults: list[Fault] = []
    plan = model.plan
    value = plan.read(value, (), faults)
    if plan.together and (together := plan.together(value)):
        faults += together
        value = {name: item for name, item in value.items() if (name,) not in {fault[0] for fault in together}}
    try:
        found: M = model.__pydantic_validator__.validate_python(value)  # model_validate, without its own third
    except ValidationError as error:
        raise refusal(model, error, faults) from None
    if faults:
        raise refusal(model, None, faults)
    return found


def refusal(model: type[BaseModel], error: ValidationError | None, faults: Sequence[Fault] = ()) -> ApiError:
    """One error for `faults` and the validation errors."""
    details: dict[str, list[str]] = {}
    codes: set[str] = set()
    named: list[str] = []
    documented: dict[str, tuple[str, str]] = getattr(model, "missing", {})
    required_code: str = getattr(model, "required_code", RequestBody.required_code)
    for found in error.errors(include_url=False) if error else ():
        name = _field_name(found["loc"])
        code, message = _fault(found, documented.get(name), required_code)
        codes.add(code)
        if documented.get(name) == (code, message):
            named.append(message)
        messages = details.setdefault(name, [])
        if message not in messages:
            messages.append(message)
    for at, code, message in faults:
        codes.add(code)
        details.setdefault(_field_name(at), []).append(message)
    code = codes.pop() if len(codes) == 1 else "VALIDATION_001"
    message = named[0] if len(details) == 1 and len(named) == 1 and code == "VALIDATION_001" else None
    if code == "VALIDATION_004" and not message:
        message = "Request validation failed"
    return ApiError(code, message, details=details)


def _fault(found: ErrorDetails, documented: tuple[str, str] | None, required_code: str) -> tuple[str, str]:
    kind = found["type"]
    in_list = isinstance(found["loc"][-1], int) if found["loc"] else False
    if kind == "missing" or (found["input"] is None and kind in _EXPECTED and not in_list):
        return documented or (required_code, f"'{_field_name(found['loc'])}' is required")
    if kind.startswith(("VALIDATION_", "RESOURCE_", "BUSINESS_")):
        return kind, found["msg"]
    if kind == "string_pattern_mismatch" and (known := _OF_PATTERN.get(found.get("ctx", {})["pattern"])):
        return known
    return _CODES.get(kind, "VALIDATION_001"), _EXPECTED.get(kind, found["msg"])


def _field_name(location: tuple[int | str, ...]) -> str:
    """`("to", 0)` -> `to[0]`; names of union branches that Pydantic adds are dropped."""
    name = ""
    for part in location:
        if isinstance(part, int):
            name += f"[{part}]"
        elif part.startswith("function-") or "[" in part:
            continue
        else:
            name += f".{part}" if name else part
    return name or "body"


Check = Callable[[str], Any]
