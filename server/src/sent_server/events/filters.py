"""Filters of a subscription: the events of a family that it wants. Pure. Source: docs/reference/events.md.

    {"message": ["delivered", "failed"]}

A filter narrows a family (`message`, `contact`, `channel`), never a dotted name that is subscribed to as well.
Sub-types are compared without case and with or without the family's name, and are kept as they were given.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sent_server.events import names

Filters = Mapping[str, Sequence[str]]
NONE: Filters = {}
MAX_FAULTS = 10
_MAX_SHOWN = 40


def settle(given: Mapping[str, Sequence[str] | None], subscribed: Sequence[str]) -> tuple[Filters, list[str]]:
    """The filters without duplicates and empty lists, and up to `MAX_FAULTS` sentences about names that do not fit."""
    kept: dict[str, Sequence[str]] = {}
    faults: list[str] = []
    if (unknown_key := unknown_family(given)) is not None:
        return {}, [unknown_key]
    for key, sub_types in given.items():
        if sub_types:
            chosen, unknown = _chosen(key, sub_types)
            faults += [
                f"{key}: unknown sub-type '{_shown(one)}'" for one in unknown[: max(0, MAX_FAULTS - len(faults))]
            ]
            if not _is_subscribed(names.FAMILY_OF[key], subscribed):
                faults.append(f"{key}: not in event_types")
            kept[key] = chosen
    return kept, faults


def unknown_family(keys: Iterable[str]) -> str | None:
    """A sentence about the first key that is not a family."""
    return next((f"unknown family '{_shown(key)}'" for key in keys if key not in names.FAMILY_OF), None)


def still_subscribed(filters: Filters, subscribed: Sequence[str]) -> Filters:
    """The filters of families that these names still cover."""
    return {key: wanted for key, wanted in filters.items() if _is_subscribed(names.FAMILY_OF[key], subscribed)}


def wanted_of(filters: Filters) -> dict[str, set[str]]:
    """The wanted events of each family that has a filter. `message` and `messages` are one family."""
    wanted: dict[str, set[str]] = {}
    for key, sub_types in filters.items():
        family = names.FAMILY_OF[key]
        wanted.setdefault(family, set()).update(event for one in sub_types if (event := _event(family, one)))
    return wanted


def expand(subscribed: Sequence[str], filters: Filters = NONE) -> dict[str, names.Label]:
    """The events that go out, with their labels. Filters do not change a label."""
    wanted = wanted_of(filters)
    return {event: names.label_of(event, subscribed) for event in dict.fromkeys(_passing(subscribed, wanted))}


def _passing(subscribed: Sequence[str], wanted: Mapping[str, set[str]]) -> Iterator[str]:
    for name in subscribed:
        is_parent = name == names.EVERYTHING or name in names.FAMILY_OF
        for event in names.COVERED[name]:
            family = names.family_of(event)
            if not is_parent or family not in wanted or event in wanted[family]:
                yield event


def _chosen(key: str, sub_types: Sequence[str]) -> tuple[list[str], list[str]]:
    """The first spelling of each event, and what names no event of the family."""
    family = names.FAMILY_OF[key]
    chosen: dict[str, str] = {}
    unknown: list[str] = []
    for one in sub_types:
        event = _event(family, one)
        if event is None:
            unknown.append(one)
        else:
            chosen.setdefault(event, one)
    return list(chosen.values()), unknown


def _event(family: str, sub_type: str) -> str | None:
    if not sub_type.isascii():  # some letters become ASCII in lower case, such as the Kelvin sign
        return None
    event = f"{family}.{sub_type.lower().removeprefix(f'{family}.')}"
    return event if event in names.SUB_TYPES.get(family, ()) else None


def _is_subscribed(family: str, subscribed: Sequence[str]) -> bool:
    return any(name == names.EVERYTHING or names.FAMILY_OF.get(name) == family for name in subscribed)


def _shown(name: str) -> str:
    return name if len(name) <= _MAX_SHOWN else f"{name[:_MAX_SHOWN]}..."
