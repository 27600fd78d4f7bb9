"""types/*.py: the models of answers and events."""

from sdk_gen import kinds
from sdk_gen.plan import ALWAYS, BY_HAND, EVENTS, FIRST_LINE, MODEL_BASES, RESPONSE_NAMES, WHOLE_LISTS, Contract


def response_name(envelope: str) -> str:
    return RESPONSE_NAMES.get(envelope, envelope.removesuffix("Envelope") + "Response")


def is_paged(contract: Contract, envelope: str) -> bool:
    if envelope in WHOLE_LISTS:
        return False
    data = kinds.ref(contract.schemas[envelope]["properties"]["data"])
    return data is not None and "pagination" in contract.schemas[data].get("properties", {})


def answer_names(contract: Contract, envelope: str) -> tuple[str, ...]:
    """The class of an answer; for pages, of the sync and the async one."""
    if is_paged(contract, envelope):
        page = envelope.removesuffix("ListEnvelope") + "Page"
        return page, "Async" + page
    return (response_name(envelope),)


class TypesFile:
    def __init__(self, contract: Contract, group: str, components: list[str], homes: dict[str, str]) -> None:
        self._contract = contract
        self._group = group
        self._components = components
        self._homes = homes
        self._needs: set[str] = set()
        self._body: list[str] = []
        self.names: list[str] = []

    def render(self) -> str:
        for name in self._components:
            if name.endswith("Envelope"):
                self._envelope(name)
            elif "enum" in self._contract.schemas[name]:
                self._enum(name)
            else:
                for inner, schema in kinds.objects_within(self._contract, name):
                    if kinds.is_object(schema):
                        self._model(inner, schema)
                    else:
                        self._alias(inner, schema)
        return FIRST_LINE + self._head() + "\n\n" + "\n\n\n".join(self._body) + "\n"

    def _head(self) -> str:
        text = "\n".join(self._body)
        lines = ["from __future__ import annotations", ""]
        if "datetime" in text:
            lines.append("from datetime import datetime")
        words = [word for word in ("Any", "Literal", "TypeAlias") if f"{word}" in text]
        if words:
            lines.append(f"from typing import {', '.join(words)}")
        lines.append("")
        own = {
            "sent_dm.answers": [n for n in ("Answer", "ApiMeta", "ListAnswer", "around") if _uses(text, n)],
            "sent_dm.models": [n for n in ("INSTANT", "ListModel", "Many", "Model", "One") if _uses(text, n)],
            "sent_dm.paging": [n for n in ("AsyncPage", "SyncPage") if _uses(text, n)],
        }
        for module, names in own.items():
            if names:
                lines.append(f"from {module} import {', '.join(sorted(names))}")
        for base in MODEL_BASES.values():
            module, name = base.split(":")
            if _uses(text, name):
                lines.append(f"from {module} import {name}")
        by_home: dict[str, list[str]] = {}
        for name in sorted(self._needs - BY_HAND):
            home = self._homes[name]
            if home != self._group:
                by_home.setdefault(home, []).append(name)
        lines += [f"from sent_dm.types.{home} import {', '.join(names)}" for home, names in sorted(by_home.items())]
        return "\n".join(lines)

    def _enum(self, name: str) -> None:
        self.names.append(name)
        self._body.append(f"{name}: TypeAlias = {kinds.plain(self._contract.schemas[name], as_input=False)}")

    def _alias(self, name: str, schema: dict) -> None:
        """A name for what is no object of its own: a map, or a text."""
        self.names.append(name)
        self._body.append(f"{name}: TypeAlias = {self._annotation(name, '', schema)[0]}")

    def _model(self, name: str, schema: dict) -> None:
        self.names.append(name)
        items = kinds.list_field(name, schema)
        required = {*schema.get("required", ()), *ALWAYS.get(name, ())}
        fields, parts, wire = [], [], []
        item_type = ""
        for prop, inner in kinds.properties(name, schema):
            attribute = kinds.snake(prop)
            annotation, part = self._annotation(name, prop, inner)
            if prop == items:
                item_type = annotation.removeprefix("list[").removesuffix("]")
            if kinds.is_nullable(inner) or prop not in required:
                annotation += "" if annotation == "Any" else " | None"
            fields.append(f"    {attribute}: {annotation}")
            if part:
                parts.append(f'"{attribute}": {part}')
            if attribute != prop:
                wire.append(f'"{attribute}": "{prop}"')
        base = MODEL_BASES[name].split(":")[1] if name in MODEL_BASES else "Model"
        if items:
            base = f"ListModel[{item_type}]"
        text = [f"class {name}({base}):"]
        described = schema.get("description")
        if described:
            text += kinds.docstring(described)
        text += fields
        own = []
        if items:
            own.append(f'    _items = "{items}"')
        if parts:
            own.append("    _parts = {" + ", ".join(parts) + "}")
        if wire:
            own.append("    _wire = {" + ", ".join(wire) + "}")
        self._body.append("\n".join([*text, *([""] if own else []), *own]))

    def _annotation(self, owner: str, prop: str, schema: dict) -> tuple[str, str]:
        """The annotation without null, and the part that reads the field."""
        name = kinds.ref(schema)
        if name is not None:
            self._needs.add(name)
            if kinds.is_enum(self._contract, name) or not kinds.is_object(self._contract.schemas[name]):
                return name, ""
            return name, f"One({self._self_or(owner, name)})"
        if kinds.kind_of(schema) == "array":
            inner = schema["items"]
            if kinds.is_object(inner):
                item = kinds.nested_name(owner, prop, many=True)
                return f"list[{item}]", f"Many({item})"
            annotation, part = self._annotation(owner, prop, inner)
            if part.startswith("One("):
                return f"list[{annotation}]", f"Many({part[4:-1]})"
            return f"list[{annotation}]", "Many(None)"
        if kinds.is_object(schema):
            item = kinds.nested_name(owner, prop, many=False)
            return item, f"One({item})"
        if kinds.kind_of(schema) == "object":
            values = schema.get("additionalProperties")
            return (f"dict[str, {self._annotation(owner, prop, values)[0]}]" if isinstance(values, dict) and values
                    else "dict[str, Any]"), ""  # fmt: skip
        found = kinds.plain(schema, as_input=False)
        return found or "Any", "INSTANT" if found == "datetime" else ""

    @staticmethod
    def _self_or(owner: str, name: str) -> str:
        return "Model" if owner == name else name

    def _envelope(self, envelope: str) -> None:
        data = self._contract.schemas[envelope]["properties"]["data"]
        name = kinds.ref(data)
        for made in answer_names(self._contract, envelope):
            self.names.append(made)
            if kinds.kind_of(data) == "array":
                item = kinds.ref(data["items"]) or ""
                self._needs.add(item)
                text = f"class {made}(ListAnswer[list[{item}], {item}]):\n    _parts = around(Many({item}))"
            elif name is None:
                raise SystemExit(f"{envelope}: data of an unknown form")
            else:
                self._needs.add(name)
                text = self._of_data(made, name, paged=is_paged(self._contract, envelope))
            self._body.append(text)

    def _of_data(self, made: str, data: str, *, paged: bool) -> str:
        schema = self._contract.schemas[data]
        items = kinds.list_field(data, schema)
        if items is None:
            # A real base class: the documents read fields of `data` from the answer itself (`contact.id`).
            return f"class {made}(Answer[{data}], {data}):\n    _parts = around(One({data}))"
        item = kinds.ref(schema["properties"][items]["items"]) or ""
        self._needs.add(item)
        if not paged:
            return (f"class {made}(ListAnswer[{data}, {item}]):\n    {items}: list[{item}]\n\n"
                    f"    _parts = around(One({data}))")  # fmt: skip
        base = "AsyncPage" if made.startswith("Async") else "SyncPage"
        self._needs.add("PaginationMeta")
        return (f"class {made}({base}[{data}, {item}]):\n    {items}: list[{item}]\n    pagination: PaginationMeta\n\n"
                f"    _parts = around(One({data}))")  # fmt: skip


def _uses(text: str, name: str) -> bool:
    import re

    return re.search(rf"\b{name}\b", text) is not None


def groups(contract: Contract, used: dict[str, set[str]]) -> dict[str, list[str]]:
    """Which component is in which file, in an order in which each follows what it needs.

    `used` maps a resource to the components that its answers lead to; what several need is shared.
    """
    users: dict[str, set[str]] = {}
    for resource, names in used.items():
        for name in names:
            users.setdefault(name, set()).add(resource)
    for event in EVENTS:
        for name in {event, *kinds.references(contract, contract.schemas[event])}:
            users.setdefault(name, set()).add("webhook_events")
    made: dict[str, list[str]] = {}
    for name in _in_order(contract, users):
        if name in BY_HAND:
            continue
        home = next(iter(users[name])) if len(users[name]) == 1 else "shared"
        made.setdefault(home, []).append(name)
    return made


def _in_order(contract: Contract, users: dict[str, set[str]]) -> list[str]:
    done: list[str] = []

    def visit(name: str) -> None:
        if name in done or name not in users:
            return
        for needed in sorted(kinds.references(contract, contract.schemas[name]) - {name}):
            visit(needed)
        if name not in done:
            done.append(name)

    for name in contract.schemas:
        visit(name)
    return done
