"""Another version of the API is a dialect: other names, bodies and refusals over the same services and rows."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from harness import database as tables
from harness import in_process, samples
from harness.in_process import DOCS, App, Seen
from sent_server.http.dialect import Dialect, HeaderNames
from sent_server.http.reply import Answer, Meta, Problem, Reply
from sent_server.http.route import Route

V3, V0 = "/v3/contacts", "/v0/contacts"


def _render(reply: Reply, meta: Meta) -> Answer:
    """Bare data, and 200 for whatever was created."""
    if reply.status == 204:
        return Answer(204, b"")
    body = json.dumps({"result": reply.data, "trace": meta.request_id, "at": meta.now_ms}).encode()
    return Answer(200, body, reply.headers)


def _render_error(problem: Problem, meta: Meta) -> Answer:
    body = {
        "title": problem.message,
        "status": problem.status,
        "instance": meta.path,
        "code": problem.code,
        "traceId": meta.request_id,
        "errors": problem.details,
        "type": problem.doc_url,
    }
    return Answer(problem.status, json.dumps(body).encode(), problem.headers, content_type=b"application/problem+json")


def _parse_form(_: Mapping[bytes, bytes], body: bytes) -> dict[str, Any]:
    found: dict[str, Any] = dict(parse_qsl(body.decode()))
    return {name: json.loads(value) if value in ("true", "false") else value for name, value in found.items()}


OLD = Dialect(
    version=b"v0",
    prefix="/v0/",
    render=_render,
    render_error=_render_error,
    headers=HeaderNames(
        api_key=b"x-old-key",
        idempotency_key=b"x-once",
        request_id=b"x-trace",
        limit=b"",
        limit_remaining=b"",
        limit_reset=b"",
        sandbox=b"x-trial",
        replayed=b"x-replayed",
        original_request_id=b"x-first-trace",
    ),
    parse_body=_parse_form,
)


def _run(database_url: str, home: Path, act: Callable[[App], Awaitable[None]], *, dialect: Dialect = OLD) -> None:
    """With the contact routes in both dialects."""

    def in_old(served: Sequence[Route]) -> Sequence[Route]:
        ours = [route for route in served if route.path.startswith(V3)]
        return [replace(route, path=route.path.replace(V3, V0), dialect=dialect) for route in ours]

    in_process.run(database_url, home, act, more=in_old)


async def old(
    app: App, method: str, path: str, body: bytes = b"", *, once: str | None = None, key: bool = True
) -> Seen:
    headers = {"x-old-key": app.api_key} if key else {}
    headers |= {"x-once": once} if once else {}
    return await app.ask(method, path, headers, body)


def _apart(read: Callable[[str, str], Any], url: str, sql: str) -> Any:
    """In a thread, because the harness runs an event loop of its own for PostgreSQL."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(read, url, sql).result()


def _form(phone: str, **more: str) -> bytes:
    return f"phone_number={phone.replace('+', '%2B')}{''.join(f'&{n}={v}' for n, v in more.items())}".encode()


def test_two_dialects_show_the_same_row(database_url: str, tmp_path: Path) -> None:
    async def act(app: App) -> None:
        phone = samples.phone()
        made = await old(app, "POST", V0, _form(phone))
        assert (made.status, made.headers["content-type"]) == (200, "application/json")
        assert set(made.json) == {"result", "trace", "at"}
        assert made.json["result"]["phone_number"] == phone
        assert made.headers["x-trace"] == made.json["trace"]
        assert made.headers["x-api-version"] == "v0"
        assert made.headers["cache-control"] == "no-store"
        assert not {name for name in made.headers if name.startswith(("x-ratelimit", "x-request-id"))}
        contact = made.json["result"]["id"]
        shown = await app.v3("GET", f"{V3}/{contact}")
        assert shown.json["data"]["phone_number"] == phone
        assert (shown.json["success"], shown.json["meta"]["version"]) == (True, "v3")
        assert shown.headers["x-request-id"] == shown.json["meta"]["request_id"]
        assert (await old(app, "GET", f"{V0}/{contact}")).json["result"] == shown.json["data"]

    _run(database_url, tmp_path, act)


def test_every_refusal_of_a_path_is_in_its_dialect(database_url: str, tmp_path: Path) -> None:
    async def act(app: App) -> None:
        refusals = {
            "AUTH_001": await old(app, "GET", V0, key=False),
            "VALIDATION_001": await old(app, "PATCH", V0),
            "VALIDATION_002": await old(app, "POST", V0, b"phone_number=nonsense"),
            "VALIDATION_007": await old(app, "POST", V0, once="not a key"),
            "VALIDATION_003": await old(app, "GET", f"{V0}/nonsense"),
            "RESOURCE_001": await old(app, "GET", f"{V0}/{samples.UNKNOWN_ID}"),
            "RESOURCE_011": await old(app, "GET", "/v0/nothing"),
        }
        for code, seen in refusals.items():
            assert seen.headers["content-type"] == "application/problem+json", code
            assert (seen.json["code"], seen.json["status"]) == (code, seen.status)
            assert seen.json["type"] == f"{DOCS}/{code}"
            assert seen.json["traceId"] == seen.headers["x-trace"]
            assert seen.headers["x-api-version"] == "v0"
        assert refusals["VALIDATION_001"].status == 405
        assert refusals["VALIDATION_001"].headers["allow"] == "GET, HEAD, POST"
        assert refusals["RESOURCE_011"].json["instance"] == "/v0/nothing"
        for path in ("/v3/nothing", "/nothing", V3):
            seen = await app.v3("GET", path, key=False)
            assert seen.json["success"] is False, path
            assert seen.headers["x-api-version"] == "v3"

    _run(database_url, tmp_path, act)


def test_a_refusal_shows_no_secret_in_any_dialect(database_url: str, tmp_path: Path) -> None:
    async def act(app: App) -> None:
        seen = await old(app, "GET", "/v0/4111111111111111")
        assert (seen.status, b"4111111111111111" in seen.body.replace(b'"instance": "/v0/4111111111111111"', b"")) == (
            404,
            False,
        )

    _run(database_url, tmp_path, act)


def test_a_replay_is_the_same_to_the_byte_in_each_dialect(database_url: str, tmp_path: Path) -> None:
    async def act(app: App) -> None:
        mine = (await old(app, "POST", V0, _form(samples.phone()))).json["result"]["id"]
        new = (await app.v3("POST", V3, {"phone_number": samples.phone()})).json["data"]["id"]
        missing = samples.UNKNOWN_ID
        contact = {"phone_number": "+14155550112"}
        asked: Sequence[tuple[int, str, Callable[[str], Awaitable[Seen]]]] = [
            (200, "v0", lambda key: old(app, "POST", V0, _form("+14155550111"), once=key)),
            (404, "v0", lambda key: old(app, "DELETE", f"{V0}/{missing}", once=key)),
            (204, "v0", lambda key: old(app, "DELETE", f"{V0}/{mine}", once=key)),
            (201, "v3", lambda key: app.v3("POST", V3, contact, once=key)),
            (409, "v3", lambda key: app.v3("POST", V3, contact, once=key)),
            (204, "v3", lambda key: app.v3("DELETE", f"{V3}/{new}", once=key)),
        ]
        names = {
            "v0": ("x-trace", "x-replayed", "x-first-trace"),
            "v3": ("x-request-id", "idempotent-replayed", "x-original-request-id"),
        }
        for status, version, ask in asked:
            request_id, replayed, first_id = names[version]
            key = samples.key()
            first, again = await ask(key), await ask(key)
            assert (first.status, again.status, again.body) == (status, status, first.body)
            assert replayed not in first.headers
            assert again.headers[replayed] == "true"
            assert again.headers[first_id] == first.headers[request_id] != again.headers[request_id]
            assert again.headers.get("content-type") == first.headers.get("content-type")

    _run(database_url, tmp_path, act)


def test_a_key_of_one_dialect_is_another_operation_in_the_other(database_url: str, tmp_path: Path) -> None:
    async def act(app: App) -> None:
        key = samples.key()
        assert (await old(app, "POST", V0, _form(samples.phone()), once=key)).status == 200
        refused = await app.v3("POST", V3, {"phone_number": samples.phone()}, once=key)
        assert (refused.status, refused.json["error"]["code"]) == (409, "CONFLICT_001")

    _run(database_url, tmp_path, act)


def test_a_trial_says_so_by_the_name_of_its_dialect(database_url: str, tmp_path: Path) -> None:
    async def act(app: App) -> None:
        key, phone = samples.key(), samples.phone()
        trials = [await old(app, "POST", V0, _form(phone, sandbox="true"), once=key) for _ in range(2)]
        assert [(seen.status, seen.headers["x-trial"]) for seen in trials] == [(200, "true")] * 2
        assert "x-replayed" in trials[1].headers
        assert (await old(app, "POST", V0, _form(phone))).status == 200

    _run(database_url, tmp_path, act)


@pytest.mark.parametrize("operation", ["named", "unnamed"])
def test_rows_of_older_releases_replay_the_same_bytes(database_url: str, tmp_path: Path, operation: str) -> None:
    """They rendered the v3 envelope into the row; its spacing shows that nothing is rendered again."""
    stored = '{"success":true, "data":{"id":"1"}, "error":null, "meta":{"request_id":"req_1","version":"v3"}}'
    error = (
        '{"code":"RESOURCE_001","message":"Gone","details":{"id":["x"]},"doc_url":"http://old.example/RESOURCE_001"}'
    )
    refused = f'{{"success":false,"data":null,"error":{error},"meta":{{"request_id":"req_1"}}}}'

    async def act(app: App) -> None:
        for path, name in ((V3, "v3"), (V0, "v0")):
            for status, body in ((201, stored), (404, refused), (204, "")):
                kept = "NULL" if operation == "unnamed" else f"'POST {path}'"
                _apart(
                    tables.change,
                    app.database_url,
                    "INSERT INTO idempotency_keys (customer_id, mode, idempotency_key, operation, request_id, status, "
                    f"body, created_at_ms) VALUES ('{app.customer_id}', 'live', '{name}-{status}', {kept}, 'req_1', "
                    f"{status}, '{body}', 9999999999999)",
                )
        body = {"phone_number": samples.phone()}
        for status, text in ((201, stored), (404, refused), (204, "")):
            seen = await app.v3("POST", V3, body, once=f"v3-{status}")
            assert (seen.status, seen.body) == (status, text.encode())
            assert seen.headers["x-original-request-id"] == "req_1"
        made = await old(app, "POST", V0, _form(samples.phone()), once="v0-201")
        assert (made.status, made.json) == (200, {"result": {"id": "1"}, "trace": "req_1", "at": 9999999999999})
        gone = await old(app, "POST", V0, _form(samples.phone()), once="v0-404")
        assert (gone.status, gone.json["title"], gone.json["errors"]) == (404, "Gone", {"id": ["x"]})
        assert gone.json["type"] == "http://old.example/RESOURCE_001"
        assert (await old(app, "POST", V0, _form(samples.phone()), once="v0-204")).status == 204

    _run(database_url, tmp_path, act)


def test_a_process_of_the_release_before_can_send_what_is_stored_as_it_is(database_url: str, tmp_path: Path) -> None:
    async def act(app: App) -> None:
        for body in ({"phone_number": "+14155550113"}, {"phone_number": "+14155550113"}):
            key = samples.key()
            seen = await app.v3("POST", V3, body, once=key)
            query = f"SELECT status, body FROM idempotency_keys WHERE idempotency_key = '{key}'"
            assert _apart(tables.rows, app.database_url, query) == [(seen.status, seen.body.decode())]
        assert seen.status == 409

    _run(database_url, tmp_path, act)


def test_an_answer_is_rendered_after_the_commit(database_url: str, tmp_path: Path) -> None:
    committed: list[object] = []

    def look(reply: Reply, meta: Meta) -> Answer:
        query = f"SELECT COUNT(*) FROM contacts WHERE phone = '{reply.data['phone_number']}'"
        committed.append(_apart(tables.rows, database_url, query))  # by a connection of its own
        return _render(reply, meta)

    async def act(app: App) -> None:
        for once in (None, samples.key()):
            await old(app, "POST", V0, _form(samples.phone()), once=once)
        assert committed == [[(1,)], [(1,)]]

    _run(database_url, tmp_path, act, dialect=replace(OLD, render=look))


def test_a_result_that_cannot_be_rendered_is_an_internal_error_of_its_dialect(
    database_url: str, tmp_path: Path
) -> None:
    def fail(reply: Reply, meta: Meta) -> Answer:
        raise TypeError

    async def act(app: App) -> None:
        seen = await old(app, "POST", V0, _form(samples.phone()))
        assert (seen.status, seen.json["code"]) == (500, "INTERNAL_001")

    _run(database_url, tmp_path, act, dialect=replace(OLD, render=fail))


def test_a_path_has_one_dialect(database_url: str, tmp_path: Path) -> None:
    async def act(app: App) -> None:
        raise AssertionError("this must not start")

    def mixed(served: Sequence[Route]) -> Sequence[Route]:
        return [replace(next(route for route in served if route.path == V3), dialect=OLD)]

    with pytest.raises(ValueError, match=V3):
        in_process.run(database_url, tmp_path, act, more=mixed)
