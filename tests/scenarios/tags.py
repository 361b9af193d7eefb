"""Tags on everything that can carry them: who may, whose they are, and how they are found."""
import json

import server
from workshop import Workshop
from world import ROLES, join, random_id


class Tags(Workshop):
    def carriers(self, ids):
        return {"project": ids["project_id"], "ticket": ids["ticket_id"], "user": ids["user_id"], "team": ids["team_id"], "time_entry": ids["time_entry_id"]}

    def test_tags(self):
        for kind, one in self.carriers(self.ids).items():
            with self.subTest(kind=kind):
                path = f"/api/v1/tags/{kind}/{one}"
                if kind != "ticket":  # that one has a tag from the beginning
                    self.assertEqual(self.owner.get(path), {})
                before = self.owner.ask("GET", path).headers["ETag"] or '"0"'
                self.refused(412, "PUT", path, {"a": "b"}, headers={"If-Match": '"99"'})
                tags = {"color": "red", "Area_1.x-y": "", "long": "v" * 256}
                answer = self.owner.ask("PUT", path, tags, headers={"If-Match": before}, statuses={200})
                self.assertEqual(answer.json, tags)
                got = self.owner.ask("GET", path, statuses={200})
                self.assertEqual((got.body, got.headers["ETag"]), (answer.body, answer.headers["ETag"]))
                self.owner.ask("GET", path, headers={"If-None-Match": got.headers["ETag"]}, statuses={304})
                self.refused(412, "PUT", path, tags, headers={"If-Match": before})
                head = self.server.head()
                self.assertEqual(self.owner.ask("PUT", path, tags, statuses={200}).headers["ETag"], got.headers["ETag"])
                self.assertEqual(self.server.head(), head, "a set that changes nothing wrote")
                self.owner.must("DELETE", path + "/color", headers={"If-Match": got.headers["ETag"]})
                self.refused(404, "DELETE", path + "/color")
                self.assertEqual(self.owner.get(path), {"Area_1.x-y": "", "long": "v" * 256})
                self.assertEqual(self.server.head(), head + 1)
                self.assertEqual(self.owner.must("PUT", path, {}), {})
                self.assertEqual(self.owner.get(path), {})
        self.assertEqual(self.owner.get(f"/api/v1/tickets/{self.ids['ticket_id']}")["version"], 1, "a tag is no change of what carries it")
        self.owner.must("PUT", f"/api/v1/tags/ticket/{self.ids['ticket_id']}", {"color": "red"})

    def test_tags_that_are_none(self):
        path, head = f"/api/v1/tags/ticket/{self.ids['ticket_id']}", self.server.head()
        for tags, pointer in (({"": "x"}, "/"), ({"a b": "x"}, "/a b"), ({"k" * 65: "x"}, "/" + "k" * 65), ({"a/b": "x"}, "/a~1b"), ({"a": "v" * 257}, "/a"),
                              ({"a": "x\n"}, "/a"), ({"a": 1}, "/a"), ({"a": None}, "/a"), ({"a": {}}, "/a"), ({f"k{i}": "" for i in range(51)}, ""),
                              ({"\u00e9": "x"}, "/\u00e9")):
            with self.subTest(tags=str(tags)[:40]):
                self.assertIn(pointer, self.refused(422, "PUT", path, tags).faults)
        for what in ("PUT", "GET", "DELETE"):
            for kind, one in (("sprint", self.ids["sprint_id"]), ("Ticket", self.ids["ticket_id"]), ("tickets", self.ids["ticket_id"]), ("org", self.org)):
                with self.subTest(what, kind=kind):
                    self.refused(404, what, f"/api/v1/tags/{kind}/{one}" + ("/color" if what == "DELETE" else ""), {} if what == "PUT" else None)
        for query, parameter in (("value=x", "key"), ("key=a%20b", "key"), ("key=a&entity_type=sprint", "entity_type"), ("key=a&org_id=x", "org_id")):
            self.assertIn("/" + parameter, self.refused(422, "GET", "/api/v1/tags?" + query).faults)
        self.assertEqual(self.server.head(), head)

    def test_who_may_tag_what(self):
        least = {"project": "Member", "ticket": "Member", "user": "Admin", "team": "Admin", "time_entry": "Member"}
        for kind, one in self.carriers(self.ids).items():
            for role in ROLES:
                for method in ("GET", "PUT", "DELETE"):
                    path = f"/api/v1/tags/{kind}/{one}" + ("/none" if method == "DELETE" else "")
                    query = "" if method == "GET" else "?dry_run=true"
                    answer = self.people[role].client.ask(method, path + query, {"a": "b"} if method == "PUT" else None)
                    may = method == "GET" or ROLES.index(role) <= ROLES.index(least[kind])
                    if kind == "time_entry" and role != "Owner":
                        may = method == "GET"  # it is the Owner's own
                    with self.subTest(kind=kind, role=role, method=method, may=may):
                        if method == "DELETE" and may:
                            self.assertEqual(answer.status, 404)
                        else:
                            self.assertEqual(answer.status, 200 if may else 403, answer)

    def test_foreign_carriers_are_as_random(self):
        for kind, one in self.carriers(self.foreign).items():
            for method in ("GET", "PUT", "DELETE"):
                answers = []
                for id_ in (one, random_id()):
                    path = f"/api/v1/tags/{kind}/{id_}" + ("/color" if method == "DELETE" else "")
                    answer = self.refused(404, method, path, {"a": "b"} if method == "PUT" else None)
                    answers.append(answer.body.replace(id_.encode(), b"").replace(answer.json["request_id"].encode(), b""))
                with self.subTest(kind=kind, method=method):
                    self.assertEqual(*answers)
        self.assertEqual({t["org_id"] for t in self.owner.all("/api/v1/tags?key=color")}, {self.org})

    def test_names_of_carriers(self):
        key = self.fresh("P")
        project = self.new_project(key=key)
        ticket = self.new_ticket(project)
        for kind, name, one in (("project", key, project), ("ticket", ticket["reference"], ticket["id"])):
            self.owner.must("PUT", f"/api/v1/tags/{kind}/{name}", {"by": "name"})
            self.assertEqual(self.owner.get(f"/api/v1/tags/{kind}/{one}"), {"by": "name"})
            self.owner.must("DELETE", f"/api/v1/tags/{kind}/{name}/by")

    def test_a_users_tags_belong_to_an_organization(self):
        second = self.new_org()["id"]
        person = self.member()
        join(self.people["Owner"], second, person, "Member")
        path = f"/api/v1/tags/user/{person.id}"
        self.assertEqual(self.owner.must("PUT", path, {"where": "default"}), {"where": "default"})
        self.assertEqual(self.owner.get(f"{path}?org_id={second}"), {})
        self.owner.must("PUT", f"{path}?org_id={second}", {"where": "second"})
        self.assertEqual((self.owner.get(path), self.owner.get(f"{path}?org_id={self.org}"), self.owner.get(f"{path}?org_id={second}")),
                         ({"where": "default"}, {"where": "default"}, {"where": "second"}))
        self.assertEqual({(t["org_id"], t["value"]) for t in self.owner.all("/api/v1/tags?key=where")}, {(self.org, "default"), (second, "second")})
        self.owner.must("DELETE", f"{path}/where?org_id={second}")
        for query in (f"org_id={self.foreign['org_id']}", f"org_id={random_id()}"):
            self.refused(404, "GET", f"{path}?{query}")
            self.refused(404, "PUT", f"{path}?{query}", {})
        self.assertEqual(self.refused(422, "GET", path + "?org_id=x").faults, {"/org_id": "malformed"})
        self.assertEqual(self.refused(422, "PUT", path + "?org_id=x", {}).faults, {"/org_id": "malformed"})

    def test_search(self):
        project = self.new_project()
        tickets = [self.new_ticket(project)["id"] for _ in range(9)]
        team = self.owner.post(f"/api/v1/orgs/{self.org}/teams", {"name": self.fresh("team")})["id"]
        second = self.new_org()["id"]
        elsewhere = self.owner.post("/api/v1/projects", {"org_id": second, "key": "SEC", "name": "x"})["id"]
        made = [("project", project, self.org, ""), ("team", team, self.org, "v0"), ("project", elsewhere, second, "v1")]
        made += [("ticket", one, self.org, f"v{i % 3}") for i, one in enumerate(tickets)]
        for kind, one, org, value in made:
            self.owner.must("PUT", f"/api/v1/tags/{kind}/{one}", {"found": value, "foun": "x", "found2": "x"})
        wanted = lambda holds: sorted(json.dumps(dict(zip(("entity_type", "entity_id", "org_id", "value"), m), key="found"), sort_keys=True)  # noqa: E731
                                      for m in made if holds(*m))
        for query, holds in (("", lambda *_: True), ("&entity_type=ticket", lambda kind, *_: kind == "ticket"), ("&value=v1", lambda *m: m[3] == "v1"),
                             ("&value=", lambda *m: m[3] == ""), ("&value=v", lambda *_: False), (f"&org_id={second}", lambda *m: m[2] == second),
                             (f"&org_id={self.org}&entity_type=project", lambda *m: m[0] == "project" and m[2] == self.org),
                             ("&entity_type=time_entry", lambda *_: False), ("&entity_type=user", lambda *_: False)):
            for limit in (1, 2, 3, 9, 200):
                with self.subTest(query=query, limit=limit):
                    got = self.owner.all("/api/v1/tags?key=found" + query, limit)
                    self.assertEqual(sorted(json.dumps(one, sort_keys=True) for one in got), wanted(holds))
        got = self.owner.all("/api/v1/tags?key=found&entity_type=ticket&value=v0")
        self.assertEqual([one["entity_id"] for one in got], tickets[::3], "oldest first")
        self.owner.must("PUT", f"/api/v1/tags/ticket/{tickets[0]}", {})
        self.assertNotIn(tickets[0], [one["entity_id"] for one in self.owner.all("/api/v1/tags?key=found")])

    def test_keys_that_are_bound_to_projects(self):
        project, other = self.new_project(), self.new_project()
        mine, theirs = self.new_ticket(project)["id"], self.new_ticket(other)["id"]
        key = self.owner.post("/api/v1/api-keys", {"name": "k", "scopes": ["*"], "project_ids": [project]})["key"]
        inside, outside = (("project", project), ("ticket", mine)), (("project", other), ("ticket", theirs), ("team", self.ids["team_id"]), ("user", self.ids["user_id"]))
        for kind, one in inside + outside:
            self.owner.must("PUT", f"/api/v1/tags/{kind}/{one}", {"bound": "yes"})
        for kind, one in inside:
            path = f"/api/v1/tags/{kind}/{one}"
            self.owner.ask("GET", path, token=key, statuses={200})
            self.owner.ask("PUT", path, {"bound": "yes", "more": ""}, token=key, statuses={200})
            self.owner.ask("DELETE", path + "/more", token=key, statuses={204})
        for kind, one in outside:
            for method, tail, body in (("GET", "", None), ("PUT", "", {"a": "b"}), ("DELETE", "/bound", None)):
                with self.subTest(kind=kind, method=method):
                    self.assertEqual(self.owner.ask(method, f"/api/v1/tags/{kind}/{one}{tail}", body, token=key, statuses={403}).code, "project_not_allowed")
        found = self.owner.ask("GET", "/api/v1/tags?key=bound", token=key, statuses={200}).json["items"]
        self.assertEqual({(t["entity_type"], t["entity_id"]) for t in found}, set(inside))
        for kind, one in inside + outside:
            self.owner.must("PUT", f"/api/v1/tags/{kind}/{one}", {})


if __name__ == "__main__":
    server.main()
