import re
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from infra.gateway import problem
from tests.engines import ministack
from tests.infra.wsgi import call

LINK = "http://127.0.0.1:8000/v1/taps?token=abc&answer=yes"
HTML = f'<!doctype html><html lang="fr"><head></head><body><a href="{LINK}">Oui</a></body></html>'


@pytest.fixture(scope="module")
def engine():
    with ministack() as running:
        send(running, "marie@exemple.fr", "Élodie propose son aide : « courses »")
        send(running, "jean@exemple.fr", "<script>alert(1)</script>", html="<b>Salam</b> مرحبا")
        yield running


def send(engine, to, subject, html=HTML):
    message = EmailMessage(policy=SMTP)
    message["From"] = "Entraide Mulhouse <bonjour@mulhouse.example>"
    message["To"] = to
    message["Subject"] = subject
    message["List-Unsubscribe"] = "<http://127.0.0.1:8000/v1/unsubscribe?t=1>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(f"Bonjour {to},\n\n{LINK}\n\nÀ bientôt <3", cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="base64")
    return engine.ses.send_email(
        FromEmailAddress="bonjour@mulhouse.example",
        Destination={"ToAddresses": [to]},
        Content={"Raw": {"Data": bytes(message)}},
        EmailTags=[{"Name": "notice", "Value": f"for-{to[:4]}"}],
    )["MessageId"]


def page(engine, uri):
    status, headers, body = call(engine.mailbox, "GET", uri)
    assert status == 200, uri
    return dict(headers), body.decode()


def test_every_mail_is_kept_as_it_was_sent_newest_first(engine):
    jean, marie = engine.mailbox.mails()
    assert marie.to == "marie@exemple.fr"
    assert marie.subject == "Élodie propose son aide : « courses »"
    assert marie.text.splitlines() == ["Bonjour marie@exemple.fr,", "", LINK, "", "À bientôt <3"]
    assert LINK in marie.html
    assert dict(marie.headers)["X-Email-Tags"] == "notice=for-mari"
    assert marie.one_click == "http://127.0.0.1:8000/v1/unsubscribe?t=1"
    assert jean.sent_at > marie.sent_at


def test_mails_are_found_by_their_recipient(engine):
    assert [mail.to for mail in engine.mailbox.mails("MARIE@")] == ["marie@exemple.fr"]
    shown = page(engine, "/mailbox?to=jean")[1]
    assert "jean@exemple.fr" in shown
    assert "marie@exemple.fr" not in shown
    assert "0 message" in page(engine, "/mailbox?to=%22%3E%3Cb%3E")[1]


def test_nothing_of_a_mail_runs_in_the_page_that_shows_it(engine):
    jean = next(engine.mailbox.mails("jean"))
    for uri in ("/mailbox", f"/mailbox/{jean.id}"):
        headers, shown = page(engine, uri)
        assert "<script>" not in shown
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert not re.search(r"<(?:script|link)[^>]+(?:src|href)=.http", shown)


def test_a_mail_is_shown_in_a_sandbox_with_links_that_open_beside_it(engine):
    marie = next(engine.mailbox.mails("marie"))
    _, shown = page(engine, f"/mailbox/{marie.id}")
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in shown
    assert f'href="{LINK.replace("&", "&amp;")}"' in shown
    assert 'action="http://127.0.0.1:8000/v1/unsubscribe?t=1"' in shown
    assert "List-Unsubscribe" in shown
    headers, inside = page(engine, f"/mailbox/{marie.id}/html")
    assert inside.startswith('<!doctype html><html lang="fr"><head><base target="_blank">')
    assert "sandbox allow-popups" in headers["Content-Security-Policy"]
    assert "quoted-printable" in page(engine, f"/mailbox/{marie.id}/source")[1]


@pytest.mark.parametrize("uri", ["/mailbox/1", "/mailbox/..%2Fstate", "/mailbox/../state", "/mailbox/1/2/3"])
def test_there_is_no_other_mail(engine, uri):
    assert call(engine.mailbox, "GET", uri)[0] == 404
    assert call(engine.mailbox, "POST", uri)[2] == problem(405)[2]
