from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sent_dm.exceptions import SentDmError
from sent_dm.integrations.django import sending
from sent_dm.integrations.messages import E164


class Command(BaseCommand):
    help = "Send one message and keep a record of it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("phone_number", help="In E.164 format, such as +14155551234")
        parser.add_argument("--template-id", required=True, help="Id or name of a template")
        parser.add_argument("--var", action="append", default=[], metavar="NAME=VALUE", help="Repeatable")
        parser.add_argument("--channel", action="append", default=[], help="Repeatable")

    def handle(self, *args: Any, **options: Any) -> None:
        phone_number: str = options["phone_number"]
        if not E164.fullmatch(phone_number):
            raise CommandError("The phone number must look like +14155551234")
        pairs = [str(pair).partition("=") for pair in options["var"]]
        if any(not name or not equals for name, equals, _ in pairs):
            raise CommandError("--var must look like NAME=VALUE")
        variables = {name: value for name, _, value in pairs}
        try:
            message = sending.send_message(phone_number, options["template_id"], variables, channels=options["channel"])
        except SentDmError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Sent: {message.sent_id}")
