"""What a resident sees who says yes too late, or where a coordinator has the last word."""

import re

import pytest

MONIQUE = "monique@example.org"
HELPERS = ("yusuf@example.org", "ana@example.org", "karl@example.org")


@pytest.fixture
def asked(city):
    """Return the taps, yes and no, of three helpers who were asked for one need, and the matches."""
    need = city.publish("need", MONIQUE)["id"]
    taps, matches = {}, {}
    for helper in HELPERS:
        pair = {"need": need, "offer": city.publish("offer", helper)["id"]}
        matches[helper] = city.post("/v1/matches", pair, token=city.sign_in(MONIQUE)).json["id"]
        taps[helper] = city.links(helper)
    return need, taps, matches


def press(city, link, message="Demain 10 h", language="fr"):
    reply = city.post(
        link, raw=f"message={message}".encode(), key=False, headers={"Accept-Language": language}
    )
    return reply.status, re.sub(r"<[^>]+>|\s+", " ", reply.text)


def test_who_is_late_is_thanked_and_told_their_number(city, asked):
    _, taps, matches = asked
    first, second, third = HELPERS
    assert press(city, taps[first][0])[0] == 200
    status, said = press(city, taps[second][0])
    assert status == 200
    assert "Quelqu’un a été plus rapide" in said
    assert "numéro 1" in said
    assert "numéro 2" in press(city, taps[third][0])[1]
    assert "number 2" in press(city, taps[third][0], language="en")[1]
    shown = city.get(f"/v1/matches/{matches[third]}", token=city.sign_in(third)).json
    assert (shown["state"], shown["place_in_queue"], shown["my_turn"]) == ("queued", 2, False)
    again = city.get(taps[third][0], headers={"Accept-Language": "fr"})
    assert again.status == 200
    assert "numéro 2" in re.sub(r"\s+", " ", again.text)


def test_who_is_called_says_yes_with_the_tap_of_the_new_mail(city, asked):
    _, taps, matches = asked
    first, second, _ = HELPERS
    press(city, taps[first][0])
    press(city, taps[second][0])
    cancel = f"/v1/matches/{matches[first]}/cancel"
    assert city.post(cancel, {"reason": "other"}, token=city.sign_in(first)).status == 200
    mail = city.mailbox.to(second)[-1]
    assert "place" in mail.subject
    status, said = press(city, taps[second][0])
    assert status == 409
    assert "Un message plus récent remplace ce lien" in said
    assert press(city, city.links(second)[0])[0] == 200
    assert city.get(f"/v1/matches/{matches[second]}", token=city.sign_in(second)).json["state"] == "accepted"


@pytest.mark.parametrize("how", ["get", "post"])
def test_a_yes_to_a_need_that_is_over_is_answered_kindly(city, asked, how):
    need, taps, _ = asked
    assert city.post(f"/v1/listings/{need}/withdraw", token=city.sign_in(MONIQUE)).status == 200
    link = taps[HELPERS[0]][0]
    if how == "post":
        status, said = press(city, link)
    else:
        reply = city.get(link, headers={"Accept-Language": "fr"})
        status, said = reply.status, reply.text
    assert status == 409
    assert "Merci, cette demande est déjà terminée." in said


def test_a_yes_that_waits_for_a_coordinator_says_so_and_keeps_the_answer_back(city, asked):
    _, taps, matches = asked
    city.exchange("confirmed")
    helper = HELPERS[0]
    status, said = press(city, taps[helper][0])
    assert status == 200
    assert "La coordination du réseau confirme d’abord" in said
    match = f"/v1/matches/{matches[helper]}"
    seeker, coordinator = city.sign_in(MONIQUE), city.coordinator()
    assert city.get(match, token=seeker).json["answer"] == ""
    assert city.get(match, token=city.sign_in(helper)).json["answer"] == "Demain 10 h"
    (waiting,) = city.get("/v1/coordination/agreed", token=coordinator).json["matches"]
    assert (waiting["id"], waiting["overdue"]) == (matches[helper], False)
    assert "Demain" not in str(waiting)
    city.clock.turn(days=3)
    assert city.get("/v1/coordination/agreed", token=coordinator).json["matches"][0]["overdue"]
    assert city.post(f"/v1/coordination{match.removeprefix('/v1')}/confirm", token=coordinator).status == 200
    assert city.get(match, token=seeker).json["answer"] == "Demain 10 h"
    assert "Demain 10 h" in city.mailbox.to(MONIQUE)[-1].text
    assert city.get("/v1/coordination/agreed", token=coordinator).json["matches"] == []


def test_what_is_agreed_is_cancelled_by_the_tap_of_its_mail(city, asked):
    _, taps, matches = asked
    city.exchange("confirmed")
    press(city, taps[HELPERS[0]][0])
    city.gathers()
    (cancel,) = city.links(MONIQUE)
    assert city.get(cancel).status == 200
    assert city.post(cancel, raw=b"reason=other", key=False).status == 200
    shown = city.get(f"/v1/matches/{matches[HELPERS[0]]}", token=city.sign_in(MONIQUE)).json
    assert (shown["state"], shown["reason"]) == ("cancelled", "other")


def test_a_block_is_made_listed_and_taken_back(city, asked):
    _, _, matches = asked
    monique, yusuf = city.sign_in(MONIQUE), city.sign_in(HELPERS[0])
    blocked = city.post(f"/v1/matches/{matches[HELPERS[0]]}/block", token=monique)
    assert (blocked.status, blocked.json["state"], blocked.json["reason"]) == (200, "cancelled", "other")
    pair = {kind: city.publish(kind, by)["id"] for kind, by in (("need", MONIQUE), ("offer", HELPERS[0]))}
    for token in (monique, yusuf):
        refused = city.post("/v1/matches", pair, token=token)
        assert (refused.status, refused.json["code"]) == (409, "not_available")
    (block,) = city.get("/v1/me/blocks", token=monique).json["blocks"]
    assert block["match"] == matches[HELPERS[0]]
    assert city.get("/v1/me/blocks", token=yusuf).json == {"blocks": []}
    assert city.call("DELETE", f"/v1/me/blocks/{block['id']}", token=yusuf).status == 204
    assert city.get("/v1/me/blocks", token=monique).json["blocks"] == [block]
    assert city.call("DELETE", f"/v1/me/blocks/{block['id']}", token=monique).status == 204
    assert city.post("/v1/matches", pair, token=monique).status == 201
