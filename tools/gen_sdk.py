"""Writes the wide part of the SDK from contract/openapi-v3.json; `--check` fails when a file has drifted.

What it decides is in sdk_gen/plan.py. It writes sent_dm/types, sent_dm/resources and sent_dm/params.py.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from sdk_gen import kinds
from sdk_gen.params_file import render_params, render_shapes
from sdk_gen.plan import FIRST_LINE, LEFT_OUT, METHODS, Contract
from sdk_gen.resources_file import Operation, ResourceFile, render_clients
from sdk_gen.types_file import TypesFile, groups

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "sdk" / "src" / "sent_dm"
VERBS = ("get", "post", "put", "patch", "delete")


def read() -> Contract:
    told = kinds.without_wrapping(json.loads((ROOT / "contract" / "openapi-v3.json").read_text(encoding="utf-8")))
    operations = {
        one["operationId"]: {**one, "verb": verb.upper(), "path": path}
        for path, item in told["paths"].items()
        for verb, one in item.items()
        if verb in VERBS
    }
    unknown = operations.keys() - METHODS.keys() - LEFT_OUT
    if unknown:
        raise SystemExit(f"sdk_gen/plan.py has no method for {', '.join(sorted(unknown))}")
    return Contract(told["components"]["schemas"], operations, told["components"]["parameters"])


def render(contract: Contract) -> dict[str, str]:
    """Path below sent_dm -> text, not formatted yet."""
    operations = [Operation(contract, name) for name in METHODS]
    used: dict[str, set[str]] = {}
    inputs: list[str] = []
    for op in operations:
        top = op.method.resource.split(".")[0]
        if op.envelope:
            reached = {op.envelope, *kinds.references(contract, contract.schemas[op.envelope])}
            used.setdefault(top, set()).update(reached)
        for name, schema in op.bodies:
            needed = kinds.references(contract, schema)
            inputs += [one for one in _in_order(contract, needed, name) if one not in inputs]
    files: dict[str, str] = {}
    homes: dict[str, str] = {}
    by_group = groups(contract, used)
    for group, components in by_group.items():
        homes.update(dict.fromkeys(components, group))
    exported: list[tuple[str, list[str]]] = []
    for group, components in sorted(by_group.items()):
        one = TypesFile(contract, group, components, homes)
        files[f"types/{group}.py"] = one.render()
        exported.append((group, one.names))
    files["types/__init__.py"] = _exports(exported)
    files["params.py"], _ = render_params(contract, inputs)
    files["resources/shapes.py"] = render_shapes(contract, inputs)
    files |= _resources(contract, operations)
    return files


def _resources(contract: Contract, operations: list[Operation]) -> dict[str, str]:
    names = list(dict.fromkeys(op.method.resource for op in operations))
    files = {"resources/__init__.py": FIRST_LINE + '"""What can be called, by resource."""\n'}
    for name in names:
        subs = [other for other in names if other.startswith(name + ".")]
        own = [op for op in operations if op.method.resource == name]
        files[f"resources/{name.replace('.', '_')}.py"] = ResourceFile(contract, name, own, subs).render()
    files["resources/clients.py"] = render_clients([name for name in names if "." not in name])
    return files


def _in_order(contract: Contract, names: set[str], last: str) -> list[str]:
    """Each after what it needs."""
    done: list[str] = []

    def visit(name: str) -> None:
        for needed in sorted(kinds.references(contract, contract.schemas[name]) - {name}):
            if needed not in done:
                visit(needed)
        if name not in done:
            done.append(name)

    for name in sorted(names):
        visit(name)
    return [*done, last]


def _exports(exported: list[tuple[str, list[str]]]) -> str:
    lines = [
        FIRST_LINE + '"""What answers and events are made of."""',
        "",
        "from sent_dm.answers import ApiMeta, ErrorDetail",
    ]
    lines += [f"from sent_dm.types.{group} import {', '.join(sorted(names))}" for group, names in exported]
    everything = sorted(["ApiMeta", "ErrorDetail", *(name for _, names in exported for name in names)])
    return "\n".join([*lines, "", "__all__ = [" + ", ".join(f'"{name}"' for name in everything) + "]"]) + "\n"


def formatted(files: dict[str, str]) -> dict[str, str]:
    ruff = Path(sys.executable).parent / "ruff"
    settings = ["--config", str(ROOT / "pyproject.toml")]
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        imports = ["check", *settings, "--select", "I", "--fix", "-q"]
        for arguments in (imports, ["format", *settings, "-q"]):
            subprocess.run([str(ruff), *arguments, folder], check=True)
        return {name: (Path(folder) / name).read_text(encoding="utf-8") for name in files}


def main() -> int:
    files = formatted(render(read()))
    strays = [
        path.relative_to(TARGET).as_posix()
        for part in ("types", "resources")
        for path in (TARGET / part).glob("*.py")
        if path.relative_to(TARGET).as_posix() not in files
    ]
    drifted = [n for n, text in files.items() if not (TARGET / n).exists() or (TARGET / n).read_text("utf-8") != text]
    if "--check" in sys.argv[1:]:
        for name in [*drifted, *strays]:
            print(f"sdk/src/sent_dm/{name} does not match the contract; run `make format`")
        return 1 if drifted or strays else 0
    for name in strays:
        (TARGET / name).unlink()
    for name in drifted:
        (TARGET / name).parent.mkdir(parents=True, exist_ok=True)
        (TARGET / name).write_text(files[name], encoding="utf-8")
    print(f"wrote {len(drifted)} of {len(files)} files")
    return 0


if __name__ == "__main__":
    sys.exit(main())
