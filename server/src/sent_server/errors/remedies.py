"""Why each error code is returned, and what to do about it. The only place where this is written.

It is served at /errors/{code} and generated into docs/reference/errors.md. Both render Markdown; links are relative to
that page.
"""

_RETRY = "Nothing was done. Repeat the request with the same `Idempotency-Key` after a moment."

# code -> (cause, remedy)
REMEDIES: dict[str, tuple[str, str]] = {
    "AUTH_001": ("The request has no `x-api-key` header.", "Send your API key in the header `x-api-key`."),
    "AUTH_002": (
        "The key is unknown, empty or revoked, or belongs to a suspended user.",
        "Check it for a blank or a missing character. An operator sees the last characters of the valid keys with "
        "`sent keys list CUSTOMER`, and creates a new one with `sent keys create CUSTOMER`.",
    ),
    "AUTH_004": (
        "The [role](roles.md) of the key is too low, or `x-profile-id` names a profile that the key cannot use, or the "
        "request would change data of others.",
        "Use a key with a higher role, and the id of a profile of the same organization. Do not send `x-profile-id` "
        "with a profile's own key.",
    ),
    "AUTH_005": (
        "The account is set up, but not activated.",
        "Wait for the activation. An operator activates it with `sent accounts set-status CUSTOMER ACTIVE`.",
    ),
    "AUTH_006": (
        "The KYC step of the account's onboarding is not complete.",
        "Submit what is missing, or wait for the review. An operator completes it with "
        "`sent accounts set-status CUSTOMER ACTIVE`.",
    ),
    "AUTH_007": ("The account has no channel.", "Configure SMS, WhatsApp or RCS first."),
    "VALIDATION_001": (
        "The JSON is malformed, or the body or one of its fields is not acceptable. The same code comes with 405 (the "
        "header `Allow` names the methods of the path), 413 (over 1 MiB) and 415 (a body that is not JSON).",
        "Read `error.details`, which names every faulty field.",
    ),
    "VALIDATION_002": (
        "A phone number is not in E.164 form.",
        "Write a plus, the country code and the number, 7 to 15 digits in all: `+14155551234`.",
    ),
    "VALIDATION_003": ("An id is malformed.", "Ids are UUIDs with hyphens. Copy them from a response."),
    "VALIDATION_004": ("A required field is missing or null.", "Read `error.details`, which names the field."),
    "VALIDATION_005": (
        "A number is out of range, such as a page, a count, or the number of recipients of one request.",
        "Read `error.details`, which gives the range. [Limits](limits.md) lists them.",
    ),
    "VALIDATION_006": (
        "A value is not one of those allowed, or the account has not configured the channel.",
        "Read `error.details`, which lists what is allowed. Upper and lower case matter.",
    ),
    "VALIDATION_007": (
        "The header `Idempotency-Key` is not 1 to 255 letters, digits, hyphens and underscores.",
        "Choose another key. A UUID is a good choice.",
    ),
    "RESOURCE_001": ("The account has no such contact.", "Find it with `GET /v3/contacts?phone=...`."),
    "RESOURCE_002": ("The account has no such template.", "`GET /v3/templates` lists them."),
    "RESOURCE_003": ("The account has no such message.", "Use the `message_id` that sending returned."),
    "RESOURCE_004": ("There is no such customer.", "Check the id."),
    "RESOURCE_005": ("There is no such organization.", "Check the id."),
    "RESOURCE_006": ("The organization has no such user.", "`GET /v3/users` lists them."),
    "RESOURCE_007": (
        "It already exists, such as a contact with this number, "
        "[in any spelling](consent.md#one-person-several-spellings-of-a-number), or a user with this address.",
        "Use the existing one, or change it.",
    ),
    "RESOURCE_008": (
        "The account has no such webhook, or the log of the webhook has no such event.",
        "`GET /v3/webhooks` lists them.",
    ),
    "RESOURCE_009": ("There is no such brand, or the profile has none.", "Give the profile a brand first."),
    "RESOURCE_010": (
        "The profile has no such campaign.",
        "`GET /v3/profiles/{profileId}/campaigns` lists them.",
    ),
    "RESOURCE_011": ("This server has no such path.", "Check the spelling. `/docs` on the server shows every path."),
    "RESOURCE_013": (
        "The numbering plan and the network know nobody with this number.",
        "Check the number with the person it belongs to.",
    ),
    "RESOURCE_014": ("The organization has no such profile.", "`GET /v3/profiles` lists them."),
    "BUSINESS_001": ("The contact is inherited, and read-only here.", "Change it in the account that owns it."),
    "BUSINESS_002": (
        "There were more requests than the account's tier allows in a minute, or in a second.",
        "Wait for `Retry-After` seconds. `X-RateLimit-Remaining` is the number of requests left; see "
        "[rates](errors.md#rates).",
    ),
    "BUSINESS_003": (
        "The balance does not cover the most expensive channel of these messages. Nothing was sent.",
        "Top up. An operator does it with `sent accounts top-up CUSTOMER AMOUNT`. `GET /v3/me` shows the balance.",
    ),
    "BUSINESS_004": (
        "Every recipient has opted out. Nothing was sent or charged.",
        "Do not try again. A person opts in by writing START, or by asking you to set `opt_out` of the contact to "
        "false.",
    ),
    "BUSINESS_005": (
        "The template is not approved for any of the channels.",
        "Wait for its review, or send by SMS, which accepts templates that are not approved yet.",
    ),
    "BUSINESS_006": (
        "The state of the message does not allow this call.",
        "Cancel only messages that are `SCHEDULED`. Resend only messages that ended or were blocked.",
    ),
    "BUSINESS_007": (
        "No recipient can be reached on any of the listed channels.",
        "Leave `channel` out. The server then chooses among the channels of each recipient.",
    ),
    "BUSINESS_008": (
        "The account has reached its quota of these, or of messages a day.",
        "Delete what is not needed. An operator raises the quota in the [settings](settings.md).",
    ),
    "CONFLICT_001": (
        "A request with the same `Idempotency-Key` is still running. With the header `x-should-retry: false`, the key "
        "was used for another method or path.",
        "Repeat the request in a moment to get its response. For another operation, use another key.",
    ),
    "CONFLICT_006": (
        "The template is in review.",
        "Change the name now. Change the definition, the category and the language after the review.",
    ),
    "LIMIT_001": (
        "The account has a million messages that wait for their time.",
        "Wait until some of them are sent, or cancel them.",
    ),
    "CHANNEL_003": (
        "The requirements of this channel are not available.",
        "Ask for those of `sms`. WhatsApp and RCS have no requirements by market.",
    ),
    "SERVICE_001": ("The cache that counts requests is unavailable.", _RETRY),
    "INTERNAL_001": (
        "The server has a bug. Its log has the details under the request id.",
        "Repeat the request with the same `Idempotency-Key`. If the error stays, give `meta.request_id` to the "
        "operator.",
    ),
    "INTERNAL_002": ("The database returned an error.", _RETRY),
    "INTERNAL_003": ("A provider returned an error.", _RETRY),
    "INTERNAL_004": ("A provider did not answer in time.", _RETRY),
    "INTERNAL_005": (
        "The database is full, locked or unavailable. Nothing was written.",
        "Repeat the request after a moment. Operators: `sent doctor` names the cause.",
    ),
}
