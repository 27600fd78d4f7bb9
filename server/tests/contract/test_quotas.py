"""BUSINESS_008, which only a server with small quotas gives."""

from harness import samples
from harness.server import OwnServer


def test_the_contact_after_the_last_is_refused(own_server: OwnServer) -> None:
    http = own_server(env={"SENT_CONTACT_QUOTA": "4"}).http
    while http.get("/v3/contacts").data["pagination"]["total_count"] < 4:
        assert http.post("/v3/contacts", {"phone_number": samples.phone()}).status == 201
    answer = http.post("/v3/contacts", {"phone_number": samples.phone()})
    assert (answer.status, answer.code) == (422, "BUSINESS_008")
    known = http.get("/v3/contacts").data["contacts"][0]
    assert http.delete(f"/v3/contacts/{known['id']}", {}).status == 204
    assert http.post("/v3/contacts", {"phone_number": samples.phone()}).status == 201


def test_the_template_after_the_last_is_refused(own_server: OwnServer) -> None:
    http = own_server(env={"SENT_TEMPLATE_QUOTA": "10"}).http
    while http.get("/v3/templates").data["pagination"]["total_count"] < 10:
        assert http.post("/v3/templates", samples.template()).status == 201
    answer = http.post("/v3/templates", samples.template())
    assert (answer.status, answer.code) == (422, "BUSINESS_008")
