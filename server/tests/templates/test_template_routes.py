"""The five template routes of a real server."""

from typing import Any

import pytest

from harness import samples
from harness.client import Client
from harness.receiver import Receiver
from harness.server import Account
from harness.waiting import equal_to, wait_for

FLAT = {
    "name": "flat_one",
    "category": "UTILITY",
    "language": "en_US",
    "body": {"content": "Hi {{name}}", "variables": [{"name": "name", "type": "text", "example": "Jo"}]},
    "footer": {"content": "Bye"},
}


def made(http: Client, *arguments: Any, **options: Any) -> dict[str, Any]:
    answer = http.post("/v3/templates", samples.template(*arguments, **options))
    assert answer.status == 201, answer.body
    return dict(answer.data)


def test_without_a_key_nothing_is_shown(http: Client) -> None:
    nobody = http.acting_as(None)
    path = f"/v3/templates/{made(http)['id']}"
    answers = [nobody.get("/v3/templates"), nobody.get(path), nobody.post("/v3/templates", {}), nobody.put(path, {})]
    assert [answer.status for answer in [*answers, nobody.delete(path, {})]] == [401] * 5


def test_another_tenants_template_does_not_exist(http: Client, tenant: Account) -> None:
    path = f"/v3/templates/{made(tenant.http)['id']}"
    answers = [http.get(path), http.put(path, {"name": "mine"}), http.delete(path, {})]
    assert [(answer.status, answer.code) for answer in answers] == [(404, "RESOURCE_002")] * 3
    assert tenant.http.get(path).status == 200


def test_a_template_is_read_back_with_its_definition(http: Client) -> None:
    created = made(http, "Hello {{0:variable}}", "name")
    found = http.get(f"/v3/templates/{created['id']}").data
    shown = found.pop("definition")
    assert found == created
    assert shown["body"]["multiChannel"]["template"] == "Hello {{0:variable}}"
    assert (created["status"], created["is_published"], created["variables"]) == ("DRAFT", False, ["name"])


def test_what_is_read_can_be_written_back_and_changes_nothing(http: Client) -> None:
    definition = {
        "header": {"type": "image", "template": "{{pic}}"},
        "body": {"multiChannel": {"template": "Hi {{1}} {{who}}"}},
        "buttons": [{"type": "URL", "props": {"text": "Go", "url": "https://a.example/{{path}}"}}],
    }
    created = http.post("/v3/templates", {"definition": definition}).data
    path = f"/v3/templates/{created['id']}"
    read = http.get(path).data
    assert read["definition"]["buttons"][0]["props"]["url"] == "https://a.example/{{path}}"
    assert http.put(path, read).data == created


def test_a_medium_of_the_flat_form_may_have_a_long_address(http: Client) -> None:
    header = {"type": "IMAGE", "content": f"https://a.example/{'x' * 200}.png"}
    created = http.post("/v3/templates", {**FLAT, "header": header})
    assert (created.status, created.data["variables"]) == (201, ["header_image", "name"])
    refused = http.post("/v3/templates", {**FLAT, "header": {**header, "content": "x" * 2_049}})
    assert list(refused.details) == ["header.content"]


def test_every_fault_of_a_request_is_told_at_once(http: Client) -> None:
    body = {
        "category": "OTHER",
        "language": "english",
        "definition": {"body": {"sms": {"template": "{{4:variable}}"}}, "buttons": [{"type": "URL", "props": {}}]},
        "submit_for_review": "yes",
    }
    answer = http.post("/v3/templates", body)
    assert (answer.status, answer.code) == (400, "VALIDATION_001")
    assert set(answer.details) == {
        "category",
        "language",
        "definition.body.sms.template",
        "definition.buttons[0].props.text",
        "definition.buttons[0].props.url",
        "submit_for_review",
    }
    assert answer.details["definition.body.sms.template"] == ["Placeholder {{4:variable}} has no entry in 'variables'"]


@pytest.mark.parametrize("body", [{}, {"definition": None}, {"category": "UTILITY"}])
def test_without_a_definition_the_documented_words_come_back(http: Client, body: dict[str, Any]) -> None:
    answer = http.post("/v3/templates", body)
    assert (answer.status, answer.code, answer.error["message"]) == (
        400,
        "VALIDATION_001",
        "Template definition is required",
    )


def test_faults_of_the_flat_form_carry_its_own_names(http: Client) -> None:
    body = {
        **FLAT,
        "body": {"variables": [{"type": "text"}]},
        "footer": {"content": "x" * 61},
        "buttons": [{"type": "PHONE_NUMBER", "text": "Call"}],
        "channels": ["sms", "fax"],
    }
    answer = http.post("/v3/templates", body)
    assert (answer.status, answer.code) == (400, "VALIDATION_001")
    assert set(answer.details) == {
        "body.content",
        "body.variables[0].name",
        "footer.content",
        "buttons[0].phone_number",
        "channels[1]",
    }


@pytest.mark.parametrize("body", ["text", 7, [], {"content": 7}, {"content": "x", "variables": "y"}])
def test_a_flat_body_of_the_wrong_kind_is_refused(http: Client, body: Any) -> None:
    assert http.post("/v3/templates", {**FLAT, "body": body}).code == "VALIDATION_001"


def test_the_flat_form_changes_what_it_names(http: Client) -> None:
    path = f"/v3/templates/{http.post('/v3/templates', FLAT).data['id']}"
    changed = http.put(path, {"body": {"content": "New {{1}}"}})
    assert (changed.status, changed.data["variables"], changed.data["name"]) == (200, ["var_1"], "flat_one")
    definition = http.get(path).data["definition"]
    assert (definition["footer"]["template"], definition["body"]["multiChannel"]["template"]) == (
        "Bye",
        "New {{0:variable}}",
    )


def test_what_is_left_out_is_derived(http: Client) -> None:
    definition = samples.definition("Your verification code is {{0:variable}}", "code")
    created = http.post("/v3/templates", {"category": None, "language": None, "definition": definition}).data
    assert (created["category"], created["language"]) == ("AUTHENTICATION", "en_US")
    assert created["name"].startswith("your_verification_code_is")


def test_extras_of_authentication_are_refused_elsewhere(http: Client) -> None:
    definition = {**samples.definition(), "authenticationConfig": {"codeExpirationMinutes": 5}}
    answer = http.post("/v3/templates", {"category": "MARKETING", "definition": definition})
    assert (answer.status, list(answer.details)) == (400, ["definition.authenticationConfig"])
    assert http.post("/v3/templates", {"definition": definition}).data["category"] == "AUTHENTICATION"


def test_lists_are_filtered_searched_and_paged(fresh_account: Account) -> None:
    http = fresh_account.http
    before = http.get("/v3/templates").data["pagination"]["total_count"]
    ids = [made(http, f"Needle number {number}")["id"] for number in range(3)]
    http.post("/v3/templates", {"category": "AUTHENTICATION", "definition": samples.definition("100%_sure needle")})

    def names(query: str) -> tuple[list[str], int, bool]:
        data = http.get(f"/v3/templates?{query}").data
        where = data["pagination"]
        return [one["id"] for one in data["templates"]], where["total_count"], where["has_more"]

    assert names("page_size=2")[1:] == (before + 4, True)
    assert names("search=NEEDLE%20number&page_size=2") == ([ids[2], ids[1]], 3, True)
    assert names("search=needle+number&page_size=2&page=2") == ([ids[0]], 3, False)
    assert names("search=needle&category=authentication")[1] == 1
    assert names("search=100%25_s")[1] == 1
    assert names("search=needle&status=draft")[1] == 4
    assert names("search=needle&status=APPROVED") == ([], 0, False)
    assert names("is_welcome_playground=false&search=needle")[1] == 4
    assert names("is_welcome_playground=true&search=needle")[1] == 0


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("status=LOST", "VALIDATION_006"),
        ("category=OTHER", "VALIDATION_006"),
        ("is_welcome_playground=perhaps", "VALIDATION_001"),
        ("page=0", "VALIDATION_005"),
        ("page_size=101", "VALIDATION_001"),
    ],
)
def test_bad_filters_are_refused(http: Client, query: str, code: str) -> None:
    assert http.get(f"/v3/templates?{query}").code == code


def test_a_deleted_template_is_gone(http: Client) -> None:
    path = f"/v3/templates/{made(http)['id']}"
    before = http.get("/v3/templates").data["pagination"]["total_count"]
    assert http.delete(path, {"delete_from_meta": "yes"}).code == "VALIDATION_001"
    assert http.delete(path, {"delete_from_meta": True}).status == 204
    assert (http.get(path).code, http.delete(path, {}).code) == ("RESOURCE_002", "RESOURCE_002")
    assert http.get("/v3/templates").data["pagination"]["total_count"] == before - 1


def test_a_submitted_template_is_approved_in_seconds_and_the_webhook_says_so(http: Client, receiver: Receiver) -> None:
    hook = http.post("/v3/webhooks", samples.webhook(receiver.url(), "templates")).data
    created = made(http, "Please review me", submit_for_review=True)
    path = f"/v3/templates/{created['id']}"
    assert created["status"] == "PENDING"
    refused = http.put(path, {"category": "MARKETING"})
    assert (refused.status, refused.code) == (409, "CONFLICT_006")
    assert http.put(path, {"name": "other"}).data["status"] == "PENDING"
    found = wait_for(lambda: http.get(path).data, 10, until=lambda data: data["status"] != "PENDING")
    assert (found["status"], found["is_published"]) == ("APPROVED", True)
    told = [one.json for one in receiver.wait() if one.json["payload"]["template_id"] == created["id"]]
    assert [(one["field"], one["payload"]["status"], "sub_type" in one) for one in told] == [
        ("templates", "APPROVED", False)
    ]
    assert http.put(path, {"name": "edited"}).data["status"] == "DRAFT"
    http.delete(f"/v3/webhooks/{hook['id']}", {})


def test_a_trigger_word_is_rejected_with_a_reason_and_can_be_mended(http: Client, receiver: Receiver) -> None:
    hook = http.post("/v3/webhooks", samples.webhook(receiver.url(), "templates")).data
    path = f"/v3/templates/{made(http, 'Surely REJECT_FORMAT this', submit_for_review=True)['id']}"
    found = wait_for(lambda: http.get(path).data, 10, until=lambda data: data["status"] == "REJECTED")
    assert found["is_published"] is False
    (told,) = [one.json["payload"] for one in receiver.wait() if one.json["payload"]["template_id"] == found["id"]]
    assert (told["status"], "incorrectly" in told["reason"]) == ("REJECTED", True)
    mended = http.put(path, {"definition": samples.definition("Fine now"), "submit_for_review": True}).data
    assert mended["status"] == "PENDING"
    wait_for(lambda: http.get(path).data["status"], 10, until=equal_to("APPROVED"))
    http.delete(f"/v3/webhooks/{hook['id']}", {})


def test_a_message_says_what_the_template_said_with_its_parameters(http: Client) -> None:
    name = f"Greeting {samples.key()}"
    http.post("/v3/templates", {**FLAT, "name": name})
    template = {"name": name.upper(), "parameters": {"name": "Ada"}}
    sent = http.post("/v3/messages", {"to": [samples.phone()], "template": template, "channel": ["sms"]})
    assert (sent.status, sent.data["recipients"][0]["body"]) == (202, "Hi Ada")
