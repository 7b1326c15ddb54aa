"""A city's file is listed, shown, checked and added by command, and never written with a fault."""

import gzip
import json
from io import StringIO
from math import cos, pi, sin
from pathlib import Path

import pytest

from chalicelib.cities.model import load_city
from chalicelib.places.model import Point
from infra.ops import cityfile
from infra.ops.boundary import MOST_POSITIONS, read_boundary
from infra.ops.line import main
from infra.ops.stops import Exit
from tests.city import DATA, ROOT

SQUARE = [[7.2, 47.7], [7.4, 47.7], [7.4, 47.8], [7.2, 47.8], [7.2, 47.7]]
FOCUS = DATA / "territories" / "focus_boundaries.geojson"


@pytest.fixture
def cities(tmp_path, monkeypatch):
    """Return a directory of city files that a test may write in, with Mulhouse in it."""
    directory = tmp_path / "infra" / "cities"
    directory.mkdir(parents=True)
    (directory / "mulhouse.json").write_bytes((ROOT / "infra/cities/mulhouse.json").read_bytes())
    monkeypatch.setattr(cityfile, "CITIES", directory)
    return directory


@pytest.fixture
def says(capsys):
    def say(*words):
        capsys.readouterr()
        code = main(list(words))
        said = capsys.readouterr()
        return code, said.out + said.err

    return say


def boundary(directory, geometry, **properties):
    path = directory / "boundary.geojson"
    path.write_text(json.dumps({"type": "Feature", "properties": properties, "geometry": geometry}))
    return str(path)


def polygon(*rings):
    return {"type": "Polygon", "coordinates": list(rings)}


def add(says, slug, path, code="INSEE:68066", *more):
    return says(
        "city", "add", slug, "--code", code, "--boundary", path, "--sender", "entraide@colmar.example", *more
    )


def test_the_cities_are_listed_and_shown(says):
    code, said = says("city", "list")
    assert code == 0
    assert "NIS:90000" in said
    code, said = says("city", "show", "mulhouse", "--json")
    assert json.loads(said)["result"]["code"] == {"scheme": "INSEE", "value": "68224"}


def test_a_city_is_added_with_its_boundary_and_read_back(says, cities, tmp_path):
    code, said = add(says, "colmar", boundary(tmp_path, polygon(SQUARE), nom="Colmar", code="68066"))
    assert code == 0, said
    assert "Next: entraide plan colmar" in said
    city = load_city(cities / "colmar.json")
    assert (city.name, city.level, city.cell_m, city.code.value) == ("Colmar", "commune", 250, "68066")
    assert city.contains(city.centre)
    assert [path.name for path in cities.iterdir() if path.suffix != ".json"] == []
    assert (cities / "colmar.json").stat().st_mode & 0o044 == 0o044


@pytest.mark.parametrize("code", ["68066", "INSEE:6806", "INSEE:2C004", "NIS:9000", "ISO:FR", "INSEE:"])
def test_a_wrong_code_is_told_with_its_forms(says, cities, tmp_path, code):
    ended, said = add(says, "colmar", boundary(tmp_path, polygon(SQUARE)), code)
    assert ended == Exit.USAGE
    assert "INSEE has 5 characters" in said
    assert not (cities / "colmar.json").exists()


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "Point", "coordinates": [7.3, 47.7]},
        {"type": "LineString", "coordinates": SQUARE},
        polygon(SQUARE[:3]),
        polygon([*SQUARE[:-1], [7.21, 47.7]]),
        polygon([[47.7, 97.2], [47.7, 97.4], [47.8, 97.4], [47.7, 97.2]]),
        None,
    ],
)
def test_what_is_no_polygon_is_no_boundary(says, cities, tmp_path, geometry):
    code, said = add(says, "colmar", boundary(tmp_path, geometry))
    assert code == Exit.USAGE
    assert "is not the boundary of a territory" in said
    assert not (cities / "colmar.json").exists()


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 100_000])
def test_a_file_that_is_not_geojson_is_told(says, cities, tmp_path, text):
    path = tmp_path / "boundary.geojson"
    path.write_text(text)
    code, said = add(says, "colmar", str(path))
    assert code == Exit.USAGE
    assert "Next: the same command with --boundary" in said
    assert add(says, "colmar", str(tmp_path / "none.geojson"))[0] == Exit.USAGE


def test_a_boundary_of_somewhere_else_is_refused(says, cities, tmp_path):
    code, said = add(says, "colmar", boundary(tmp_path, polygon(SQUARE), nom="Rennes", code="35238"))
    assert code == Exit.USAGE
    assert "Rennes with the code 35238, not 68066" in said


def test_a_name_or_a_code_that_is_taken_is_refused(says, cities, tmp_path):
    before = (cities / "mulhouse.json").read_bytes()
    path = boundary(tmp_path, polygon(SQUARE), nom="Colmar")
    assert add(says, "mulhouse", path)[0] == Exit.REFUSED
    assert add(says, "mulhouse-2", path, "INSEE:68224")[0] == Exit.REFUSED
    assert (cities / "mulhouse.json").read_bytes() == before


@pytest.mark.parametrize("slug", ["account", "Colmar", "colmar-", "col_mar", "9colmar", "c" * 33])
def test_what_can_name_no_city_is_refused(says, cities, tmp_path, slug):
    code, said = add(says, slug, boundary(tmp_path, polygon(SQUARE), nom="Colmar"))
    assert code == Exit.USAGE
    assert f"{slug} cannot name a city" in said
    assert sorted(each.name for each in cities.iterdir()) == ["mulhouse.json"]


def test_a_value_that_makes_the_file_faulty_leaves_no_file(says, cities, tmp_path):
    path = boundary(tmp_path, polygon(SQUARE), nom="Colmar")
    for option in (["--languages", "fr,it"], ["--time-zone", "Europe/Colmar"], ["--sender", "no address"]):
        code, said = add(says, "colmar", path, "INSEE:68066", *option)
        assert code == Exit.USAGE
        assert "No file was written" in said
    assert sorted(each.name for each in cities.iterdir()) == ["mulhouse.json"]


def test_what_is_missing_is_asked_only_where_somebody_can_answer(says, cities, tmp_path):
    code, said = says(
        "city", "add", "colmar", "--code", "INSEE:68066", "--boundary", boundary(tmp_path, polygon(SQUARE))
    )
    assert code == Exit.USAGE
    assert "--name is missing" in said


class Keyboard(StringIO):
    """Somebody at a terminal."""

    def isatty(self):
        return True


def test_a_person_at_a_terminal_is_asked_for_what_is_missing(says, cities, tmp_path, monkeypatch):
    path = boundary(tmp_path, polygon(SQUARE), nom="Colmar", code="68066")
    typed = ["INSEE:68066", path, "", "fr,de", "entraide@colmar.example", ""]
    monkeypatch.setattr("sys.stdin", Keyboard("\n".join(typed)))
    code, said = says("city", "add", "colmar")
    assert code == 0, said
    assert "Its name in words [Colmar]" in said
    city = load_city(cities / "colmar.json")
    assert (city.name, city.languages) == ("Colmar", ("fr", "de"))
    assert city.sender.address == "entraide@colmar.example"


@pytest.mark.parametrize("typed", ["INSEE:68066\n", ""])
def test_whoever_stops_answering_has_no_file(says, cities, typed, monkeypatch):
    monkeypatch.setattr("sys.stdin", Keyboard(typed))
    code, said = says("city", "add", "colmar")
    assert code == Exit.INTERRUPTED
    assert "Nothing was changed." in said
    assert sorted(each.name for each in cities.iterdir()) == ["mulhouse.json"]


def test_check_names_every_fault_where_it_is(says, cities):
    data = json.loads((cities / "mulhouse.json").read_text())
    data |= {"slug": "colmar", "cell_m": True, "time_zone": "Mars", "extra": 1}
    del data["sender"]
    (cities / "colmar.json").write_text(json.dumps(data))
    code, said = says("city", "check", "--json")
    assert code == Exit.USAGE
    found = {fault["pointer"]: fault["words"] for fault in json.loads(said.splitlines()[0])["result"]}
    assert found.keys() == {"/cell_m", "/time_zone", "/extra", "/sender"}
    assert found["/sender"] == "is missing"
    assert says("city", "check", "mulhouse")[0] == 0
    assert says("city", "check", "atlantis")[0] == Exit.USAGE


def test_a_boundary_that_is_too_heavy_is_made_lighter_and_stays_near(tmp_path):
    round_ = [
        [7 + 0.1 * cos(2 * pi * n / 20_000), 47 + 0.1 * sin(2 * pi * n / 20_000)] for n in range(20_000)
    ]
    drawn = read_boundary(Path(boundary(tmp_path, polygon([*round_, round_[0]]))), "1")
    assert drawn.kept <= MOST_POSITIONS < drawn.given
    for n in range(0, 360, 7):
        edge = cos(2 * pi * n / 360), sin(2 * pi * n / 360)
        assert drawn.outline.contains(Point(47 + 0.0995 * edge[1], 7 + 0.0995 * edge[0]))
        assert not drawn.outline.contains(Point(47 + 0.1005 * edge[1], 7 + 0.1005 * edge[0]))


def test_a_written_file_says_what_it_was_given():
    for path in (ROOT / "infra" / "cities").glob("*.json"):
        data = json.loads(path.read_text(encoding="utf-8"))
        assert json.loads(cityfile.text_of(data)) == data
        assert max(map(len, cityfile.text_of(data).splitlines())) <= 110


@pytest.mark.skipif(not FOCUS.exists(), reason="the official boundaries are not here")
@pytest.mark.parametrize(
    ("slug", "code", "level"), [("vosges", "88", "departement"), ("grand", "44", "region")]
)
def test_official_boundaries_are_taken_as_they_are(says, cities, slug, code, level):
    said = add(says, slug, str(FOCUS), f"INSEE:{code}", "--level", level, "--json")
    assert said[0] == 0, said[1]
    written = json.loads(said[1])["result"]
    assert written["positions"] <= MOST_POSITIONS < written["given"]
    assert written["within_m"] < {"departement": 500, "region": 1_500}[level]


@pytest.mark.skipif(not FOCUS.exists(), reason="the official boundaries are not here")
def test_one_commune_is_picked_out_of_all_of_a_departement(says, cities):
    path = DATA / "territories" / "communes_calvados.geojson.gz"
    first = json.loads(gzip.decompress(path.read_bytes()))["features"][7]["properties"]
    code = next(
        str(value) for value in first.values() if len(str(value)) == 5 and str(value).startswith("14")
    )
    ended, said = add(says, "elsewhere", str(path), f"INSEE:{code}")
    assert ended == 0, said
    assert add(says, "nowhere", str(path), "INSEE:99999")[0] == Exit.USAGE
