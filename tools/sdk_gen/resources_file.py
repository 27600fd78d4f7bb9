"""resources/*.py: what can be called."""

import re
import textwrap

from sdk_gen import kinds
from sdk_gen.params_file import Inputs, shape_name, used_encoders
from sdk_gen.plan import BODIES, FIRST_LINE, METHODS, RESOURCE_BASES, Contract, Method, class_name
from sdk_gen.types_file import answer_names


class Operation:
    """One operation of the contract as a method."""

    def __init__(self, contract: Contract, operation_id: str) -> None:
        self.contract = contract
        self.id = operation_id
        told = contract.operations[operation_id]
        self.method: Method = METHODS[operation_id]
        self.verb: str = told["verb"]
        self.path: list[str] = re.findall(r"\{(\w+)\}", told["path"])
        self.route: str = re.sub(r"\{(\w+)\}", lambda found: "{" + kinds.snake(found[1]) + "}", told["path"])
        self._parameters = [_resolved(contract, one) for one in told.get("parameters", ())]
        self._told = told

    @property
    def queries(self) -> list[tuple[str, dict, bool]]:
        return [
            (one["name"], one["schema"], one.get("required", False))
            for one in self._parameters
            if one["in"] == "query" and one["name"] == kinds.snake(one["name"])
        ]

    def takes(self, header: str) -> bool:
        return any(one["name"].lower() == header for one in self._parameters)

    @property
    def bodies(self) -> list[tuple[str, dict]]:
        names = BODIES.get(self.id)
        if names is None:
            schema = self._told.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            names = () if schema is None else (kinds.ref(schema) or "",)
        return [(name, self.contract.schemas[name]) for name in names]

    @property
    def envelope(self) -> str | None:
        if self.method.answer:
            return self.method.answer
        for status, answer in self._told["responses"].items():
            if status.startswith("2"):
                schema = answer.get("content", {}).get("application/json", {}).get("schema")
                return None if schema is None else kinds.ref(schema)
        return None

    @property
    def answers(self) -> tuple[str, ...]:
        return () if self.envelope is None else answer_names(self.contract, self.envelope)

    @property
    def is_paged(self) -> bool:
        return len(self.answers) == 2

    @property
    def constant(self) -> str:
        return "_" + self.method.name.upper()


def _resolved(contract: Contract, parameter: dict) -> dict:
    return contract.parameters[parameter["$ref"].rsplit("/", 1)[1]] if "$ref" in parameter else parameter


class ResourceFile:
    def __init__(self, contract: Contract, resource: str, operations: list[Operation], subs: list[str]) -> None:
        self._contract = contract
        self._resource = resource
        self._operations = operations
        self._subs = subs
        self._inputs = Inputs(contract)

    def render(self) -> str:
        parts = [self._constants()]
        parts += [self._resource_class(asynchronous=False), self._resource_class(asynchronous=True)]
        for raw in (True, False):
            for asynchronous in (False, True):
                parts.append(self._twin(raw=raw, asynchronous=asynchronous))
        text = "\n\n\n".join(parts)
        return FIRST_LINE + self._head(text) + "\n\n" + text + "\n"

    def _head(self, text: str) -> str:
        def used(*names: str) -> list[str]:
            return [name for name in names if re.search(rf"\b{name}\b", text)]

        lines = ["from __future__ import annotations", ""]
        if abc := used("Mapping", "Sequence"):
            lines.append(f"from collections.abc import {', '.join(abc)}")
        if used("datetime"):
            lines.append("from datetime import datetime")
        typing = used("Literal", "Unpack")
        if "params." in text:
            typing.insert(0, "TYPE_CHECKING")
        if typing:
            lines.append(f"from typing import {', '.join(sorted(typing))}")
        lines += ["", "from sent_dm import types"]
        if omitted := used("NOT_GIVEN", "NotGiven"):
            lines.append(f"from sent_dm.core.not_given import {', '.join(omitted)}")
        lines.append("from sent_dm.core.prepare import Operation")
        lines.append(f"from sent_dm.core.request import {', '.join(used('ReadOptions', 'WriteOptions'))}")
        constants = self._constants()
        encoders = used_encoders(constants)
        if encoders:
            lines.append(f"from sent_dm.core.shapes import {', '.join(encoders)}")
        base = RESOURCE_BASES.get(self._resource)
        if base:
            module, name = base.split(":")
            lines.append(f"from {module} import Async{name}, {name}")
        if "AsyncPaginator" in text:
            lines.append("from sent_dm.paging import AsyncPaginator")
        wanted = used("as_async_raw", "as_async_streaming", "as_raw", "as_streaming", "lazy_resource")
        wanted += [] if base else ["AsyncResource", "SyncResource"]
        lines.append(f"from sent_dm.resource import {', '.join(sorted(wanted))}")
        shapes = [name for name in self._shapes() if re.search(rf"\b{name}\b", constants)]
        if shapes:
            lines.append(f"from sent_dm.resources.shapes import {', '.join(sorted(shapes))}")
        for sub in self._subs:
            made = class_name(sub)
            lines.append(f"from sent_dm.resources.{sub.replace('.', '_')} import (Async{made}, {made}, "
                         + ", ".join(f"{a}{made}With{k}Response" for a in ("Async", "") for k in ("Raw", "Streaming"))
                         + ")")  # fmt: skip
        if "params." in text:
            lines += ["", "if TYPE_CHECKING:", "    from sent_dm import params"]
        return "\n".join(lines)

    def _shapes(self) -> list[str]:
        names = [shape_name(name) for name, schema in self._contract.schemas.items() if "enum" not in schema]
        for name in self._contract.schemas:
            names += [shape_name(inner) for inner, _ in kinds.objects_within(self._contract, name)]
        return sorted(set(names))

    def _constants(self) -> str:
        return "\n".join(self._constant(operation) for operation in self._operations)

    def _constant(self, op: Operation) -> str:
        answer = f"types.{op.answers[0]}" if op.answers else "None"
        text = f'{op.constant} = Operation("{op.verb}", "{op.route}", {answer}'
        if op.queries:
            fields = ", ".join(f'"{name}": {self._inputs.encoder("", name, s)}' for name, s, _ in op.queries)
            text += ", query=Shape({" + fields + "}, not_null=[" + ", ".join(f'"{n}"' for n, _, _ in op.queries) + "])"
        if op.bodies:
            text += f", body={self._inputs.merged_shape(op.bodies)}"
        text += ")"
        if op.is_paged:
            text += f"\n_ASYNC{op.constant} = {op.constant}.answering(types.{op.answers[1]})"
        return text

    def _resource_class(self, *, asynchronous: bool) -> str:
        prefix = "Async" if asynchronous else ""
        base = RESOURCE_BASES.get(self._resource)
        base_name = prefix + base.split(":")[1] if base else ("AsyncResource" if asynchronous else "SyncResource")
        made = class_name(self._resource)
        lines = [f"class {prefix}{made}({base_name}):"]
        for sub in self._subs:
            lines += [f"    {sub.split('.')[1]} = lazy_resource({prefix}{class_name(sub)})", ""]
        for kind, doc in (
            ("raw", "The same calls, giving the answer with its status and headers."),
            ("streaming", "The same calls as context managers, giving the answer before its body is read."),
        ):
            twin = f"{prefix}{made}With{kind.capitalize()}Response"
            lines += [
                "    @property",
                f"    def with_{kind}_response(self) -> {twin}:",
                f'        """{doc}"""',
                f"        return {twin}(self)",
                "",
            ]
        for op in self._operations:
            lines += [self._method(op, asynchronous=asynchronous), ""]
        for op in self._operations:
            lines += [f"    {alias} = {op.method.name}" for alias in op.method.aliases]
        return "\n".join(lines).rstrip()

    def _arguments(self, op: Operation) -> tuple[list[str], list[str], list[str]]:
        """Those by position, those by name, and the names that go into the body."""
        path = [kinds.snake(name) for name in op.path]
        first = 0 if op.method.by_position else len(path) - 1
        by_position = [f"{name}: str" for name in path[first:]] if path else []
        by_name = [f"{name}: str" for name in path[:first]] if path else []
        optional: list[str] = []
        for name, schema, required in op.queries:
            if required:
                by_name.append(f"{name}: {self._inputs.annotation('', name, schema, module='params.')}")
            else:
                optional.append(self._optional("", name, schema))
        fields: list[str] = []
        for owner, schema in op.bodies:
            for prop, inner in kinds.properties(owner, schema):
                name = kinds.snake(prop)
                if name in fields:
                    continue
                fields.append(name)
                if prop in schema.get("required", ()) and len(op.bodies) == 1:
                    by_name.append(f"{name}: {self._inputs.annotation(owner, prop, inner, module='params.')}")
                else:
                    optional.append(self._optional(owner, prop, inner))
        return by_position, [*by_name, *optional], fields

    def _optional(self, owner: str, prop: str, schema: dict) -> str:
        annotation = self._inputs.annotation(owner, prop, schema, module="params.", more=" | NotGiven")
        return f"{kinds.snake(prop)}: {annotation} = NOT_GIVEN"

    def _method(self, op: Operation, *, asynchronous: bool) -> str:
        by_position, by_name, fields = self._arguments(op)
        answer = f"types.{op.answers[0]}" if op.answers else "None"
        paged_async = asynchronous and op.is_paged
        if paged_async:
            item = self._item(op)
            answer = f"AsyncPaginator[types.{op.answers[1]}, types.{item}]"
        lines = [f"    {'async ' if asynchronous and not paged_async else ''}def {op.method.name}("]
        options = "WriteOptions" if op.takes("idempotency-key") else "ReadOptions"
        taken = ["self", *by_position, *(["*", *by_name] if by_name else []), f"**options: Unpack[{options}]"]
        lines += [f"        {one}," for one in taken]
        lines.append(f"    ) -> {answer}:")
        says = op.method.says.replace("\n", "\n        ")
        lines.append(f'        """{says}' + ('\n        """' if "\n" in says else '"""'))
        lines.append(textwrap.indent(self._call(op, fields, asynchronous=asynchronous), " " * 8))
        return "\n".join(lines)

    def _item(self, op: Operation) -> str:
        data = kinds.ref(self._contract.schemas[op.envelope or ""]["properties"]["data"]) or ""
        schema = self._contract.schemas[data]
        return kinds.ref(schema["properties"][kinds.list_field(data, schema) or ""]["items"]) or ""

    def _call(self, op: Operation, fields: list[str], *, asynchronous: bool) -> str:
        path = "(" + ", ".join(map(kinds.snake, op.path)) + ("," if len(op.path) == 1 else "") + ")"
        query = "{" + ", ".join(f'"{name}": {name}' for name, _, _ in op.queries) + "}"
        if op.is_paged:
            constant = f"_ASYNC{op.constant}" if asynchronous else op.constant
            return f"return self._calls.page({constant}, {path}, {query}, options)"
        arguments = [op.constant]
        if op.path:
            arguments.append(path)
        if op.queries:
            arguments.append(f"query={query}")
        if op.bodies:
            arguments.append("body={" + ", ".join(f'"{name}": {name}' for name in fields) + "}")
        arguments.append("options=options")
        waits = "await " if asynchronous else ""
        return f"return {waits}self._calls.run({', '.join(arguments)})"

    def _twin(self, *, raw: bool, asynchronous: bool) -> str:
        prefix = "Async" if asynchronous else ""
        kind = "Raw" if raw else "Streaming"
        made = class_name(self._resource)
        wrap = f"as_{'async_' if asynchronous else ''}{'raw' if raw else 'streaming'}"
        lines = [f"class {prefix}{made}With{kind}Response:"]
        for sub in self._subs:
            lines += [f"    {sub.split('.')[1]}: {prefix}{class_name(sub)}With{kind}Response", ""]
        lines += [f"    def __init__(self, resource: {prefix}{made}) -> None:"]
        lines.append(f"        twin = resource.in_{kind.lower()}_mode()")
        for sub in self._subs:
            name = sub.split(".")[1]
            lines.append(f"        self.{name} = {prefix}{class_name(sub)}With{kind}Response(resource.{name})")
        for op in self._operations:
            lines.append(f"        self.{op.method.name} = {wrap}(twin.{op.method.name})")
            lines += [f"        self.{alias} = self.{op.method.name}" for alias in op.method.aliases]
        return "\n".join(lines)


def render_clients(resources: list[str]) -> str:
    """resources/clients.py: how they hang on the clients."""
    lines = [FIRST_LINE + "from __future__ import annotations", ""]
    for name in resources:
        made = class_name(name)
        twins = [f"{a}{made}With{kind}Response" for a in ("", "Async") for kind in ("Raw", "Streaming")]
        lines.append(f"from sent_dm.resources.{name} import {', '.join(sorted([made, 'Async' + made, *twins]))}")
    lines += [
        "from sent_dm.resource import lazy_resource",
    ]
    for prefix in ("", "Async"):
        lines += ["", "", f"class {prefix}Resources:"]
        lines += [f"    {name} = lazy_resource({prefix}{class_name(name)})" for name in resources]
        for kind in ("Raw", "Streaming"):
            lines += [
                "",
                "",
                f"class {prefix}With{kind}Response:",
                f"    def __init__(self, client: {prefix}Resources) -> None:",
            ]
            for name in resources:
                lines.append(f"        self.{name} = {prefix}{class_name(name)}With{kind}Response(client.{name})")
    return "\n".join(lines) + "\n"
