"""No body sets what the server owns: every field that any answer holds and the body's schema does not declare is sent along
with a good body, in other letters, within the body's objects and as a parameter, too. Always 422 with its pointer, and
what was there is there as it was, to the byte."""
import random
import re
import unittest
from urllib.parse import urlencode

import server
from catalogue import good_body, operations_of
from generate import Generator, replaced
from world import World

# Beside what answers hold: what the server keeps to itself, and what opens doors elsewhere.
HIDDEN = {"password_hash": "x", "email_sealed": "x", "secret_sealed": "x", "refresh_hash": "x", "key_hash": "x", "is_admin": True, "is_active": True,
          "tenant": "x", "tenant_id": "x", "owner_id": "x", "deleted_at": None, "$set": {"version": 9}, "__proto__": {"role": "Owner"},
          "constructor": {}, "data": {}, "attributes": {}, "project.id": "x", "project[id]": "x", "/version": 9, "~version": 9}
AT_ONCE = 60  # of a query no more parameters are read than 64, of a body no more faults are told than 100


def properties(schema, document, seen=()):
    """(name, schema) of every field of an answer, at any depth."""
    if "$ref" in schema:
        if schema["$ref"] in seen:
            return
        seen += (schema["$ref"],)
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    for name, one in schema.get("properties", {}).items():
        yield name, one
        yield from properties(one, document, seen)
    for one in schema.get("anyOf", []) + [schema[rest] for rest in ("items", "additionalProperties") if isinstance(schema.get(rest), dict)]:
        yield from properties(one, document, seen)


def other_letters(name):
    camel = re.sub(r"_(.)", lambda m: m[1].upper(), name)
    return {name.upper(), name.capitalize(), camel, camel[0].upper() + camel[1:], name + " ", name.replace("_", "-"), name + "\u200b"} - {name}


def chunks(fields):
    names = list(fields)
    for i in range(0, len(names), AT_ONCE):
        yield {name: fields[name] for name in names[i:i + AT_ONCE]}


def pointer(*steps):
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


class MassAssignment(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = server.Server("mass").start()
        cls.world = World(cls.server)
        cls.ids, document = cls.world.ids, cls.server.operations()
        cls.operations = operations_of(document)
        cls.make = Generator(random.Random(1), document, cls.ids)
        cls.owned = dict(HIDDEN)
        for op in cls.operations:
            for content in (op.answer_content(op.success) or {}).values():
                for name, schema in properties(content["schema"], document):
                    cls.owned.setdefault(name, cls.make.valid(schema, name))

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def ask(self, op, body, query="", **more):
        return self.world.owner.ask(op.method, op.url(self.ids, query), body, token=None if op.is_open else self.world.owner.token, **more)

    def closed(self):
        """Operations whose bodies have declared fields only; the others are dictionaries, in which any name is a key."""
        return [op for op in self.operations if op.body_schema is not None and op.body_schema.get("additionalProperties") is False]

    def state(self, op):
        """What may be read of what the operation is about: bytes and ETag."""
        readers = [one for one in self.operations if one.method == "GET" and not one.is_open and (op.path + "/").startswith(one.path + "/")]
        readers += [one for one in self.operations if one.id == "whoami"]
        answers = [self.world.owner.ask("GET", one.url(self.ids)) for one in readers]
        return [(answer.status, answer.headers.get("ETag"), answer.body) for answer in answers if answer.status != 404]

    def refused(self, op, body, wrong, **more):
        """`wrong`: where the unknown fields are."""
        answer = self.ask(op, body, statuses={422}, **more)
        self.assertEqual(answer.faults, {one: "unknown_field" for one in wrong})

    def test_what_is_known_to_be_owned(self):
        """That names are found in the document at all."""
        self.assertLessEqual({"id", "org_id", "version", "created_at", "updated_at", "reference", "ticket_number", "ticket_counter", "category",
                              "author_id", "secret", "key_prefix", "created_by", "last_used_at", "started_at", "access_token"}, set(self.owned))
        self.assertGreater(len(self.closed()), 20)
        for op in self.operations:
            if op.body_schema is not None and op not in self.closed():
                self.assertIsInstance(op.body_schema["additionalProperties"], dict, f"{op} takes anything")

    def test_every_field(self):
        for op in self.closed():
            declared, good, head, before = op.body_schema["properties"], good_body(op, self.ids), self.server.head(), self.state(op)
            self.assertNotEqual(self.ask(op, good, "dry_run=true").status, 422, "without the field it is a good one")
            unknown = {name: value for name, value in self.owned.items() if name not in declared}
            for name, value in unknown.items():
                with self.subTest(op=op.id, name=name):
                    self.refused(op, dict(good, **{name: value}), [pointer(name)])
            unknown |= {other: value for name, value in (self.owned | good).items() for other in other_letters(name) if other not in declared}
            for some in chunks(unknown):
                with self.subTest(op=op.id, names=some):
                    self.refused(op, dict(some, **good), map(pointer, some))
                if op.method == "PATCH":
                    with self.subTest(op=op.id, names=some, what="as a merge patch"):
                        self.refused(op, dict(good, **some), map(pointer, some), headers={"Content-Type": "application/merge-patch+json"})
            with self.subTest(op=op.id, what="nothing has changed"):
                self.assertEqual(self.server.head(), head)
                self.assertEqual(self.state(op), before)

    def test_within_a_body(self):
        """In the objects that a body holds."""
        met = set()
        for op in self.closed():
            whole, head = self.make.valid(op.body_schema, full=True), self.server.head()
            for at, schema, value in self.make.places(op.body_schema, whole):
                if at and isinstance(value, dict) and self.make.branches(schema)[0].get("additionalProperties") is False:
                    met.add(op.id)
                    for name in [name for name in self.owned if name not in value]:
                        with self.subTest(op=op.id, at=at, name=name):
                            self.refused(op, replaced(whole, at, dict(value, **{name: self.owned[name]})), [pointer(*at, name)])
            self.assertEqual(self.server.head(), head)
        self.assertIn("create_workflow", met)

    def test_as_parameters(self):
        for op in self.operations:
            names = {name: "1" for name in self.owned if name not in op.query_names()}
            head = self.server.head()
            for some in chunks(names):
                with self.subTest(op=op.id, names=some):
                    answer = self.ask(op, good_body(op, self.ids), urlencode(some), statuses={422})
                    self.assertEqual(answer.faults, {"/" + name: "unknown_parameter" for name in some})
            self.assertEqual(self.server.head(), head)


if __name__ == "__main__":
    server.main()
