"""What an organization is made of: its first user, members and teams, and how its things end."""
import unittest

import server
from client import together
from workshop import Workshop
from world import PASSWORD, Person, invite, join, random_id

MIGRATED = 300  # tickets that one change of a workflow moves


def first(**more):
    return dict({"email": "first@example.com", "password": PASSWORD, "display_name": "First", "org_name": "First", "org_slug": "first"}, **more)


class Onboarding(unittest.TestCase):
    def test_the_first_user(self):
        with server.Server("onboarding", REGISTRATION="disabled") as s, s.client() as one:
            self.assertEqual(one.get("/api/v1/onboard"), {"required": True})
            for field, value in (("password", "short"), ("password", "password123"), ("email", "nobody"), ("org_slug", "No Slug"), ("org_name", "")):
                with self.subTest(field=field, value=value):
                    self.assertIn("/" + field, one.ask("POST", "/api/v1/onboard", first(**{field: value}), statuses={422}).faults)
            one.ask("POST", "/api/v1/onboard?dry_run=true", first(), statuses={201})
            self.assertEqual((one.get("/api/v1/onboard"), s.head()), ({"required": True}, 0))
            key = {"Idempotency-Key": "first"}
            made = one.post("/api/v1/onboard", first(), headers=key)
            self.assertEqual(made["email"], "first@example.com")
            again = one.ask("POST", "/api/v1/onboard", first(), headers=key, statuses={201})
            self.assertEqual((again.json, again.headers["Idempotency-Replayed"]), (made, "true"))
            head = s.head()
            self.assertEqual(one.get("/api/v1/onboard"), {"required": False})
            self.assertEqual(one.ask("POST", "/api/v1/onboard", first(email="next@example.com", org_slug="next"), statuses={409}).code, "wrong_state")
            self.assertEqual(s.head(), head)
            me = s.client(made["access_token"]).get("/api/v1/auth/me")
            self.assertEqual((me["org_id"], me["role"]), (made["org_id"], "Owner"), "the founded one is his default")
            self.assertEqual({(o["slug"], o["role"]) for o in me["orgs"]}, {("first", "Owner"), ("u-" + me["user_id"], "Owner")})
            self.assertEqual(one.ask("POST", "/api/v1/auth/register", {"email": "a@example.com", "password": PASSWORD, "display_name": "A"},
                                     statuses={403}).code, "registration_closed")
            one.post("/api/v1/auth/login", {"email": "first@example.com", "password": PASSWORD})
            one.post("/api/v1/auth/refresh", {"refresh_token": made["refresh_token"]})
            s.restart()
            self.assertEqual(s.client().get("/api/v1/onboard"), {"required": False})

    def test_of_two_at_once_one_is_first(self):
        with server.Server("race") as s:
            clients = [s.client() for _ in range(4)]
            answers = together(lambda i: clients[i].ask("POST", "/api/v1/onboard", first(email=f"p{i}@example.com", org_slug=f"p{i}"),
                                                        statuses={201, 409}), len(clients))
            self.assertEqual(sorted(a.status for a in answers), [201, 409, 409, 409])

    def test_whoever_registers_first_ends_it(self):
        with server.Server("registered") as s:
            Person(s, "ada@example.com", "Ada")
            self.assertEqual(s.client().get("/api/v1/onboard"), {"required": False})
            s.client().ask("POST", "/api/v1/onboard", first(), statuses={409})


class Organization(Workshop):
    def gone(self, *paths):
        """Nothing of what is deleted is told from what never was."""
        for path in paths:
            for method in ("GET", "DELETE"):
                with self.subTest("gone", method=method, path=path):
                    answer = self.refused(404, method, path)
                    never = self.refused(404, method, path[: path.rindex("/") + 1] + random_id())
                    self.assertEqual((answer.code, answer.json["detail"]), (never.code, never.json["detail"]))

    # ------------------------------------------------------------------------------------------------ members

    def test_a_member_is_changed_at_his_version(self):
        person = self.member()
        path = f"/api/v1/orgs/{self.org}/members/{person.id}"
        listed = next(m for m in self.owner.all(f"/api/v1/orgs/{self.org}/members") if m["user_id"] == person.id)
        self.owner.patch(f"/api/v1/orgs/{self.org}", {"name": self.fresh("Org A ")})  # the version of the organization is another
        self.refused(412, "PATCH", path, {"role": "Viewer"}, headers={"If-Match": f'"{listed["version"] + 1}"'})
        answer = self.owner.ask("PATCH", path, {"role": "Viewer", "can_view_finance": True}, headers={"If-Match": f'"{listed["version"]}"'}, statuses={200})
        changed = dict(listed, role="Viewer", can_view_finance=True, version=listed["version"] + 1, updated_at=answer.json["updated_at"])
        self.assertEqual((answer.json, answer.headers["ETag"]), (changed, f'"{changed["version"]}"'))
        self.assertIn(changed, self.owner.all(f"/api/v1/orgs/{self.org}/members"))
        self.assertEqual(person.client.get("/api/v1/auth/me")["role"], "Viewer", "a session in use has the new role")
        self.refused(412, "DELETE", path, headers={"If-Match": f'"{listed["version"]}"'})
        self.owner.must("DELETE", path, headers={"If-Match": answer.headers["ETag"]})
        self.refused(404, "DELETE", path)

    def test_the_last_owner_stays(self):
        org, owner = self.new_org()["id"], self.people["Owner"]
        path = f"/api/v1/orgs/{org}/members/"
        for method, body in (("PATCH", {"role": "Admin"}), ("DELETE", None)):
            self.assertEqual(self.refused(409, method, path + owner.id, body).code, "last_owner")
        admin, second = self.member("Admin", org), self.member("Owner", org)
        self.assertEqual(self.refused(403, "DELETE", path + owner.id, client=admin.client).code, "role_too_low")
        self.owner.patch(path + owner.id, {"role": "Member"})
        self.refused(403, "PATCH", path + owner.id, {"role": "Owner"})
        self.assertEqual(self.refused(409, "DELETE", path + second.id, client=second.client).code, "last_owner")
        admin.client.must("DELETE", path + owner.id)
        self.refused(404, "GET", f"/api/v1/orgs/{org}")
        admin.client.must("DELETE", path + admin.id)  # himself
        self.refused(404, "GET", f"/api/v1/orgs/{org}", client=admin.client)

    def test_a_personal_organization_keeps_its_owner(self):
        person, guest = self.member(), self.member()
        join(person, person.id, guest, "Owner")
        path = f"/api/v1/orgs/{person.id}"
        for method, where, body in (("DELETE", path + "/members/" + person.id, None), ("PATCH", path + "/members/" + person.id, {"role": "Viewer"}),
                                    ("DELETE", path, None)):
            with self.subTest(method=method, path=where):
                self.assertEqual(self.refused(409, method, where, body, client=guest.client).code, "wrong_state")

    def test_who_leaves_leaves_all_of_it(self):
        person, team = self.member(), self.owner.post(f"/api/v1/orgs/{self.org}/teams", {"name": self.fresh("team")})["id"]
        project, others = self.new_project(), self.member()
        for who in (person, others):
            self.owner.post(f"/api/v1/teams/{team}/members", {"user_id": who.id})
            self.owner.post(f"/api/v1/projects/{project}/members", {"user_id": who.id})
        self.owner.must("PUT", f"/api/v1/tags/user/{person.id}", {"left": "yes"})
        ticket = self.new_ticket(project, assignee_id=person.id)
        key = person.client.post("/api/v1/api-keys", {"name": "k", "scopes": ["*"]})["key"]
        head = self.server.head()
        self.owner.must("DELETE", f"/api/v1/orgs/{self.org}/members/{person.id}")
        self.assertEqual(self.server.head(), head + 3, "of the team, of the project, of the organization")
        for path in (f"/api/v1/teams/{team}/members", f"/api/v1/projects/{project}/members"):
            self.assertEqual([m["user_id"] for m in self.owner.all(path)], [others.id])
        for token in (person.client.token, key):
            self.refused(404, "GET", f"/api/v1/tickets/{ticket['id']}", token=token)
        self.assertEqual(self.owner.all("/api/v1/tags?key=left"), [])
        self.refused(404, "GET", f"/api/v1/tags/user/{person.id}")
        self.assertEqual(self.owner.get(f"/api/v1/tickets/{ticket['id']}")["assignee_id"], person.id, "what he did stays")
        self.refused(422, "POST", f"/api/v1/teams/{team}/members", {"user_id": person.id})
        join(self.people["Owner"], self.org, person, "Viewer")
        self.assertEqual(self.owner.get(f"/api/v1/tags/user/{person.id}"), {}, "he comes back without them")

    # ------------------------------------------------------------------------------------------------ teams

    def test_teams(self):
        teams = f"/api/v1/orgs/{self.org}/teams"
        name = self.fresh("team")
        made = self.owner.ask("POST", teams, {"name": name}, statuses={201})
        path = made.headers["Location"]
        self.assertEqual(self.owner.ask("GET", path, statuses={200}).body, made.body)
        self.assertEqual((made.json["name"], made.json["org_id"], made.json["version"]), (name, self.org, 1))
        self.assertEqual(self.refused(409, "POST", teams, {"name": name}).code, "already_exists")
        other = self.owner.post(teams, {"name": name + " too"})
        self.refused(409, "PATCH", path, {"name": other["name"]})
        self.assertEqual(self.owner.patch(path, {"name": name + " renamed"})["version"], 2)
        members, user = path + "/members", self.ids["user_id"]
        self.assertEqual(self.refused(422, "POST", members, {"user_id": self.people["outsider"].id}).faults, {"/user_id": "not_a_member"})
        joined = self.owner.ask("POST", members, {"user_id": user}, statuses={201})
        self.assertEqual((joined.json["team_id"], joined.json["user_id"]), (made.json["id"], user))
        head = self.server.head()
        self.assertEqual(self.owner.ask("POST", members, {"user_id": user}, statuses={201}).body, joined.body)
        self.assertEqual(self.server.head(), head, "he is in it already")
        self.assertEqual(self.owner.all(members), [joined.json])
        self.refused(412, "DELETE", joined.headers["Location"], headers={"If-Match": '"2"'})
        self.owner.must("DELETE", joined.headers["Location"], headers={"If-Match": joined.headers["ETag"]})
        self.refused(404, "DELETE", joined.headers["Location"])
        self.owner.post(members, {"user_id": user})
        head = self.server.head()
        self.owner.must("DELETE", path)
        self.assertEqual(self.server.head(), head + 2, "he leaves, and it is deleted")
        self.gone(path)
        self.refused(404, "GET", members)
        self.assertNotIn(made.json["id"], [t["id"] for t in self.owner.all(teams)])
        self.owner.post(teams, {"name": name + " renamed"})

    # ------------------------------------------------------------------------------------------------ deleting

    def in_use(self, path, count, **more):
        answer = self.refused(409, "DELETE", path, **more)
        self.assertEqual((answer.code, answer.json["count"]), ("in_use", count))

    def test_an_organization_ends(self):
        person, org = self.member(), self.new_org()
        path = f"/api/v1/orgs/{org['id']}"
        join(self.people["Owner"], org["id"], person, "Admin")
        code = invite(self.people["Owner"], org["id"], self.people["outsider"].email, "Viewer")["invite_code"]
        webhook = self.owner.post(path + "/webhooks", {"url": "https://hooks.example.com/x", "event_types": ["*"]})["id"]
        label = self.owner.post(path + "/labels", {"name": "l", "color": "#000000"})["id"]
        key = self.owner.post("/api/v1/api-keys", {"name": "k", "scopes": ["*"], "org_id": org["id"]})["key"]
        project = self.owner.post("/api/v1/projects", {"org_id": org["id"], "key": "ONE", "name": "x"})["id"]
        self.in_use(path, 1)
        self.owner.must("DELETE", f"/api/v1/projects/{project}")
        self.assertEqual(self.refused(403, "DELETE", path, client=person.client).code, "role_too_low")
        self.owner.must("DELETE", path)
        for client in (self.owner, person.client):
            for where in (path, path + "/members", f"/api/v1/orgs/{org['slug']}", f"/api/v1/webhooks/{webhook}", f"/api/v1/labels/{label}"):
                self.refused(404, "GET", where, client=client)
            self.assertNotIn(org["id"], [o["id"] for o in client.all("/api/v1/orgs")])
            self.assertNotIn(org["id"], [o["org_id"] for o in client.get("/api/v1/auth/me")["orgs"]])
        self.assertEqual(self.owner.ask("GET", "/api/v1/auth/me", token=key, statuses={200}).json["orgs"], [])
        self.assertEqual(self.refused(409, "POST", f"/api/v1/invites/{code}/accept", client=self.world.outsider).code, "wrong_state")
        for owner in (self.owner, self.world.outsider):
            with self.subTest("its id is given to nobody, for its history goes on"):
                self.assertEqual(self.refused(409, "POST", "/api/v1/orgs", {"id": org["id"], "name": "x", "slug": self.fresh("again-")}, client=owner).code,
                                 "already_exists")
        self.assertEqual(self.owner.post("/api/v1/orgs", {"name": "Again", "slug": org["slug"]})["slug"], org["slug"])

    def test_a_project_ends(self):
        key = self.fresh("P")
        project = self.new_project(key=key)
        path, sprint = f"/api/v1/projects/{project}", self.new_sprint(project)
        self.owner.post(path + "/members", {"user_id": self.ids["user_id"]})
        self.owner.must("PUT", f"/api/v1/tags/project/{key}", {"ends": "soon"})
        head = self.server.head()
        self.owner.must("DELETE", path)
        self.assertEqual(self.server.head(), head + 3, "its sprint, who was in it, itself")
        self.gone(path, f"/api/v1/sprints/{sprint}")
        for where in (f"/api/v1/projects/{key}", path + "/tickets", path + "/members", path + "/summary", path + "/sprints", f"/api/v1/tags/project/{project}"):
            self.refused(404, "GET", where)
        self.assertEqual(self.owner.all("/api/v1/tags?key=ends"), [])
        self.assertNotIn(project, [p["id"] for p in self.owner.all("/api/v1/projects")])
        again = self.new_project(key=key)
        self.assertEqual(self.new_ticket(again)["reference"], key + "-1")
        self.in_use(f"/api/v1/projects/{again}", 1)

    def test_a_sprint_ends(self):
        project = self.new_project()
        planned, active = self.new_sprint(project), self.new_sprint(project, start=True)
        tickets = [self.new_ticket(project, sprint_id=planned)["id"] for _ in range(2)]
        member = self.people["Member"].client
        self.in_use(f"/api/v1/sprints/{planned}", 2, client=member)
        self.assertEqual(self.refused(403, "DELETE", f"/api/v1/sprints/{active}", client=member).code, "role_too_low")
        for ticket in tickets:
            self.owner.patch(f"/api/v1/tickets/{ticket}", {"sprint_id": None})
        member.must("DELETE", f"/api/v1/sprints/{planned}")
        self.people["Admin"].client.must("DELETE", f"/api/v1/sprints/{active}")
        self.gone(f"/api/v1/sprints/{planned}", f"/api/v1/sprints/{active}")
        self.assertEqual(self.owner.all(f"/api/v1/projects/{project}/sprints"), [])
        self.assertEqual(self.refused(422, "PATCH", f"/api/v1/tickets/{tickets[0]}", {"sprint_id": planned}).faults, {"/sprint_id": "not_found"})

    def test_a_label_ends(self):
        name = self.fresh("label")
        body = {"name": name, "color": "#123456"}
        label = self.owner.post(f"/api/v1/orgs/{self.org}/labels", body)["id"]
        self.owner.must("DELETE", f"/api/v1/labels/{label}")
        self.gone(f"/api/v1/labels/{label}")
        self.assertNotIn(label, [one["id"] for one in self.owner.all(f"/api/v1/orgs/{self.org}/labels")])
        self.owner.post(f"/api/v1/orgs/{self.org}/labels", body)

    def test_a_label_that_is_carried_stays(self):
        label = self.owner.post(f"/api/v1/orgs/{self.org}/labels", {"name": self.fresh("label"), "color": "#123456"})["id"]
        tickets = [self.new_ticket(project, labels=[label])["id"] for project in (self.new_project(), self.new_project()) for _ in range(2)]
        for left in range(len(tickets), 0, -1):
            self.in_use(f"/api/v1/labels/{label}", left)
            self.owner.must("DELETE", f"/api/v1/tickets/{tickets[left - 1]}/labels/{label}")
        self.owner.must("DELETE", f"/api/v1/labels/{label}")

    def test_an_organization_as_it_was_has_its_default_workflow(self):
        made = self.owner.ask("POST", "/api/v1/orgs", {"name": "As Made", "slug": self.fresh("as-made-")}, statuses={201})
        org = made.json["id"]
        self.owner.patch(f"/api/v1/orgs/{org}", {"name": "Changed"})
        then = self.owner.get(f"/api/v1/orgs/{org}?as_of={made.headers['Alloy-Position']}")
        self.assertEqual(then, made.json)
        self.assertIsNotNone(then["default_workflow_id"])

    def test_a_workflow_ends(self):
        name, statuses = self.fresh("flow"), [{"name": "Open", "category": "todo"}]
        flow = self.owner.post(f"/api/v1/orgs/{self.org}/workflows", {"name": name, "statuses": statuses})["id"]
        default = self.owner.get(f"/api/v1/orgs/{self.org}")["default_workflow_id"]
        project = self.new_project(workflow_id=flow)
        self.in_use(f"/api/v1/workflows/{flow}", 1)
        self.assertEqual(self.refused(409, "DELETE", f"/api/v1/workflows/{default}").code, "wrong_state")
        self.owner.patch(f"/api/v1/projects/{project}", {"workflow_id": default})
        self.owner.must("DELETE", f"/api/v1/workflows/{flow}")
        self.gone(f"/api/v1/workflows/{flow}")
        self.assertEqual(self.refused(422, "PATCH", f"/api/v1/projects/{project}", {"workflow_id": flow}).faults, {"/workflow_id": "not_found"})
        self.owner.post(f"/api/v1/orgs/{self.org}/workflows", {"name": name, "statuses": statuses})

    # ------------------------------------------------------------------------------------------------ sprints, workflows

    def test_a_sprint_is_completed(self):
        project = self.new_project()
        elsewhere = self.new_sprint(self.new_project())
        for target in (None, "backlog", "sprint"):
            with self.subTest(target=target):
                sprint, following = self.new_sprint(project), self.new_sprint(project)
                path = f"/api/v1/sprints/{sprint}/complete"
                self.assertEqual(self.refused(409, "POST", path, {}).code, "wrong_state")
                self.owner.post(f"/api/v1/sprints/{sprint}/start")
                tickets = [self.new_ticket(project, sprint_id=sprint)["id"] for _ in range(4)]
                for ticket, status in zip(tickets, ("Done", "Cancelled", "InProgress")):
                    self.owner.post(f"/api/v1/tickets/{ticket}/transition", {"status": status})
                for wrong in (random_id(), elsewhere, sprint, self.foreign["sprint_id"]):
                    self.assertEqual(list(self.refused(422, "POST", path, {"move_unfinished_to": wrong}).faults), ["/move_unfinished_to"])
                head = self.server.head()
                to = following if target == "sprint" else target
                done = self.owner.post(path, {} if to is None else {"move_unfinished_to": to})
                self.assertEqual((done["status"], done["version"], bool(done["completed_at"])), ("Completed", 3, True))
                self.assertEqual(self.server.head(), head + 3, "the sprint, and two tickets that were not done")
                left = [self.owner.get(f"/api/v1/tickets/{ticket}")["sprint_id"] for ticket in tickets]
                self.assertEqual(left, [sprint, sprint] + [following if target == "sprint" else None] * 2)
                self.assertEqual(self.refused(409, "POST", path, {}).code, "wrong_state")
                self.refused(422, "PATCH", f"/api/v1/tickets/{tickets[3]}", {"sprint_id": sprint})
                self.in_use(f"/api/v1/sprints/{sprint}", 2)

    def flow(self, *statuses, **more):
        return dict({"statuses": [{"name": name, "category": category} for name, category in statuses]}, **more)

    def test_tickets_migrate(self):
        flow = self.owner.post(f"/api/v1/orgs/{self.org}/workflows",
                               self.flow(("Old", "todo"), ("Shut", "done"), name=self.fresh("flow"), enforcement="strict",
                                         transitions=[{"from": "Old", "to": "Shut"}]))["id"]
        projects = [self.new_project(workflow_id=flow) for _ in range(2)]
        tickets = [self.new_ticket(projects[i % 2])["id"] for i in range(MIGRATED)]
        self.owner.post(f"/api/v1/tickets/{tickets[0]}/transition", {"status": "Shut"})
        path = f"/api/v1/workflows/{flow}"
        change = self.flow(("New", "in_progress"), ("Shut", "done"), transitions=[])
        self.assertEqual(self.refused(409, "PATCH", path, change).json["count"], MIGRATED - 1)
        for wrong, faults in (({"Old": "Nowhere"}, {"/migrate/Old": "unknown_status"}), ({"Older": "New"}, {"/migrate/Older": "unknown_status"}),
                              ({"Shut": "New", "Old": "New"}, {"/migrate/Shut": "status_stays"}), ({"a/b": "New"}, {"/migrate/a~1b": "unknown_status"})):
            with self.subTest(migrate=wrong):
                self.assertEqual(self.refused(422, "PATCH", path, dict(change, migrate=wrong)).faults, faults)
        head = self.server.head()
        self.assertEqual(self.owner.patch(path, dict(change, migrate={"Old": "New"}))["version"], 2)
        self.assertEqual(self.server.head(), head + MIGRATED)
        now = [t for project in projects for t in self.owner.all(f"/api/v1/projects/{project}/tickets?status=New")]
        self.assertEqual({t["id"] for t in now}, set(tickets[1:]))
        self.assertEqual({(t["status"], t["category"], t["version"]) for t in now}, {("New", "in_progress", 2)})
        with self.subTest("a category that changes"):
            self.refused(409, "PATCH", path, self.flow(("New", "todo"), ("Shut", "done")))
            self.owner.patch(path, self.flow(("New", "todo"), ("Shut", "done"), migrate={"New": "New"}))
            self.assertEqual(self.owner.get(f"/api/v1/tickets/{tickets[1]}")["category"], "todo")
        with self.subTest("a project that takes another workflow"):
            other = self.owner.post(f"/api/v1/orgs/{self.org}/workflows", self.flow(("Begin", "todo"), ("Shut", "done"), name=self.fresh("flow")))["id"]
            where = f"/api/v1/projects/{projects[0]}"
            self.assertEqual(self.refused(409, "PATCH", where, {"workflow_id": other}).code, "in_use")
            self.owner.patch(where, {"workflow_id": other, "migrate": {"New": "Begin"}})
            self.assertEqual(len(self.owner.all(where + "/tickets?status=Begin")), MIGRATED // 2 - 1)
            self.assertEqual(len(self.owner.all(f"/api/v1/projects/{projects[1]}/tickets?status=New")), MIGRATED // 2)

    # ------------------------------------------------------------------------------------------------ summary

    def test_summary(self):
        project = self.new_project()
        path = f"/api/v1/projects/{project}/summary"
        sprint = self.new_sprint(project, start=True)
        self.new_sprint(project)
        late, done = self.new_ticket(project, due_date="2020-01-01"), self.new_ticket(project, due_date="2020-01-01")
        self.new_ticket(project, due_date="2999-12-31")
        review = self.new_ticket(project)
        self.owner.post(f"/api/v1/tickets/{done['id']}/transition", {"status": "Done"})
        self.owner.post(f"/api/v1/tickets/{review['id']}/transition", {"status": "Review"})
        got = self.owner.get(path)
        self.assertEqual(got["project"], self.owner.get(f"/api/v1/projects/{project}"))
        self.assertEqual(got["counts"]["by_status"], {"Backlog": 2, "Ready": 0, "InProgress": 0, "Review": 1, "Done": 1, "Cancelled": 0})
        self.assertEqual(got["counts"]["by_category"], {"todo": 2, "in_progress": 1, "done": 1})
        self.assertEqual([s["id"] for s in got["active_sprints"]], [sprint])
        self.assertEqual((got["open"], got["overdue"], got["hours_this_month"]), (3, 1, "0.00"))
        self.owner.patch(f"/api/v1/tickets/{late['id']}", {"due_date": None})
        self.assertEqual(self.owner.get(path)["overdue"], 0)



class Erasure(unittest.TestCase):
    def test_a_person_is_erased_and_the_log_still_holds(self):
        with server.Server("erasure") as s:
            owner = Person(s, "owner@example.com", "Olga Owner", founds=("Acme", "acme"))
            made = server.run_program("operator", "add", "owner@example.com", settings={"DATA_DIR": s.folder})
            self.assertEqual(made.returncode, 0, made.stderr)
            bob, eve = Person(s, "bob@example.com", "Bob Builder"), Person(s, "eve@example.com", "Eve Else")
            for one in (bob, eve):
                join(owner, owner.org, one, "Member")
            project = owner.client.post("/api/v1/projects", {"org_id": owner.org, "key": "ACME", "name": "Acme"})["id"]
            ticket = bob.client.post(f"/api/v1/projects/{project}/tickets", {"title": "By Bob"})["id"]
            key = bob.client.post("/api/v1/api-keys", {"name": "k", "scopes": ["*"]})["key"]
            names = lambda: {m["user_id"]: (m["display_name"], m["email"]) for m in owner.client.get(f"/api/v1/orgs/{owner.org}/members")["items"]}  # noqa: E731
            self.assertEqual(names()[bob.id], ("Bob Builder", "bob@example.com"))
            path = f"/api/v1/users/{bob.id}/personal-data"
            eve.client.ask("DELETE", path, statuses=(404,))
            bob.client.must("DELETE", path)
            for token in (bob.client.token, key):
                bob.client.ask("GET", "/api/v1/auth/me", token=token, statuses=(401,))
            bob.client.ask("POST", "/api/v1/auth/login", {"email": "bob@example.com", "password": PASSWORD}, token=None, statuses=(401,))
            self.assertEqual(names()[bob.id], ("former user", ""))
            self.assertEqual(owner.client.get(f"/api/v1/tickets/{ticket}")["reporter_id"], bob.id)
            everything = [owner.client.ask("GET", f"/api/v1/orgs/{owner.org}/{what}").body.decode()
                          for what in ("export", "members", "invites", "events?limit=200")] + [owner.client.ask("GET", f"/api/v1/tickets/{ticket}/activity").body.decode()]
            for text in everything:
                self.assertNotRegex(text, "Bob Builder|bob@example")
            owner.client.must("DELETE", f"/api/v1/users/{eve.id}/personal-data")  # an operator may
            owner.client.must("DELETE", f"/api/v1/users/{eve.id}/personal-data")
            self.assertEqual(names()[eve.id], ("former user", ""))
            Person(s, "bob@example.com", "Another Bob")  # the address is free again
        done = server.run_program("verify", settings={"DATA_DIR": s.folder})
        self.assertEqual(done.returncode, 0, done.stdout)


if __name__ == "__main__":
    server.main()
