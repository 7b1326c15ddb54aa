"""Behind the front every request comes from it, limits count who asked it, and the client is there too."""

from dataclasses import replace

import pytest

from chalicelib.people.service import IP_LIMIT_PER_HOUR
from tests.city import open_city

MARK = "5b1ab2f0-caa9-11f1-8f5c-0242ac120002"


@pytest.fixture
def city():
    opened = open_city()
    opened.house.settings = replace(opened.house.settings, front_mark=MARK)
    return opened


def statuses(city, forwarded, times, mark=MARK, who="one"):
    """Ask for so many sign-in mails, each for another address, as the front forwards the nth for somebody."""
    headers = [{"X-Entraide-Front": mark, "X-Forwarded-For": forwarded(each)} for each in range(times)]
    return [
        city.post("/v1/sign-in", {"email": f"{who}{n}@example.org"}, headers=each).status
        for n, each in enumerate(headers)
    ]


def test_two_households_behind_one_edge_do_not_use_up_each_others_limit(city):
    one = statuses(city, lambda _: "198.51.100.1", IP_LIMIT_PER_HOUR + 1)
    assert (one[-2:], set(one[:-1])) == ([202, 429], {202})
    assert statuses(city, lambda _: "198.51.100.2", 1, who="other") == [202]


def test_what_a_caller_writes_before_the_front_changes_nothing(city):
    answered = statuses(city, lambda n: f"203.0.113.{n}, 198.51.100.1", IP_LIMIT_PER_HOUR + 1)
    assert answered[-1] == 429


@pytest.mark.parametrize("mark", ["", "guessed"])
def test_who_comes_past_the_front_is_who_connected(city, mark):
    answered = statuses(city, lambda n: f"203.0.113.{n}", IP_LIMIT_PER_HOUR + 1, mark=mark)
    assert answered[-1] == 429


def mailed_link(city):
    city.post("/v1/sign-in", {"email": "amel@example.org"})
    (link,) = city.links("amel@example.org", "sign-in")
    return link


def test_the_link_of_a_sign_in_mail_leads_to_the_client_which_opens_the_session(city):
    link = mailed_link(city)
    led = city.get(link, headers={"X-Entraide-Front": MARK})
    token = link.removeprefix("/sign-in/")
    assert (led.status, led.headers["location"]) == (303, f"/#/sign-in?token={token}")
    assert city.post("/v1/sessions", {"token": token}).status == 201


@pytest.mark.parametrize("mark", ["", "guessed"])
def test_where_no_client_is_the_link_leads_to_a_page(city, mark):
    page = city.get(mailed_link(city), headers={"X-Entraide-Front": mark})
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
