from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from sent_dm.exceptions import SentDmError
from sent_dm.integrations.django.apps import get_sent_client
from sent_dm.integrations.registration import register_webhook


class Command(BaseCommand):
    help = (
        "Have Sent post events to this site; prints the secret. A webhook of the same URL is used again with a new one."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("site_url", help="Where this site is, such as https://shop.example")

    def handle(self, *args: Any, **options: Any) -> None:
        site_url: str = options["site_url"]
        try:
            url = site_url.rstrip("/") + reverse("sent_dm:webhook")
            secret = register_webhook(get_sent_client(), url, display_name="Django")
        except SentDmError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"SENT_DM_WEBHOOK_SECRET={secret}")
