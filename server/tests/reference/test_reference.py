"""What the server says about itself: complete, the same for everybody, and nothing fetched from elsewhere."""

import json
import re

import pytest

from harness.server import Server
from sent_server.errors import CATALOGUE
from sent_server.reference import document, postman
from sent_server.reference.remedies import REMEDIES

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
    assert server.anonymous().request("GET", "/errors/NOTHING_999").code == "RESOURCE_011"
    refused = server.anonymous().request("POST", "/docs", checked=False)
    assert (refused.status, refused.code, refused.headers["allow"]) == (405, "VALIDATION_001", "GET, HEAD")


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
