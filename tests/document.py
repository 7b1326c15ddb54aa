"""The OpenAPI document as a judge: what it does not say, no answer may hold."""

import json
import re
from functools import cache

from jsonschema import Draft202012Validator

from tests.city import open_city

HEADERS = ("ETag", "Location", "Link", "Retry-After", "WWW-Authenticate")
"""What an answer says beside its body; the document says where."""


class Document:
    """One city's document. Objects are closed here: a member that no schema names is outside."""

    def __init__(self, said):
        self.said = said
        self.operations = {
            (method.upper(), path): operation
            for path, item in said["paths"].items()
            for method, operation in item.items()
        }
        self._components = {"components": _closed(said["components"])}
        written_first = sorted(said["paths"], key=lambda path: path.count("{"))
        self._patterns = [(re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), path) for path in written_first]
        self._validators = {}

    def template(self, path):
        """Return the path of the document that a real path belongs to."""
        return next((each for pattern, each in self._patterns if pattern.fullmatch(path)), None)

    def misfits(self, method, path, reply):
        """Return everything about an answer that the document does not say."""
        operation = self.operations.get((method, self.template(path.partition("?")[0])))
        if operation is None:
            return [f"{method} {path} is not in the document"]
        answer = operation["responses"].get(str(reply.status))
        if answer is None:
            return [f"{operation['operationId']} does not say {reply.status}: {reply.text[:200]}"]
        return [
            f"{operation['operationId']} {reply.status}: {misfit}"
            for misfit in (*self._headers(answer, reply), *self._body(answer, reply))
        ]

    def _headers(self, answer, reply):
        said = answer.get("headers", {})
        for name in HEADERS:
            value = reply.headers.get(name.lower())
            if value is None:
                if said.get(name, {}).get("required"):
                    yield f"no {name}"
            elif name not in said:
                yield f"{name} is not said"
            else:
                schema = said[name]["schema"]
                value = int(value) if schema["type"] == "integer" and value.isdecimal() else value
                yield from (f"{name}: {error.message}" for error in self._errors(schema, value))

    def _body(self, answer, reply):
        content = answer.get("content")
        if content is None:
            if reply.text:
                yield f"a body where none is said: {reply.text[:80]}"
            return
        media_type = reply.headers["content-type"]
        if media_type not in content:
            yield f"{media_type} is not said"
            return
        for error in self._errors(content[media_type]["schema"], json.loads(reply.text)):
            yield f"{error.json_path}: {error.message[:200]}"

    def _errors(self, schema, value):
        key = json.dumps(schema, sort_keys=True)
        if key not in self._validators:
            self._validators[key] = Draft202012Validator({**_closed(schema), **self._components})
        return self._validators[key].iter_errors(value)


@cache
def the_document():
    """Return the document that the application serves."""
    return Document(open_city().get("/openapi.json").json)


def _closed(schema):
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(value) for name, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and "additionalProperties" not in schema:
        closed["additionalProperties"] = False
    return closed
