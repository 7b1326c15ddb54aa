import botocore.session
import pytest
from moto import mock_aws

from chalicelib.places.dynamodb import ADDRESSES, DynamoAddressBook
from chalicelib.places.model import Point
from chalicelib.places.service import locate
from chalicelib.places.spelling import spelling
from chalicelib.places.street import Street, pack
from chalicelib.storage.tables import Tables, connect
from chalicelib.storage.transaction import Delete
from infra.address_book import MemoryAddressBook, fill
from infra.tables import create_tables, table_definitions

REGION = "eu-west-3"


@pytest.fixture
def tables(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        client = botocore.session.get_session().create_client("dynamodb", region_name=REGION)
        create_tables(client, "namur", table_definitions())
        yield Tables(connect(REGION), "namur", lambda: 0, lambda _: None)


@pytest.fixture
def streets():
    return [
        Street(name, postcode, town, point, pack([((12, ""), point), ((12, "b"), point)], point))
        for index, (name, postcode, town) in enumerate(
            [
                ("Rue de Fer", "5000", "Namur"),
                ("Rue de l'Église", "5000", "Namur"),
                ("Rue de l'Église", "5020", "Malonne"),
                *((f"Rue Sans Fin {number}", "5100", "Jambes") for number in range(200)),
            ]
        )
        for point in [Point(round(50.4 + index / 1000, 6), 4.86)]
    ]


def kept(tables):
    return sorted((item for item in tables.scan(ADDRESSES)), key=lambda item: (item["pk"], item["sk"]))


def test_a_stored_book_gives_what_one_in_memory_gives(tables, streets):
    fill(tables, streets)
    stored, held = DynamoAddressBook(tables), MemoryAddressBook(streets)
    assert set(stored.towns().by_postcode) == set(held.towns().by_postcode) == {"5000", "5020", "5100"}
    for postcodes in ((), {"5020"}, {"5000", "5020"}, {"6000"}):
        for key in (spelling("Rue de Fer").sound, spelling("Rue de l'Église").sound):
            assert sorted(stored.sounding(key, postcodes), key=repr) == sorted(
                held.sounding(key, postcodes), key=repr
            )
    for text in ("12 bis rue de fer, Namur", "12 rue de l'eglise 5020", "rue de l'eglize Malonne"):
        assert locate(stored, text) == locate(held, text)


def test_an_answer_is_never_more_than_three_hundred_streets(tables, streets):
    fill(
        tables, [Street("Rue Sans Fin", f"{code}", "Jambes", streets[0].point) for code in range(5000, 5400)]
    )
    assert len(DynamoAddressBook(tables).sounding(spelling("Rue Sans Fin").sound)) == 300


def test_a_book_filled_while_the_function_lives_is_seen(tables, streets):
    book = DynamoAddressBook(tables)
    assert not book.towns().by_postcode
    fill(tables, streets)
    assert book.towns().by_postcode


def test_an_import_repeated_changes_nothing_and_one_interrupted_goes_on(tables, streets):
    class Stopped(Exception):
        pass

    def stop(part):
        raise Stopped

    with pytest.raises(Stopped):
        fill(tables, streets, edition="first", progress=stop)
    written = [item for item in kept(tables) if item["pk"] != "import"]
    gone = {part: written[0][part] for part in ("pk", "sk")}
    tables.commit([Delete(ADDRESSES, gone)])
    fill(tables, streets, edition="first")
    resumed = kept(tables)
    assert len(written) < len(resumed)
    assert written[0] not in resumed, "what was written before the interruption is not written again"
    fill(tables, streets, edition="first")
    whole = kept(tables)
    assert len(whole) == 2 * len(streets) + 3
    fill(tables, streets, edition="second")
    assert kept(tables) == whole
