from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from sent_dm.integrations.django.models import WebhookEvent


class Command(BaseCommand):
    help = "Delete events that are older than any of their repetitions can be."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, default=30)

    def handle(self, *args: Any, **options: Any) -> None:
        before = timezone.now() - timedelta(days=options["days"])
        deleted, _ = WebhookEvent.objects.filter(received_at__lt=before).delete()
        self.stdout.write(f"Deleted: {deleted}")
