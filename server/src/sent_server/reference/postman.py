"""The contract as a Postman collection, format 2.1: a folder per tag, variables for address and key."""

import functools
import json
import re
from typing import Any

from sent_server.reference import document
from sent_server.reference.document import Operation

FORMAT = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
Json = dict[str, Any]


@functools.lru_cache(maxsize=16)
def served(base_url: str) -> bytes:
    return json.dumps(collection(base_url), ensure_ascii=False, indent=1).encode()


def collection(base_url: str) -> Json:
    folders = [
        {"name": tag, "item": [_item(operation) for operation in operations]}
        for tag, operations in document.groups().items()
    ]
    return {
        "info": {"name": document.INFO["title"], "description": document.INFO["description"], "schema": FORMAT},
        "auth": {
            "type": "apikey",
            "apikey": [
                {"key": "key", "value": "x-api-key", "type": "string"},
                {"key": "value", "value": "{{apiKey}}", "type": "string"},
                {"key": "in", "value": "header", "type": "string"},
            ],
        },
        "variable": [
            {"key": "baseUrl", "value": base_url, "type": "string"},
            {"key": "apiKey", "value": "", "type": "string"},
        ],
        "item": folders,
    }


def _item(operation: Operation) -> Json:
    path = re.sub(r"\{(\w+)\}", r":\1", operation.path)
    url: Json = {"raw": "{{baseUrl}}" + path, "host": ["{{baseUrl}}"], "path": path.strip("/").split("/")}
    if names := re.findall(r"\{(\w+)\}", operation.path):
        url["variable"] = [{"key": name, "value": ""} for name in names]
    if query := [p for p in operation.parameters if p["in"] == "query"]:
        url["query"] = [
            {"key": p["name"], "value": "", "description": p.get("description", ""), "disabled": True} for p in query
        ]
    headers = [
        {"key": p["name"], "value": "", "description": p.get("description", ""), "disabled": True}
        for p in operation.parameters
        if p["in"] == "header"
    ]
    request: Json = {"method": operation.method, "header": headers, "url": url, "description": operation.description}
    if operation.example is not None:
        request["header"] = [{"key": "Content-Type", "value": "application/json"}, *headers]
        text = json.dumps(operation.example, ensure_ascii=False, indent=2)
        request["body"] = {"mode": "raw", "raw": text, "options": {"raw": {"language": "json"}}}
    return {"name": operation.summary or f"{operation.method} {operation.path}", "request": request}
