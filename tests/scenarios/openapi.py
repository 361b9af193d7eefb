"""The document against the server: linters find no fault in it, everything in it is there and nothing else is, and every
success is answered in the shape that it names."""
import collections
import copy
import json
import os
import pathlib
import re
import subprocess
import unittest

import client
import conformance
import schema
import server
from catalogue import good_body, operations_of
from world import PASSWORD, World, random_id

ROOT = pathlib.Path(__file__).resolve().parents[2]
RULES = pathlib.Path(__file__).with_name("spectral.yaml")
UNDOCUMENTED_IS_FINE = {405, 413, 414, 431}  # of every server: which operation was meant does not matter


def fits(template, words):
    return len(template) == len(words) and all(a == b or a.startswith("{") for a, b in zip(template, words))


class OpenApi(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = server.Server("openapi").start()
        cls.document = cls.server.operations()
        cls.operations = operations_of(cls.document)
        cls.seen, cls.wrong = collections.defaultdict(set), []
        client.observers.append(cls.observe)
        cls.world = World(cls.server)

    @classmethod
    def tearDownClass(cls):
        client.observers.clear()
        cls.server.stop()

    @classmethod
    def match(cls, method, path):
        """The operation of a path; fixed words win over parameters."""
        words = path.split("?")[0].split("/")
        found = [op for op in cls.operations if op.method == method and fits(op.path.split("/"), words)]
        return min(found, key=lambda op: op.path.count("{")) if found else None

    @classmethod
    def observe(cls, method, path, _, answer):
        op = cls.match(method, path)
        if op is None:
            return
        where = f"{method} {path} -> {answer.status}"
        cls.seen[op.id].add(answer.status)
        if answer.status in UNDOCUMENTED_IS_FINE and op.answer_content(answer.status) is None:
            return
        cls.wrong += [(where, fault) for fault in conformance.faults(op, answer)]

    def lint(self, program, *arguments, document=None):
        """Exit code and output of a linter that ops/node_tools installed."""
        linter = ROOT / "build/npm/bin" / program
        self.assertTrue(linter.exists(), "ops/node_tools installs the linters")
        file = self.server.log.parent / "openapi.json"
        file.write_text(json.dumps(document or self.document, indent=1))
        done = subprocess.run([linter, "lint", file, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, env=dict(os.environ, CI="1"), cwd=file.parent, check=False, timeout=server.PATIENCE_S)
        return done.returncode, done.stdout

    def test_redocly(self):
        code, said = self.lint("redocly", "--format=stylish")
        self.assertEqual(code, 0, said)

    def test_spectral(self):
        code, said = self.lint("spectral", "--ruleset", RULES, "--fail-severity=hint", "--format=text")
        self.assertEqual(code, 0, said)

    def test_spectral_finds(self):
        """Each rule of our own, in a document that is broken in all these ways."""
        broken = copy.deepcopy(self.document)
        create = broken["paths"]["/api/v1/projects/{project_id}/tickets"]["post"]
        create.update(operationId="createTicket", parameters=[])
        create["responses"] = {"201": {"description": "Created", "headers": {}}}
        broken["components"]["schemas"]["create_ticket"].pop("additionalProperties")
        broken["components"]["responses"]["NotFound"]["content"] = {"application/json": {}}
        code, said = self.lint("spectral", "--ruleset", RULES, "--format=text", document=broken)
        self.assertEqual(code, 1)
        ours = re.findall(r"^  ([a-z0-9-]+):$", RULES.read_text(), re.MULTILINE)
        self.assertGreater(len(ours), 10)
        self.assertEqual([rule for rule in ours if f" {rule} " not in said], [])

    def test_form(self):
        ids = [op.id for op in self.operations]
        self.assertEqual(len(ids), len(set(ids)))
        self.assertTrue(self.document["openapi"].startswith("3.1"))
        for op in self.operations:
            with self.subTest(op=op.id):
                self.assertTrue(op.row["summary"] and op.row["tags"])
                self.assertEqual(sorted(op.path_names), sorted(w[1:-1] for w in op.path.split("/") if w.startswith("{")))
                self.assertEqual(op.has_header("Idempotency-Key"), op.method == "POST")
                self.assertEqual("dry_run" in op.query_names(), op.writes)
                if op.success == 201:
                    self.assertIn("Location", op.row["responses"]["201"]["headers"])

    def test_everything_in_it_is_there(self):
        for op in self.operations:
            with self.subTest(op=op.id):
                dry = "dry_run=true" if op.writes else ""
                answer = self.world.owner.ask(op.method, op.url(self.world.ids, dry), good_body(op, self.world.ids))
                self.assertNotEqual(answer.status, 405)
                if answer.status == 404:
                    self.assertIn("/{", op.path, "there is no such path")
                    self.assertNotIn("openapi.json lists all", answer.json["detail"])

    def test_nothing_else_is_there(self):
        """What 405 says of a path is what the document has of it; what it has not, answers 404."""
        paths = collections.defaultdict(set)
        for op in self.operations:
            paths[op.path].add(op.method)
            if op.method == "GET":
                paths[op.path].add("HEAD")
        for path, methods in paths.items():
            with self.subTest(path=path):
                url = "/".join(random_id() if word.startswith("{") else word for word in path.split("/"))
                answer = self.world.owner.ask("PROPFIND", url, statuses={405})
                self.assertEqual(set(answer.headers["Allow"].split(", ")), methods)
        words = sorted({word for path in paths for word in path.split("/") if word and not word.startswith("{")} - {"api", "v1"})
        for word in words + ["periods", "exports", "search", "users", "events", "admin", "debug"]:
            for path in (f"/{word}", f"/api/v1/{word}", f"/api/v1/{word}/{random_id()}", f"/api/v1/projects/{random_id()}/{word}"):
                known = any(fits(p.split("/"), path.split("/")) for p in paths)
                with self.subTest(path=path, known=known):
                    answer = self.world.owner.ask("PROPFIND", path, statuses={404, 405})
                    self.assertEqual(answer.status == 405, known)

    def test_zz_answers_fit(self):
        """Last, for it looks back: every operation has answered with success, and everything that was answered fits."""
        me, ids = self.world.owner, dict(self.world.ids)
        session = me.ask("POST", "/api/v1/auth/login", {"email": "admin@example.com", "password": PASSWORD}, token=None).json
        deleting = []
        for op in self.operations:
            if op.id in ("logout", "refresh", "accept_invite", "change_password") or op.method == "DELETE":
                deleting.append(op)
                continue
            me.ask(op.method, op.url(ids), good_body(op, ids), token=None if op.is_open else me.token, statuses={op.success, 409})
        for path in ("/readyz?verbose=true", f"/api/v1/orgs/{ids['org_id']}/members?limit=1", "/api/v1/projects?limit=1",
                     f"/api/v1/reports/capitalization?period=2026-Q1&group_by=project&org_id={ids['org_id']}",
                     f"/api/v1/projects/{ids['project_id']}/tickets?limit=1&status=Backlog"):
            me.ask("GET", path, statuses={200})
        for statuses, method, path, body in (({404}, "GET", "/api/v1/tickets/" + random_id(), None), ({422}, "POST", "/api/v1/orgs", {}),
                                             ({400}, "GET", "/api/v1/orgs?cursor=x", None), ({409}, "POST", "/api/v1/orgs", {"name": "x", "slug": "org-a"})):
            me.ask(method, path, body, statuses=statuses)
        self.world.people["Viewer"].client.ask("POST", f"/api/v1/projects/{ids['project_id']}/tickets", {"title": "x"}, statuses={403})
        ticket = me.ask("GET", f"/api/v1/tickets/{ids['ticket_id']}")
        me.ask("GET", f"/api/v1/tickets/{ids['ticket_id']}", headers={"If-None-Match": ticket.headers["ETag"]}, statuses={304})
        me.ask("PATCH", f"/api/v1/tickets/{ids['ticket_id']}", {"title": "x"}, headers={"If-Match": '"9999"'}, statuses={412})
        fresh = me.post("/api/v1/auth/refresh", {"refresh_token": session["refresh_token"]}, token=None)
        me.ask("POST", "/api/v1/auth/password", {"current_password": PASSWORD, "new_password": PASSWORD + "!"}, token=fresh["access_token"], statuses={204})
        me.ask("POST", "/api/v1/auth/logout", {}, token=fresh["access_token"], statuses={204})
        code = me.post(f"/api/v1/orgs/{ids['org_id']}/invites", {"email": "outsider@example.com", "role": "Viewer"})["invite_code"]
        self.world.outsider.must("POST", f"/api/v1/invites/{code}/accept")
        for op in reversed(deleting):  # what is within something before that itself
            if op.method == "DELETE":
                me.ask("DELETE", op.url(ids), statuses={op.success})
        for op in self.operations:
            with self.subTest(op=op.id):
                self.assertIn(op.success, self.seen[op.id], "no success of it was seen")
        for where, fault in dict(reversed([(f, w) for w, f in self.wrong])).items():
            with self.subTest(fault=where, at=fault):
                self.fail(f"{fault}: {where}")

    def test_docs_page(self):
        page = self.world.owner.ask("GET", "/docs", token=None, statuses={200})
        self.assertIn("Content-Security-Policy", page.headers)
        for op in self.operations:
            self.assertIn(f'id="{op.id}"'.encode(), page.body)


class Checker(unittest.TestCase):
    """The checker itself must find what is wrong."""

    def test_finds(self):
        document = {"components": {"schemas": {"a": {"type": "object", "additionalProperties": False, "required": ["x"],
                                                     "properties": {"x": {"type": "integer", "minimum": 1, "maximum": 3}}}}}}
        ref = {"$ref": "#/components/schemas/a"}
        for value, one, fits in (({"x": 1}, ref, True), ({"x": 0}, ref, False), ({"x": 4}, ref, False), ({}, ref, False), ({"x": 1, "y": 1}, ref, False),
                                 ({"x": True}, ref, False), ({"x": "1"}, ref, False), ([], ref, False), (None, {"anyOf": [ref, {"type": "null"}]}, True),
                                 (1, {"anyOf": [ref, {"type": "null"}]}, False), ("b", {"type": "string", "enum": ["a"]}, False),
                                 ("ab", {"type": "string", "pattern": "^a$"}, False), ("2026-02-30", {"type": "string", "format": "date"}, False),
                                 ("2026-02-28T10:00:00.000Z", {"type": "string", "format": "date-time"}, True),
                                 ("2026-02-28T10:00:00Z", {"type": "string", "format": "date-time"}, False),
                                 ("X1a20307-c171-7000-aa6a-630eb05961c6", {"type": "string", "format": "uuid"}, False),
                                 ([1, "2"], {"type": "array", "items": {"type": "integer"}}, False), ([1], {"type": "array", "minItems": 2}, False),
                                 ({"k": 1}, {"type": "object", "additionalProperties": {"type": "string"}}, False), (1, {"oneOf": []}, False)):
            with self.subTest(value=value, schema=one):
                self.assertEqual(schema.faults(value, one, document) == [], fits)


if __name__ == "__main__":
    server.main()
