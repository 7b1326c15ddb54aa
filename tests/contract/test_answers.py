"""What the adapters make of each answer AWS may give, without an AWS."""

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)
from pynamodb.exceptions import VerboseClientError

from chalicelib.errors import Unavailable
from chalicelib.notices import ses
from chalicelib.notices.repository import AnswerLost, Mail, NotSent, Refused, Throttled
from chalicelib.storage import transaction
from chalicelib.storage.tables import ATTEMPTS, BUDGET_MS, Tables, connect
from chalicelib.storage.transaction import Put
from tests.wire import answer, conflict, error, no_waiting

REGION, URL = "eu-west-3", "https://aws.test/"
MAIL = Mail("ana@example.org", "Bonjour", "Bonjour", "<p>Bonjour</p>", "https://entraide.test/unsubscribe/x")
WRITES = [Put("listings", {"pk": "a"}), Put("people", {"pk": "b", "sk": "me"})]


@pytest.fixture(autouse=True)
def credentials(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with no_waiting():
        yield


class Answers:
    """Gives the answers one after another, the last for ever; keeps the requests."""

    def __init__(self, client, service, *answers):
        self.answers, self.requests = list(answers), []
        client.meta.events.register(f"before-send.{service}", self._answer)

    def _answer(self, request, **_):
        self.requests.append(request)
        given = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        given = given(request) if callable(given) else given
        if isinstance(given, Exception):
            raise given
        return given


def tables(*answers):
    """Return tables over the answers, the answers, and the pauses that were made."""
    connection, pauses = connect(REGION), []
    made = Tables(connection, "c", lambda: 0, pauses.append)
    return made, Answers(connection.client, "dynamodb", *answers), pauses


def refused(*codes):
    reasons = [{"Code": code, "Message": "no"} for code in codes]
    return error(400, "TransactionCanceledException", CancellationReasons=reasons)


THROTTLED = error(400, "ThrottlingException")
FAILED = error(500, "InternalServerError")
DONE = answer(200, {})


@pytest.mark.parametrize(
    "passing",
    [
        conflict,
        refused("None", "ThrottlingError"),
        refused("ProvisionedThroughputExceeded", "None"),
    ],
)
def test_a_transaction_that_met_another_or_a_throttle_is_tried_again_after_a_pause(passing):
    made, answers, pauses = tables(passing, passing, DONE)
    made.commit(WRITES)
    assert pauses == [1, 2]
    assert len(answers.requests) == 3


def test_a_transaction_that_is_still_being_done_is_asked_about_as_the_same():
    made, answers, pauses = tables(error(400, "TransactionInProgressException"), DONE)
    made.commit(WRITES)
    assert pauses == []
    assert len({request.body for request in answers.requests}) == 1


@pytest.mark.parametrize("passing", [conflict, THROTTLED, FAILED, error(400, "RequestLimitExceeded")])
def test_a_transaction_that_never_passes_is_unavailable(passing):
    made, _, pauses = tables(passing)
    with pytest.raises(Unavailable):
        made.commit(WRITES)
    assert pauses == list(range(1, ATTEMPTS))


def test_a_transaction_is_not_tried_again_long_after_its_stamp():
    """The log files it under its first instant, and a replica looks back only so far."""
    made, answers, _ = tables(conflict)
    instants = iter([0, 0, BUDGET_MS, BUDGET_MS + 1])
    late = Tables(made.connection, "c", lambda: next(instants), lambda _: None)
    with pytest.raises(Unavailable):
        late.commit(WRITES)
    assert len(answers.requests) == 2


def test_a_condition_that_fails_is_refused_at_once_though_another_write_only_met_somebody():
    made, answers, pauses = tables(refused("TransactionConflict", "ConditionalCheckFailed"))
    with pytest.raises(transaction.Refused) as no:
        made.commit(WRITES)
    assert list(no.value.writes) == WRITES[1:]
    assert (len(answers.requests), pauses) == (1, [])


def test_a_transaction_that_can_never_be_done_is_not_tried_again():
    for wrong in (error(400, "ValidationException"), refused("None", "ValidationError")):
        made, _, pauses = tables(wrong)
        with pytest.raises(VerboseClientError):
            made.commit(WRITES)
        assert pauses == []


@pytest.mark.parametrize(
    "lost", [ReadTimeoutError(endpoint_url=URL), EndpointConnectionError(endpoint_url=URL)]
)
def test_a_call_whose_answer_is_lost_is_repeated_as_the_same_and_then_unavailable(lost):
    made, answers, _ = tables(lost)
    with pytest.raises(Unavailable):
        made.commit(WRITES)
    assert len({request.body for request in answers.requests}) == 1  # with the token that makes it one
    assert b"ClientRequestToken" in answers.requests[0].body
    for read in (lambda: made.get("listings", {"pk": "a"}), lambda: list(made.scan("listings"))):
        with pytest.raises(Unavailable):
            read()


@pytest.mark.parametrize("passing", [THROTTLED, FAILED, error(400, "ProvisionedThroughputExceededException")])
def test_a_read_that_does_not_pass_is_unavailable(passing):
    made, answers, _ = tables(passing)
    with pytest.raises(Unavailable):
        made.get("listings", {"pk": "a"})
    assert len(answers.requests) == 3


def test_a_read_that_is_wrong_is_our_fault_and_said():
    made, _, _ = tables(error(400, "ResourceNotFoundException"))
    with pytest.raises(VerboseClientError):
        made.get("listings", {"pk": "a"})


def mailer(*answers):
    client = ses.connect(REGION)
    return ses.Ses(client, "Entraide", "entraide@mulhouse.example", "set"), Answers(client, "sesv2", *answers)


def test_a_mail_that_is_taken_has_the_id_of_the_provider_and_the_tag_of_its_notice():
    sender, answers = mailer(answer(200, {"MessageId": "provider-1"}))
    assert sender.send(MAIL, "notice-1") == "provider-1"
    assert b'{"Name": "notice", "Value": "notice-1"}' in answers.requests[0].body


@pytest.mark.parametrize(
    ("met", "meaning"),
    [
        (error(429, "TooManyRequestsException"), Throttled),
        (error(400, "LimitExceededException"), Throttled),
        (error(400, "MessageRejected"), Refused),
        (error(400, "BadRequestException"), Refused),
        (error(400, "AccountSuspendedException"), NotSent),
        (error(400, "SendingPausedException"), NotSent),
        (error(404, "NotFoundException"), NotSent),
        (error(500, "InternalServiceErrorException"), AnswerLost),
        (error(503, "ServiceUnavailable"), AnswerLost),
        (error(403, "ExpiredTokenException"), NotSent),
        (error(403, "AccessDeniedException"), NotSent),
        (ReadTimeoutError(endpoint_url=URL), AnswerLost),
        (ConnectTimeoutError(endpoint_url=URL), NotSent),
        (EndpointConnectionError(endpoint_url=URL), NotSent),
    ],
)
def test_each_answer_of_the_provider_has_its_meaning_and_no_mail_is_sent_twice_to_find_it(met, meaning):
    sender, answers = mailer(met)
    with pytest.raises(meaning):
        sender.send(MAIL, "notice-1")
    assert len(answers.requests) == 1


def test_the_codes_of_the_provider_are_read_from_what_botocore_raises():
    client = ses.connect(REGION)
    Answers(client, "sesv2", error(429, "TooManyRequestsException"))
    with pytest.raises(ClientError, match="TooManyRequestsException"):
        client.send_email(Content={"Simple": {"Subject": {"Data": ""}, "Body": {}}})
