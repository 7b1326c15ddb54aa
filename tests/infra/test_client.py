"""The client says only what it has words for, asks only what the API answers, and works in a browser."""

import json
import re
import shutil
import socket
import subprocess
from threading import Thread

import pytest
from waitress.wasyncore import close_all

from app import app
from chalicelib import wiring
from chalicelib.cities.model import LANGUAGES, load_city
from infra import messages
from infra.client import WEB, client_of
from infra.front import Front
from infra.server import serve_on
from tests.city import ROOT, open_city

CITY = load_city(ROOT / "infra" / "cities" / "mulhouse.json")
SCRIPTS = {path.name: path.read_text(encoding="utf-8") for path in (WEB / "client").glob("*.js")}
CHROMIUM = shutil.which("chromium")
in_a_browser = pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: apt-get install chromium")


def words(language):
    return json.loads(messages.words_path(language).read_text(encoding="utf-8"))


def said():
    """Return the codes in the scripts: whole ones, and what those begin with that are put together."""
    families = "|".join({code.partition(".")[0] for code in words("fr")})
    text = "\n".join(SCRIPTS.values())
    whole = set(re.findall(rf'"((?:{families})\.[a-z_]+)"', text))
    return whole, set(re.findall(rf"`((?:{families})\.[a-z_]*)\$\{{", text))


def test_all_that_the_client_says_has_words_and_no_words_are_left_unsaid():
    whole, begun = said()
    known = words("fr").keys()
    assert len(whole) > 80
    assert whole - known == set()
    assert [each for each in begun if not any(code.startswith(each) for code in known)] == []
    own = messages.by_code(messages.read("fr", messages.CLIENT))
    assert [code for code in own if code not in whole and not code.startswith(tuple(begun))] == []


def test_every_category_and_state_that_may_be_shown_has_words():
    for language in LANGUAGES:
        known = words(language)
        for path in (ROOT / "infra" / "cities").glob("*.json"):
            city = load_city(path)
            assert {f"category.{each.slug}" for each in city.categories} <= known.keys()
            assert {f"language.{each}" for each in city.languages} <= known.keys()


def test_the_client_asks_only_what_the_api_answers():
    asked = {
        (method.upper(), re.sub(r"\$\{[^}]+\}(s?)", lambda part: "needs" if part[1] else "x", path))
        for text in SCRIPTS.values()
        for method, path in re.findall(r'\b(get|post|patch|remove|every)\(\s*["`](/v1/[^"`]+)["`]', text)
    }
    assert len(asked) > 10
    verbs = {"EVERY": "GET", "REMOVE": "DELETE"}
    for method, path in asked:
        found = [route for route in app.routes if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", route), path)]
        assert any(verbs.get(method, method) in app.routes[route] for route in found), (method, path)


def test_every_import_is_there_and_nothing_comes_from_elsewhere():
    for name, text in SCRIPTS.items():
        for asked in re.findall(r'(?:\bfrom |import\()"(\./[^"]+)"', text):
            assert asked.removeprefix("./") in SCRIPTS, (name, asked)
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text), name
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|document\.cookie", text
        )


def test_the_city_is_told_without_what_is_not_the_publics():
    (told,) = [body for name, body in client_of(CITY).parts.items() if name.endswith("city.json")]
    city = json.loads(told)
    assert city["name"] == "Mulhouse"
    assert city["outline"][0][0][0] == [7.273, 47.755]
    assert set(city) == {
        "name", "languages", "time_zone", "centre", "cell_m", "outline", "categories", "radius_max_m"
    }  # fmt: skip


@pytest.fixture(scope="module")
def address():
    """Return where a city with two listings is served, as on this machine."""
    city = open_city()
    city.publish("need", "monique@example.org", title="Courses <b>rapides</b> & légères")
    city.publish("offer", "yusuf@example.org", title="Je fais vos courses")
    wiring.install(city.house)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = serve_on(listener, Front(city.gateway, app.routes, CITY, "mark"))
        running = Thread(target=server.run)
        running.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.trigger.pull_trigger(lambda: close_all(server._map))
        running.join()
        server.task_dispatcher.shutdown()
        wiring.install(None)


@pytest.fixture
def seen(address, tmp_path):
    """Return what a browser that likes a language makes of a page, as its document at rest."""

    def look(page, language="fr"):
        quiet = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
        alone = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
        own = [f"--user-data-dir={tmp_path / language}", f"--accept-lang={language}", "--no-proxy-server"]
        rest = ["--virtual-time-budget=20000", "--dump-dom", f"{address}/{page}"]
        done = subprocess.run(
            [CHROMIUM, *quiet, *alone, *own, *rest], capture_output=True, timeout=300, check=True
        )
        return done.stdout.decode()

    return look


@in_a_browser
def test_a_browser_shows_the_board_and_takes_no_text_for_markup(seen):
    page = seen("")
    assert "2 annonces" in page
    assert "Courses &lt;b&gt;rapides&lt;/b&gt; &amp; légères" in page
    assert re.search(r'<rect class="cell"[^>]*aria-label="2 annonces, à ', page)
    assert '<html lang="fr">' in page


@in_a_browser
@pytest.mark.parametrize(
    ("page", "language", "words"),
    [
        ("#/?text=zzzz", "de", "Hier ist noch nichts."),
        ("#/?kind=offer", "en", "1 listing<"),
        ("#/post", "de", "wir senden einen Code"),
        ("#/sign-in?token=x.y", "en", "You opened the link"),
        ("#/listing/aaaaaaaaaaaaaaaa", "en", 'role="alert"'),
    ],
)
def test_a_browser_is_told_in_its_language_what_is_not_there(seen, page, language, words):
    shown = seen(page, language)
    assert words in shown
    assert f'<html lang="{language}">' in shown
