"""What the server says about itself: complete, the same for everybody, and nothing fetched from elsewhere."""

import json
import re
from pathlib import Path

import pytest

from harness.server import Server
from sent_server.errors import CATALOGUE
from sent_server.errors.remedies import REMEDIES
from sent_server.reference import document, guides, postman

PAGES = ["/docs", "/errors", "/errors/AUTH_001", "/docs/style.css", "/docs/page.js", "/openapi.json", "/postman.json"]


@pytest.mark.parametrize("path", PAGES)
def test_everybody_may_read_it_and_nothing_comes_from_elsewhere(server: Server, path: str) -> None:
    answer = server.anonymous().request("GET", path, checked=False)
    assert answer.status == 200
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")
    loaded = re.findall(rb"""<[^>]+(?:src|href)=["']([^"']+)""", answer.body)
    assert all(link.startswith((b"/", b"#")) for link in loaded), loaded
    again = server.anonymous().request("GET", path, headers={"if-none-match": answer.headers["etag"]}, checked=False)
    assert (again.status, again.body) == (304, b"")


def test_the_document_names_this_server_and_every_route(server: Server) -> None:
    shown = json.loads(server.anonymous().request("GET", "/openapi.json", checked=False).body)
    assert shown["servers"] == [{"url": server.base_url}]
    assert shown["info"]["title"] == "Sent API v3"
    assert set(shown["paths"]) == set(document.contract()["paths"])
    assert "x-seed-doc" not in json.dumps(shown)


def test_a_forged_host_does_not_reach_the_pages(server: Server) -> None:
    answer = server.anonymous().request("GET", "/docs", headers={"host": "evil.example"}, checked=False)
    assert b"evil.example" not in answer.body
    assert server.base_url.encode() in answer.body


def test_every_operation_has_its_place_on_the_page(server: Server) -> None:
    page = server.anonymous().request("GET", "/docs", checked=False).body.decode()
    for operations in document.groups().values():
        for operation in operations:
            assert f'id="{operation.id}"' in page
            assert f"<code>{operation.path}</code>" in page


def test_every_code_has_a_page_with_cause_and_remedy(server: Server) -> None:
    assert set(REMEDIES) == set(CATALOGUE)
    documented = (Path(__file__).parents[3] / "docs/reference/errors.md").read_text(encoding="utf-8")
    index = server.anonymous().request("GET", "/errors", checked=False).body.decode()
    for code, entry in CATALOGUE.items():
        assert f'href="/errors/{code}"' in index
        page = server.anonymous().request("GET", f"/errors/{code}", checked=False)
        assert page.status == 200
        text = page.body.decode()
        assert code in text
        assert str(entry.status) in text
        assert "What to do" in text
        assert "`" not in text
        assert "](" not in text
        assert f"| `{code}` | {entry.status} | {entry.cause} | {entry.remedy} |" in documented
    assert server.anonymous().request("GET", "/errors/NOTHING_999").code == "RESOURCE_011"
    refused = server.anonymous().request("POST", "/docs", checked=False)
    assert (refused.status, refused.code, refused.headers["allow"]) == (405, "VALIDATION_001", "GET, HEAD")


BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize("accept", [BROWSER, "application/json;q=0.5, text/html", "TEXT/HTML; q=0.1"])
def test_an_unknown_code_shows_a_browser_the_known_ones(server: Server, accept: str) -> None:
    answer = server.anonymous().request("GET", "/errors/NOPE", headers={"accept": accept}, checked=False)
    assert answer.status == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")
    page = answer.body.decode()
    assert "This code does not exist" in page
    assert "NOPE" not in page
    assert all(f'href="/errors/{code}"' in page for code in CATALOGUE)
    again = {"accept": accept, "if-none-match": answer.headers["etag"]}
    assert server.anonymous().request("GET", "/errors/NOPE", headers=again, checked=False).status == 404


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        "application/json",
        "application/json, text/html",
        "text/html;q=0",
        "text/html;q=high",
        "text/html;q=nan",
    ],
)
def test_an_unknown_code_is_json_for_everything_else(server: Server, accept: str) -> None:
    answer = server.anonymous().request("GET", "/errors/NOPE", headers={"accept": accept})
    assert (answer.status, answer.code) == (404, "RESOURCE_011")


def test_a_cause_links_to_the_page_that_explains_it(server: Server) -> None:
    page = server.anonymous().request("GET", "/errors/AUTH_004", checked=False).body.decode()
    assert f'<a href="{guides.PREFIX}docs/reference/roles">role</a>' in page
    page = server.anonymous().request("GET", "/errors/BUSINESS_002", checked=False).body.decode()
    assert f'<a href="{guides.PREFIX}docs/reference/errors#rates">rates</a>' in page


def test_the_collection_has_every_operation_and_variables_for_address_and_key() -> None:
    made = postman.collection("http://127.0.0.1:8080")
    requests = [item["request"] for folder in made["item"] for item in folder["item"]]
    operations = [operation for group in document.groups().values() for operation in group]
    assert len(requests) == len(operations)
    assert {variable["key"] for variable in made["variable"]} == {"baseUrl", "apiKey"}
    for request, operation in zip(requests, operations, strict=True):
        assert request["method"] == operation.method
        assert re.sub(r":(\w+)", r"{\1}", request["url"]["raw"].removeprefix("{{baseUrl}}")) == operation.path
        if operation.example is not None:
            assert json.loads(request["body"]["raw"]) == operation.example


def test_every_field_and_parameter_is_described() -> None:
    bare = [
        (operation.id, field.name)
        for operations in document.groups().values()
        for operation in operations
        for body in operation.bodies
        for field in body.fields
        if not field.description
    ]
    bare += [
        (operation.id, parameter["name"])
        for operations in document.groups().values()
        for operation in operations
        for parameter in operation.parameters
        if not parameter.get("description")
    ]
    assert not bare


def test_a_body_with_several_forms_has_a_table_for_each() -> None:
    operations = {operation.id: operation for group in document.groups().values() for operation in group}
    send = operations["send_message"].bodies
    assert [{field.name for field in body.fields if field.need == "required"} for body in send] == [
        {"to"},
        {"phone_number"},
    ]
    named = {field.name: field.need for field in send[0].fields}
    assert (named["id"], named["name"]) == ("one of these is required", "one of these is required")
    assert all(body.example is not None for body in (*send, *operations["create_template"].bodies))
    brand = operations["create_brand"].bodies[0]
    headings = [field.description for field in brand.fields if not field.kind]
    assert headings == ["Form 1 of 2: The flat form", "Form 2 of 2: The nested form"]


def test_what_every_call_answers_is_listed_once() -> None:
    common = document.common_responses()
    assert {"401", "429", "500", "503"} <= {response.status for response in common}
    for operations in document.groups().values():
        for operation in operations:
            own = document.own_responses(operation)
            assert not set(own) & set(common)
            assert set(operation.responses) <= {*own, *common}


def test_the_guides_are_shown_and_their_links_lead_somewhere(server: Server) -> None:
    anonymous = server.anonymous()
    docs = anonymous.request("GET", "/docs", checked=False).body.decode()
    assert f'href="{guides.PREFIX}docs/tutorial/first-message"' in docs
    for guide in guides.everything().values():
        page = anonymous.request("GET", guide.path, checked=False)
        assert page.status == 200, guide.path
        text = page.body.decode()
        assert "<script>" not in text
        assert "&lt;!--" not in text, f"{guide.path} shows a comment"
        for link in re.findall(r'href="(/docs/guides/[^"#]*)', text):
            assert link.removeprefix(guides.PREFIX) in guides.everything(), (guide.path, link)


@pytest.mark.parametrize(
    "path", ["nothing", "../../etc/passwd", "docs/../README", "%00", "docs/tutorial/first-message.md"]
)
def test_what_is_no_guide_is_not_found(server: Server, path: str) -> None:
    assert server.anonymous().request("GET", f"{guides.PREFIX}{path}").code == "RESOURCE_011"


def test_the_pictures_of_the_guides_are_shown_and_no_other_file_is(server: Server) -> None:
    anonymous = server.anonymous()
    shown = {
        picture
        for guide in guides.everything().values()
        for picture in re.findall(
            r'<img src="([^"]*)', anonymous.request("GET", guide.path, checked=False).body.decode()
        )
    }
    assert f"{guides.PICTURES}flow.svg" in shown
    for picture in shown:
        answer = anonymous.request("GET", picture, checked=False)
        assert (answer.status, answer.headers["content-type"]) == (200, "image/svg+xml"), picture
        assert "script" not in answer.headers["content-security-policy"]
        assert b"<script" not in answer.body
    for other in ("nothing.svg", "..%2Farchitecture.md", "%00", "flow.svg%00"):
        assert anonymous.request("GET", guides.PICTURES + other, checked=False).code == "RESOURCE_011"
