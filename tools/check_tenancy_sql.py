"""Fails when a statement chooses rows of a tenant's table without customer_id: crossing tenants is a deliberate act.

A tenant's table is one whose CREATE TABLE has a customer_id column. Statements are the strings of the server's modules
that begin with a verb of SQL. Statements that have to cross tenants are in ALLOWED with a reason.
"""

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

SOURCES = Path(__file__).parents[1] / "server" / "src" / "sent_server"
CREATE = re.compile(r"CREATE TABLE (?:IF NOT EXISTS )?(\w+) \((.*?)\n\)", re.DOTALL)
VERB = re.compile(r"\s*(?:WITH\b.*?\b)?(SELECT|UPDATE|DELETE|INSERT)\b", re.DOTALL)
TABLE = re.compile(r"\b(?:FROM|JOIN|UPDATE|INTO)\s+(\w+)")
# A condition on the tenant, or the tenant in the column list of an INSERT.
CHOICE = re.compile(r"\bcustomer_id\s*(?:=|IN\b)|=\s*(?:\w+\.)?customer_id\b|\bINTO\s+\w+\s*\([^)]*\bcustomer_id\b")

# These hold rows of many tenants in one queue or index; nobody outside reads them by what a request says.
GLOBAL_TABLES = {
    "api_keys": "a key is looked up before its customer is known",
    "invitations": "a link names its invitation before the customer is known",
    "carrier_refs": "a receipt names only the carrier's reference",
    "jobs": "one queue for all; rows are found by id, and written under a fence",
    "network_due": "what the simulated network still has to report, in the order of time",
}
# (module, constant) -> why it may look at every tenant
ALLOWED: dict[tuple[str, str], str] = {
    ("connections/store.py", "CONNECTIONS"): "the operator sees the connections of all; only numbers say who uses them",
    (
        "connections/store.py",
        "COUNT_SENDERS",
    ): "the operator sees the connections of all; only numbers say who uses them",
    ("connections/store.py", "THROUGHPUT"): "a carrier limits a number, for all accounts that share it",
    ("db/backup.py", "POSTS_DUE"): "a backup holds every tenant; only a number comes back, to the operator",
    ("db/backup.py", "POSTS_NOT_WRITTEN"): "a backup holds every tenant; only a number comes back, to the operator",
    ("events/fan_out_store.py", "CUSTOMERS"): "workers write the deliveries of all tenants, one after the other",
    ("events/queue_store.py", "DUE_ENDPOINTS"): "the sender serves the endpoints of all tenants in turn",
    ("events/queue_store.py", "PICK"): "by the endpoint's unique id, which the sender took from the queue",
    ("events/queue_store.py", "PICK_WAITING"): "by the endpoint's unique id, which the sender took from the queue",
    ("events/parked_store.py", "PICK_DUE"): "by the endpoint's unique id, found under its customer just before",
    ("events/parked_store.py", "PICK_PARKED"): "by the endpoint's unique id, found under its customer just before",
    ("events/parked_store.py", "PICK_UP_TO"): "by the endpoint's unique id, found under its customer just before",
    ("events/store.py", "PICK_PENDING"): "by the endpoint's unique id, found under its customer just before",
    ("events/queue_store.py", "RELEASE_ALL"): "a start drops the leases of the process before it",
    ("events/queue_store.py", "RELEASE_ENDPOINT"): "by the unique id of the endpoint whose turn the sender has",
    ("carriers/simulator/store.py", "NEXT_CUSTOMER"): "housekeeping walks from tenant to tenant",
    ("webhooks/store.py", "ENDPOINTS_AFTER"): "the sender's start reads the breakers of all endpoints in pages",
    ("webhooks/store.py", "RELEASING"): "one process puts the events of all tenants' enabled webhooks back",
    ("http/idempotency_store.py", "FORGET_OLD"): "keys expire at the same age for everybody",
    ("mail/store.py", "FORGET_OLD"): "old age is the same for everybody",
    ("carriers/simulator/scheduled_store.py", "FORGET_OLD_MEMORIES"): "old age is the same for everybody",
}


def tenant_tables() -> set[str]:
    found: set[str] = set()
    for path in (SOURCES / "db" / "migrations").glob("*.sql"):
        for name, columns in CREATE.findall(path.read_text(encoding="utf-8")):
            if re.search(r"^\s*customer_id\b", columns, re.MULTILINE):
                found.add(name)
    return found - set(GLOBAL_TABLES)


def statements(path: Path) -> Iterator[tuple[str, int, str]]:
    """(constant, line, text) of every SQL string of a module; one without a name is called after its line."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    texts: dict[str, str] = {}
    seen: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            text = _text(node.value, texts)
            if text is not None:
                texts[node.targets[0].id] = text
                seen.update(map(id, ast.walk(node.value)))
                yield from _if_sql(node.targets[0].id, node.lineno, text)
    for node in ast.walk(tree):
        if id(node) not in seen and isinstance(node, ast.JoinedStr | ast.Constant):
            seen.update(map(id, ast.walk(node)))
            yield from _if_sql(f"line {node.lineno}", node.lineno, _text(node, texts) or "")


def _if_sql(name: str, line: int, text: str) -> Iterator[tuple[str, int, str]]:
    if VERB.match(text) and TABLE.search(text):
        yield name, line, text


def _text(node: ast.AST, texts: Mapping[str, str]) -> str | None:
    """A string with the module's own constants filled in."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_text(part, texts) or "" for part in parts)
        case ast.FormattedValue(value=ast.Name(id=name)):
            return texts.get(name, "")
        case _:
            return None


def main() -> int:
    tables = tenant_tables()
    faults: list[str] = []
    unused = set(ALLOWED)
    for path in sorted(SOURCES.rglob("*.py")):
        module = str(path.relative_to(SOURCES))
        for constant, line, text in statements(path):
            touched = sorted(tables & set(TABLE.findall(text)))
            if not touched or CHOICE.search(text):
                continue
            if (module, constant) in ALLOWED:
                unused.discard((module, constant))
                continue
            faults.append(f"{module}:{line}: {constant} reaches {', '.join(touched)} without naming customer_id")
    faults += [
        f"tools/check_tenancy_sql.py allows {module} {constant}, which is not needed" for module, constant in unused
    ]
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
