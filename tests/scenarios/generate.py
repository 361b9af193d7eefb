"""Values made at random from a schema of the document: such as fit it, such as just fit it, and such as break one rule."""
import copy
import datetime
import math
import re
import string
import uuid

import schema as schemas

try:
    import re._constants as regex
    import re._parser as regex_parser
except ImportError:  # before Python 3.11
    import sre_constants as regex
    import sre_parse as regex_parser

# No letter is special to the server; these have broken other programs.
LETTERS = string.ascii_letters + string.digits + " -_.,'\"\\/<>&%;:()[]{}*?#@!|~`^$+=" + "\u00e9\u00df\u4e2d\u0639\u200b\u202e\U0001f980\ufffd"
LONG, UNLIMITED = 4000, 200  # no text is made longer but to meet a limit exactly; the second: what has no limit of its own
FORMATS = {
    "uuid": lambda dice: str(uuid.UUID(int=dice.getrandbits(128), version=4)),
    "date": lambda dice: str(datetime.date(1970, 1, 1) + datetime.timedelta(days=dice.randrange(40000))),
    "date-time": lambda dice: datetime.datetime.fromtimestamp(dice.randrange(2 ** 32), datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.")
    + f"{dice.randrange(1000):03d}Z",
    "email": lambda dice: f"{word(dice)}.{word(dice)}@{word(dice)}.example",
    "uri": lambda dice: f"https://{word(dice)}.example/{word(dice)}?{word(dice)}=%20",
}


def word(dice):
    return "".join(dice.choice(string.ascii_lowercase) for _ in range(dice.randint(1, 12)))


def text(dice, length):
    """Of a long one the first hundred again and again: what differs there finds nothing and takes its time."""
    some = "".join(dice.choices(LETTERS, k=min(length, 100)))
    return some if length <= 100 else (some * (length // 100 + 1))[:length]


def of_pattern(dice, pattern, longest):
    """A text that a regular expression takes, as long as it has no assertions but ^ and $."""
    def one(op, argument):
        if op is regex.AT:
            return ""
        if op is regex.LITERAL:
            return chr(argument)
        if op is regex.ANY:
            return dice.choice(LETTERS)
        if op is regex.IN:
            return one_of(argument)
        if op is regex.BRANCH:
            return many(dice.choice(argument[1]))
        if op is regex.SUBPATTERN:
            return many(argument[-1])
        if op in (regex.MAX_REPEAT, regex.MIN_REPEAT):
            least, most, what = argument
            return "".join(many(what) for _ in range(dice.randint(least, min(most, max(least, longest)))))
        raise ValueError(f"generate.py cannot make {op} of {pattern}")

    def one_of(members):
        allowed = re.compile(pattern_of(members))
        while not allowed.fullmatch(found := dice.choice(LETTERS if members[0][0] is regex.NEGATE else string.printable)):
            pass
        return found

    def pattern_of(members):
        parts = []
        for op, argument in members:
            parts.append({regex.NEGATE: lambda _: "^", regex.LITERAL: lambda a: re.escape(chr(a)),
                          regex.RANGE: lambda a: re.escape(chr(a[0])) + "-" + re.escape(chr(a[1]))}[op](argument))
        return "[" + "".join(parts) + "]"

    def many(parsed):
        return "".join(one(op, argument) for op, argument in parsed)

    return many(regex_parser.parse(pattern))


class Generator:
    """`dice` is a random.Random; a field that is named as something of `names` is given that value half of the time."""

    def __init__(self, dice, document, names):
        self.dice, self.document, self.names = dice, document, names

    def resolve(self, one):
        one = schemas.resolve(one, self.document)
        if isinstance(one.get("type"), list):
            return {"anyOf": [dict(one, type=kind) for kind in one["type"]]}
        return one

    def fits(self, value, one):
        return schemas.faults(value, one, self.document) == []

    def branches(self, one):
        """What a schema allows, without null."""
        one = self.resolve(one)
        return [part for part in map(self.resolve, one.get("anyOf", [one])) if part.get("type") != "null"]

    # ------------------------------------------------------------------------------------ what fits

    def valid(self, one, name="", full=False):
        """Of an object all fields where `full`, else those that are required and some."""
        one = self.resolve(one)
        if "anyOf" in one:
            nulls = [part for part in one["anyOf"] if part.get("type") == "null"]
            return None if nulls and not full and self.dice.random() < 0.2 else self.valid(self.dice.choice(self.branches(one)), name, full)
        if "enum" in one:
            return self.dice.choice(one["enum"])
        return getattr(self, "valid_" + one.get("type", "anything"))(one, name, full)

    def valid_anything(self, *_):
        return self.dice.choice([None, True, 1, "text", [1, "two"], {"a": {"b": []}}])

    def valid_boolean(self, *_):
        return self.dice.random() < 0.5

    def valid_integer(self, one, *_):
        least, most = one.get("minimum", -2 ** 31), one.get("maximum", 2 ** 31)
        return self.dice.choice([least, most, self.dice.randint(least, most), self.dice.randint(least, min(most, least + 100))])

    def valid_number(self, one, *_):
        step = one.get("multipleOf", 1)
        least, most = (round(one.get(key, other) / step) for key, other in (("minimum", -1000), ("maximum", 1000)))
        return float(f"{self.dice.randint(least, most) * step:.6g}")

    def valid_string(self, one, name, _):
        known = [self.names[key] for key in (name, name + "_id", name[:-1], name[:-1] + "_id") if key in self.names]
        known = [value for value in known if self.fits(value, one)] + one.get("examples", [])
        if known and self.dice.random() < 0.6:
            return self.dice.choice(known)
        for _ in range(200):
            if self.fits(made := self.string(one, self.length(one)), one):
                return made
        raise ValueError(f"generate.py made no text that fits {one}")

    def string(self, one, length):
        if one.get("format") in FORMATS:
            return FORMATS[one["format"]](self.dice)
        plain = text(self.dice, length)
        if "pattern" not in one or self.fits(plain, one):
            return plain
        return of_pattern(self.dice, one["pattern"], length)

    def length(self, one):
        """Mostly short, sometimes as long as may be."""
        least, most = one.get("minLength", 0), min(one.get("maxLength", UNLIMITED), LONG)
        return self.dice.choice([least, self.dice.randint(least, min(most, least + 20)), self.dice.randint(least, min(most, least + 20)),
                                 int(math.exp(self.dice.uniform(math.log(least + 1), math.log(most + 1)))) - 1, most])

    def valid_array(self, one, name, full):
        least = max(one.get("minItems", 0), 1 if full else 0)
        most = min(one.get("maxItems", 5), least + 4)
        return [self.valid(one["items"], name, full) for _ in range(self.dice.randint(least, most))]

    def valid_object(self, one, _, full):
        made = {name: self.valid(field, name, full) for name, field in one.get("properties", {}).items()
                if full or name in one.get("required", []) or self.dice.random() < 0.4}
        if isinstance(rest := one.get("additionalProperties"), dict):
            names = one.get("propertyNames", {"type": "string", "minLength": 1, "maxLength": 20})
            for _ in range(self.dice.randint(1 if full else 0, min(3, one.get("maxProperties", 3)))):
                made[self.valid(names)] = self.valid(rest, full=full)
        return made

    # ------------------------------------------------------------------------------------ what just fits

    def edges(self, one):
        """(what, value): each limit, met exactly."""
        for part in self.branches(one):
            for limit in ("minimum", "maximum"):
                if limit in part:
                    yield limit, part[limit]
            for limit in ("minItems", "maxItems"):
                if limit in part and part[limit] <= 200:
                    yield limit, [self.valid(part["items"]) for _ in range(part[limit])]
            for value in part.get("enum", []):
                yield "enum", value
            for limit in ("minLength", "maxLength"):
                if limit in part and "enum" not in part:
                    yield from ((limit, made) for made in self.of_length(part, part[limit]))
            if part.get("type") == "object":
                yield "only what is required", {n: self.valid(p, n) for n, p in part.get("properties", {}).items() if n in part.get("required", [])}
        if any(part.get("type") == "null" for part in self.resolve(one).get("anyOf", [])):
            yield "null", None

    def of_length(self, one, length):
        """A text of just this length that fits, where one is found."""
        for made in (text(self.dice, length), "a" * length, *(self.string(one, length) for _ in range(20))):
            if len(made) == length and self.fits(made, one):
                yield made
                return

    # ------------------------------------------------------------------------------------ what breaks one rule

    def places(self, one, value, at=()):
        """(path, schema, value) of everything within a value that fits."""
        yield at, one, value
        for part in self.branches(one):
            if isinstance(value, dict) and part.get("type") == "object":
                for name, inner in value.items():
                    field = part.get("properties", {}).get(name, part.get("additionalProperties"))
                    if isinstance(field, dict):
                        yield from self.places(field, inner, at + (name,))
            elif isinstance(value, list) and part.get("type") == "array" and value:
                yield from self.places(part["items"], value[0], at + (0,))

    def broken(self, one):
        """(what, path, value): all of the body is well but for one thing."""
        whole = self.valid(one, full=True)
        for at, part, value in self.places(one, whole):
            for what, bad in self.misfits(at, part, value):
                yield what, at, replaced(whole, at, bad)

    def misfits(self, at, one, value):
        found = list(schemas.misfits(str(at[-1]) if at else "body", one, self.document))
        if isinstance(value, dict):
            part = next(p for p in self.branches(one) if p.get("type") == "object")
            for name in part.get("required", []):
                found.append((f"without {name}", {n: v for n, v in value.items() if n != name}))
            if part.get("additionalProperties") is False:
                for name in ("no_such_field", "", "__proto__", *(n.upper() for n in list(part.get("properties", {}))[:1])):
                    found.append((f"an unknown field {name!r}", dict(value, **{name: 1})))
        return [(what, bad) for what, bad in found if not self.fits(bad, one)]


def replaced(whole, at, value):
    if not at:
        return value
    made = copy.deepcopy(whole)
    inner = made
    for step in at[:-1]:
        inner = inner[step]
    inner[at[-1]] = value
    return made
