import json
from contextlib import suppress
from pathlib import Path

import pytest

from chalicelib.errors import Invalid
from chalicelib.places.model import Place, Point, cell_at, distance_m
from chalicelib.places.service import Located, find_place, locate, suggest
from chalicelib.places.street import Street, pack
from infra.address_book import MemoryAddressBook, from_streets
from infra.ban import NotAddresses, Reading, read

DATA = Path(__file__).resolve().parents[2] / "../shared/data"
ORIGIN = Point(48.87, 2.36)


def street(name, postcode="75010", town="Paris", *, at=0, houses=()):
    """Return a street a kilometre or so from any other `at`, its houses one after the other, 11 m apart."""
    origin = Point(ORIGIN.lat + at / 100, ORIGIN.lon)
    placed = [(house, Point(origin.lat + house[0] / 10_000, origin.lon)) for house in houses]
    return Street(name, postcode, town, origin, pack(placed, origin))


def numbers(*plain):
    return tuple((number, "") for number in plain)


@pytest.fixture(scope="module")
def paris():
    return MemoryAddressBook(
        [
            street("Boulevard Saint-Martin", at=1, houses=[(12, ""), (12, "b"), (14, "")]),
            street("Boulevard Saint-Martin", "75003", at=2, houses=numbers(11, 13)),
            street("Rue Saint-Martin", "75003", at=3, houses=numbers(12, 248)),
            street("Rue du Faubourg Saint-Martin", at=4, houses=numbers(12, 248)),
            street("Avenue du Général Leclerc", "75014", at=5, houses=numbers(1, 3, 5)),
            street("Rue Raymond Losserand", "75014", at=6, houses=numbers(48, 56)),
            street("Rue du Huit Mai 1945", at=7, houses=numbers(1, 9)),
            street("Boulevard Auguste Blanqui", "75013", at=8, houses=numbers(1, 47)),
            street(
                "Rue de Paris",
                "75020",
                at=9,
                houses=numbers(
                    7,
                ),
            ),
            street(
                "Rue du Moulin",
                "75011",
                at=10,
                houses=numbers(
                    4,
                ),
            ),
            street(
                "Villa du Moulin",
                "75019",
                at=11,
                houses=numbers(
                    4,
                ),
            ),
            street("Place Jeanne d'Arc", "75013", at=12),
            street("Rue de la République", "75011", at=13),
        ]
    )


@pytest.fixture(scope="module")
def namur():
    return MemoryAddressBook(
        [
            street("Rue de Fer", "5000", "Namur", at=1, houses=numbers(12, 14)),
            street("Rue de l'Église", "5000", "Namur", at=2, houses=numbers(3)),
            street("Rue de l'Église", "5020", "Malonne", at=3, houses=numbers(3)),
            street("Grand'Rue", "5100", "Jambes", at=4, houses=numbers(12)),
            street("Hauptstrasse", "5100", "Jambes", at=5, houses=numbers(5)),
        ]
    )


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("12 bis, bd. St-Martin 75010 Paris", "12 bis Boulevard Saint-Martin, 75010 Paris"),
        ("12B BOULEVARD SAINT MARTIN 75010 PARIS", "12 bis Boulevard Saint-Martin, 75010 Paris"),
        ("248 r. St Martin Paris", "248 Rue Saint-Martin, 75003 Paris"),
        ("248, fbg st martin", "248 Rue du Faubourg Saint-Martin, 75010 Paris"),
        ("13 bd Saint-Martin, Paris 3e", "13 Boulevard Saint-Martin, 75003 Paris"),
        ("13 bd Saint-Martin - 3ème arr.", "13 Boulevard Saint-Martin, 75003 Paris"),
        ("13 bd Saint-Martin 75585 Paris Cedex 03", "13 Boulevard Saint-Martin, 75003 Paris"),
        ("3-5 av du Gal Leclerc", "3 Avenue du Général Leclerc, 75014 Paris"),
        ("2/3 avenue du général leclerc", "3 Avenue du Général Leclerc, 75014 Paris"),
        ("Boulangerie Dupont - 48 rue R. Losserand", "48 Rue Raymond Losserand, 75014 Paris"),
        (
            "Résidence Pasteur, bât. B, 48 rue losserand, 2e étage, 75014",
            "48 Rue Raymond Losserand, 75014 Paris",
        ),
        ("48 rue raimond loserant 75014", "48 Rue Raymond Losserand, 75014 Paris"),
        ("9 rue du 8 mai 45", "9 Rue du Huit Mai 1945, 75010 Paris"),
        ("47 BD BLANQUI 75013", "47 Boulevard Auguste Blanqui, 75013 Paris"),
        ("7 rue de Paris", "7 Rue de Paris, 75020 Paris"),
        ("75020 Paris, 7 rue de Paris", "7 Rue de Paris, 75020 Paris"),
        ("4, rue deMoulin, 75011", "4 Rue du Moulin, 75011 Paris"),
        ("place Jeanne Darc Paris", "Place Jeanne d'Arc, 75013 Paris"),
        ("rue de la République", "Rue de la République, 75011 Paris"),
    ],
)
def test_an_address_is_found_however_it_is_written(paris, text, label):
    assert locate(paris, text).label == label


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Rue de Fer 12, 5000 Namur", "12 Rue de Fer, 5000 Namur"),
        ("rue de fer, 12 b-5000 NAMUR", "12 Rue de Fer, 5000 Namur"),
        ("3 rue de l'église Malonne", "3 Rue de l'Église, 5020 Malonne"),
        ("12 Grande rue, Jambes", "12 Grand'Rue, 5100 Jambes"),
        ("Hauptstr. 5 Jambes", "5 Hauptstrasse, 5100 Jambes"),
    ],
)
def test_a_belgian_or_german_address_has_its_number_at_the_end(namur, text, label):
    assert locate(namur, text).label == label


def test_the_very_house_is_said_to_be_exact_and_a_neighbour_is_not(paris):
    exact = locate(paris, "12 bis boulevard saint martin 75010")
    assert (exact.precision, exact.point) == ("number", Point(48.8812, 2.36))
    between = locate(paris, "52 rue Raymond Losserand 75014")
    assert between == Located(Point(48.9352, 2.36), "Rue Raymond Losserand, 75014 Paris", "street")


def test_the_number_decides_between_two_parts_of_a_street(paris):
    assert "75003" in locate(paris, "11 boulevard Saint-Martin").label
    assert "75010" in locate(paris, "14 boulevard Saint-Martin").label


def test_a_street_of_several_places_is_asked_back(namur):
    fault = fault_of(namur, "3 rue de l'Église")
    assert fault.code == "address_ambiguous"
    assert set(fault.values["suggestions"]) == {
        "3 Rue de l'Église, 5000 Namur",
        "3 Rue de l'Église, 5020 Malonne",
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "12",
        "12 rue",
        "12 rue de la Gare",
        "75 75 75",
        "12 rue de Paris 93100 Montreuil",
        "rue Inexistante",
    ],
)
def test_what_is_not_in_the_book_is_unknown(paris, text):
    fault = fault_of(paris, text)
    assert (fault.pointer, fault.code) == ("/place/address", "address_unknown")


def test_a_street_of_a_town_that_is_not_the_citys_is_not_taken(paris):
    fault = fault_of(paris, "4 rue du Moulin, Strasbourg")
    assert fault.code == "address_ambiguous"
    assert fault.values["suggestions"][0] == "4 Rue du Moulin, 75011 Paris"


def test_another_street_of_the_same_last_word_is_never_taken(paris):
    with pytest.raises(Invalid):
        locate(paris, "4 rue Jean Moulin 75011")


def test_a_town_alone_is_its_middle(paris, namur):
    assert locate(namur, "5020 Malonne") == Located(Point(48.9, 2.36), "5020 Malonne", "town")
    assert locate(namur, "Jambes, Belgique").precision == "town"
    assert locate(paris, "Paris 14e").label == "75014 Paris"


def test_a_locate_asks_the_book_once_and_twice_at_most(paris):
    class Counted:
        def __init__(self):
            self.asked = 0

        towns = staticmethod(paris.towns)

        def sounding(self, *key):
            self.asked += 1
            return paris.sounding(*key)

        def starting(self, *key):
            self.asked += 1
            return paris.starting(*key)

    for text, times in (("248 r. St Martin", 1), ("13 bd Saint Martin 75003", 1), ("48 rue lossrand", 2)):
        book = Counted()
        locate(book, text)
        assert book.asked == times, text
    book = Counted()
    fault_of(book, "9 rue Nulle")
    assert book.asked == 2


def test_a_place_is_a_point_or_an_address(namur):
    assert find_place(namur, Point(50.46, 4.86), None) == Place(Point(50.46, 4.86), "50.46000, 4.86000")
    found = find_place(namur, None, "12 rue de fer")
    assert found == Place(Point(48.8812, 2.36), "12 Rue de Fer, 5000 Namur")
    with pytest.raises(Invalid):
        find_place(namur, None, "12 rue de nulle part")


def test_suggestions_are_labels_and_cells(namur):
    found = suggest(namur, "3 rue de l eglise", cell_m=250)
    assert [s.label for s in found] == ["3 Rue de l'Église, 5000 Namur", "3 Rue de l'Église, 5020 Malonne"]
    assert found[0].cell == cell_at(Point(48.8903, 2.36), 250)
    assert len(suggest(namur, "3 rue de l eglise", cell_m=250, limit=1)) == 1
    assert suggest(namur, "nowhere at all", cell_m=250) == ()


def test_a_long_street_stays_small():
    origin = Point(48.85, 2.3)
    houses = [((n, ""), Point(round(48.85 + n / 1e5, 6), 2.3)) for n in range(1, 402)]
    long = Street("Rue des Pyrénées", "75020", "Paris", origin, pack(houses, origin))
    assert len(long.houses) < 4096
    assert [long.find(house) for house, _ in houses] == [point for _, point in houses]
    assert long.find((402, "")) is None


def test_a_book_of_streets_without_numbers_answers_with_the_street():
    rows = [
        {"name": "Place Franklin", "postcode": "68200", "town": "Mulhouse", "lat": 47.7535, "lon": 7.3341}
    ]
    book = MemoryAddressBook(from_streets(rows))
    assert locate(book, "3 place Franklin Mulhouse") == Located(
        Point(47.7535, 7.3341), "Place Franklin, 68200 Mulhouse", "street"
    )


def test_a_file_is_read_with_either_separator_and_says_what_it_left_out(tmp_path):
    path = tmp_path / "adresses.csv"
    path.write_text(
        "\ufeffid;numero;rep;nom_voie;code_postal;nom_commune;lon;lat\n"
        "a;12;bis;Rue de Meaux;75019;Paris 19e Arrondissement;2.37;48.88\n"
        "b;12;;Rue de Meaux;75019;Paris 19e Arrondissement;2.371;48.88\n"
        "c;1;;Rue de Lyon;69001;Lyon;4.8;45.7\n"
        "d;2;;;75019;Paris;2.37;48.88\n"
        "e;50;;50P2 Rue Stephenson;75018;Paris;2.37;48.88\n"
    )
    reading = Reading(lambda point: point.lat > 48, "Paris")
    read(path, reading)
    (found,) = reading.streets()
    assert (found.name, found.town, [found.house(i) for i in range(found.count)]) == (
        "Rue de Meaux",
        "Paris",
        [(12, ""), (12, "b")],
    )
    assert (reading.rows, reading.outside, reading.nameless) == (5, 1, 2)


def test_every_line_that_is_wrong_is_named(tmp_path):
    path = tmp_path / "adresses.csv"
    path.write_text(
        "numero,nom_voie,code_postal,lon,lat\n1,Rue A,75010,2.3,48.8\nx,Rue A,75010,2.3,48.8\n"
        "1,Rue A,7501O,2.3,48.8\n1,Rue A,75010,,48.8\n1,Rue A,75010,nan,48.8\n1,Rue A\n"
    )
    with pytest.raises(NotAddresses) as caught:
        read(path, Reading(lambda _: True, "Paris"))
    lines = str(caught.value).splitlines()
    assert [line.partition(":")[0] for line in lines] == [f"adresses.csv, line {n}" for n in (3, 4, 5, 6, 7)]
    path.write_text("numero,nom_voie\n")
    with pytest.raises(NotAddresses, match="no column code_postal, lat, lon"):
        read(path, Reading(lambda _: True, "Paris"))


# Real addresses, as other people typed them.


@pytest.fixture(scope="module")
def ban_paris():
    path = DATA / "ban_paris/addresses.csv.gz"
    if not path.exists():
        pytest.skip("the addresses of Paris are not on this machine")
    reading = Reading(lambda _: True, "Paris")
    read(path, reading)
    return MemoryAddressBook(reading.streets())


def queries(*sources):
    path = DATA / "geocode_queries/dev/queries.jsonl"
    if not path.exists():
        pytest.skip("the typed addresses are not on this machine")
    rows = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return [row for row in rows if row["source"] in sources]


def test_of_addresses_typed_in_paris_nearly_all_are_found_and_hardly_any_is_wrong(ban_paris):
    typed = queries("paris_covid_shops", "entourage_poi")
    errors = []
    for row in typed:
        try:
            found = locate(ban_paris, row["query"])
        except Invalid:
            continue
        errors.append(distance_m(found.point, Point(row["lat"], row["lon"])))
    errors.sort()
    assert sum(error <= 150 for error in errors) / len(typed) >= 0.97
    assert sum(error > 500 for error in errors) / len(typed) < 0.005
    assert errors[len(errors) * 95 // 100] <= 75


def test_an_address_of_another_town_is_never_found_in_paris(ban_paris):
    for row in queries("pompiers"):
        here = row["query"].endswith(" Paris")
        try:
            found = locate(ban_paris, row["query"])
        except Invalid:
            assert not here, row["query"]
        else:
            assert here, (row["query"], found)


def test_any_text_is_an_address_or_refused(ban_paris):
    path = DATA / "security_inputs/blns.json"
    if not path.exists():
        pytest.skip("the naughty strings are not on this machine")
    for text in json.loads(path.read_text(encoding="utf-8")):
        for typed in (text, f"12 {text}", f"12 rue {text} 75010", f"{text}, 12 rue de Meaux", text * 50):
            with suppress(Invalid):
                assert locate(ban_paris, typed).label


def fault_of(book, text):
    with pytest.raises(Invalid) as caught:
        locate(book, text)
    (fault,) = caught.value.faults
    return fault
