"""The story the network is for, by its front door."""


def test_a_neighbour_is_found_asked_and_says_yes_from_the_mail(city):
    need = city.publish("need", "monique@example.org", reach_m=3000)
    city.publish("offer", "far@example.org", place={"point": {"lat": 47.757, "lon": 7.312}}, reach_m=5000)
    offer = city.publish("offer", "yusuf@example.org", title="Je fais vos courses", reach_m=5000)
    monique = city.sign_in("monique@example.org")

    ranked = city.get(f"/v1/me/listings/{need['id']}/candidates", token=monique).json["candidates"]
    assert ranked[0]["id"] == offer["id"]
    assert ranked[0]["score"] == sum(reason["points"] for reason in ranked[0]["reasons"])

    asked = city.post("/v1/matches", {"need": need["id"], "offer": offer["id"]}, token=monique)
    assert asked.status == 201
    accept, *_ = city.links("yusuf@example.org")
    assert city.get(accept).status == 200
    assert city.get(f"/v1/matches/{asked.json['id']}", token=monique).json["state"] == "proposed"

    assert city.post(accept, raw=b"message=Demain+10h", key=False).status == 200
    match = city.get(f"/v1/matches/{asked.json['id']}", token=monique).json
    assert (match["state"], match["answer"]) == ("accepted", "Demain 10h")
    assert "d’accord" in city.mailbox.to("monique@example.org")[-1].subject
    assert "Demain 10h" not in city.get(accept).text  # a link may be forwarded
    assert "d’accord" in city.get(accept).text
    assert city.get("/v1/listings").json["total"] == 1
