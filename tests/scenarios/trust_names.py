"""What a name means to somebody who belongs to several organizations: never what a stranger made it mean. A path or a body
that names a thing without its organization, and that two of the caller's organizations have, is 409 `ambiguous` with the
candidates; who says which organization is meant gets what is there, on every operation."""
import os
import subprocess
import unittest

import server
from catalogue import good_body, operations_of
from policy import RULES, about
from workshop import Workshop
from world import PASSWORD, Person, join

LOW = "00000000-0000-7000-8000-%012d"  # sorts before everything that a server makes


class Names(Workshop):
    """Somebody is in the organization `home`; a stranger founds `trap` with a low id, invites them, and makes a project of
    the same key, and even of the same ids, as one of `home`."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.victim = Person(cls.server, "victim@example.com", "Vera Victim")
        cls.stranger = Person(cls.server, "trapper@example.com", "Theo Trapper")
        cls.home, cls.made, cls.entry = cls.furnished(cls.owner_of_home(), "home", None)
        cls.trap, cls.copy, cls.copied_entry = cls.furnished(cls.stranger, "trap", cls.made, LOW % 1)
        join(cls.stranger, cls.trap, cls.victim, "Admin")
        cls.operations = {op.id: op for op in operations_of(cls.server.operations())}
        cls.me = cls.victim.client

    @classmethod
    def owner_of_home(cls):
        return cls.people["Owner"]

    @classmethod
    def furnished(cls, person, slug, like, org_id=None):
        ask = person.client
        org = ask.post("/api/v1/orgs", dict({"name": slug, "slug": slug}, **({"id": org_id} if org_id else {})))["id"]
        if slug == "home":
            join(person, org, cls.victim, "Admin")
        project = ask.post("/api/v1/projects", dict({"org_id": org, "key": "PBB", "name": slug}, **({"id": like["project"]} if like else {})))["id"]
        ticket = ask.post(f"/api/v1/projects/{project}/tickets?org_id={org}", dict({"title": f"of {slug}"}, **({"id": like["ticket"]} if like else {})))
        comment = ask.post(f"/api/v1/tickets/{ticket['id']}/comments?org_id={org}", dict({"body": f"of {slug}"}, **({"id": like["comment"]} if like else {})))["id"]
        entry = cls.victim if slug == "home" else person
        logged = entry.client.post(f"/api/v1/tickets/{ticket['id']}/time-entries?org_id={org}", {"date": "2026-03-02", "minutes": 5})["id"]
        return org, {"project": project, "ticket": ticket["id"], "comment": comment}, logged

    def ambiguous(self, answer, ids=None):
        self.assertEqual((answer.status, answer.code), (409, "ambiguous"), answer)
        self.assertEqual({c["org_id"] for c in answer.json["candidates"]}, {self.home, self.trap})
        self.assertEqual({c["slug"] for c in answer.json["candidates"]}, {"home", "trap"})
        self.assertIn("org_id", answer.json["detail"])
        return answer.json["candidates"]

    def test_a_reference_that_two_organizations_have_is_nobodys_guess(self):
        for method, path, body in (("GET", "tickets/PBB-1", None), ("PATCH", "tickets/PBB-1", {"title": "Mine"}), ("DELETE", "tickets/PBB-1", None),
                                   ("POST", "tickets/PBB-1/comments", {"body": "secret"}), ("GET", "tickets/PBB-1/comments", None),
                                   ("POST", "tickets/PBB-1/time-entries", {"date": "2026-03-02", "minutes": 5}), ("POST", "tickets/PBB-1/transition", {"status": "Done"}),
                                   ("GET", "tickets/PBB-1/activity", None), ("GET", "projects/PBB", None), ("POST", "projects/PBB/tickets", {"title": "secret"}),
                                   ("GET", "projects/PBB/board", None), ("PUT", "tags/ticket/PBB-1", {"a": "b"}), ("GET", "tags/project/PBB", None),
                                   ("GET", "tickets/PBB-1?as_of=" + str(self.server.head()), None), ("GET", "tickets?project_id=PBB", None),
                                   ("GET", "time-entries?ticket_id=PBB-1", None), ("GET", "time-entries?project_id=PBB", None)):
            with self.subTest(method=method, path=path):
                head = self.server.head()
                self.ambiguous(self.me.ask(method, "/api/v1/" + path, body))
                self.assertEqual(self.server.head(), head)
        told = self.ambiguous(self.me.ask("GET", "/api/v1/tickets/PBB-1"))
        self.assertEqual({(c["org_id"], c["id"], c["reference"]) for c in told}, {(self.home, self.made["ticket"], "PBB-1"), (self.trap, self.made["ticket"], "PBB-1")})

    def test_an_id_that_two_organizations_have_is_nobodys_guess(self):
        for kind, path in (("ticket", "tickets"), ("project", "projects"), ("comment", "comments")):
            with self.subTest(kind=kind):
                self.ambiguous(self.me.ask("GET", f"/api/v1/{path}/{self.made[kind]}"))
                self.ambiguous(self.me.ask("PATCH", f"/api/v1/{path}/{self.made[kind]}", {"body": "x"} if kind == "comment" else {}))

    def test_who_says_the_organization_is_answered(self):
        for org, slug in ((self.home, "home"), (self.trap, "trap")):
            for said in (org, slug):
                with self.subTest(said=said):
                    self.assertEqual(self.me.get(f"/api/v1/tickets/PBB-1?org_id={said}")["title"], f"of {slug}")
                    self.assertEqual(self.me.get(f"/api/v1/orgs/{said}/tickets/PBB-1")["title"], f"of {slug}")
                    self.assertEqual(self.me.get(f"/api/v1/orgs/{said}/tickets/{self.made['ticket']}")["title"], f"of {slug}")
                    self.assertEqual(self.me.get(f"/api/v1/projects/PBB?org_id={said}")["org_id"], org)
                    self.assertEqual(self.me.get(f"/api/v1/comments/{self.made['comment']}?org_id={said}")["body"], f"of {slug}")
                    made = self.me.post(f"/api/v1/tickets/PBB-1/comments?org_id={said}", {"body": "said"})
                    self.assertEqual(self.me.get(f"/api/v1/comments/{made['id']}")["body"], "said")
                    self.me.patch(f"/api/v1/tickets/PBB-1?org_id={said}", {"priority": "High"})
                    self.me.must("PUT", f"/api/v1/tags/ticket/PBB-1?org_id={said}", {"of": slug})
                    self.assertEqual(self.me.get(f"/api/v1/tags/ticket/PBB-1?org_id={said}"), {"of": slug})
                    at = self.server.head()
                    self.assertEqual(self.me.get(f"/api/v1/orgs/{said}/tickets/PBB-1?as_of={at}")["title"], f"of {slug}")
            self.assertEqual([t["title"] for t in self.me.get(f"/api/v1/tickets?project_id=PBB&org_id={org}")["items"]], [f"of {slug}"])
        for path in ("tickets/PBB-1?org_id=" + self.ids["org_id"], "tickets/PBB-1?org_id=nowhere", f"orgs/{self.ids['org_id']}/tickets/PBB-1", "orgs/home/tickets/PBB-99",
                     "orgs/nowhere/tickets/PBB-1"):
            with self.subTest(path=path):
                self.assertEqual(self.me.ask("GET", "/api/v1/" + path).status, 404)

    def test_batches_name_things_by_the_same_rule(self):
        changes = {"ticket_ids": ["PBB-1"], "changes": {"priority": "Low"}}
        for path, body in (("tickets/batch", changes), ("tickets/batch-transition", {"ticket_ids": [self.made["ticket"]], "status": "Done"})):
            with self.subTest(path=path):
                result = self.me.post("/api/v1/" + path, body)["results"][0]
                self.assertEqual((result["status"], result["error"]["code"]), (409, "ambiguous"))
                self.assertEqual({c["org_id"] for c in result["error"]["candidates"]}, {self.home, self.trap})
                self.assertEqual(self.me.ask("POST", "/api/v1/" + path, dict(body, atomic=True)).faults, {"/ticket_ids/0": "ambiguous"})
                done = self.me.post(f"/api/v1/{path}?org_id=home&dry_run=true", body)["results"][0]
                self.assertEqual((done["status"], done["ticket"]["title"]), (200, "of home"))
                self.assertEqual(self.me.ask("POST", f"/api/v1/{path}?org_id={self.ids['org_id']}", body).status, 404)
        batch = {"ids": [self.entry], "action": "submit"}
        self.assertEqual(self.me.post("/api/v1/time-entries/batch?org_id=home&dry_run=true", batch)["results"][0]["status"], 200)
        self.assertEqual(self.me.post("/api/v1/time-entries/batch?org_id=trap&dry_run=true", batch)["results"][0]["status"], 404)

    def test_every_operation_that_names_no_organization_lets_one_be_named(self):
        """An organization that is not the caller's is answered as none is."""
        names = {op.id for op in self.operations.values() if "org_id" in op.query_names()}
        for op in self.operations.values():
            if op.is_open or "org_id" in op.path_names or about(op) not in ("path", "batch"):
                continue
            with self.subTest(op=op.id):
                self.assertIn(op.id, names)
                for org in (self.foreign["org_id"], "no-such-slug"):
                    answer = self.owner.ask(op.method, op.url(self.ids, f"org_id={org}"), good_body(op, self.ids))
                    self.assertEqual((answer.status, answer.code), (404, "not_found"), answer)
        self.assertGreater(len(names), 40)

    def test_a_key_that_is_bound_means_what_it_is_bound_to(self):
        bound = self.server.client(self.me.post("/api/v1/api-keys", {"name": "k", "scopes": ["*"], "org_id": self.home})["key"])
        self.assertEqual(bound.get("/api/v1/tickets/PBB-1")["title"], "of home")
        self.assertEqual(bound.get(f"/api/v1/tickets/{self.made['ticket']}")["title"], "of home")
        self.assertEqual(bound.ask("GET", "/api/v1/tickets/PBB-1?org_id=trap").status, 404)
        self.assertEqual(bound.post("/api/v1/tickets/batch?dry_run=true", {"ticket_ids": ["PBB-1"], "changes": {"priority": "Low"}})["results"][0]["status"], 200)
        own = self.me.post("/api/v1/projects", {"org_id": self.home, "key": "ONLY", "name": "Only here"})["id"]
        ticket = self.me.post(f"/api/v1/projects/{own}/tickets", {"title": "Only here"})
        self.stranger.client.post("/api/v1/projects", {"org_id": self.trap, "key": "ONLY", "name": "Trap"})
        narrow = self.server.client(self.me.post("/api/v1/api-keys", {"name": "k", "scopes": ["*"], "project_ids": [own]})["key"])
        self.assertEqual(narrow.get("/api/v1/projects/ONLY")["name"], "Only here")
        self.assertEqual(narrow.get("/api/v1/tickets/ONLY-1")["id"], ticket["id"])
        self.assertEqual([o["org_id"] for o in narrow.get("/api/v1/auth/me")["orgs"]], [self.home])

    def test_a_key_of_a_project_stays_in_the_organization_that_it_was_made_for(self):
        """Even where another one gets a project of the same id, and its user leaves the first."""
        away, own = self.new_org()["id"], None
        join(self.people["Owner"], away, self.victim, "Member")
        own = self.me.post("/api/v1/projects", {"org_id": away, "key": "KEYED", "name": "Keyed"})["id"]
        made = self.me.post("/api/v1/api-keys", {"name": "k", "scopes": ["*"], "project_ids": [own]})
        self.assertEqual(made["org_id"], away)
        narrow = self.server.client(made["key"])
        self.stranger.client.post("/api/v1/projects", {"org_id": self.trap, "id": own, "key": "KEYED", "name": "Trap"})
        self.assertEqual(narrow.post(f"/api/v1/projects/{own}/tickets", {"title": "Mine"})["reference"], "KEYED-1")
        narrow.ask("GET", f"/api/v1/orgs/{self.trap}/members", statuses={404})
        self.refused(422, "POST", "/api/v1/api-keys", {"name": "k", "scopes": ["*"], "project_ids": [own]}, client=self.me)  # two have it now
        self.owner.must("DELETE", f"/api/v1/orgs/{away}/members/{self.victim.id}")
        narrow.ask("POST", f"/api/v1/projects/{own}/tickets", {"title": "secret"}, statuses={404})
        self.stranger.client.must("DELETE", f"/api/v1/projects/{own}?org_id={self.trap}")

    def test_a_sprint_or_label_of_an_id_that_two_have_filters_nothing(self):
        """A filter by an id means one thing, too."""
        sprint = {"name": "S", "start_date": "2026-03-02", "end_date": "2026-03-03"}
        label = {"name": "twin", "color": "#112233"}
        mine = self.me.post(f"/api/v1/projects/{self.made['project']}/sprints?org_id={self.home}", sprint)["id"]
        self.stranger.client.post(f"/api/v1/projects/{self.copy['project']}/sprints", dict(sprint, id=mine))
        word = self.me.post(f"/api/v1/orgs/{self.home}/labels", label)["id"]
        self.stranger.client.post(f"/api/v1/orgs/{self.trap}/labels", dict(label, id=word))
        for query in (f"sprint_id={mine}", f"label={word}"):
            self.ambiguous(self.me.ask("GET", f"/api/v1/tickets?{query}"))
            self.me.get(f"/api/v1/tickets?{query}&org_id={self.home}")

    def test_no_slug_has_the_form_of_an_id(self):
        self.refused(422, "POST", "/api/v1/orgs", {"name": "x", "slug": self.home}, client=self.stranger.client)
        self.refused(422, "PATCH", f"/api/v1/orgs/{self.trap}", {"slug": self.home}, client=self.stranger.client)

    def test_the_default_organization_is_the_one_that_was_joined_first(self):
        """Not the one with the lowest id, which its founder chooses; one's own is it only while there is no other."""
        person = Person(self.server, "joins@example.com", "Jo Joins")
        self.assertEqual(person.client.get("/api/v1/auth/me")["org_id"], person.id)
        first = self.owner.post("/api/v1/orgs", {"name": "First", "slug": "first", "id": "ffffffff-0000-7000-8000-000000000001"})["id"]
        join(self.people["Owner"], first, person, "Member")
        self.assertEqual(person.client.get("/api/v1/auth/me")["org_id"], first)
        second = self.stranger.client.post("/api/v1/orgs", {"name": "Second", "slug": "second", "id": LOW % 2})["id"]
        join(self.stranger, second, person, "Owner")
        me = person.client.get("/api/v1/auth/me")
        self.assertEqual((me["org_id"], [o["org_id"] for o in me["orgs"]]), (first, [first, second, person.id]))
        self.assertEqual(person.client.get("/api/v1/reports/time")["org_id"], first)

    def test_a_users_tags_are_those_of_the_organization_that_was_joined_first(self):
        """A user is the same one everywhere, so this is no ambiguity; but no low id decides it."""
        path = f"/api/v1/tags/user/{self.victim.id}"
        for org in (self.home, self.trap):
            self.me.must("PUT", f"{path}?org_id={org}", {"of": org})
        self.assertEqual(self.me.get(path), {"of": self.home})
        self.assertEqual(self.stranger.client.get(path), {"of": self.trap}, "they share no other")

    def test_tools_and_resources_of_mcp(self):
        def call(method, params):
            answer = self.me.ask("POST", "/mcp", {"jsonrpc": "2.0", "id": 1, "method": method, "params": params},
                                 headers={"Accept": "application/json, text/event-stream"}, statuses={200})
            return answer.json
        refused = call("tools/call", {"name": "get_ticket", "arguments": {"ticket_id": "PBB-1"}})["result"]
        self.assertTrue(refused["isError"])
        self.assertIn('"ambiguous"', refused["content"][0]["text"])
        self.assertIn(self.home, refused["content"][0]["text"])
        for name, arguments in (("get_ticket", {"ticket_id": "PBB-1", "org_id": "home"}), ("get_org_ticket", {"org_id": "home", "reference": "PBB-1"})):
            self.assertEqual(call("tools/call", {"name": name, "arguments": arguments})["result"]["structuredContent"]["title"], "of home")
        for slug in ("home", "trap"):
            for uri, member in ((f"alloy://orgs/{slug}/projects/PBB/tickets/1", "title"), (f"alloy://orgs/{slug}/projects/PBB", None),
                                (f"alloy://orgs/{slug}/projects/PBB/board", None), (f"alloy://orgs/{slug}/projects/PBB/tickets/1/comments", None)):
                with self.subTest(uri=uri):
                    text = call("resources/read", {"uri": uri})["result"]["contents"][0]["text"]
                    self.assertIn("of " + slug if member or "comments" in uri or "board" in uri else slug, text)

    def test_the_terminal_asks_which_is_meant(self):
        config = self.server.folder.parent / "config"
        config.mkdir(exist_ok=True)
        environment = {"PATH": os.environ["PATH"], "HOME": str(config), "XDG_CONFIG_HOME": str(config), "ALLOY_API_URL": f"http://127.0.0.1:{self.server.port}"}

        def alloy(*words, **more):
            return subprocess.run([server.PROGRAM, *words], env=dict(environment, **more), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  timeout=server.PATIENCE_S, check=False)
        token = {"ALLOY_API_TOKEN": self.me.token}
        refused = alloy("ticket", "get", "PBB-1", **token)
        self.assertEqual(refused.returncode, 5, refused)
        for word in ("ambiguous", "home", "trap", "--org"):
            self.assertIn(word, refused.stderr)
        self.assertIn("of trap", alloy("ticket", "get", "PBB-1", "--org", "trap", **token).stdout)
        self.assertIn("of home", alloy("org", "ticket", "home", "PBB-1", **token).stdout)
        done = subprocess.run([server.PROGRAM, "auth", "login", "--email", "victim@example.com", "--password-file", "-"], env=environment,
                              input=PASSWORD + "\n", capture_output=True, text=True, timeout=server.PATIENCE_S, check=False)
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(alloy("org", "use", "home").returncode, 0)
        self.assertIn("of home", alloy("ticket", "get", "PBB-1").stdout)


if __name__ == "__main__":
    server.main()
