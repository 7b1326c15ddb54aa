"""Asks a WSGI application one thing."""

import io


def environ(method, uri, body=b"", **more):
    _path, _, query = uri.partition("?")
    return {
        "REQUEST_METHOD": method,
        "REQUEST_URI": uri,
        "QUERY_STRING": query,
        "REMOTE_ADDR": "192.0.2.7",
        "SERVER_PORT": "8000",
        "HTTP_HOST": "localhost:8000",
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": "application/json",
        "wsgi.input": io.BytesIO(body),
        "wsgi.url_scheme": "http",
        **more,
    }


def call(wsgi, method, uri, body=b"", **more):
    told = []
    sent = b"".join(wsgi(environ(method, uri, body, **more), lambda *start: told.extend(start)))
    return int(told[0][:3]), told[1], sent
