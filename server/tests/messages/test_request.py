"""What a send asked for comes back as it was stored."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from sent_server.messages.request import SendRequest, TemplateAsked, TextAsked, dump, load

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
asked = st.one_of(
    st.builds(TextAsked, texts),
    st.builds(TemplateAsked, st.uuids().map(str), st.none(), st.dictionaries(texts, texts, max_size=3)),
)
requests = st.builds(
    SendRequest,
    asked,
    st.lists(st.sampled_from(["sent", "sms", "whatsapp", "rcs"]), min_size=1, unique=True).map(tuple),
    st.lists(texts, max_size=3).map(tuple),
    st.none() | texts,
    st.dictionaries(st.sampled_from(["sms", "rcs"]), st.lists(texts, min_size=1, max_size=3).map(tuple)),
    st.none() | st.integers(0, 2**53),
)


@given(requests)
def test_a_request_is_read_as_it_was_written(request: SendRequest) -> None:
    template_id = request.asked.id if isinstance(request.asked, TemplateAsked) else None
    assert load(dump(request, template_id=template_id)) == request


def test_a_stored_request_names_the_template_that_was_found() -> None:
    stored = load(dump(SendRequest(TemplateAsked(None, "welcome"), ("sent",)), template_id="t"))
    assert stored.asked == TemplateAsked("t")


def test_every_newer_field_makes_a_request_newer() -> None:
    template = SendRequest(TemplateAsked("t"), ("sent",))
    assert not template.is_newer
    assert SendRequest(TextAsked("Hello"), ("sent",)).is_newer
    assert replace(template, media_urls=("https://example.com/a.png",)).is_newer
    assert replace(template, subject="Menu").is_newer
    assert replace(template, senders={"sms": ("+15005550006",)}).is_newer
    assert replace(template, scheduled_at_ms=0).is_newer
