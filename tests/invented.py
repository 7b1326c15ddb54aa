"""Requests that nobody wrote: made from the OpenAPI document, most of them nearly right, some not at all."""

import json
from copy import deepcopy
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

ODD_TEXTS = (
    "",
    " ",
    "\x00",
    "a\x00b",
    "null",
    "é\u0301",
    "ﷺ",
    "\u202edrawkcab",
    "👩‍👩‍👧‍👦",
    "\u2028\u2029\x85",
    "\ufeff",
    "\uffff",
    "<script>alert(1)</script>",
    "' OR 1=1 --",
    "${7*7}{{7*7}}",
    "../../etc/passwd",
    "a\r\nSet-Cookie: a=b",
    "=1+1",
    "-1",
    "1e400",
    "NaN",
    "٣",
    "x" * 300,
    "ي" * 3000,
)
ODD_INSTANTS = (
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "2026-03-29T02:30:00+01:00",
    "2026-10-25T02:30:00+02:00",
    "2026-02-30T10:00:00Z",
    "2028-02-29T10:00:00Z",
    "2026-03-04",
    "2026-03-04T10:00:00",
    "1772442000",
)
ODD_DATES = ("0001-01-01", "9999-12-31", "2026-03-29", "2026-10-25", "2026-02-30", "2028-02-29", "2026-3-4")
ODD_VALUES = (
    None,
    True,
    False,
    0,
    -1,
    1,
    10**17,
    -(10**17),
    0.5,
    -0.0,
    1e308,
    [],
    {},
    [None],
    {"a": {}},
    "1",
)


@dataclass
class Invented:
    method: str
    path: str
    query: list = field(default_factory=list)
    headers: dict = field(default_factory=dict)
    raw: bytes = b""

    @property
    def url(self):
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path


class Inventor:
    """Makes requests up. What answers held, ids above all, is used again."""

    def __init__(self, document, chance, tokens):
        self.tokens = tokens
        self._document, self._chance = document, chance
        self._operations = list(document.operations.items())
        # Whoever signs out has little more to do.
        self._often = [0.1 if method == "DELETE" else 1 for method, _ in document.operations]
        self._seen = {}
        self._patterns = {}

    def request(self):
        """Return a request of some operation; of one in three, something is wrong on purpose."""
        ((method, path), operation), *_ = self._chance.choices(self._operations, self._often)
        made = Invented(method, path)
        if self._chance.random() < 0.95:
            made.headers["Authorization"] = f"Bearer {self._chance.choice(self.tokens)}"
        for parameter in operation["parameters"]:
            self._put(made, parameter)
        body = operation.get("requestBody")
        if body is not None:
            made.headers["Content-Type"] = "application/json"
            made.raw = json.dumps(self._body(body), ensure_ascii=self._chance.random() < 0.5).encode()
        if self._chance.random() < 0.3:
            self._spoil(made)
        return made

    def learn(self, reply):
        """Remember what an answer held, to ask for it."""
        if reply.status < 300 and reply.text:
            self._take("", reply.json)
        if "etag" in reply.headers:
            self.know("If-Match", reply.etag)

    def know(self, name, value):
        """Remember what was learnt elsewhere, such as from a mail."""
        known = self._seen.setdefault(name, [])
        if value not in known:
            known.append(value)
            del known[:-30]

    def _put(self, made, parameter):
        name, place = parameter["name"], parameter["in"]
        if place == "path":
            made.path = made.path.replace(f"{{{name}}}", quote(str(self._path_part(name)), safe=""))
        elif place == "header":
            value = self._value(parameter["schema"], name)
            made.headers[name] = self._chance.choice(self._seen.get(name, [value]))
        elif parameter.get("required") or self._chance.random() < 0.12:
            made.query += [(name, each) for each in self._many(self._value(parameter["schema"], name))]

    def _path_part(self, name):
        known = self._seen.get("need" if name == "need_id" else "id", [])
        fitting = [each for each in known if ("-" in each) == (name == "match_id")]
        return (
            self._chance.choice(fitting or ["a" * 16])
            if self._chance.random() < 0.9
            else self._odd_text() or "0"
        )

    def _body(self, said):
        body = deepcopy(self._value(said["content"]["application/json"]["schema"], ""))
        if self._chance.random() < 0.25:
            self._spoil_value(body)
        return body

    def _value(self, schema, name):
        """Return a value the schema allows, for a member of that name."""
        if "$ref" in schema:
            schema = self._document.said["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        if "anyOf" in schema:
            some, *_ = schema["anyOf"]
            return self._value(self._chance.choice((some, some, *schema["anyOf"])), name)
        if "default" in schema and self._chance.random() < 0.5:
            return schema["default"]
        if "enum" in schema:
            return self._chance.choice(schema["enum"])
        if "const" in schema:
            return schema["const"]
        return getattr(self, f"_{schema['type']}")(schema, name)

    def _object(self, schema, name):
        members = schema.get("properties", {})
        ways = [way["required"] for way in schema.get("oneOf", ())]
        needed = schema.get("required") or self._chance.choice(ways or [[each] for each in members])
        most = 0.02 if ways else 0.1
        return {
            each: self._value(_surely(member) if each in needed else member, each)
            for each, member in members.items()
            if each in needed or self._chance.random() < most
        }

    def _array(self, schema, name):
        least = schema.get("minItems", 0)
        most = min(schema.get("maxItems", 3), least + 2)
        return [self._value(schema["items"], name) for _ in range(self._chance.randint(least, most))]

    def _integer(self, schema, name):
        low, high = schema.get("minimum", -5), schema.get("maximum", 10**6)
        return self._chance.choice((low, low + 1, low + 2, high, self._chance.randint(low, high)))

    def _number(self, schema, name):
        low, high = schema.get("minimum", -1e9), schema.get("maximum", 1e9)
        usual = {"lat": 47.75, "lon": 7.34}.get(name, low)
        if self._chance.random() < 0.9:
            return usual + self._chance.uniform(-0.02, 0.02)
        return self._chance.choice((low, high, 0, self._chance.uniform(low, high)))

    def _null(self, schema, name):
        return None

    def _string(self, schema, name):
        if "pattern" in schema:
            known = self._seen.get(name, []) if name in ("need", "offer", "code") else []
            if known and self._chance.random() < 0.9:
                return known[-1] if name == "code" else self._chance.choice(known)
            return self._chance.choice(self._matching(schema["pattern"]))
        if "format" in schema:
            odd = ODD_DATES if schema["format"] == "date" else ODD_INSTANTS
            day = f"2026-{self._chance.randint(3, 5):02d}-{self._chance.randint(1, 28):02d}"
            usual = day if schema["format"] == "date" else f"{day}T10:00:00Z"
            return usual if self._chance.random() < 0.6 else self._chance.choice(odd)
        known = [*schema.get("examples", []), *self._seen.get(name, [])[-3:]]
        if known and self._chance.random() < 0.9:
            return self._chance.choice(known)
        length = self._chance.choice((schema.get("minLength", 0), 12, min(schema.get("maxLength", 99), 2000)))
        return "".join(self._chance.choices("abc éèœß-'’.,\n42Ωж日😀", k=length))

    def _matching(self, pattern):
        """Return some strings of a pattern."""
        if pattern not in self._patterns:
            found = self._patterns[pattern] = []

            @settings(
                max_examples=15,
                database=None,
                derandomize=True,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(st.from_regex(pattern, fullmatch=True))
            def take(text):
                found.append(text)

            take()
        return self._patterns[pattern]

    def _spoil(self, made):
        """Make something of a request wrong, or just unusual."""
        how = self._chance.randrange(8)
        if how == 0:
            made.query.append((self._odd_text(), self._odd_text()))
        elif how == 1 and made.query:
            name, _ = self._chance.choice(made.query)
            made.query.append((name, self._odd_text()))
        elif how == 2:
            names = (
                "Accept",
                "Accept-Language",
                "Content-Type",
                "Authorization",
                "If-Match",
                "Idempotency-Key",
            )
            # A header holds bytes, one character each.
            made.headers[self._chance.choice(names)] = self._odd_text().encode().decode("latin-1")
        elif how == 3 and made.headers:
            del made.headers[self._chance.choice(list(made.headers))]
        elif how == 4:
            made.raw = made.raw[: self._chance.randrange(len(made.raw) + 1)]
        elif how == 5:
            place = self._chance.randrange(len(made.raw) + 1)
            made.raw = made.raw[:place] + self._chance.randbytes(self._chance.randrange(4)) + made.raw[place:]
        elif how == 6:
            made.headers["Accept"] = "application/geo+json"
        else:
            made.raw = json.dumps(self._chance.choice(ODD_VALUES)).encode()

    def _spoil_value(self, value):
        """Put something odd somewhere into a body."""
        inner = [each for each in _within(value) if each]
        if not inner:
            return
        chosen = self._chance.choice(inner)
        place = self._chance.choice(list(chosen)) if isinstance(chosen, dict) else 0
        odd = self._odd_text() if self._chance.random() < 0.5 else deepcopy(self._chance.choice(ODD_VALUES))
        how = self._chance.randrange(3)
        if how == 0:
            chosen[place] = odd
        elif how == 1:
            del chosen[place]
        elif isinstance(chosen, dict):
            chosen[self._odd_text() or "more"] = odd
        else:
            chosen.append(odd)

    def _odd_text(self):
        return self._chance.choice(ODD_TEXTS)

    @staticmethod
    def _many(value):
        return value if isinstance(value, list) else [value]

    def _take(self, name, value):
        if isinstance(value, dict):
            if value.get("kind") in ("need", "offer"):
                self.know(value["kind"], value["id"])
            for each, inner in value.items():
                self._take(each, inner)
        elif isinstance(value, list):
            for inner in value[:20]:
                self._take(name, inner)
        elif isinstance(value, str):
            self.know({"next": "cursor"}.get(name, name), value)


def _surely(schema):
    """Return the schema of a member that is to be there: without its null."""
    return schema.get("anyOf", [schema])[0]


def _within(value):
    """Yield the objects and arrays of a body."""
    if isinstance(value, dict | list):
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _within(inner)
