"""What each error code means, and what to do about it, for its page."""

RETRY = "Nothing was done. Repeat the request with the same Idempotency-Key after a moment."

# code -> (why it is answered, what to do)
REMEDIES: dict[str, tuple[str, str]] = {
    "AUTH_001": ("The request has no x-api-key header.", "Send your API key in the header x-api-key."),
    "AUTH_002": (
        "The key is unknown, empty or revoked, or belongs to a suspended user.",
        "Check for a blank or a missing character. An operator sees the last characters of the valid keys with "
        "`sent keys list CUSTOMER`, and makes a new one with `sent keys create CUSTOMER`.",
    ),
    "AUTH_004": (
        "The role of the key does not allow this, or x-profile-id names a profile that this key cannot act as; "
        "or the request would change what belongs to others, too.",
        "Use a key with a higher role, and the id of a profile of the same organization. A profile's own key takes no "
        "x-profile-id.",
    ),
    "AUTH_005": (
        "The account is set up, and waits to be activated.",
        "Wait for the activation; an operator activates with `sent accounts set-status CUSTOMER ACTIVE`.",
    ),
    "AUTH_006": (
        "The account has not finished the KYC step of its onboarding.",
        "Hand in what is missing, or wait for the review.",
    ),
    "AUTH_007": ("The account has no channel yet.", "Configure SMS, WhatsApp or RCS first."),
    "VALIDATION_001": (
        "The request as a whole, or one of its fields, is not acceptable. The same code comes with 405 (the "
        "header Allow names the methods that work), 413 (over 1 MiB) and 415 (a body that is not JSON).",
        "Read error.details: it names every field with a fault, all of them at once.",
    ),
    "VALIDATION_002": (
        "A phone number is not in E.164 form.",
        "Write a plus, the country code and the number, digits only: +14155551234.",
    ),
    "VALIDATION_003": ("An id is malformed.", "Ids are UUIDs with hyphens; copy them from an answer."),
    "VALIDATION_004": ("A required field is missing or null.", "error.details names the field."),
    "VALIDATION_005": (
        "A number is out of its range: a page, a count, or more recipients than one request may have.",
        "error.details says which range.",
    ),
    "VALIDATION_006": (
        "A value is not one of those allowed, or a channel is not configured for this account.",
        "error.details lists what is allowed. Upper and lower case matter.",
    ),
    "VALIDATION_007": (
        "The header Idempotency-Key has another form.",
        "Use 1 to 255 letters, digits, hyphens and underscores; a UUID is a good choice.",
    ),
    "RESOURCE_001": ("The account has no such contact.", "Look it up with GET /v3/contacts?phone=..."),
    "RESOURCE_002": ("The account has no such template.", "GET /v3/templates lists those there are."),
    "RESOURCE_003": ("The account has no such message.", "Use the message_id that sending answered."),
    "RESOURCE_004": ("There is no such customer.", "Check the id."),
    "RESOURCE_005": ("There is no such organization.", "Check the id."),
    "RESOURCE_006": ("The organization has no such user.", "GET /v3/users lists those there are."),
    "RESOURCE_007": (
        "It exists already: a contact with this number, a user with this address.",
        "Use the one that exists, or change it.",
    ),
    "RESOURCE_008": ("The account has no such webhook, or its log no such event.", "GET /v3/webhooks lists them."),
    "RESOURCE_009": ("There is no such brand, or the profile has none.", "Give the profile a brand first."),
    "RESOURCE_010": ("There is no such campaign.", "GET /v3/profiles/{profileId}/campaigns lists them."),
    "RESOURCE_011": ("This server has no such path.", "Check the spelling; /docs shows every path."),
    "RESOURCE_013": (
        "Nobody can be reached under this number, as far as the numbering plan and the network know.",
        "Check the number with the person it belongs to.",
    ),
    "RESOURCE_014": ("The organization has no such profile.", "GET /v3/profiles lists them."),
    "BUSINESS_001": ("The row is inherited, and read-only here.", "Change it where it belongs: in the organization."),
    "BUSINESS_002": (
        "More requests than the account's tier allows in a minute, or in a second.",
        "Wait as many seconds as the header Retry-After says. X-RateLimit-Remaining tells how many are left.",
    ),
    "BUSINESS_003": (
        "The balance does not cover the dearest way that these messages may go. Nothing was sent.",
        "Top up; an operator does it with `sent accounts top-up CUSTOMER AMOUNT`. GET /v3/me shows the balance.",
    ),
    "BUSINESS_004": (
        "Every recipient has opted out. Nothing was sent or charged.",
        "Respect it. A person who writes START, or a contact whose opt_out you set to false on their request, is back.",
    ),
    "BUSINESS_005": (
        "The template is not approved for any of the channels.",
        "Wait for its review, or send by SMS, which takes templates that are not approved yet.",
    ),
    "BUSINESS_006": ("The message has left, and cannot be changed any more.", "Send another one."),
    "BUSINESS_007": (
        "None of the recipients can be reached on the channels asked for.",
        "Leave channel out: the server then chooses among those that each recipient has.",
    ),
    "BUSINESS_008": (
        "The account has as many of these as it may, or has sent as much as it may today.",
        "Delete what is not needed; an operator raises the quota.",
    ),
    "CONFLICT_001": (
        "A request with the same Idempotency-Key is still being worked on; or, when the answer has the header "
        "x-should-retry: false, the key was used for another method or path.",
        "Repeat it in a moment: you will get the first one's answer. For another operation, use another key.",
    ),
    "SERVICE_001": ("The cache that counts requests is out of reach.", RETRY),
    "INTERNAL_001": (
        "A fault of the server.",
        "Repeat with the same Idempotency-Key. If it stays, hand meta.request_id to the operator; the log has more.",
    ),
    "INTERNAL_002": ("The database refused an operation.", RETRY),
    "INTERNAL_003": ("A provider answered with a fault.", RETRY),
    "INTERNAL_004": ("Something took too long.", RETRY),
    "INTERNAL_005": (
        "The database is away, locked or full. Nothing was written.",
        "Repeat after a moment. Operators: `sent doctor` names the cause.",
    ),
}
