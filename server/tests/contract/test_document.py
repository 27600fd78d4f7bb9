"""The contract file itself: well-formed, and its examples obey its own schemas."""

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from harness import contract
from harness.contract import Operation

EVERYWHERE = {"404": "RESOURCE_011", "405": "VALIDATION_001", "413": "VALIDATION_001", "415": "VALIDATION_001"}
OPERATIONS = pytest.mark.parametrize("operation", contract.operations(), ids=lambda operation: operation.name)


def _references(value: Any) -> Iterator[str]:
    match value:
        case dict():
            if isinstance(value.get("$ref"), str):
                yield value["$ref"]
            for item in value.values():
                yield from _references(item)
        case list():
            for item in value:
                yield from _references(item)
        case _:
            return


def test_every_reference_leads_somewhere() -> None:
    for reference in set(_references(contract.document())):
        assert contract.resolve({"$ref": reference}), reference


def test_every_schema_is_a_valid_json_schema() -> None:
    for name, schema in contract.document()["components"]["schemas"].items():
        try:
            Draft202012Validator.check_schema(schema)
        except Exception as error:
            raise AssertionError(f"{name}: {error}") from error


def test_every_example_of_the_whole_file_obeys_its_schema() -> None:
    """Also of what is not served yet."""
    faults: list[str] = []
    for path, item in contract.whole()["paths"].items():
        for method, definition in item.items():
            contents = [*definition["responses"].values(), definition.get("requestBody", {})]
            for content in (contract.resolve(part, contract.whole()).get("content") for part in contents):
                media = (content or {}).get("application/json", {})
                values = [
                    contract.resolve(one, contract.whole())["value"] for one in media.get("examples", {}).values()
                ]
                for example in [*values, *([media["example"]] if "example" in media else [])]:
                    found = contract.validator(media["schema"], of_whole=True).iter_errors(example)
                    faults += [f"{method} {path} {e.json_path}: {e.message}" for e in found]
    assert not faults, "\n".join(faults)


def test_operation_ids_are_unique() -> None:
    ids = [operation.definition["operationId"] for operation in contract.operations()]
    assert len(ids) == len(set(ids))


@OPERATIONS
def test_path_parameters_are_declared(operation: Operation) -> None:
    declared = {contract.resolve(item)["name"] for item in operation.definition.get("parameters", [])}
    wanted = {part.strip("{}") for part in operation.path.split("/") if part.startswith("{")}
    assert wanted <= declared


@OPERATIONS
def test_answers_of_the_shared_layer_are_documented_everywhere(operation: Operation) -> None:
    for status, code in EVERYWHERE.items():
        response = contract.resolve(operation.responses[status])
        assert code in response["x-error-codes"], status
    assert "Allow" in contract.resolve(operation.responses["405"])["headers"]


@OPERATIONS
def test_examples_obey_their_schemas(operation: Operation) -> None:
    contents = [contract.resolve(response).get("content") for response in operation.responses.values()]
    contents.append(contract.resolve(operation.definition.get("requestBody", {})).get("content"))
    for content in contents:
        if content:
            media = content["application/json"]
            examples = [contract.resolve(item)["value"] for item in media.get("examples", {}).values()]
            examples += [media["example"]] if "example" in media else []
            for example in examples:
                faults = [
                    f"{e.json_path}: {e.message}" for e in contract.validator(media["schema"]).iter_errors(example)
                ]
                assert not faults, faults


@OPERATIONS
def test_every_documented_code_is_in_the_catalogue(operation: Operation) -> None:
    from sent_server.errors import CATALOGUE

    for status, response in operation.responses.items():
        for code in contract.resolve(response).get("x-error-codes", []):
            assert code in CATALOGUE, (status, code)
