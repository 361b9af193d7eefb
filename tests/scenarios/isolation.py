"""Every operation x every role and an outsider x one's own, another organization's and a random id, held against
policy.json. What may be done is done dry; what may not is tried for good, and must write nothing."""
import json
import pathlib
import re
import unittest

import server
from catalogue import good_body, operations_of
from world import ROLES, World, invite, random_id

POLICY = json.loads((pathlib.Path(__file__).parent / "policy.json").read_text())
POLICY.pop("_")
VARYING = {"date", "x-request-id", "ratelimit"}


def may(rule, role):
    return ROLES.index(role) <= ROLES.index(rule["least"]) and role not in rule.get("refused", {})


class Isolation(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = server.Server("isolation").start()
        cls.world = World(cls.server)
        cls.people = cls.world.people
        owner = cls.people["Owner"]
        ask = owner.client
        # What a Reporter has no part in: a project of the organization with a ticket and its comment.
        ticket = ask.post(f"/api/v1/projects/{cls.world.closed_project}/tickets", {"title": "Closed"})["id"]
        comment = ask.post(f"/api/v1/tickets/{ticket}/comments", {"body": "Closed"})["id"]
        cls.closed = {"project_id": cls.world.closed_project, "ticket_id": ticket, "comment_id": comment}
        cls.operations = operations_of(cls.server.operations())
        cls.codes = {}
        for name, who in cls.people.items():
            if name != "outsider":
                cls.codes[name] = invite(cls.people["outsider"], cls.world.foreign["org_id"], who.email, "Viewer")["invite_code"]
        cls.codes["outsider"] = invite(owner, cls.world.ids["org_id"], cls.people["outsider"].email, "Viewer")["invite_code"]
        cls.head = cls.server.head()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def tearDown(self):
        self.assertEqual(self.server.head(), type(self).head, "something was written")

    def guarded(self):
        for op in self.operations:
            if op.id in POLICY and POLICY[op.id].get("about") != "open":
                yield op, POLICY[op.id], POLICY[op.id].get("about", "path")

    def ask(self, op, who, ids, *, dry=False, query="", body=Ellipsis):
        query = "&".join(part for part in (query, "dry_run=true" if dry and op.writes else "") if part)
        return who.client.ask(op.method, op.url(ids, query), good_body(op, ids) if body is Ellipsis else body)

    def test_every_operation_has_a_policy(self):
        here = {op.id for op in self.operations}
        self.assertEqual(here - set(POLICY), set(), "operations without a line in policy.json")
        self.assertEqual(set(POLICY) - here, set(), "lines of policy.json without an operation")
        for op in self.operations:
            with self.subTest(op=op.id):
                self.assertEqual(op.is_open, POLICY[op.id].get("about") == "open")

    def test_the_document_names_the_same_roles(self):
        for op, rule, about in self.guarded():
            if about in ("self", "code", "key"):
                continue
            with self.subTest(op=op.id):
                named = re.search(r"role (\w+) or above", op.row["description"])
                self.assertEqual(named[1] if named else "Viewer", rule["least"])

    def in_org(self, op, about, ids):
        """The call's query where that says which organization is meant."""
        return f"org_id={ids['org_id']}" if about == "query" else ""

    def test_roles(self):
        for op, rule, about in self.guarded():
            for role in ROLES:
                who, ids = self.people[role], dict(self.world.ids)
                if about == "key":
                    ids["api_key_id"] = who.key_id
                if about == "code":
                    ids["invite_code"] = self.codes[role]
                allowed = about in ("self", "key", "code") or may(rule, role)
                with self.subTest(op=op.id, role=role, allowed=allowed):
                    answer = self.ask(op, who, ids, dry=allowed, query=self.in_org(op, about, ids))
                    if allowed:
                        self.assertEqual(answer.status, op.dry_success, answer)
                    elif about == "body":
                        self.assertEqual((answer.status, answer.faults), (422, {"/org_id": "role_too_low"}), answer)
                    else:
                        self.assertEqual((answer.status, answer.code), (403, "role_too_low"), answer)

    def test_reporter_in_a_closed_project(self):
        reporter = self.people["Reporter"]
        for op, rule, about in self.guarded():
            if about != "path" or op.path_names[0] not in self.closed:
                continue
            with self.subTest(op=op.id):
                answer = self.ask(op, reporter, dict(self.world.ids, **self.closed))
                self.assertEqual(answer.status, 403 if op.writes else op.success, answer)
                if rule.get("closed"):
                    self.assertEqual(answer.code, "project_not_allowed")

    def test_outsider_in_his_own(self):
        outsider, ids = self.people["outsider"], dict(self.world.foreign, api_key_id=self.people["outsider"].key_id)
        ids["invite_code"] = self.codes["outsider"]
        for op, _, about in self.guarded():
            with self.subTest(op=op.id):
                answer = self.ask(op, outsider, ids, dry=True, query=self.in_org(op, about, ids))
                self.assertEqual(answer.status, op.dry_success, answer)

    def same(self, op, who, foreign, random, name, *, bodies=(Ellipsis, Ellipsis), queries=("", ""), base=None):
        """Both are refused, and but for the ids in them the answers are one."""
        base = base or self.world.ids
        ids = {where: dict(base, **({name: one} if name in op.path_names else {})) for where, one in (("foreign", foreign), ("random", random))}
        a = self.ask(op, who, ids["foreign"], body=bodies[0], query=queries[0])
        b = self.ask(op, who, ids["random"], body=bodies[1], query=queries[1])
        self.assertGreaterEqual(a.status, 400, a)
        shown = (lambda one: f"events/{one}/") if name == "position" else str  # a few digits are in many an id, too
        self.assertEqual(self.plain(a, shown(foreign)), self.plain(b, shown(random)))
        return a

    def plain(self, answer, one):
        problem = answer.json
        text = answer.body.replace(problem["request_id"].encode(), b"REQUEST").replace(one.encode(), b"ID")
        headers = {k.lower(): v for k, v in answer.headers.items() if k.lower() not in VARYING}
        headers["content-length"] = str(int(headers["content-length"]) - len(problem["request_id"]))
        return answer.status, headers, text

    def test_foreign_is_as_random(self):
        """Another organization's ids, in every place of a path, for everybody."""
        for op, _, about in self.guarded():
            for name in op.path_names:
                if about == "code" or name in ("entity_type", "key"):
                    continue  # who holds the code may see that it is one; the others are words
                for person in ROLES + ("outsider",):
                    who = self.people[person]
                    mine, theirs = (self.world.ids, self.world.foreign) if person != "outsider" else (self.world.foreign, self.world.ids)
                    foreign = theirs[name]
                    if name == "api_key_id":
                        foreign = self.people["Owner" if person != "Owner" else "Admin"].key_id
                    if name == "user_id" and person != "outsider":
                        foreign = self.people["outsider"].id
                    with self.subTest(op=op.id, name=name, person=person):
                        nowhere = "9" * len(foreign) if name == "position" else random_id()
                        answer = self.same(op, who, foreign, nowhere, name, base=mine)
                        if name in (op.path_names[0], "entity_id"):
                            self.assertEqual(answer.status, 404)

    def test_names_of_others_lead_nowhere(self):
        """Slugs, keys and references of another organization."""
        owner = self.people["Owner"]
        for op, _, about in self.guarded():
            for name, theirs, nobodys in (("org_id", "org-b", "org-x"), ("project_id", "BBB", "BBX"), ("ticket_id", "BBB-1", "BBX-1"), ("entity_id", "BBB-1", "BBX-1")):
                if name in op.path_names:
                    with self.subTest(op=op.id, name=name):
                        self.assertEqual(self.same(op, owner, theirs, nobodys, name).status, 404)

    def test_foreign_in_bodies(self):
        """Ids that a body names: of another organization as of nowhere."""
        owner, foreign = self.people["Owner"], self.world.foreign
        named = {"org_id": foreign["org_id"], "workflow_id": foreign["workflow_id"], "sprint_id": foreign["sprint_id"], "label_id": foreign["label_id"],
                 "labels": foreign["label_id"], "project_id": foreign["project_id"], "project_ids": foreign["project_id"], "assignee_id": self.people["outsider"].id,
                 "reporter_id": self.people["outsider"].id, "user_id": self.people["outsider"].id, "author_id": self.people["outsider"].id,
                 "created_by": self.people["outsider"].id}
        met = set()
        for op, _, _ in self.guarded():
            for name, one in op.fields.items():
                parts = [op.resolve(p) for p in one.get("anyOf", [one])]
                is_list = any(p.get("items", {}).get("format") == "uuid" for p in parts)
                if name == "id" or not (is_list or any(p.get("format") == "uuid" for p in parts)):
                    continue
                self.assertIn(name, named, f"isolation.py knows no foreign value of {op.id}'s {name}")
                met.add(name)
                random = random_id()
                good = good_body(op, self.world.ids)
                if op.id == "create_api_key" and name == "project_ids":
                    good.pop("org_id")
                bodies = [dict(good, **{name: [value] if is_list else value}) for value in (named[name], random)]
                with self.subTest(op=op.id, name=name):
                    self.assertEqual(self.same(op, owner, named[name], random, None, bodies=bodies).status, 422)
        self.assertEqual(met, set(named))

    def test_foreign_in_queries(self):
        owner, foreign = self.people["Owner"], self.world.foreign
        for op, _, about in self.guarded():
            if about == "query":
                random = random_id()
                with self.subTest(op=op.id):
                    self.assertEqual(self.same(op, owner, foreign["org_id"], random, None,
                                               queries=[f"org_id={one}" for one in (foreign["org_id"], random)]).status, 404)
        tickets = f"/api/v1/projects/{self.world.ids['project_id']}/tickets"
        for name, value in (("sprint_id", foreign["sprint_id"]), ("label", foreign["label_id"]), ("assignee_id", self.people["outsider"].id)):
            with self.subTest(name=name):
                self.assertEqual(owner.client.get(f"{tickets}?{name}={value}")["items"], [])

    def test_nothing_of_others_in_lists(self):
        theirs = {v for k, v in self.world.foreign.items() if k not in ("user_id", "invite_code", "entity_type", "key", "position", "spares")} | {self.people["outsider"].id}
        for role in ROLES:
            for op, rule, about in self.guarded():
                if op.method == "GET" and (about != "path" or may(rule, role)):
                    ids = dict(self.world.ids, api_key_id=self.people[role].key_id)
                    answer = self.ask(op, self.people[role], ids)
                    with self.subTest(op=op.id, role=role):
                        self.assertEqual([one for one in theirs if one.encode() in answer.body], [])


if __name__ == "__main__":
    server.main()
