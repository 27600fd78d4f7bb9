"""Texts are measured with their values: what is too long is neither sent nor charged. Over HTTP."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from harness import samples
from harness.backends import Backend
from harness.client import Client, Response
from harness.messages import wait_for_end
from harness.server import Account, Server, ServerStartError
from harness.server import start as start_server
from harness.waiting import at_least, equal_to, wait_for

EMOJI = "\U0001f600"
WIDE = "{{v0}}{{v1}}{{v2}}{{v3}}{{v4}}"
INVALID = "ERR_TEMPLATE_PARAMS_INVALID: "
SMS_MICROS = 8_300


def template(http: Client, definition: dict[str, Any], category: str = "UTILITY") -> str:
    body = {"category": category, "language": "en_US", "definition": definition, "submit_for_review": True}
    made = http.post("/v3/templates", body)
    assert made.status == 201, made.body
    wait_for(lambda: http.get(f"/v3/templates/{made.data['id']}").data["status"], 20, until=equal_to("APPROVED"))
    return str(made.data["id"])


def body(text: str) -> dict[str, Any]:
    return {"body": {"multiChannel": {"template": text}}}


def filled(length: int, character: str = "x") -> dict[str, str]:
    """Values of `WIDE` that make so many characters."""
    return {f"v{number}": character * min(1_000, max(0, length - 1_000 * number)) for number in range(5)}


def send(http: Client, template_id: str, parameters: Mapping[str, str], *phones: str, **more: Any) -> Response:
    to = list(phones) or [samples.phone()]
    answer = http.post("/v3/messages", {"to": to, "template": {"id": template_id, "parameters": parameters}, **more})
    assert answer.status == 202, answer.body
    return answer


def reason(message: Mapping[str, Any]) -> str:
    """Why it failed, as its last event says."""
    assert message["status"] == "FAILED"
    description: str = message["events"][-1]["description"]
    assert description.startswith(INVALID), description
    return description.removeprefix(INVALID)


def shown_by_handset(http: Client, phone: str) -> list[dict[str, Any]]:
    return list(http.get(f"/sim/phones/{phone}/messages").data["messages"])


def spent(http: Client, before: float) -> int:
    wait_for(lambda: http.get("/v3/me").data["balance"]["held"], 20, until=equal_to(0), what="all holds to be settled")
    return round((before - available(http)) * 1_000_000)


def available(http: Client) -> float:
    return float(http.get("/v3/me").data["balance"]["available"])


def test_a_thousand_parts_are_neither_sent_nor_charged(fresh_account: Account) -> None:
    http, phone = fresh_account.http, samples.phone()
    names = [f"v{number}" for number in range(40)]
    template_id = template(http, body(f"List {' '.join(f'{{{{{name}}}}}' for name in names)} end."))
    before = available(http)
    values = dict.fromkeys(names, 1_024 * EMOJI)
    sms, whatsapp = wait_for_end(http, send(http, template_id, values, phone, channel=["sms", "whatsapp"]))
    assert (
        reason(sms) == "the text on SMS has 41,009 characters and takes at least 269 segments, at most 10 are allowed"
    )
    assert reason(whatsapp) == "the body on WhatsApp has 41,009 characters, at most 1,028 are allowed"
    (automatic,) = wait_for_end(http, send(http, template_id, values, phone))
    assert reason(automatic) == (
        "the body on RCS has 41,009 characters, at most 3,072 are allowed; "
        "the text on SMS has 41,009 characters and takes at least 269 segments, at most 10 are allowed; "
        "the body on WhatsApp has 41,009 characters, at most 1,028 are allowed"
    )
    assert (sms["price"], whatsapp["price"], automatic["price"]) == (None, None, None)
    assert spent(http, before) == 0
    assert shown_by_handset(http, phone) == []


def test_at_the_limit_it_goes_and_one_character_beyond_it_fails(fresh_account: Account) -> None:
    http = fresh_account.http
    template_id = template(http, body(WIDE))
    for channel, character, most in (
        ("sms", "x", 1_530),
        ("sms", "€", 760),
        ("sms", "ж", 670),
        ("sms", EMOJI, 330),
        ("rcs", EMOJI, 3_072),
    ):
        phone, before = samples.phone(), available(http)
        assert http.put(f"/sim/phones/{phone}", {"rcs": True}).status == 200
        (fits,) = wait_for_end(http, send(http, template_id, filled(most, character), phone, channel=[channel]))
        assert fits["status"] in ("DELIVERED", "READ")
        if channel == "sms":
            assert spent(http, before) == 10 * SMS_MICROS
        before = available(http)
        (beyond,) = wait_for_end(http, send(http, template_id, filled(most + 1, character), phone, channel=[channel]))
        assert reason(beyond).startswith(f"the {'text on SMS' if channel == 'sms' else 'body on RCS'} has ")
        assert spent(http, before) == 0
        assert [one["text"] for one in shown_by_handset(http, phone)] == [most * character]


def test_whatsapp_has_its_own_limit_and_automatic_choice_takes_the_next_channel(fresh_account: Account) -> None:
    http, phone = fresh_account.http, samples.phone()
    template_id = template(http, body("{{v0}}{{v1}}"))
    (fits,) = wait_for_end(http, send(http, template_id, filled(1_028), phone, channel=["whatsapp"]))
    assert fits["status"] in ("DELIVERED", "READ")
    sms, whatsapp = wait_for_end(http, send(http, template_id, filled(1_029), phone, channel=["sms", "whatsapp"]))
    assert sms["status"] == "DELIVERED"
    assert reason(whatsapp) == "the body on WhatsApp has 1,029 characters, at most 1,028 are allowed"
    before = available(http)
    (automatic,) = wait_for_end(http, send(http, template_id, filled(1_029), phone))
    assert (automatic["status"], automatic["channel"]) == ("DELIVERED", "sms")
    assert spent(http, before) == 7 * SMS_MICROS
    assert [event["description"] for event in automatic["events"] if event["status"] == "ROUTED"] == [
        f"WhatsApp was passed over: {reason(whatsapp)}; routed to SMS"
    ]


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("a\nb", "has a line break"),
        ("a\tb", "has a tab"),
        ("a     b", "has more than 4 blanks in a row"),
        ("", "is blank"),
    ],
)
def test_whatsapp_refuses_the_values_that_the_real_one_refuses(
    fresh_account: Account, value: str, problem: str
) -> None:
    http, phone = fresh_account.http, samples.phone()
    template_id = template(http, body("Hi {{a}}, your code is {{b}} today."))
    values = {"a": value, "b": "1"}
    (named,) = wait_for_end(http, send(http, template_id, values, phone, channel=["whatsapp"]))
    assert reason(named) == f"'a' {problem}, which WhatsApp does not take"
    (automatic,) = wait_for_end(http, send(http, template_id, values, phone))
    assert (automatic["status"], automatic["channel"]) == ("DELIVERED", "sms")
    assert [one["channel"] for one in shown_by_handset(http, phone)] == ["sms"]


def test_header_and_buttons_count_as_well(fresh_account: Account) -> None:
    http, phone = fresh_account.http, samples.phone()
    definition = body("x")
    definition["header"] = {"template": "For {{name}}"}
    definition["buttons"] = [
        {"type": "URL", "props": {"text": "b", "url": "https://a.example/" + "u" * 1_000 + "{{p}}"}}
    ]
    template_id = template(http, definition)
    fitting = {"name": "n" * 56, "p": "p" * 982}
    (message,) = wait_for_end(http, send(http, template_id, fitting, phone, channel=["whatsapp"]))
    assert message["status"] in ("DELIVERED", "READ")
    (shown,) = shown_by_handset(http, phone)
    assert (len(shown["header"]), len(shown["buttons"][0]["value"])) == (60, 2_000)
    for change, problem in (
        ({"name": "n" * 57}, "the header on WhatsApp has 61 characters, at most 60 are allowed"),
        ({"p": "p" * 983}, "the URL of button 1 on WhatsApp has 2,001 characters, at most 2,000 are allowed"),
    ):
        (message,) = wait_for_end(http, send(http, template_id, {**fitting, **change}, phone, channel=["whatsapp"]))
        assert reason(message) == problem
    assert len(shown_by_handset(http, phone)) == 1


def test_the_text_of_an_automatic_choice_is_shown_from_the_start(fresh_account: Account) -> None:
    http = fresh_account.http
    definition = {"body": {"multiChannel": {"template": "Hello on WhatsApp"}, "sms": {"template": "Hello on SMS"}}}
    template_id = template(http, definition)
    assert (
        http.put("/sim/faults", {"faults": [{"channel": "whatsapp", "kind": "later", "probability": 1}]}).status == 200
    )
    answer = send(http, template_id, {})
    (recipient,) = answer.data["recipients"]
    assert (recipient["channel"], recipient["body"]) == (None, "Hello on WhatsApp")
    message = http.get(f"/v3/messages/{recipient['message_id']}").data
    assert message["message_body"]["content"] == "Hello on WhatsApp"
    sandbox = send(http, template_id, {}, sandbox=True)
    assert (sandbox.data["recipients"][0]["channel"], sandbox.data["recipients"][0]["body"]) == (
        None,
        "Hello on WhatsApp",
    )


def test_beyond_a_hundred_recipients_the_answer_repeats_no_text(fresh_account: Account) -> None:
    http = fresh_account.http
    template_id = template(http, body("Hello."))
    for count, text in ((100, "Hello."), (101, None)):
        phones = [samples.phone() for _ in range(count)]
        for channels in ([], ["sms", "whatsapp"]):
            answer = send(http, template_id, {}, *phones, channel=channels, sandbox=True)
            assert {one["body"] for one in answer.data["recipients"]} == {text}


# docs/reference/limits.md names it: texts of 100 recipients on three channels, six bytes for each character at worst
# (JSON spells a control character \u0001), and the rows around them.
LARGEST_ANSWER_BYTES = 3_000_000


def test_the_largest_answer_is_bounded(fresh_account: Account) -> None:
    http = fresh_account.http
    definition = {
        "body": {
            "sms": {"template": "x{{v0}}"},
            "whatsapp": {"template": "x{{v0}}{{v1}}"},
            "rcs": {"template": f"x{WIDE}"},
        }
    }
    control = "\x01"
    template_id = template(http, definition)
    # 670, 1,028 and 3,072 characters
    values = {f"v{number}": "y" + control * (length - 1) for number, length in enumerate((669, 358, 1_000, 1_000, 44))}
    sizes: list[int] = []
    for count in (100, 1_000):
        phones = [samples.phone() for _ in range(count)]
        answer = send(http, template_id, values, *phones, channel=["sms", "whatsapp", "rcs"], sandbox=True)
        sizes.append(len(answer.body))
    assert 2_800_000 < max(sizes) < LARGEST_ANSWER_BYTES


def test_ready_marketing_templates_say_on_sms_how_to_opt_out(http: Client) -> None:
    phone = samples.phone()
    offer = {"name": "Ada", "discount": "20%", "offer_code": "SPRING20"}
    for name, parameters in (("welcome", {}), ("seasonal_offer", offer)):
        wanted = {"to": [phone], "template": {"name": name, "parameters": parameters}, "channel": ["sms", "whatsapp"]}
        answer = http.post("/v3/messages", wanted)
        assert answer.status == 202
        sms, whatsapp = wait_for_end(http, answer)
        assert sms["message_body"]["content"].endswith(". Reply STOP to opt out.")
        assert (whatsapp["message_body"]["footer"]) == "Reply STOP to opt out"
        assert "STOP" not in whatsapp["message_body"]["content"]


@pytest.fixture(scope="module")
def frugal(backend: Backend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that sends SMS of one part only."""
    home = backend.new_home()
    running = start_server(home, backend.name, database_url=backend.url_for(home), env={"SENT_SMS_MAX_SEGMENTS": "1"})
    yield running
    running.stop()


def test_an_operator_chooses_how_many_parts_an_sms_may_have(frugal: Server) -> None:
    http = frugal.create_account().http
    template_id = template(http, body("{{text}}"))
    (fits,) = wait_for_end(http, send(http, template_id, {"text": "x" * 160}, channel=["sms"]))
    assert fits["status"] == "DELIVERED"
    (beyond,) = wait_for_end(http, send(http, template_id, {"text": "x" * 161}, channel=["sms"]))
    assert reason(beyond) == "the text on SMS has 161 characters and takes at least 2 segments, at most 1 is allowed"


@pytest.mark.parametrize("parts", ["0", "256"])
def test_a_number_of_parts_that_no_sms_can_have_is_refused_at_the_start(backend: Backend, parts: str) -> None:
    home = backend.new_home()
    with pytest.raises(ServerStartError, match="sms_max_segments must be between 1 and 255"):
        start_server(home, backend.name, database_url=backend.url_for(home), env={"SENT_SMS_MAX_SEGMENTS": parts})


def test_a_campaigns_answer_that_is_too_long_for_the_channel_gives_way_to_the_standard_one(
    fresh_account: Account,
) -> None:
    http = fresh_account.http
    brand_id = http.post("/v3/brands", samples.brand()).data["id"]
    answer = "ж" * 1_024  # 16 segments
    assert http.post(f"/v3/brands/{brand_id}/campaigns", samples.campaign(optoutMessage=answer)).status == 201
    for channel, expected in (("sms", "You are unsubscribed"), ("whatsapp", answer)):
        phone = samples.phone()
        assert http.post(f"/sim/phones/{phone}/messages", {"channel": channel, "text": "STOP"}).status == 202
        wait_for(lambda phone=phone: shown_by_handset(http, phone), 20, until=at_least(2), what="the answer")
        assert shown_by_handset(http, phone)[0]["text"].startswith(expected)
