"""path("", include("sent_dm.integrations.django.urls")) puts the webhook at SENT_DM_WEBHOOK_PATH."""

from django.urls import path

from sent_dm.integrations.django import conf
from sent_dm.integrations.django.views import WebhookView

app_name = "sent_dm"
urlpatterns = [path(conf.current().webhook_path.lstrip("/"), WebhookView.as_view(), name="webhook")]
