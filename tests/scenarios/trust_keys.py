"""What an API key that is bound to an organization or to projects may do: what its row of the table says, default no, and
never more than what it is bound to."""
import unittest

import server
from catalogue import good_body, operations_of
from policy import bound_of
from workshop import Workshop
from world import furnish, join


class BoundKeys(Workshop):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.operations = operations_of(cls.server.operations())
        made = cls.owner.post("/api/v1/api-keys", {"name": "of the project", "scopes": ["*"], "org_id": cls.org, "project_ids": [cls.ids["project_id"]]})
        cls.of_project, cls.project_key = cls.server.client(made["key"]), made["id"]
        made = cls.owner.post("/api/v1/api-keys", {"name": "of the organization", "scopes": ["*"], "org_id": cls.org})
        cls.of_org, cls.org_key = cls.server.client(made["key"]), made["id"]
        cls.start = cls.server.head()

    def test_what_is_not_said_is_refused(self):
        """Every operation of the document, with a key of everything: a row that says nothing is refused, first of all."""
        head, refused = self.server.head(), {"project": set(), "org": set()}
        for op in self.operations:
            if op.is_open:
                continue
            for kind, client in (("project", self.of_project), ("org", self.of_org)):
                said = bound_of(op)
                allowed = said == "project" or said == kind
                with self.subTest(op=op.id, key=kind):
                    self.assertEqual(op.row["x-alloy-bound-keys"], said)
                    query = "dry_run=true" if op.writes else ""
                    answer = client.ask(op.method, op.url(self.ids, query), good_body(op, self.ids))
                    if not allowed:
                        self.assertEqual((answer.status, answer.code), (403, "key_not_allowed"), answer)
                        refused[kind].add(op.id)
                    elif op.id != "delete_api_key":  # a key may delete itself alone, which `ids` does not name
                        self.assertNotEqual(answer.code if answer.status == 403 else None, "key_not_allowed")
        self.assertEqual(self.server.head(), head)
        self.assertLessEqual({"change_password", "create_api_key", "create_org", "accept_invite", "logout"}, refused["org"])
        self.assertLessEqual({"list_webhooks", "get_webhook", "list_deliveries", "list_labor_rates", "create_labor_rate", "list_invites", "export_data", "update_org",
                              "create_project", "create_label", "undo", "list_periods"}, refused["project"])

    def test_a_bound_key_concerns_no_person(self):
        me = self.owner.get("/api/v1/auth/me")["user_id"]
        for client in (self.of_project, self.of_org):
            for method, path, body in (("DELETE", f"/api/v1/users/{me}/personal-data", None), ("DELETE", f"/api/v1/api-keys/{self.world.ids['api_key_id']}", None),
                                       ("POST", "/api/v1/auth/password", {"current_password": "x" * 12, "new_password": "y" * 12})):
                with self.subTest(method=method, path=path):
                    answer = client.ask(method, path, body)
                    self.assertEqual((answer.status, answer.code), (403, "key_not_allowed"), answer)
        self.assertEqual(self.owner.ask("GET", "/api/v1/auth/me").status, 200)

    def test_a_bound_key_lists_itself_alone(self):
        self.assertGreater(len(self.owner.get("/api/v1/api-keys")), 2)
        for client, one in ((self.of_project, self.project_key), (self.of_org, self.org_key)):
            self.assertEqual([k["id"] for k in client.get("/api/v1/api-keys")], [one])

    def test_a_key_of_a_project_works_in_it(self):
        """From the first ticket to the last hour: what such keys are for."""
        ask, project = self.of_project, self.ids["project_id"]
        ticket = ask.post(f"/api/v1/projects/{project}/tickets", {"title": "By key", "labels": [self.ids["label_id"]]})
        path = f"/api/v1/tickets/{ticket['reference']}"
        ask.patch(path, {"priority": "High"})
        ask.post(path + "/transition", {"status": "InProgress"})
        ask.post(path + "/assign", {"assignee_id": self.ids["user_id"]})
        comment = ask.post(path + "/comments", {"body": "by key"})["id"]
        ask.patch(f"/api/v1/comments/{comment}", {"body": "by the key"})
        ask.post("/api/v1/tickets/batch", {"ticket_ids": [ticket["reference"]], "changes": {"priority": "Low"}})
        entry = ask.post(path + "/time-entries", {"date": "2026-03-04", "minutes": 10})["id"]
        ask.post(f"/api/v1/time-entries/{entry}/submit")
        sprint = ask.post(f"/api/v1/projects/{project}/sprints", {"name": "K", "start_date": "2026-03-02", "end_date": "2026-03-03"})["id"]
        ask.patch(path, {"sprint_id": sprint})
        ask.must("PUT", f"/api/v1/tags/ticket/{ticket['id']}", {"by": "key"})
        for read in (path, path + "/activity", path + "/comments", f"/api/v1/projects/{project}", f"/api/v1/projects/{project}/board", f"/api/v1/sprints/{sprint}/board",
                     f"/api/v1/projects/{project}/tickets", "/api/v1/tickets?q=key", "/api/v1/tickets/mine", "/api/v1/time-entries", "/api/v1/projects", "/api/v1/orgs",
                     f"/api/v1/orgs/{self.org}", f"/api/v1/orgs/{self.org}/labels", f"/api/v1/orgs/{self.org}/workflows", f"/api/v1/orgs/{self.org}/members",
                     f"/api/v1/orgs/{self.org}/tickets/{ticket['reference']}", f"/api/v1/orgs/{self.org}/events?types=ticket.*", "/api/v1/auth/me",
                     f"/api/v1/reports/time?org_id={self.org}"):
            with self.subTest(read=read):
                ask.get(read)
        closed = self.owner.post(f"/api/v1/projects/{self.world.closed_project}/tickets", {"title": "Closed"})["reference"]
        for method, path, body in (("GET", f"/api/v1/tickets/{closed}", None), ("PATCH", f"/api/v1/tickets/{closed}", {"priority": "Low"}),
                                   ("GET", f"/api/v1/orgs/{self.org}/tickets/{closed}", None)):
            self.assertEqual(ask.ask(method, path, body).code, "project_not_allowed")

    def test_a_key_of_a_project_sees_of_a_ticket_what_happened_in_its_project(self):
        """Not what it was called where it came from, nor what it is called where it went."""
        owner, here = self.owner, self.ids["project_id"]
        other = owner.post("/api/v1/projects", {"org_id": self.org, "key": self.fresh("HID"), "name": "Hidden"})
        sprint = owner.post(f"/api/v1/projects/{other['id']}/sprints", {"name": "Far", "start_date": "2026-03-02", "end_date": "2026-03-03"})["id"]
        ticket = owner.post(f"/api/v1/projects/{other['id']}/tickets", {"title": "Merger with Initech", "sprint_id": sprint, "estimate_points": 8})["id"]
        path = f"/api/v1/tickets/{ticket}"
        owner.post(path + "/comments", {"body": "Merger talk"})
        owner.patch(path, {"title": "Merger off"})
        owner.patch(path, {"project_id": here, "title": "Harmless"})
        owner.patch(path, {"title": "Harmless indeed"})
        entry = owner.post(path + "/time-entries", {"date": "2026-03-04", "minutes": 10})["id"]
        secrets = ("Merger", other["id"], other["key"] + "-", sprint)
        feed = f"/api/v1/orgs/{self.org}/events?after={self.start}"
        lines = {"Accept": "application/x-ndjson"}

        def seen():
            text = "".join(self.of_project.ask("GET", at, headers=how, statuses={200}).body.decode()
                           for at, how in ((path + "/activity", {}), (feed + "&limit=200", {}), (feed, lines), (feed + f"&subject_id={ticket}", lines),
                                           (f"/api/v1/reports/time?org_id={self.org}&from=2026-03-01&group_by=ticket", {})))
            self.assertEqual([s for s in secrets if s in text], [])
            return text
        seen()
        changes = {(a["type"], c["field"]): (c["from"], c["to"]) for a in self.of_project.all(path + "/activity") for c in a["changes"] if a["type"] != "ticket.updated" or c["to"] != "Harmless indeed"}
        self.assertEqual(changes["ticket.updated", "title"], (None, "Harmless"))
        self.assertEqual(changes["ticket.updated", "project_id"], (None, here))
        self.assertIn('"from":"Harmless","to":"Harmless indeed"', self.of_project.ask("GET", feed, headers=lines).body.decode())
        everything = [a["type"] for a in self.owner.all(path + "/activity")]
        self.assertEqual(everything[:3], ["ticket.created", "comment.created", "ticket.updated"])
        self.assertEqual([a["type"] for a in self.of_project.all(path + "/activity")], everything[3:])
        self.assertEqual([a["id"] for a in self.of_project.all(path + "/activity", 1)], [a["id"] for a in self.of_project.all(path + "/activity")])
        owner.patch(path, {"project_id": other["id"], "title": "Merger on again"})
        self.assertEqual(self.of_project.ask("GET", path + "/activity").code, "project_not_allowed")
        self.assertIn("Harmless indeed", self.of_project.ask("GET", feed, headers=lines).body.decode())
        text = "".join(self.of_project.ask("GET", at, headers=how, statuses={200}).body.decode()
                       for at, how in ((feed, lines), (f"/api/v1/reports/time?org_id={self.org}&from=2026-03-01&group_by=ticket", {})))
        self.assertEqual([s for s in secrets if s in text], [])
        self.owner.must("DELETE", f"/api/v1/time-entries/{entry}")

    def test_time_stays_out_of_sight_with_the_project_that_it_was_worked_in(self):
        other = self.owner.post("/api/v1/projects", {"org_id": self.org, "key": self.fresh("SEC"), "name": "Secret"})["id"]
        ticket = self.owner.post(f"/api/v1/projects/{other}/tickets", {"title": "Worked"})["id"]
        entry = self.owner.post(f"/api/v1/tickets/{ticket}/time-entries", {"date": "2026-03-05", "minutes": 123})["id"]
        self.owner.patch(f"/api/v1/tickets/{ticket}", {"project_id": self.ids["project_id"]})
        self.owner.must("DELETE", f"/api/v1/time-entries/{entry}")
        told = lambda client: client.ask("GET", f"/api/v1/orgs/{self.org}/events?after={self.start}", headers={"Accept": "application/x-ndjson"}).body.decode()  # noqa: E731
        self.assertIn(entry, told(self.owner))
        self.assertNotIn(entry, told(self.of_project))

    def test_what_happened_out_of_reach_is_passed_over_page_by_page(self):
        """To and fro: each page holds as many as were asked for, and none twice."""
        here = self.ids["project_id"]
        other = self.owner.post("/api/v1/projects", {"org_id": self.org, "key": self.fresh("FRO"), "name": "Fro"})["id"]
        ticket = self.owner.post(f"/api/v1/projects/{here}/tickets", {"title": "Zero"})["id"]
        path = f"/api/v1/tickets/{ticket}"
        for n in range(4):
            for project in (other, here):
                self.owner.patch(path, {"project_id": project, "title": f"{'hidden' if project == other else 'seen'} {n}"})
                for m in range(3):
                    self.owner.patch(path, {"title": f"{'hidden' if project == other else 'seen'} {n} {m}"})
        whole = self.of_project.all(path + "/activity")
        self.assertEqual(len(whole), 1 + 4 * 4)
        self.assertNotIn("hidden", str(whole))
        for limit in (1, 3, 5):
            pages = self.of_project.pages(path + "/activity", limit)
            self.assertEqual(pages[0], whole)
        self.assertEqual(len(self.owner.all(path + "/activity", 3)), 1 + 8 * 4)

    def test_a_key_of_an_organization_does_there_what_its_user_may(self):
        second = self.new_org()["id"]
        join(self.people["Owner"], second, self.people["Member"], "Member")
        there = furnish(self.people["Owner"], second, self.fresh("K"), self.people["Member"])
        client = self.server.client(self.owner.post("/api/v1/api-keys", {"name": "k", "scopes": ["*"], "org_id": second})["key"])
        for op in self.operations:
            if bound_of(op) != "org" or not op.path_names:
                continue
            with self.subTest(op=op.id):
                answer = client.ask(op.method, op.url(there, "dry_run=true" if op.writes else ""), good_body(op, there))
                self.assertIn(answer.status, (op.success, op.dry_success, 404, 409) if op.writes else (op.success,), answer)
                self.assertEqual(client.ask(op.method, op.url(self.ids), good_body(op, self.ids)).status, 404, "it reaches no other")


if __name__ == "__main__":
    server.main()
