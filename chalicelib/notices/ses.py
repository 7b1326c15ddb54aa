"""Amazon SES, version 2 of its API: one mail a call, and what its answers mean."""

from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formataddr
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, EndpointConnectionError

from chalicelib.notices.repository import AnswerLost, Mail, NotSent, Refused, Throttled

TAG = "notice"
"""The message tag under which the provider's events bring a notice's id back."""

_THROTTLED = {"TooManyRequestsException", "LimitExceededException", "ThrottlingException", "Throttling"}
_REFUSED = {"MessageRejected", "BadRequestException", "ValidationException", "InvalidParameterValue"}
_THEIR_FAULT = 500
"""From this status on, what failed may have failed after the mail was taken; below it, it was turned away."""


@dataclass(frozen=True, slots=True)
class Ses:
    """The provider. Its client never repeats a call by itself: SES has no idempotency key."""

    client: Any
    sender_name: str
    sender_address: str
    configuration_set: str

    def send(self, mail: Mail, notice_id: str) -> str:
        try:
            answer = self.client.send_email(
                FromEmailAddress=self.sender_address,
                Destination={"ToAddresses": [mail.to]},
                Content={"Raw": {"Data": self._message(mail)}},
                EmailTags=[{"Name": TAG, "Value": notice_id}],
                ConfigurationSetName=self.configuration_set,
            )
        except ClientError as error:
            raise _meaning(error) from error
        except (ConnectTimeoutError, EndpointConnectionError) as error:
            raise NotSent from error
        except BotoCoreError as error:
            raise AnswerLost from error
        return str(answer["MessageId"])

    def _message(self, mail: Mail) -> bytes:
        message = EmailMessage(policy=SMTP)
        message["From"] = formataddr((self.sender_name, self.sender_address))
        message["To"] = mail.to
        message["Subject"] = mail.subject
        message["Auto-Submitted"] = "auto-generated"
        if mail.unsubscribe is not None:
            message["List-Unsubscribe"] = f"<{mail.unsubscribe}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(mail.text, cte="quoted-printable")
        message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
        return bytes(message)


def connect(region: str) -> Any:
    """Return the SES client; made on the first mail, because most functions never send one."""
    from botocore.config import Config  # noqa: PLC0415
    from botocore.session import get_session  # noqa: PLC0415

    config = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 1})
    return get_session().create_client("sesv2", region, config=config)


def _meaning(error: ClientError) -> Exception:
    code = error.response["Error"]["Code"]
    if code in _THROTTLED:
        return Throttled()
    if code in _REFUSED:
        return Refused()
    answered = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return NotSent() if answered < _THEIR_FAULT else AnswerLost()
