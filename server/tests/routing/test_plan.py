"""Channel choice, pure."""

from hypothesis import given
from hypothesis import strategies as st

from sent_server.routing.model import PREFERENCE, Leg, Reach
from sent_server.routing.plan import passed_over, plan

ALL = frozenset(PREFERENCE)
PRICES = (("whatsapp", 25_000), ("rcs", 10_000), ("sms", 8_300))
subsets = st.frozensets(st.sampled_from(PREFERENCE))


def reach(**changes):
    values = {
        "receivable": ALL,
        "configured": ALL,
        "written": ALL,
        "approved": True,
        "opted_out": False,
        "unfit": (),
        "prices": PRICES,
    }
    return Reach(**{**values, **changes})


def test_automatic_choice_prefers_whatsapp_then_rcs_and_keeps_sms_for_last():
    found = plan(reach(), None)
    assert [leg.channel for leg in found.legs] == ["whatsapp", "rcs", "sms"]
    assert found.dearest_micros == 25_000
    assert all(judged.chosen for judged in found.judgements)


def test_an_unapproved_template_still_goes_by_sms():
    found = plan(reach(approved=False), None)
    assert found.legs == (Leg("sms", 8_300),)
    assert {judged.channel: judged.reason for judged in found.judgements if not judged.chosen} == {
        "whatsapp": "the template is not approved for this channel",
        "rcs": "the template is not approved for this channel",
    }


def test_a_requested_channel_has_no_fallback():
    assert [leg.channel for leg in plan(reach(), "sms").legs] == ["sms"]


def test_an_unapproved_requested_channel_is_refused_with_its_own_code():
    found = plan(reach(approved=False), "whatsapp")
    assert (found.legs, found.error, found.refusal) == ((), "ERR_ROUTE_DENIED", "BUSINESS_005")


def test_a_contact_without_the_channel_is_refused_with_its_own_code():
    found = plan(reach(receivable=frozenset({"whatsapp"})), "sms")
    assert (found.error, found.refusal) == ("ERR_ROUTE_DENIED", "BUSINESS_007")


def test_an_opted_out_contact_gets_nothing_on_any_channel():
    found = plan(reach(opted_out=True), None)
    assert (found.legs, found.error, found.refusal) == ((), "ERR_CONSENT_BLOCKED", "BUSINESS_004")


def test_bad_parameters_fail_the_message_but_not_the_request():
    missing = tuple((channel, ("name is missing",)) for channel in PREFERENCE)
    for requested in (None, "sms"):
        found = plan(reach(unfit=missing), requested)
        assert (found.error, found.refusal, found.detail) == ("ERR_TEMPLATE_PARAMS_INVALID", None, "name is missing")


def test_a_text_that_does_not_fit_on_one_channel_goes_by_the_others():
    unfit = (("whatsapp", ("too long",)),)
    found = plan(reach(unfit=unfit), None)
    assert [leg.channel for leg in found.legs] == ["rcs", "sms"]
    assert found.judgements[0].reason == "too long"
    assert plan(reach(unfit=unfit), "sms").error is None


def test_only_channels_whose_text_was_the_reason_are_passed_over():
    unfit = (("whatsapp", ("too long", "has a tab")),)
    assert [(one.channel, one.reason) for one in passed_over(plan(reach(unfit=unfit), None).judgements)] == [
        ("whatsapp", "too long; has a tab")
    ]
    for others in ({}, {"approved": False}, {"receivable": frozenset({"sms"})}, {"configured": frozenset({"sms"})}):
        assert passed_over(plan(reach(**others), None).judgements) == ()
    behind = plan(reach(unfit=(("sms", ("too many parts",)),)), None)
    assert passed_over(behind.judgements) == ()
    assert passed_over(plan(reach(unfit=unfit), "whatsapp").judgements) == ()


def test_a_named_channel_fails_with_its_own_reason():
    unfit = (("whatsapp", ("has a tab",)), ("sms", ("too many parts",)))
    for requested, detail in (("whatsapp", "has a tab"), ("sms", "too many parts")):
        found = plan(reach(unfit=unfit), requested)
        assert (found.error, found.refusal, found.detail) == ("ERR_TEMPLATE_PARAMS_INVALID", None, detail)


def test_the_text_is_the_reason_only_where_nothing_else_is():
    unfit = (("whatsapp", ("has a tab",)),)
    only_sms = reach(unfit=unfit, configured=frozenset({"whatsapp"}))
    assert plan(only_sms, None).detail == "has a tab"
    found = plan(reach(unfit=unfit, configured=frozenset({"whatsapp"}), approved=False), None)
    assert (found.error, found.refusal) == ("ERR_ROUTE_DENIED", "BUSINESS_005")


@given(subsets, subsets, subsets, subsets, st.booleans(), subsets, st.sampled_from([None, *PREFERENCE]))
def test_every_leg_can_really_go_and_every_channel_looked_at_has_a_reason(
    receivable, configured, written, too_long, approved, priced, requested
):
    prices = tuple(row for row in PRICES if row[0] in priced)
    unfit = tuple((channel, ("too long",)) for channel in sorted(too_long & written))
    found = plan(
        reach(
            receivable=receivable, configured=configured, written=written, unfit=unfit, approved=approved, prices=prices
        ),
        requested,
    )
    assert [judged.channel for judged in found.judgements] == (list(PREFERENCE) if requested is None else [requested])
    assert all(judged.reason for judged in found.judgements)
    for leg in found.legs:
        assert leg.channel in (receivable & configured & written & priced) - too_long
        assert approved or leg.channel == "sms"
    assert bool(found.legs) != bool(found.error)
