"""Rules over several parts of a template. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from sent_server.templates import buttons as button_rules
from sent_server.templates import patterns, placeholders
from sent_server.templates.authentication import AuthenticationConfig
from sent_server.templates.nodes import Fault, Location, Variable
from sent_server.templates.parts import MAX_BODY, MAX_HEADER, Footer, Header, TemplateBody, TemplatePart
from sent_server.templates.pattern_syntax import PatternError

# Each character of a value visits each node of a regex. This limit bounds the cost of one send.
MAX_PATTERN_COST = patterns.MAX_NODES


def additions(config: AuthenticationConfig | None, body: TemplateBody, footer: Footer | None) -> Iterator[Fault]:
    """Texts that become too long with the additions of `authenticationConfig`."""
    if config is None:
        return
    if config.recommendation:
        for place, part in (("multiChannel", body.multi_channel), ("whatsapp", body.whatsapp)):
            if part and _literals(part) + len(config.recommendation) > MAX_BODY:
                yield ("body", place, "template"), f"With the security recommendation, at most {MAX_BODY} characters"
    if config.expiry and footer and _literals(footer) + 1 + len(config.expiry) > MAX_HEADER:
        yield ("footer", "template"), f"With the expiry of the code, at most {MAX_HEADER} characters"


def mix(header: Header | None, body: TemplateBody, footer: Footer | None, kinds: Sequence[str]) -> Iterator[Fault]:
    """Combinations of parts that WhatsApp rejects. `kinds` are the types of the buttons."""
    if not (body.multi_channel or body.whatsapp):
        return
    if header and len(set(placeholders.used_ids(header.template))) > 1:
        yield ("header", "template"), "A header may hold one variable"
    if footer and placeholders.used_ids(footer.template):
        yield ("footer", "template"), "A footer cannot hold variables"
    for message in button_rules.mix_problems(kinds):
        yield ("buttons",), message


def regexes(listed: Iterable[tuple[Location, Variable]]) -> Iterator[Fault]:
    """Patterns that are invalid, or too large together."""
    cost = 0
    for place, variable in listed:
        regex = variable.props.regex if variable.props else None
        if not regex:
            continue
        try:
            cost += patterns.Pattern(regex).cost
        except PatternError as error:
            yield (*place, "props", "regex"), str(error)[:1].upper() + str(error)[1:]
            continue
        if cost > MAX_PATTERN_COST:
            yield (*place, "props", "regex"), "The regexes of this template are too large together"
            return


def _literals(part: TemplatePart) -> int:
    return sum(len(piece) for piece in placeholders.split(part.template) if isinstance(piece, str))
