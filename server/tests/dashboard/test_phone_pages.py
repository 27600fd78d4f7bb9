"""The phone on the dashboard, without scripts: what it shows, and what its answers do."""

from harness import samples
from harness.server import Server
from harness.visitor import sign_in
from harness.waiting import wait_for

OWNER = "owner@demo.example"


def test_stop_on_the_phone_opts_out_and_the_next_send_is_refused(server: Server) -> None:
    phone = "+14155550177"
    template_id = server.http.post("/v3/templates", samples.template()).data["id"]
    body = {"to": [phone], "template": {"id": template_id}, "channel": ["sms"]}
    assert server.http.post("/v3/messages", body).status == 202
    visitor, page = sign_in(server, OWNER)
    phone_page = f"{page.path}/phones/{phone}"
    wait_for(lambda: visitor.get(f"{phone_page}?channel=sms").said, 30, until=lambda said: "delivered" in said)

    back = visitor.submit(page, f"{phone_page}/messages", channel="sms", text="STOP", back="phone")
    assert back.path.startswith(phone_page)
    wait_for(lambda: visitor.get(f"{phone_page}?channel=sms").said, 30, until=lambda said: "unsubscribed" in said)
    refused = server.http.post("/v3/messages", body)
    assert (refused.status, refused.code) == (422, "BUSINESS_004")


def test_hostile_text_is_shown_as_text(server: Server) -> None:
    visitor, page = sign_in(server, OWNER)
    phone_page = f"{page.path}/phones/+14155550178"
    text = "<script>alert(1)</script> \u202eevil\u202c &amp; {{ 7*7 }}"
    shown = visitor.submit(page, f"{phone_page}/messages", channel="sms", text=text, back="phone")
    assert "<script>alert" not in shown.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; [U+202E]evil[U+202C] &amp;amp; {{ 7*7 }}" in shown.text


def test_an_empty_or_long_answer_is_refused_with_a_sentence(server: Server) -> None:
    visitor, page = sign_in(server, OWNER)
    answer = f"{page.path}/phones/+14155550179/messages"
    assert "Write something first" in visitor.submit(page, answer, channel="sms", text=" ").said
    assert "may have 4096 characters" in visitor.submit(page, answer, channel="sms", text="x" * 4_097).said
    assert "no simulated fax number" in visitor.submit(page, answer, channel="fax", text="x").said


def test_what_a_phone_takes_is_changed(server: Server) -> None:
    visitor, page = sign_in(server, OWNER)
    phone_page = f"{page.path}/phones/+14155550180"
    visitor.submit(page, f"{phone_page}/channels", rcs="on", back="sms")
    assert server.http.get("/sim/phones/+14155550180").data["capabilities"] == {
        "sms": False,
        "whatsapp": False,
        "rcs": True,
    }


def test_a_number_opens_in_any_spelling_and_others_are_refused(server: Server) -> None:
    visitor, page = sign_in(server, OWNER)
    opened = visitor.submit(page, f"{page.path}/phones", number="+1 (415) 555-0181")
    assert opened.path == f"{page.path}/phones/+14155550181"
    refused = visitor.submit(page, f"{page.path}/phones", number="12")
    assert (refused.status, "with its country code" in refused.said) == (422, True)
    assert visitor.get(f"{page.path}/phones/abc").status == 404


def test_the_message_page_tells_what_happened(server: Server) -> None:
    template_id = server.http.post("/v3/templates", samples.template()).data["id"]
    body = {"to": ["+14155550182"], "template": {"id": template_id}, "channel": ["sms"]}
    message_id = server.http.post("/v3/messages", body).data["recipients"][0]["message_id"]
    visitor, page = sign_in(server, OWNER)
    path = f"{page.path}/activities/{message_id}"
    said = wait_for(lambda: visitor.get(path).said, 30, until=lambda said: "Delivered by SMS in" in said)
    for part in ("Accepted", "Routed", "Sent by SMS", "Held when accepted", "Charged", message_id):
        assert part in said
    part = visitor.get(f"{path}?part=now", headers={"hx-request": "true"})
    assert part.text.startswith('<div class="stack loose" id="now"')
