"""What is called what: the decisions that the contract does not make."""

import re
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Method:
    """`answer` names a schema other than that of the first 2xx answer."""

    resource: str
    name: str
    aliases: tuple[str, ...] = ()
    answer: str | None = None
    says: str = ""
    by_position: bool = False  # all parts of the path, and not the last alone


# Published clients get these lists in one answer, not as pages to iterate.
WHOLE_LISTS = frozenset(
    {"UserListEnvelope", "ProfileListEnvelope", "WebhookEventTypeListEnvelope", "MessageActivitiesEnvelope"}
)

METHODS = {
    "get_account": Method("me", "retrieve", ("get",), says="Who this key belongs to, and which channels there are."),
    "list_contacts": Method("contacts", "list", says="Contacts, newest first; iterate for all pages."),
    "create_contact": Method("contacts", "create", says="Create a contact."),
    "get_contact": Method("contacts", "retrieve", ("get",), says="One contact."),
    "update_contact": Method("contacts", "update", says="Change a contact; what is not given stays."),
    "delete_contact": Method("contacts", "delete", says="Delete a contact."),
    "get_contact_message_summary": Method(
        "contacts",
        "retrieve_message_summary",
        ("message_summary",),
        says="How many messages a contact has, on which channels, and how many arrived.",
    ),
    "send_message": Method(
        "messages",
        "send",
        says="Send a `template` or a `text` to one or more numbers, now or at `scheduled_at`. Without `channel` the\n"
        "best channel of each recipient is chosen; with several, each recipient gets one message per channel.\n"
        "Answers before anything is delivered.",
    ),
    "get_message": Method(
        "messages", "retrieve_status", ("retrieve", "get"), says="A message, its state, and how it came to that."
    ),
    "list_message_activities": Method(
        "messages", "retrieve_activities", ("list_activities",), says="What happened to a message, newest first."
    ),
    "list_messages": Method(
        "messages", "list", says="Messages in both directions, newest first; iterate for all pages."
    ),
    "cancel_message": Method("messages", "cancel", says="Cancel a message that waits for its time."),
    "resend_message": Method(
        "messages", "resend", says="Send a message once more, with its id and content. It is charged again."
    ),
    "list_conversations": Method(
        "conversations",
        "list",
        says="The messages of all conversations, newest first; iterate for all pages.",
    ),
    "list_conversation_messages": Method(
        "conversations",
        "list_messages",
        ("retrieve",),
        says="The messages of one conversation, newest first; iterate for all pages. Its id is that of the contact.",
    ),
    "list_templates": Method("templates", "list", says="Templates, newest first; iterate for all pages."),
    "create_template": Method(
        "templates",
        "create",
        says="Create a template: from a `definition`, or from `name`, `category`, `language` and `body`.",
    ),
    "get_template": Method("templates", "retrieve", ("get",), says="One template."),
    "update_template": Method("templates", "update", says="Change a template; what is not given stays."),
    "delete_template": Method("templates", "delete", says="Delete a template."),
    "list_profiles": Method("profiles", "list", says="All profiles of the organization."),
    "create_profile": Method("profiles", "create", says="Create a profile."),
    "get_profile": Method("profiles", "retrieve", ("get",), says="One profile."),
    "update_profile": Method("profiles", "update", says="Change a profile; what is not given stays."),
    "delete_profile": Method("profiles", "delete", says="Delete a profile."),
    "complete_profile": Method(
        "profiles",
        "complete",
        answer="CompleteProfileDoneEnvelope",
        says="Finish the set-up of a profile; the result is posted to `web_hook_url`.",
    ),
    "list_campaigns": Method("profiles.campaigns", "list", says="All campaigns of a profile."),
    "create_campaign": Method("profiles.campaigns", "create", says="Create a campaign."),
    "update_campaign": Method("profiles.campaigns", "update", says="Replace a campaign."),
    "delete_campaign": Method("profiles.campaigns", "delete", says="Delete a campaign."),
    "list_brands": Method("brands", "list", says="All brands. A brand now belongs to a profile; this path is retired."),
    "create_brand": Method("brands", "create", says="Create a brand. See `profiles`; this path is retired."),
    "update_brand": Method("brands", "update", says="Change a brand. See `profiles`; this path is retired."),
    "delete_brand": Method("brands", "delete", says="Delete a brand. See `profiles`; this path is retired."),
    "list_brand_campaigns": Method("brands.campaigns", "list", says="See `profiles.campaigns`; this path is retired."),
    "create_brand_campaign": Method(
        "brands.campaigns", "create", says="See `profiles.campaigns`; this path is retired."
    ),
    "update_brand_campaign": Method(
        "brands.campaigns", "update", says="See `profiles.campaigns`; this path is retired."
    ),
    "delete_brand_campaign": Method(
        "brands.campaigns", "delete", says="See `profiles.campaigns`; this path is retired."
    ),
    "get_channels": Method("channels", "retrieve", ("get",), says="All senders of the account, by channel."),
    "list_sms_markets": Method("channels.sms", "list", says="All SMS markets: a country and a number type each."),
    "create_sms_market": Method("channels.sms", "create", says="Add an SMS market."),
    "get_sms_market": Method(
        "channels.sms", "retrieve", ("get",), says='One market: `retrieve("US", "TEN_DLC")`.', by_position=True
    ),
    "update_sms_market": Method(
        "channels.sms", "update", says="Change the compliance data of a market.", by_position=True
    ),
    "create_whatsapp_channel": Method("channels.whatsapp", "create", says="Connect a WhatsApp Business account."),
    "create_rcs_agent": Method("channels.rcs", "create", says="Register an RCS agent."),
    "get_compliance_requirements": Method(
        "compliance", "retrieve_requirements", ("requirements",), says="What a market needs before it can send."
    ),
    "list_sender_profiles": Method(
        "sender_profiles", "list", says="Sender profiles, newest first; iterate for all pages."
    ),
    "create_sender_profile": Method(
        "sender_profiles", "create", says="Create a sender profile. `data.api_key` is in this answer and never again."
    ),
    "get_sender_profile": Method("sender_profiles", "retrieve", ("get",), says="One sender profile."),
    "update_sender_profile": Method(
        "sender_profiles", "update", says="Change a sender profile; what is not given stays."
    ),
    "delete_sender_profile": Method("sender_profiles", "delete", says="Delete a sender profile."),
    "list_users": Method("users", "list", says="All users of the organization."),
    "invite_user": Method("users", "invite", ("create",), says="Invite somebody by mail."),
    "get_user": Method("users", "retrieve", ("get",), says="One user."),
    "update_user": Method("users", "update_role", ("update",), says="Give a user another role."),
    "remove_user": Method("users", "remove", ("delete",), says="Remove a user from the organization."),
    "list_webhooks": Method("webhooks", "list", says="Webhooks, newest first; iterate for all pages."),
    "create_webhook": Method(
        "webhooks", "create", says="Create a webhook. `data.signing_secret` is in this answer and never again."
    ),
    "list_webhook_event_types": Method("webhooks", "list_event_types", says="What a webhook can subscribe to."),
    "get_webhook": Method("webhooks", "retrieve", ("get",), says="One webhook."),
    "update_webhook": Method("webhooks", "update", says="Change a webhook."),
    "delete_webhook": Method("webhooks", "delete", says="Delete a webhook."),
    "list_webhook_events": Method("webhooks", "list_events", says="What was posted, and what your server answered."),
    "replay_webhook_events": Method(
        "webhooks", "replay", ("replay_events",), says="Send events again: one by its id, a range, or all that failed."
    ),
    "rotate_webhook_secret": Method(
        "webhooks", "rotate_secret", says="A new signing secret; the old one stops at once. It is shown this once."
    ),
    "test_webhook": Method("webhooks", "test", says="Post a sample event."),
    "toggle_webhook_status": Method("webhooks", "toggle_status", says="Enable or disable a webhook."),
    "lookup_number": Method("numbers", "lookup", ("retrieve",), says="What is known of a phone number."),
    "lookup_number_legacy": Method(
        "numbers", "lookup_legacy", answer="NumberLookupEnvelope", says="`lookup` under its retired path."
    ),
    "get_health": Method("health", "retrieve", ("check", "get"), says="Whether the API is up. Needs no key."),
}
# Probes for load balancers, and what an invited person does with a link: not for callers of the API.
LEFT_OUT = frozenset(
    {"get_healthcheck", "get_health_live", "get_health_ready", "accept_invitation", "reject_invitation"}
)

# Hand-written halves of resources and models, as module:class; the async twin is Async + class.
RESOURCE_BASES = {"messages": "sent_dm.lib.delivery:Waiting", "webhooks": "sent_dm.lib.receiving:Receiving"}
MODEL_BASES = {"SendMessageResult": "sent_dm.send_result:SendResult"}

RESPONSE_NAMES = {
    "SendMessageEnvelope": "MessageSendResponse",
    "CompleteProfileDoneEnvelope": "ProfileCompleteResponse",
    "TestWebhookEnvelope": "WebhookTestResponse",
}
# Lists by another name than XList.
LIST_LIKE = {"MessageActivities": "activities"}
# Optional in the contract, but always readable here: send_result.py derives them.
ALWAYS = {"SendMessageResult": frozenset({"messages"})}
# Written by hand in answers.py.
BY_HAND = frozenset({"ApiMeta", "ErrorDetail", "ErrorEnvelope"})
# Request bodies that are one of several: which of them count, and what must be complete.
BODIES = {
    "send_message": ("SendMessageRequest",),
    "create_template": ("CreateTemplateRequest", "CreateTemplateSimpleRequest"),
}
# Other spellings of a property that has its own in snake case.
DROPPED = {"CompleteProfileRequest": frozenset({"web_hook_url", "webhook_url"})}
PARAMS_NAMES = {"TemplateRef": "TemplateRefParam"}
EVENTS = (
    "WebhookMessageEvent",
    "WebhookInboundEvent",
    "WebhookContactEvent",
    "WebhookTemplateEvent",
    "WebhookChannelEvent",
)

FIRST_LINE = "# Generated by tools/gen_sdk.py from contract/openapi-v3.json. Do not edit.\n"


@dataclass
class Contract:
    schemas: dict[str, dict]
    operations: dict[str, dict] = field(default_factory=dict)
    parameters: dict[str, dict] = field(default_factory=dict)


def class_name(resource: str) -> str:
    """profiles.campaigns -> ProfilesCampaigns; sender_profiles -> SenderProfiles."""
    return "".join(part.capitalize() for part in re.split(r"[._]", resource))
