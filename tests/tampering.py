"""What a stranger does to a token in the hope that it opens something."""

from base64 import urlsafe_b64encode

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def tampered(token, chance, others=()):
    """Return a token that is not the one given, made of it or of others by one of many ways."""
    while True:
        made = chance.choice(WAYS)(token, chance, others)
        if made and made != token and made not in others:
            return made


def _flip_a_bit(token, chance, others):
    data = bytearray(token.encode())
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(7)
    return data.decode()


def _another_letter(token, chance, others):
    place = chance.randrange(len(token))
    return token[:place] + chance.choice(LETTERS) + token[place + 1 :]


def _another_last_letter(token, chance, others):
    return token[:-1] + chance.choice(LETTERS)


def _swap_two(token, chance, others):
    place = chance.randrange(len(token) - 1)
    return token[:place] + token[place + 1] + token[place] + token[place + 2 :]


def _shorter(token, chance, others):
    return token[: chance.randrange(1, len(token))]


def _longer(token, chance, others):
    more = chance.choice(("=", "==", "A", ".", "\x00", "%00", "é", "'", "A" * 9))
    place = chance.randrange(len(token) + 1)
    return token[:place] + more + token[place:]


def _other_case(token, chance, others):
    return token.swapcase()


def _half_of_another(token, chance, others):
    other = chance.choice(others) if others else token[::-1]
    first, _, last = token.rpartition(".")
    return chance.choice((f"{first}.{other.rpartition('.')[2]}", f"{other.rpartition('.')[0]}.{last}"))


def _unsigned(token, chance, others):
    head = urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
    body = token.partition(".")[0]
    return chance.choice((f"{head}.{body}.", f"{body}.", f".{token}", body, f"{head}.{token}", "null", "."))


def _other_payload(token, chance, others):
    payload = chance.choice((b'[0,0,""]', b"[]", b"null", b'["accept","a","b",9999999999,""]', b"\xff\xfe"))
    made = urlsafe_b64encode(payload).decode().rstrip("=")
    return f"{made}.{token.rpartition('.')[2]}"


WAYS = (
    _flip_a_bit,
    _another_letter,
    _another_last_letter,
    _swap_two,
    _shorter,
    _longer,
    _other_case,
    _half_of_another,
    _unsigned,
    _other_payload,
)
