from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sent_dm.exceptions import SentDmError
from sent_dm.integrations.django.apps import get_sent_client
from sent_dm.integrations.django.models import MessageTemplate
from sent_dm.types import Template


class Command(BaseCommand):
    help = "Copy the templates of the account; those that are gone there are marked inactive here."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--template-id", help="This one only")
        parser.add_argument("--dry-run", action="store_true", help="Say what would change, and change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted: str | None = options["template_id"]
        client = get_sent_client()
        try:
            found: Iterable[Template] = [client.templates.get(wanted).data] if wanted else list(client.templates.list())
        except SentDmError as error:
            raise CommandError(str(error)) from error
        known = set[str](MessageTemplate.objects.values_list("template_id", flat=True))
        seen: set[str] = set()
        for template in found:
            seen.add(template.id)
            self.stdout.write(f"{'change' if template.id in known else 'add'} {template.name} ({template.id})")
            if not options["dry_run"]:
                # A list does not contain the text of the templates.
                whole = template if template.definition else client.templates.get(template.id).data
                MessageTemplate.objects.update_or_create(template_id=template.id, defaults=_fields(whole))
        gone = MessageTemplate.objects.filter(is_active=True).exclude(template_id__in=seen)
        if wanted is None:
            for one in gone:
                self.stdout.write(f"deactivate {one.name} ({one.template_id})")
            if not options["dry_run"]:
                gone.update(is_active=False)


def _fields(template: Template) -> dict[str, Any]:
    body = template.definition.body if template.definition else None
    parts = (body.multi_channel, body.sms, body.whatsapp, body.rcs) if body else ()
    return {
        "name": template.name,
        "description": f"{template.category}, {template.language}",
        "content": next((part.template for part in parts if part), ""),
        "variables": list(template.variables or []),
        "channels": list(template.channels or []),
        "is_active": template.status == "APPROVED",
    }
