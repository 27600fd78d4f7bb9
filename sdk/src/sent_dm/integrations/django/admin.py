from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from sent_dm.exceptions import APIError
from sent_dm.integrations.django import sending
from sent_dm.integrations.django.models import MessageTemplate, SentMessage, WebhookEvent

if TYPE_CHECKING:
    SentMessages = admin.ModelAdmin[SentMessage]
    MessageTemplates = admin.ModelAdmin[MessageTemplate]
    WebhookEvents = admin.ModelAdmin[WebhookEvent]
else:
    SentMessages = MessageTemplates = WebhookEvents = admin.ModelAdmin

COLORS = {
    "pending": "darkorange", "queued": "royalblue", "sent": "purple", "delivered": "green", "read": "teal",
    "failed": "firebrick",
}  # fmt: skip


@admin.register(SentMessage)
class SentMessageAdmin(SentMessages):
    list_display = ("id", "phone_number", "template_name", "status_badge", "sent_at", "created_at")
    list_filter = ("status", "template_name", "created_at")
    search_fields = ("phone_number", "sent_id", "template_id", "template_name")
    readonly_fields = ("sent_id", "sent_at", "delivered_at", "created_at", "updated_at")
    date_hierarchy = "created_at"
    actions = ("mark_as_failed", "retry_message")

    @admin.display(description="Status", ordering="status")
    def status_badge(self, message: SentMessage) -> str:
        return format_html('<b style="color: {}">{}</b>', COLORS.get(message.status, "gray"), message.status.upper())

    @admin.action(description="Mark selected messages as failed")
    def mark_as_failed(self, request: HttpRequest, queryset: QuerySet[SentMessage]) -> None:
        changed = sum(message.mark_as_failed(f"Marked by {request.user}") for message in queryset)
        self.message_user(request, f"{changed} message{'' if changed == 1 else 's'} marked as failed.")

    @admin.action(description="Retry selected failed messages")
    def retry_message(self, request: HttpRequest, queryset: QuerySet[SentMessage]) -> None:
        sent = 0
        for message in queryset.filter(status="failed"):
            try:
                sending.try_again(message)
                sent += 1
            except APIError as error:
                self.message_user(request, f"Message {message.pk}: {error}", messages.ERROR)
        self.message_user(request, f"{sent} message{'' if sent == 1 else 's'} sent again.")


@admin.register(MessageTemplate)
class MessageTemplateAdmin(MessageTemplates):
    list_display = ("name", "template_id", "is_active", "last_synced")
    list_filter = ("is_active",)
    search_fields = ("name", "template_id", "description")
    readonly_fields = ("last_synced",)


@admin.register(WebhookEvent)
class WebhookEventAdmin(WebhookEvents):
    list_display = ("event_id", "name", "message", "received_at", "handled_at")
    list_filter = ("name", "received_at")
    search_fields = ("event_id", "sent_id")
    list_select_related = ("message",)
    readonly_fields = ("event_id", "name", "sent_id", "body", "message", "received_at", "handled_at")
