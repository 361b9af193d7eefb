"""The part of JSON Schema that the document uses: whether a value fits, and values that do not."""
import datetime
import decimal
import math
import re
import uuid

KNOWN = {"type", "properties", "required", "additionalProperties", "items", "enum", "anyOf", "$ref", "minimum", "maximum",
         "minLength", "maxLength", "minItems", "maxItems", "pattern", "format", "multipleOf", "propertyNames", "maxProperties",
         "description", "examples", "default"}
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TYPES = {"null": lambda v: v is None, "boolean": lambda v: isinstance(v, bool), "string": lambda v: isinstance(v, str),
         "integer": lambda v: isinstance(v, int) and not isinstance(v, bool), "array": lambda v: isinstance(v, list),
         "number": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool), "object": lambda v: isinstance(v, dict)}


def is_date(text):
    try:
        return str(datetime.date.fromisoformat(text)) == text
    except ValueError:
        return False


FORMATS = {"uuid": lambda t: bool(UUID.fullmatch(t)), "date": is_date,
           "date-time": lambda t: bool(TIMESTAMP.fullmatch(t)) and is_date(t[:10]),
           "email": lambda t: "@" in t, "uri": lambda t: "://" in t, "uri-reference": lambda t: " " not in t}


def resolve(schema, document):
    while "$ref" in schema:
        at = document
        for step in schema["$ref"].removeprefix("#/").split("/"):
            at = at[step]
        schema = at
    return schema


def faults(value, schema, document, at=""):
    """[(pointer, what is wrong)]; empty where the value fits."""
    schema = resolve(schema, document)
    if unknown := set(schema) - KNOWN:
        return [(at, f"schema.py does not know {sorted(unknown)}")]
    if "anyOf" in schema:
        tried = [faults(value, one, document, at) for one in schema["anyOf"]]
        return [] if [] in tried else min(tried, key=len)
    if "type" in schema:
        allowed = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        if not any(TYPES[one](value) for one in allowed):
            return [(at, f"is {value!r}, no {allowed}")]
    found = []
    if "enum" in schema and value not in schema["enum"]:
        found.append((at, f"{value!r} is none of {schema['enum']}"))
    if isinstance(value, str):
        found += text_faults(value, schema, at)
    elif isinstance(value, dict):
        found += object_faults(value, schema, document, at)
    elif isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", math.inf):
            found.append((at, f"has {len(value)} items"))
        for i, one in enumerate(value):
            found += faults(one, schema.get("items", {}), document, f"{at}/{i}")
    elif TYPES["number"](value):
        found += number_faults(value, schema, at)
    return found


def number_faults(value, schema, at):
    if not schema.get("minimum", -math.inf) <= value <= schema.get("maximum", math.inf):
        yield at, f"{value} is out of range"
    if schema.get("format") == "int64" and not -2 ** 63 <= value < 2 ** 63:
        yield at, f"{value} does not fit 64 bits"
    if "multipleOf" in schema and decimal.Decimal(str(value)) % decimal.Decimal(str(schema["multipleOf"])):
        yield at, f"{value} is no multiple of {schema['multipleOf']}"


def matches(value, pattern):
    """As ECMA 262 has it, where $ is the end and not also the place before a line break at the end."""
    return re.search(re.sub(r"\$$", r"\\Z", pattern), value) is not None


def text_faults(value, schema, at):
    if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", math.inf):
        yield at, f"has {len(value)} characters"
    if "pattern" in schema and not matches(value, schema["pattern"]):
        yield at, f"{value!r} does not match {schema['pattern']}"
    if "format" in schema and not FORMATS[schema["format"]](value):
        yield at, f"{value!r} is no {schema['format']}"


def object_faults(value, schema, document, at):
    properties, rest = schema.get("properties", {}), schema.get("additionalProperties", True)
    for name in schema.get("required", []):
        if name not in value:
            yield at + "/" + name, "is missing"
    if len(value) > schema.get("maxProperties", math.inf):
        yield at, f"has {len(value)} members"
    for name, one in value.items():
        where = at + "/" + name
        for _, fault in faults(name, schema.get("propertyNames", {}), document):
            yield where, "its name " + fault
        if name in properties:
            yield from faults(one, properties[name], document, where)
        elif rest is False:
            yield where, "is not in the schema"
        elif rest is not True:
            yield from faults(one, rest, document, where)


# ---------------------------------------------------------------------------------------- values that do not fit

def misfits(name, schema, document):
    """(what, value) for one field: each must be refused with the field's pointer, or one below it."""
    schema = resolve(schema, document)
    parts = [resolve(one, document) for one in schema.get("anyOf", [schema])]
    kinds = {one.get("type") for one in parts}
    for kind, value in (("null", None), ("boolean", True), ("number", 12.5), ("string", "a string"), ("array", [[]]), ("object", {"a": 1})):
        if kind not in kinds and not (kind == "number" and "integer" in kinds):
            yield f"a {kind}", value
    if "integer" in kinds:
        yield "a fraction", 1.5
        yield "more than 64 bits", 10 ** 30
    for one in parts:
        if one.get("type") == "string":
            yield from text_misfits(name, one)
        elif one.get("type") in ("integer", "number"):
            for what, limit, step in (("too small", "minimum", -1), ("too large", "maximum", 1)):
                if limit in one:
                    yield what, one[limit] + step
            if "multipleOf" in one:
                yield "too precise", one.get("minimum", 0) + one["multipleOf"] / 10
        elif one.get("type") == "array":
            if one.get("minItems", 0) > 0:
                yield "too few", []
            if "maxItems" in one:
                yield "too many", [sample_item(one["items"], i, document) for i in range(one["maxItems"] + 1)]
            for what, value in misfits(name, one["items"], document):
                yield "an element: " + what, [value]
        elif one.get("type") == "object":
            yield "an unknown field within", {"no_such_field": 1}


def text_misfits(name, schema):
    if "maxLength" in schema:
        yield "too long", "a" * (schema["maxLength"] + 1)
        yield "too long, beyond ASCII", "\u00e9" * (schema["maxLength"] + 1)
    if schema.get("minLength", 0) > 0:
        yield "empty", ""
        if {"pattern", "format", "enum"} & set(schema):
            yield "blank", " " * schema["minLength"]
        yield "too short", "a" * (schema["minLength"] - 1)
    if "enum" in schema:
        yield "of no such value", "Nonsense"
        yield "in other letters", schema["enum"][-1].swapcase()
    if "maxLength" in schema or "format" in schema or "enum" in schema:
        for code in (0, 1, 7, 0x1b, 0x7f):
            yield f"with the control character {code:#04x}", f"a{chr(code)}b"
    if "format" in schema:
        garbage = {"uuid": ["x", "0" * 36, "01a20307-c171-7000-aa6a-630eb05961cg", "01a20307c1717000aa6a630eb05961c6"],
                   "date": ["2026-02-30", "2026-13-01", "2026-1-1", "yesterday", "2026-03-02T00:00:00.000Z", "0000-00-00"],
                   "date-time": ["2026-02-30T00:00:00.000Z", "2026-03-02", "2026-03-02T25:00:00.000Z", "now", "1777777777"],
                   "email": ["nobody", "@example.com", "a@", "a@b@c.de", "a b@example.com", "a@example..com"],
                   "uri": ["nowhere", "http://hooks.example.com/a", "ftp://hooks.example.com", "https://", "https:///nothing",
                           "https://user@hooks.example.com/", "https://hooks.example.com/#a", "https://hooks.example.com/a b",
                           "javascript:alert(1)//"]}
        for value in garbage.get(schema["format"], []):
            yield f"no {schema['format']}: {value}", value
    for value in ("?" * max(1, schema.get("minLength", 1)), "A" * schema.get("maxLength", 1)):
        if "pattern" in schema and not matches(value, schema["pattern"]):
            yield "not of the pattern", value


def sample_item(schema, i, document):
    schema = resolve(schema, document)
    if schema.get("type") == "object":
        return {name: sample_item(one, i, document) for name, one in schema.get("properties", {}).items() if name in schema["required"]}
    if schema.get("format") == "uuid":
        return str(uuid.UUID(int=i + 1))
    return schema["enum"][0] if "enum" in schema else f"s{i}"[: schema.get("maxLength", 99)]
