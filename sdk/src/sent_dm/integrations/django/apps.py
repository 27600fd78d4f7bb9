"""The app, and the client that its process uses."""

from typing import Any

from django.apps import AppConfig, apps
from django.core.checks import CheckMessage, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

from sent_dm.client import SentDm
from sent_dm.integrations.django import conf
from sent_dm.integrations.process import OncePerProcess


class SentDmConfig(AppConfig):
    name = "sent_dm.integrations.django"
    label = "sent_dm"
    verbose_name = "Sent"
    default_auto_field = "django.db.models.BigAutoField"
    default = True

    @property
    def sent_client(self) -> SentDm:
        """One per process. Raises ImproperlyConfigured without a key."""
        return _client()

    def ready(self) -> None:
        register(check_settings)
        setting_changed.connect(_forget, dispatch_uid="sent_dm")


def get_sent_client() -> SentDm:
    config: Any = apps.get_app_config(SentDmConfig.label)
    return config.sent_client


@OncePerProcess
def _client() -> SentDm:
    told = conf.current()
    if told.api_key is None:
        raise ImproperlyConfigured("SENT_DM_API_KEY must be set in settings")
    return SentDm(
        told.api_key,
        base_url=told.base_url,
        timeout=told.timeout_s,
        max_retries=told.max_retries,
        webhook_secret=told.webhook_secret,
    )


def _forget(*, setting: str, **_: Any) -> None:
    if setting.startswith("SENT_DM_"):
        for client in _client.forget():
            client.close()


def check_settings(**_: Any) -> list[CheckMessage]:
    """Warnings, so that what needs no secrets, such as collectstatic, works without them."""
    told = conf.current()
    missing = {"SENT_DM_API_KEY": told.api_key, "SENT_DM_WEBHOOK_SECRET": told.webhook_secret}
    hints = {"SENT_DM_API_KEY": "Nothing can be sent.", "SENT_DM_WEBHOOK_SECRET": "Every webhook will be refused."}
    return [
        Warning(f"{name} is not set", hint=hints[name], id=f"sent_dm.W00{number}")
        for number, (name, value) in enumerate(missing.items(), 1)
        if value is None
    ]
