"""Every operation x everybody with every credential x one's own, another organization's and a random id, in path, query,
body and batch, held against policy.json. What may be done is done dry; what may not is tried for good, and must write
nothing. Another organization's id is answered as a random one is, to the byte."""
import collections
import re
import unittest

import server
from catalogue import good_body, operations_of
from policy import (NAMES, RULES, Caller, about, bound_of, code_of, guarded, refusal, role_of_document, scope_of,
                    scope_of_document, told)
from world import ROLES, Person, World, invite, random_id

KEYS = (("read key", {"scopes": ["read"]}, "read", "all"), ("write key", {"scopes": ["write"]}, "write", "all"),
        ("admin key", {"scopes": ["admin"]}, "admin", "all"), ("key of the project", {"scopes": ["*"]}, "admin", "here"),
        ("read key of the project", {"scopes": ["read"]}, "read", "here"), ("key of another project", {"scopes": ["*"]}, "admin", "elsewhere"),
        ("key of another organization", {"scopes": ["*"]}, "admin", "abroad"))


class Isolation(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = server.Server("isolation").start()
        cls.world = World(cls.server)
        cls.people, cls.tried = dict(cls.world.people), collections.Counter()
        owner, outsider = cls.people["Owner"], cls.people["outsider"]
        ask = owner.client
        # What a Reporter has no part in: a project of the organization with a ticket and its comment.
        ticket = ask.post(f"/api/v1/projects/{cls.world.closed_project}/tickets", {"title": "Closed"})["id"]
        comment = ask.post(f"/api/v1/tickets/{ticket}/comments", {"body": "Closed"})["id"]
        cls.closed = {"project_id": cls.world.closed_project, "ticket_id": ticket, "comment_id": comment}
        cls.other_closed = outsider.client.post("/api/v1/projects", {"org_id": cls.world.foreign["org_id"], "key": "BBBC", "name": "Closed"})["id"]
        cls.operations = operations_of(cls.server.operations())
        stranger = cls.people["stranger"] = Person(cls.server, "stranger@example.com", "Sten Stranger")
        stranger.key_id = stranger.client.post("/api/v1/api-keys", {"name": "a key", "scopes": ["read"]})["id"]
        cls.codes = {name: invite(outsider, cls.world.foreign["org_id"], who.email, "Viewer")["invite_code"]
                     for name, who in cls.people.items() if name != "outsider"}
        cls.codes["outsider"] = invite(owner, cls.world.ids["org_id"], outsider.email, "Viewer")["invite_code"]
        cls.callers = [one for name in cls.people for one in cls.callers_of(name)]
        cls.head = cls.server.head()

    @classmethod
    def callers_of(cls, name):
        """Somebody with each of his credentials: the first with that of his session."""
        person, a, b = cls.people[name], cls.world.ids, cls.world.foreign
        mine, theirs = (a, b) if name in ROLES else (b, a)
        role = {"outsider": "Owner", "stranger": None}.get(name, name)
        ids = dict(mine, api_key_id=person.key_id, invite_code=cls.codes[name])
        theirs = dict(theirs, api_key_id=cls.people["Owner" if name != "Owner" else "Admin"].key_id)
        theirs["user_id"] = cls.people["outsider" if name != "outsider" else "Owner"].id
        yield Caller(name, person, role, ids, theirs, person.client)
        spare = ids["spares"]["delete_project"][ids["project_id"]]
        other = cls.world.closed_project if name in ROLES else cls.other_closed
        bounds = {"all": {}, "here": {"project_ids": [ids["project_id"], spare]}, "elsewhere": {"project_ids": [other]},
                  "abroad": {"org_id": person.client.get("/api/v1/auth/me")["orgs"][-1]["org_id"]}}
        for what, body, scope, reach in KEYS:
            if role or reach not in ("here", "elsewhere"):
                key = person.client.post("/api/v1/api-keys", dict(body, name=what, **bounds[reach]))["key"]
                yield Caller(f"{name}'s {what}", person, role, ids, theirs, cls.server.client(key), scope, reach, True)

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        print(f"\ntried: {sum(cls.tried.values())}, of which {dict(cls.tried)}")

    def tearDown(self):
        self.assertEqual(self.server.head(), type(self).head, "something was written")

    # ------------------------------------------------------------------------------------ how a call is made

    def ask(self, op, who, ids, *, query="", body=Ellipsis, dry=False):
        self.tried[self._testMethodName] += 1
        query = "&".join(part for part in (query, "dry_run=true" if dry and op.writes else "") if part)
        return who.client.ask(op.method, op.url(ids, query), good_body(op, ids) if body is Ellipsis else body)

    def at_home(self, who):
        """Whether the organization of his ids is there at all for him."""
        return who.role is not None and who.reach != "abroad"

    def org_query(self, op, ids):
        """The call's query where that says which organization is meant."""
        return f"org_id={ids['org_id']}" if about(op) == "query" else ""

    def matrix(self):
        for op in guarded(self.operations):
            for who in self.callers:
                yield op, who, refusal(op, who)

    def refused(self, answer, expected):
        status, code = expected
        self.assertEqual(answer.status, status, answer)
        if code:
            self.assertEqual(code_of(answer), code, answer)

    def without_scope(self, expected):
        """The refusal of a credential that lacks the scope, or is a key that may not do it at all: they come first."""
        return expected if expected and expected[1] in ("scope_missing", "key_not_allowed") else None

    def one(self, a, b, foreign, random):
        """Two answers are the same, but for the ids that were asked for."""
        self.assertEqual(told(a, foreign), told(b, random))
        return a

    # ------------------------------------------------------------------------------------ the table itself

    def test_every_operation_has_a_policy(self):
        here = {op.id for op in self.operations}
        self.assertEqual(here - set(RULES), set(), "operations without a line in policy.json")
        self.assertEqual(set(RULES) - here, set(), "lines of policy.json without an operation")
        for op in self.operations:
            with self.subTest(op=op.id):
                self.assertEqual(op.is_open, about(op) == "open")
                self.assertEqual((set(op.path_names) | set(op.query_names())) - set(NAMES), set(), "not among _names of policy.json")

    def test_the_document_names_the_same_roles_and_scopes(self):
        for op in guarded(self.operations):
            with self.subTest(op=op.id):
                self.assertEqual(scope_of_document(op), scope_of(op))
                self.assertEqual(role_of_document(op), RULES[op.id].get("least", "Viewer"))
                self.assertEqual(op.row["x-alloy-bound-keys"], bound_of(op))

    # ------------------------------------------------------------------------------------ one's own

    def test_own(self):
        for op, who, expected in self.matrix():
            if who.role is None and (about(op) not in ("self", "key", "code") or op.id == "create_api_key"):
                continue  # what it names is nothing of his own; as another's it is tried below
            if who.scope == "write" and who.role in RULES[op.id].get("scope_admin", ()):
                expected = 403, "scope_missing"  # what another one said or did takes an Admin
            with self.subTest(op=op.id, who=who, expected=expected):
                answer = self.ask(op, who, who.ids, query=self.org_query(op, who.ids), dry=expected is None)
                if expected:
                    self.refused(answer, expected)
                elif about(op) == "batch" and not self.at_home(who):
                    self.assertEqual((answer.status, answer.json["succeeded"]), (200, 0), answer)
                else:
                    self.assertEqual(answer.status, op.dry_success, answer)
                    self.assertTrue(not op.writes or "events" in answer.json, answer)

    def test_reporter_in_a_closed_project(self):
        for who in self.callers:
            if who.role != "Reporter" or who.reach != "all":
                continue
            for op in guarded(self.operations):
                if about(op) != "path" or op.path_names[0] not in self.closed:
                    continue
                with self.subTest(op=op.id, who=who):
                    answer = self.ask(op, who, dict(who.ids, **self.closed))
                    self.assertEqual(answer.status, 403 if op.writes else op.success, answer)
                    if RULES[op.id].get("closed") and who.scope != "read":
                        self.assertEqual(answer.code, "project_not_allowed")

    def test_nothing_of_others_is_read(self):
        secret = {True: self.secrets(self.world.foreign, "outsider"), False: self.secrets(self.world.ids, "Owner")}
        for op, who, expected in self.matrix():
            if op.method == "GET" and expected is None and who.role:
                for query in {self.org_query(op, who.ids), ""}:
                    answer = self.ask(op, who, who.ids, query=query)
                    with self.subTest(op=op.id, who=who, query=query):
                        found = [one for one in secret[who.person.name != "Otto Outsider"] if one.encode() in answer.body]
                        self.assertEqual(found, [])

    def secrets(self, ids, person):
        """Ids that nobody of another organization is to read, and names of what belongs to them."""
        plain = {v for k, v in ids.items() if k.endswith("_id") and k not in ("user_id", "api_key_id")}
        return plain | {self.people[person].id, {"outsider": "BBB-1", "Owner": "AAA-1"}[person]}

    def test_key_of_a_project_reads_no_other(self):
        """In no answer to a key that is bound to a project is there anything of another one."""
        others = {self.world.closed_project, "CLOSED"} | set(self.closed.values())
        for op, who, expected in self.matrix():
            if who.reach == "here" and who.role and who.person.name != "Otto Outsider" and op.method == "GET" and expected is None \
                    and op.id not in ("list_api_keys",):
                answer = self.ask(op, who, who.ids, query=self.org_query(op, who.ids))
                with self.subTest(op=op.id, who=who):
                    self.assertEqual([one for one in others if one.encode() in answer.body], [])

    # ------------------------------------------------------------------------------------ others' in a path

    def test_foreign_in_paths(self):
        """In each place alone, and in all at once."""
        for op, who, expected in self.matrix():
            if about(op) == "code":
                continue  # who holds the code may see that it is one
            named = [name for name in op.path_names if NAMES[name]]
            for places in [[name] for name in named] + ([named] if len(named) > 1 else []):
                with self.subTest(op=op.id, who=who, places=places):
                    self.foreign_in_path(op, who, expected, places)

    def foreign_in_path(self, op, who, expected, places):
        foreign, random = dict(who.ids), dict(who.ids)
        for name in places:
            foreign[name] = who.theirs[name].zfill(12) if name == "position" else who.theirs[name]
            random[name] = "9" * 12 if name == "position" else random_id()
        a, b = self.ask(op, who, foreign), self.ask(op, who, random)
        texts = []
        for answer, ids in ((a, foreign), (b, random)):
            for name in places:  # a few digits are in many an id, too
                where = f"events/{ids[name]}/" if name == "position" else ids[name]
                answer.body = answer.body.replace(where.encode(), b"I" * len(where))
            texts.append(told(answer, "\n"))
        self.assertEqual(*texts)
        if "org_id" in places or RULES[op.id].get("subject", op.path_names[0]) in places or "entity_id" in places:
            self.refused(a, self.without_scope(expected) or (404, "not_found"))
        else:
            self.refused(a, refusal(op, who, there=False) or (404, "not_found"))

    def test_names_of_others_lead_nowhere(self):
        """Slugs, keys and references of another organization."""
        for op, who, expected in self.matrix():
            if who.role is None or who.person.name == "Otto Outsider":
                continue
            for name, theirs, nobodys in (("org_id", "org-b", "org-x"), ("project_id", "BBB", "BBX"), ("ticket_id", "BBB-1", "BBX-1"), ("entity_id", "BBB-1", "BBX-1")):
                if name in op.path_names:
                    with self.subTest(op=op.id, who=who, name=name):
                        answer = self.one(*(self.ask(op, who, dict(who.ids, **{name: one})) for one in (theirs, nobodys)), theirs, nobodys)
                        self.refused(answer, self.without_scope(expected) or (404, "not_found"))

    # ------------------------------------------------------------------------------------ others' in a query

    def test_foreign_in_queries(self):
        met = set()
        for op, who, expected in self.matrix():
            for name in op.query_names():
                if not NAMES.get(name):
                    continue
                met.add(name)
                foreign, random = who.theirs[NAMES[name]], random_id()
                home = self.org_query(op, who.ids) if who.role and name != "org_id" else ""
                answers = [self.ask(op, who, who.ids, query="&".join(p for p in (home, f"{name}={one}") if p)) for one in (foreign, random)]
                with self.subTest(op=op.id, who=who, name=name):
                    answer = self.one(*answers, foreign, random)
                    if name == "org_id":
                        self.refused(answer, self.without_scope(expected) or (404, "not_found"))
                    elif expected and (home or about(op) != "query"):
                        self.refused(answer, expected)
                    elif name in ("label", "project_id", "sprint_id", "ticket_id"):  # which may be a typo; of people there are former ones
                        self.assertEqual((answer.status, answer.faults), (422, {"/" + name: "not_found"}))
                    else:
                        self.assertEqual((answer.status, answer.json.get("items", answer.json.get("groups"))), (200, []))
        self.assertLessEqual({"org_id", "project_id", "sprint_id", "label", "assignee_id", "reporter_id"}, met)

    # ------------------------------------------------------------------------------------ others' in a body

    def id_fields(self, op):
        """(name, whether it is a list) of a body's fields that name something."""
        for name, one in op.fields.items():
            parts = [op.resolve(p) for p in one.get("anyOf", [one])]
            lists = [p for p in parts if p.get("type") == "array"]
            is_id = any(p.get("format") == "uuid" for p in parts + [op.resolve(p["items"]) for p in lists])
            if name != "id" and all(p.get("type") != "integer" for p in parts) and (is_id or NAMES.get(name)):
                self.assertTrue(NAMES.get(name), f"policy.json does not say what {name} of {op.id} names")
                yield name, bool(lists)

    def test_foreign_in_bodies(self):
        for op, who, expected in self.matrix():
            for name, is_list in self.id_fields(op):
                if name == RULES[op.id].get("batch"):
                    continue  # tried below
                foreign, random = who.theirs[NAMES[name]], random_id()
                good = good_body(op, who.ids)
                bodies = [dict(good, **{name: [one] if is_list else one}) for one in (foreign, random)]
                with self.subTest(op=op.id, who=who, name=name):
                    answer = self.one(*(self.ask(op, who, who.ids, body=body) for body in bodies), foreign, random)
                    if about(op) == "body" and name == "org_id":
                        self.refused(answer, self.without_scope(expected) or (422, "not_found"))
                    elif op.id == "update_ticket" and name == "project_id" and who.reach == "here":  # to no project but its own
                        self.refused(answer, expected or (403, "project_not_allowed"))
                    else:
                        self.refused(answer, expected or (422, None))

    def test_foreign_as_new_ids(self):
        """A new thing may have the id that another organization's has: nobody learns that it is taken there (but of the few kinds whose ids are
        unique on the whole server, see trust_webhooks.py)."""
        for op, who, expected in self.matrix():
            named = op.path.rsplit("/", 1)[1][:-1] + "_id"
            if "id" not in op.fields or expected or named not in who.theirs or RULES[op.id].get("known_ids"):
                continue
            with self.subTest(op=op.id, who=who):
                for one in (who.theirs[named], random_id()):
                    answer = self.ask(op, who, who.ids, body=dict(good_body(op, who.ids), id=one), dry=True)
                    self.assertEqual((answer.status, answer.json["id"]), (201, one), answer)

    # ------------------------------------------------------------------------------------ others' in a batch

    def test_foreign_in_batches(self):
        for op, who, expected in self.matrix():
            if about(op) != "batch":
                continue
            field = RULES[op.id]["batch"]
            what = NAMES.get(field) or "ticket_id"
            own, foreign, random = who.ids[what], who.theirs[what], random_id()
            body = good_body(op, who.ids)
            for before, behind in (([], []), ([own], []), ([], [own]), ([random_id()], [own])):
                for atomic in (False, True):
                    with self.subTest(op=op.id, who=who, before=before, behind=behind, atomic=atomic):
                        answers = [self.ask(op, who, who.ids, body=dict(body, **{field: before + [one] + behind}, atomic=atomic), dry=True)
                                   for one in (foreign, random)]
                        for one in answers:
                            one.body = re.sub(rb'(?<=ted_at":")[^"]*', lambda time: b"0" * len(time[0]), one.body)
                        self.batch(self.one(*answers, foreign, random), who, before + [None] + behind, expected, atomic, own, field)

    def batch(self, answer, who, asked, expected, atomic, own, field):
        """`asked`: the ids of the batch, None where another's stood."""
        if self.without_scope(expected):
            return self.refused(answer, expected)
        absent = [i for i, one in enumerate(asked) if one != own or not self.at_home(who)]
        if atomic:
            self.assertEqual(answer.status, 422, answer)
            return self.assertLessEqual({f"/{field}/{i}" for i in absent}, set(answer.faults))
        self.assertEqual(answer.status, 200, answer)
        results = answer.json["results"]
        self.assertEqual({(results[i]["status"], results[i]["error"]["code"]) for i in absent}, {(404, "not_found")})
        if own in asked and self.at_home(who):
            result = results[asked.index(own)]
            self.assertEqual((result["status"], result.get("error", {}).get("code")), expected or (200, None))
            self.assertEqual(answer.json["succeeded"], 0 if expected else 1)
        return None


if __name__ == "__main__":
    server.main()
