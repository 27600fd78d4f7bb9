"""Where Sent posts its webhooks."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from sent_dm import webhooks
from sent_dm.exceptions import WebhookVerificationError
from sent_dm.integrations.django import conf, events


# Not one transaction: the event must be on disk before its message is looked for; see events.
@method_decorator([csrf_exempt, transaction.non_atomic_requests], name="dispatch")
class WebhookView(View):
    """200 for an event that was handled, now or before; 401 for one that is not from Sent, or too old."""

    http_method_names = ["post", "options"]  # noqa: RUF012 (Django declares a list)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:
        told = conf.current()
        if told.webhook_secret is None:
            raise ImproperlyConfigured("SENT_DM_WEBHOOK_SECRET must be set in settings")
        body = request.body
        if not request.headers.get("X-Webhook-Signature"):
            return JsonResponse({"error": "Missing signature"}, status=401)
        if not webhooks.verify_signature(
            body, None, told.webhook_secret, headers=request.headers, tolerance=told.webhook_tolerance_s
        ):
            return JsonResponse({"error": "Invalid signature"}, status=401)
        try:
            is_new = events.receive(body)
        except WebhookVerificationError:
            return JsonResponse({"error": "Invalid JSON"}, status=400)
        return JsonResponse({"received": True, "duplicate": not is_new})
