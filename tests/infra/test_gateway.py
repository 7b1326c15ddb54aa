import http.client
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Thread
from urllib.parse import quote

import pytest
from chalice import Chalice, CORSConfig, Response
from waitress.wasyncore import close_all

from infra.events import Match, request_event
from infra.gateway import Gateway
from infra.server import Site, serve_on
from tests.infra.wsgi import call, environ

MEETING = 8


def make_app(barrier=None):
    app = Chalice("sample")
    app.api.binary_types.append("image/png")

    @app.route("/v1/things/{thing_id}", methods=["GET", "POST"], cors=CORSConfig(allow_origin="https://a.fr"))
    def thing(thing_id):
        request = app.current_request
        return {
            "id": thing_id,
            "body": request.raw_body.decode(),
            "query": {name: request.query_params.getlist(name) for name in request.query_params or ()},
            "headers": dict(request.headers),
            "context": request.context,
        }

    @app.route("/v1/things/all")
    def all_things():
        return Response({"all": True}, headers={"Set-Cookie": ["a=1", "b=2"], "X-Name": "é"}, status_code=203)

    @app.route("/v1/file.png")
    def file():
        return Response(b"\x89PNG\x00\xff", headers={"Content-Type": "image/png"})

    @app.route("/v1/gone", methods=["DELETE"])
    def gone():
        return Response("", status_code=204)

    @app.route("/v1/broken")
    def broken():
        return object()

    @app.route("/v1/who/{name}")
    def who(name):
        barrier.wait(timeout=20)
        return {"asked": name, "seen": app.current_request.uri_params["name"]}

    return app


@pytest.fixture(scope="module")
def gateway():
    return Gateway(make_app())


def test_a_path_is_decoded_once_and_an_encoded_slash_stays_in_its_part(gateway):
    for thing_id in ("été", "a/b", "100%", "%2F", "a+b", ".."):
        status, _, body = call(gateway, "GET", f"/v1/things/{quote(thing_id, safe='')}")
        assert (status, json.loads(body)["id"]) == (200, thing_id)


def test_a_written_part_of_a_route_comes_before_a_captured_one(gateway):
    assert json.loads(call(gateway, "GET", "/v1/things/all")[2]) == {"all": True}
    assert json.loads(call(gateway, "GET", "/v1/things/all/")[2]) == {"all": True}
    assert json.loads(call(gateway, "GET", "/v1/things/al")[2])["id"] == "al"


def test_every_value_of_the_query_arrives_decoded(gateway):
    body = call(gateway, "GET", "/v1/things/a?kind=need&kind=offer&text=pain+frais%20%C3%A9&empty=")[2]
    assert json.loads(body)["query"] == {"kind": ["need", "offer"], "text": ["pain frais é"], "empty": [""]}


def test_the_request_looks_as_api_gateway_makes_it(gateway):
    answer = json.loads(call(gateway, "POST", "/v1/things/a", '{"é":1}'.encode(), HTTP_X_NAME="\xc3\xa9")[2])
    assert answer["body"] == '{"é":1}'
    assert answer["headers"]["x-name"] == "é"
    assert answer["headers"]["x-forwarded-for"] == "192.0.2.7"
    assert answer["headers"]["x-forwarded-proto"] == "http"
    assert answer["context"]["identity"]["sourceIp"] == "192.0.2.7"
    assert answer["context"]["resourcePath"] == "/v1/things/{thing_id}"
    assert {"requestId", "requestTimeEpoch", "stage", "path", "domainName"} <= answer["context"].keys()


def test_a_binary_body_travels_in_base64():
    match = Match("POST", "/v1/file.png", {})
    event = request_event(environ("POST", "/", CONTENT_TYPE="image/png"), match, b"\x00\xff", ["image/png"])
    assert (event["isBase64Encoded"], event["body"]) == (True, "AP8=")


def test_a_binary_answer_arrives_as_it_is(gateway):
    status, headers, body = call(gateway, "GET", "/v1/file.png", HTTP_ACCEPT="image/png")
    assert (status, dict(headers)["Content-Type"], body) == (200, "image/png", b"\x89PNG\x00\xff")


def test_head_is_get_without_the_body(gateway):
    status, headers, body = call(gateway, "HEAD", "/v1/things/all")
    assert (status, body) == (203, b"")
    assert dict(headers)["Content-Length"] == str(len(call(gateway, "GET", "/v1/things/all")[2]))


def test_repeated_and_accented_headers_of_an_answer_arrive(gateway):
    headers = call(gateway, "GET", "/v1/things/all")[1]
    assert [value for name, value in headers if name == "Set-Cookie"] == ["a=1", "b=2"]
    assert dict(headers)["X-Name"].encode("latin-1").decode() == "é"


def test_an_empty_answer_has_no_length_and_no_type(gateway):
    status, headers, body = call(gateway, "DELETE", "/v1/gone")
    assert (status, headers, body) == (204, [], b"")


@pytest.mark.parametrize(
    ("method", "uri", "status"),
    [
        ("GET", "/v1/nothing", 404),
        ("GET", "/v1/things/", 404),
        ("PUT", "/v1/gone", 405),
        ("GET", "/v1/broken", 502),
    ],
)
def test_what_the_application_does_not_answer_is_a_problem(gateway, method, uri, status):
    answered, headers, body = call(gateway, method, uri)
    assert answered == status
    assert dict(headers)["Content-Type"] == "application/problem+json"
    assert json.loads(body)["status"] == status
    if status == 405:
        assert dict(headers)["Allow"] == "DELETE,OPTIONS"


def test_a_preflight_is_answered_without_the_application(gateway):
    status, headers, _ = call(gateway, "OPTIONS", "/v1/things/a")
    assert status == 200
    assert dict(headers)["Access-Control-Allow-Origin"] == "https://a.fr"
    assert dict(headers)["Access-Control-Allow-Methods"] == "GET,HEAD,OPTIONS,POST"


def seen_in_parallel(answer):
    """Ask at once, so that each view runs on only when every request has arrived."""
    with ThreadPoolExecutor(MEETING) as threads:
        return list(threads.map(answer, [f"resident-{number}" for number in range(MEETING)]))


def test_parallel_requests_never_see_each_other():
    gateway = Gateway(make_app(Barrier(MEETING)))
    for answer in seen_in_parallel(lambda name: json.loads(call(gateway, "GET", f"/v1/who/{name}")[2])):
        assert answer["seen"] == answer["asked"]


def test_the_application_alone_does_mix_parallel_requests():
    app = make_app(Barrier(MEETING))

    def ask(name):
        event = request_event(
            environ("GET", f"/v1/who/{name}"), Match("GET", "/v1/who/{name}", {"name": name}), b"", []
        )
        return json.loads(app(event, None)["body"])

    assert any(answer["seen"] != answer["asked"] for answer in seen_in_parallel(ask))


@pytest.fixture(scope="module")
def port():
    """The port of a real server."""
    site = Site(Gateway(make_app()), Gateway(Chalice("mailbox")))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = serve_on(listener, site)
        running = Thread(target=server.run)
        running.start()
        yield listener.getsockname()[1]
        server.trigger.pull_trigger(lambda: close_all(server._map))
        running.join()
        server.task_dispatcher.shutdown()


def ask(port, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def test_the_largest_body_passes_and_a_larger_one_does_not(port):
    assert ask(port, "POST", "/v1/things/a", b"x" * 1_000_000)[0] == 200
    status, headers, body = ask(port, "POST", "/v1/things/a", b"x" * 1_000_001)
    assert (status, headers["Content-Type"]) == (413, "application/problem+json")
    assert json.loads(body)["status"] == 413


def test_a_huge_body_is_refused_before_it_is_sent(port):
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(b"POST /v1/things/a HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000000\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.1 413"
