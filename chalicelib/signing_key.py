"""The signing key of a deployed city: an SSM parameter that only its own functions may read."""

from chalicelib.settings import checked_key


def read_signing_key(region: str, name: str) -> bytes:
    """Return the key kept under the name; RuntimeError when it is too short."""
    from botocore.config import Config  # noqa: PLC0415 — a local city never asks
    from botocore.session import get_session  # noqa: PLC0415

    config = Config(connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 3})
    client = get_session().create_client("ssm", region, config=config)
    return checked_key(client.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]).encode()
