"""Content trees: what is accepted, what is refused, and that all faults are told at once."""

from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from harness.contract_examples.examples import example
from sent_server.templates import definition, derive, flat, stored_form
from sent_server.templates.definition import Definition

Tree = dict[str, Any]


def tree(text: str = "Hello {{name}}", **others: Any) -> Tree:
    return {"body": {"multiChannel": {"template": text}}, **others}


def variable(number: int | None, name: str, **props: Any) -> Tree:
    return {"id": number, "name": name, "type": "variable", "props": props}


def faults(value: Any) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as refused:
        definition.parse(value)
    found: dict[str, list[str]] = {}
    for error in refused.value.errors(include_url=False):
        assert error["type"] == "VALIDATION_001"
        found.setdefault(".".join(str(part) for part in error["loc"]), []).append(error["msg"])
    return found


def names(value: Definition) -> list[str]:
    return orjson.loads(derive.variables_json(value))


@pytest.mark.parametrize("operation", ["POST /v3/templates", "PUT /v3/templates/{id}"])
def test_the_documented_example_with_its_nulls_is_accepted(operation: str) -> None:
    found = definition.parse(example(operation)["definition"])
    assert names(found) == ["name", "company"]
    assert derive.channels_text(found) == "sms,whatsapp,rcs,mms"


def test_what_was_stored_reads_back_the_same_and_parses_again() -> None:
    found = definition.parse(
        tree(
            "Hi {{1}} {{link}}",
            header={"template": "For {{who}}"},
            footer={"template": "Bye"},
            buttons=[{"type": "URL", "props": {"text": "Go", "url": "https://a.example/{{path}}"}}],
            definitionVersion=None,
        )
    )
    text = stored_form.dump(found)
    assert stored_form.load(text) == found
    assert stored_form.dump(definition.parse(orjson.loads(text))) == text
    assert found.definition_version == "1.0"
    assert names(found) == ["who", "var_1", "link", "path"]


def test_all_faults_are_told_at_once_each_at_its_place() -> None:
    found = faults(
        {
            "header": {"template": "h" * 61},
            "body": {
                "sms": {"template": "{{3:variable}} and {{0}}", "variables": [variable(0, "a")]},
                "whatsapp": {"template": "x", "variables": [{"id": -1, "name": "9", "type": "wish", "props": {}}]},
                "rcs": {"variables": []},
            },
            "footer": {"template": "f" * 61},
            "buttons": [
                {"type": "URL", "props": {"text": "t" * 26}},
                {"type": "NOTHING", "props": {}},
                {"type": "PHONE_NUMBER"},
            ],
            "authenticationConfig": {"codeExpirationMinutes": 91},
        }
    )
    assert set(found) == {
        "header.template",
        "body.sms.template",
        "body.whatsapp.variables.0.id",
        "body.whatsapp.variables.0.name",
        "body.whatsapp.variables.0.type",
        "body.rcs.template",
        "footer.template",
        "buttons.0.props.url",
        "buttons.0.props.text",
        "buttons.1.type",
        "buttons.2.props",
        "authenticationConfig.codeExpirationMinutes",
    }
    assert found["body.rcs.template"] == ["'template' is required"]
    assert found["body.sms.template"] == ["Placeholder {{3:variable}} has no entry in 'variables'"]


@pytest.mark.parametrize(
    ("value", "place", "message"),
    [
        (None, "", "Template definition is required"),
        ({}, "body", "'body' is required"),
        ({"body": {}}, "body", "At least one of"),
        (tree(""), "body.multiChannel.template", "at least 1"),
        (tree("   "), "body.multiChannel.template", "blank"),
        (tree("x" * 1029), "body.multiChannel.template", "at most 1028"),
        (
            tree("x" * 986, authenticationConfig={"addSecurityRecommendation": True}),
            "body.multiChannel.template",
            "With the security recommendation, at most 1028",
        ),
        (
            tree("x", footer={"template": "f" * 28}, authenticationConfig={"codeExpirationMinutes": 10}),
            "footer.template",
            "With the expiry of the code, at most 60",
        ),
        (tree("x", header={"template": "{{a}} {{b}}"}), "header.template", "one variable"),
        (tree("x", footer={"template": "{{a}}"}), "footer.template", "cannot hold variables"),
        (tree("x", buttons=[{"type": "QUICK_REPLY", "props": {}}]), "buttons.0.props.text", "required"),
        (tree("x", buttons=[{"type": "QUICK_REPLY", "props": {"text": "a\nb"}}]), "buttons.0.props.text", "one line"),
        (tree("x", buttons=[{"type": "QUICK_REPLY", "props": {"text": "{{a}}"}}]), "buttons.0.props.text", "variables"),
        (tree("x", buttons=[{"type": "QUICK_REPLY", "props": {"text": "*b*"}}]), "buttons.0.props.text", "markup"),
        (tree("x", buttons=[{"type": "QUICK_REPLY", "props": {"text": "yes 👍"}}]), "buttons.0.props.text", "emoji"),
        (
            tree("x", buttons=[{"type": "URL", "props": {"text": "a", "url": "javascript:1"}}]),
            "buttons.0.props.url",
            "HTTP",
        ),
        (
            tree("x", buttons=[{"type": "URL", "props": {"text": "a", "url": "https://a.example/{{x}}/b"}}]),
            "buttons.0.props.url",
            "at its end",
        ),
        (
            tree("x", buttons=[{"id": n, "type": "QUICK_REPLY", "props": {"text": str(n)}} for n in range(4)]),
            "buttons",
            "At most 3",
        ),
        (
            tree("x", buttons=[{"type": "COPY_CODE", "props": {"offerCode": "x" * 16}}]),
            "buttons.0.props.offerCode",
            "at most 15",
        ),
        (
            {"body": {"sms": {"template": "x", "variables": [variable(1, "a"), variable(1, "b")]}}},
            "body.sms.variables.1.id",
            "taken",
        ),
        (
            {"body": {"sms": {"template": "x", "variables": [variable(1, "a", regex="(?=a)")]}}},
            "body.sms.variables.0.props.regex",
            "not supported",
        ),
    ],
)
def test_each_limit_is_refused_in_words(value: Any, place: str, message: str) -> None:
    found = faults(value)
    assert list(found) == [place]
    assert message in found[place][0]


def test_regexes_that_cost_too_much_together_are_refused() -> None:
    listed = [variable(number, f"v{number}", regex="a{200}") for number in range(3)]
    assert list(faults({"body": {"sms": {"template": "x", "variables": listed}}})) == [
        "body.sms.variables.2.props.regex"
    ]


def test_limits_of_whatsapp_do_not_bind_a_template_for_sms_alone() -> None:
    found = definition.parse({"body": {"sms": {"template": "x"}}, "footer": {"template": "{{a}}"}})
    assert derive.channels_text(found) == "sms"


def test_a_buttons_url_may_use_a_variable_of_the_body() -> None:
    listed = [variable(0, "name"), variable(1, "track")]
    button = {"type": "URL", "props": {"text": "Track", "url": "https://a.example/{{1:variable}}", "urlType": None}}
    found = definition.parse(
        {"body": {"multiChannel": {"template": "Hi {{0:variable}}", "variables": listed}}, "buttons": [button]}
    )
    assert found.buttons is not None
    assert [entry.name for entry in found.buttons[0].props.variables or []] == ["track"]
    assert (found.buttons[0].id, found.buttons[0].props.url_type) == (1, "dynamic")


def test_variables_are_listed_once_in_the_order_header_body_footer_buttons() -> None:
    found = definition.parse(
        {
            "header": {"template": "{{h}}"},
            "body": {
                "rcs": {"template": "{{r}}"},
                "whatsapp": {"template": "{{w}} {{h}}"},
                "sms": {"template": "{{s}}"},
                "multiChannel": {"template": "{{m}} {{s}}"},
            },
            "buttons": [{"type": "URL", "props": {"text": "Go", "url": "https://a.example/{{u}}"}}],
        }
    )
    assert names(found) == ["h", "m", "s", "w", "r", "u"]
    assert derive.channels_text(found) == "sms,whatsapp,rcs,mms"


def test_the_flat_form_becomes_a_tree() -> None:
    found = definition.parse(
        flat.tree(
            {
                "body": {
                    "content": "Hi {{name}}, {{1}}",
                    "variables": [{"name": "name", "type": "text", "example": "Jo"}],
                },
                "header": {"type": "IMAGE", "content": "https://a.example/i.png"},
                "footer": {"content": "Bye"},
                "buttons": [{"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+14155550100"}],
                "channels": ["whatsapp", "sms"],
            }
        )
    )
    assert derive.channels_text(found) == "sms,whatsapp"
    assert found.body.sms == found.body.whatsapp
    assert found.body.sms
    assert found.body.sms.template == "Hi {{0:variable}}, {{0:variable}}"
    assert found.header
    assert (found.header.type, found.header.template, found.body.multi_channel) == ("image", "{{0:media}}", None)


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("{{code}} is your verification code.", "AUTHENTICATION"),
        ("Your one-time passcode: {{code}}", "AUTHENTICATION"),
        ("Use code SPRING for 20% off", "MARKETING"),
        ("Your order {{n}} has shipped", "UTILITY"),
        ("Reminder: appointment at {{time}}", "UTILITY"),
        ("A discount on your next order", "MARKETING"),
        ("Hello {{name}}! Welcome to {{company}}.", "MARKETING"),
    ],
)
def test_the_category_follows_from_the_words(text: str, category: str) -> None:
    assert derive.category(definition.parse(tree(text))) == category


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Hello {{name}}! Welcome to {{company}}.", "hello_welcome_to"),
        ("{{code}} 24 hours", "template_24_hours"),
        ("Привет {{name}}", "template"),
        ("One two three four five six", "one_two_three_four_five"),
    ],
)
def test_a_derived_name_has_the_form_that_whatsapp_wants(text: str, name: str) -> None:
    assert derive.name(definition.parse(tree(text))) == name
