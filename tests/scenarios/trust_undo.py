"""What an undo may not do: more than the credential that asks, more than a command could, and nothing that readers fall over."""
import json
import unittest
import uuid

import server
from exports import Export
from imports import LINES, exported, importer_of, send
from server import Server
from workshop import Workshop
from world import DATE, Person, invite

MONTH = DATE[:7]


class Undo(Workshop):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.writer = cls.key("write")
        cls.everything = cls.key("*")

    @classmethod
    def key(cls, scope):
        scopes = ["*"] if scope == "*" else ["read", "write"]
        return cls.server.client(cls.owner.post("/api/v1/api-keys", {"name": scope, "scopes": scopes})["key"])

    def position(self, method, path, body=None, client=None):
        return (client or self.owner).ask(method, path, body, statuses={200, 201, 204}).headers["Alloy-Position"]

    def undo(self, position, client=None, status=200):
        return (client or self.owner).ask("POST", f"/api/v1/orgs/{self.org}/events/{position}/undo", statuses={status})

    def refused_undo(self, position, words):
        head = self.server.head()
        refused = self.undo(position, status=409)
        self.assertEqual((refused.code, self.server.head()), ("cannot_undo", head))
        self.assertIn(words, " ".join(refused.json["reasons"]))

    # ------------------------------------------------------------------------------- what the credential may

    def test_a_key_that_may_only_write_takes_nothing_back_that_takes_admin(self):
        owner, org = self.owner, self.org
        person = self.member()
        member = f"/api/v1/orgs/{org}/members/{person.id}"
        leaver = self.member()
        team = owner.post(f"/api/v1/orgs/{org}/teams", {"name": self.fresh("t")})["id"]
        asked = {"a role": ("PATCH", member, {"role": "Viewer"}), "a member": ("DELETE", f"/api/v1/orgs/{org}/members/{leaver.id}", None),
                 "a webhook": ("POST", f"/api/v1/orgs/{org}/webhooks", {"url": "https://hooks.example.com/in", "event_types": ["label.*"]}),
                 "an invite": ("POST", f"/api/v1/orgs/{org}/invites", {"email": self.fresh("i") + "@example.com", "role": "Viewer"}),
                 "a workflow": ("POST", f"/api/v1/orgs/{org}/workflows", {"name": self.fresh("w"), "statuses": [{"name": "Open", "category": "todo"}]}),
                 "a team": ("PATCH", f"/api/v1/teams/{team}", {"name": self.fresh("t")}), "the organization": ("PATCH", f"/api/v1/orgs/{org}", {"name": self.fresh("o")}),
                 "a deletion": ("DELETE", f"/api/v1/labels/{owner.post(f'/api/v1/orgs/{org}/labels', {'name': self.fresh('l'), 'color': '#00ff00'})['id']}", None),
                 "tags of a team": ("PUT", f"/api/v1/tags/team/{team}", {"color": "red"}), "tags of a user": ("PUT", f"/api/v1/tags/user/{person.id}?org_id={org}", {"color": "red"})}
        for what, (method, path, body) in asked.items():
            with self.subTest(what=what):
                position, head = self.position(method, path, body), self.server.head()
                refused = self.undo(position, self.writer, 403)
                self.assertEqual((refused.code, self.server.head()), ("scope_missing", head))
                self.undo(position, self.everything)
        label = self.position("POST", f"/api/v1/orgs/{org}/labels", {"name": self.fresh("l"), "color": "#00ff00"})
        self.undo(label, self.writer)
        others = self.position("POST", f"/api/v1/orgs/{org}/labels", {"name": self.fresh("l"), "color": "#00ff00"}, self.people["Admin"].client)
        self.assertEqual(self.undo(others, self.writer, 403).code, "scope_missing")

    def test_tags_of_people_and_teams_are_taken_back_by_an_admin(self):
        team = self.owner.post(f"/api/v1/orgs/{self.org}/teams", {"name": self.fresh("t")})["id"]
        person = self.member("Admin")
        position = self.position("PUT", f"/api/v1/tags/team/{team}", {"color": "red"}, person.client)
        self.owner.patch(f"/api/v1/orgs/{self.org}/members/{person.id}", {"role": "Member"})
        self.assertEqual(self.undo(position, person.client, 403).code, "role_too_low")

    def test_what_takes_an_admin_beyond_its_row_takes_the_scope_of_one(self):
        """Also where it is only known from what stands there: a sprint that was started, another one's comment, who carries the tags."""
        project, member = self.new_project(), self.people["Member"]
        team = self.owner.post(f"/api/v1/orgs/{self.org}/teams", {"name": self.fresh("t")})["id"]
        comments = [member.client.post(f"/api/v1/tickets/{self.ids['ticket_id']}/comments", {"body": "mine"})["id"] for _ in range(2)]
        started = self.new_sprint(project, start=True)
        self.owner.must("PUT", f"/api/v1/tags/user/{member.id}?org_id={self.org}", {"a": "b"})
        for method, path, body in (("PATCH", f"comments/{comments[0]}", {"body": "yours"}), ("DELETE", f"comments/{comments[0]}", None),
                                   ("PUT", f"tags/team/{team}", {"color": "red"}), ("DELETE", f"tags/user/{member.id}/a?org_id={self.org}", None),
                                   ("PUT", f"tags/user/{member.id}?org_id={self.org}", {"color": "red"}), ("DELETE", f"sprints/{started}", None)):
            with self.subTest(method=method, path=path):
                head = self.server.head()
                refused = self.writer.ask(method, "/api/v1/" + path, body, statuses={403})
                self.assertEqual((refused.code, self.server.head()), ("scope_missing", head))
                self.everything.ask(method, "/api/v1/" + path, body, statuses={200, 204})
        self.writer.ask("DELETE", f"/api/v1/sprints/{self.new_sprint(project)}", statuses={204})
        own = self.writer.post(f"/api/v1/tickets/{self.ids['ticket_id']}/comments", {"body": "own"})["id"]
        self.writer.patch(f"/api/v1/comments/{own}", {"body": "my own"})

    # ------------------------------------------------------------------------------- what no command could

    def time_of_a_moved_ticket(self, org=None):
        """Time logged in a project which the ticket has left, and which is deleted; the position of the entry's deletion."""
        org = org or self.org
        first, second = (self.owner.post("/api/v1/projects", {"org_id": org, "key": self.fresh("G"), "name": "Gone"})["id"] for _ in range(2))
        ticket = self.new_ticket(first)["id"]
        entry = self.owner.post(f"/api/v1/tickets/{ticket}/time-entries", {"date": DATE, "minutes": 30})["id"]
        self.owner.patch(f"/api/v1/tickets/{ticket}", {"project_id": second})
        return first, entry

    def test_deleted_time_does_not_come_back_into_a_project_that_is_gone(self):
        project, entry = self.time_of_a_moved_ticket()
        position = self.position("DELETE", f"/api/v1/time-entries/{entry}")
        self.owner.must("DELETE", f"/api/v1/projects/{project}")
        self.refused_undo(position, "the project it would get back is gone")
        for path in (f"reports/time?org_id={self.org}&from=2026-01-01", f"reports/capitalization?org_id={self.org}&period={MONTH}"):
            self.owner.get("/api/v1/" + path)

    def test_a_store_that_has_such_time_answers_and_its_export_comes_through(self):
        """0.1.0 made it. Here the undo, and what followed it, is put behind the project's deletion in an export."""
        org = self.new_org()["id"]
        project, entry = self.time_of_a_moved_ticket(org)
        gone = self.position("DELETE", f"/api/v1/time-entries/{entry}")
        self.owner.post(f"/api/v1/orgs/{org}/events/{gone}/undo")
        self.owner.post(f"/api/v1/time-entries/{entry}/submit")
        self.owner.post(f"/api/v1/time-entries/{entry}/approve")
        again = self.owner.post(f"/api/v1/time-entries/{entry}/reopen", {"reason": "x"})
        self.owner.must("DELETE", f"/api/v1/time-entries/{again['id']}")
        self.owner.must("DELETE", f"/api/v1/projects/{project}")
        export = exported(self.owner, org)
        type_of = [record["events"][0]["type"] for record in export.records]
        again = max(n for n, type_ in enumerate(type_of) if type_ == "time_entry.logged")
        late = [record for record, type_ in list(zip(export.records, type_of))[again:] if type_ in ("time_entry.logged", "time_entry.submitted", "time_entry.approved")]
        export.records = export.records[:again] + [record for record, type_ in list(zip(export.records, type_of))[again:] if not type_.startswith("time_entry.")] + late
        for seq, record in enumerate(export.records, 1):
            record["org_seq"] = seq
        with Server("holder") as there:
            one = importer_of(there).client
            send(one, export)
            for path in (f"reports/time?org_id={org}&from=2026-01-01&group_by=project", f"reports/capitalization?org_id={org}&period={MONTH}&group_by=project",
                         f"reports/capitalization/explain?org_id={org}&period={MONTH}", f"reports/capitalization.csv?org_id={org}&period={MONTH}"):
                with self.subTest(path=path):
                    self.assertIn(one.ask("GET", "/api/v1/" + path, statuses={200, 404}).status, (200, 404))
            self.assertIn(project, one.ask("GET", f"/api/v1/reports/time?org_id={org}&from=2026-01-01&group_by=project", statuses={200}).body.decode())
            one.post(f"/api/v1/orgs/{org}/periods/{MONTH}/close")

    def test_a_sprint_gets_no_dates_back_that_do_not_go_together(self):
        sprint = self.owner.post(f"/api/v1/projects/{self.new_project()}/sprints", {"name": "S", "start_date": "2026-03-10", "end_date": "2026-03-20"})["id"]
        first = self.position("PATCH", f"/api/v1/sprints/{sprint}", {"start_date": "2026-03-05"})
        second = self.position("PATCH", f"/api/v1/sprints/{sprint}", {"end_date": "2026-03-07"})
        self.refused_undo(first, "it would end before it starts")
        self.undo(second)
        self.undo(first)

    def test_a_completed_sprint_stays_as_it_is_and_completes_again_with_its_time(self):
        sprint = self.new_sprint(self.new_project())
        renamed = self.position("PATCH", f"/api/v1/sprints/{sprint}", {"name": "Marathon"})
        self.owner.post(f"/api/v1/sprints/{sprint}/start")
        done = self.position("POST", f"/api/v1/sprints/{sprint}/complete", {})
        self.refused_undo(renamed, "it is Completed")
        undone = self.undo(done).headers["Alloy-Position"]
        self.undo(undone)
        now = self.owner.get(f"/api/v1/sprints/{sprint}")
        self.assertEqual(now["status"], "Completed")
        self.assertIsNotNone(now["completed_at"])
        self.owner.get(f"/api/v1/sprints/{sprint}/burndown")

    def test_a_workflow_gets_no_transition_back_to_a_status_that_is_gone(self):
        path = f"/api/v1/orgs/{self.org}/workflows"
        flow = self.owner.post(path, {"name": self.fresh("w"), "statuses": [{"name": n, "category": "todo"} for n in ("A", "B")], "transitions": [{"from": "A", "to": "B"}]})["id"]
        freed = self.position("PATCH", f"/api/v1/workflows/{flow}", {"transitions": []})
        self.owner.patch(f"/api/v1/workflows/{flow}", {"statuses": [{"name": "A", "category": "todo"}]})
        self.refused_undo(freed, "a transition needs the status B")

    def test_time_adjusts_no_month_that_is_open_again(self):
        month = "2025-11"
        self.owner.post(f"/api/v1/orgs/{self.org}/periods/{month}/close")
        entry = self.owner.post(f"/api/v1/tickets/{self.ids['ticket_id']}/time-entries", {"date": DATE, "minutes": 5, "adjusts": month})["id"]
        let_go = self.position("PATCH", f"/api/v1/time-entries/{entry}", {"adjusts": None})
        self.owner.post(f"/api/v1/orgs/{self.org}/periods/{month}/reopen", {"reason": "late"})
        self.refused_undo(let_go, f"it would adjust {month}")

    def test_nobody_is_brought_back_who_was_erased(self):
        """Else somebody could be the only other Owner who can never log in."""
        leaver = self.member("Owner")
        position = self.position("DELETE", f"/api/v1/orgs/{self.org}/members/{leaver.id}")
        leaver.client.must("DELETE", f"/api/v1/users/{leaver.id}/personal-data")
        self.refused_undo(position, "nobody here is known")

    def test_a_webhook_comes_back_as_silent_as_it_was(self):
        made = self.owner.post(f"/api/v1/orgs/{self.org}/webhooks", {"url": "https://hooks.example.com/in", "event_types": ["label.*"], "from": 0})["id"]
        path = f"/api/v1/webhooks/{made}"
        self.owner.patch(path, {"active": False})
        gone = self.position("DELETE", path)
        self.undo(gone)
        self.assertEqual(self.owner.get(path)["active"], False)
        made = next(e for e in reversed(self.owner.all(f"/api/v1/orgs/{self.org}/events?types=webhook.created")) if e["subject"]["id"] == made)
        self.assertNotIn("from", {k: v for k, v in made["data"].items() if v is not None}, "what was sent once is sent again")

    # ------------------------------------------------------------------------------- what comes through, and who

    def test_an_export_with_time_of_a_team_that_is_gone_comes_through(self):
        org = self.new_org()["id"]
        me = self.people["Owner"].id
        team = self.owner.post(f"/api/v1/orgs/{org}/teams", {"name": "Short-lived"})["id"]
        self.owner.post(f"/api/v1/teams/{team}/members", {"user_id": me})
        project = self.owner.post("/api/v1/projects", {"org_id": org, "key": "TEAM", "name": "T"})["id"]
        ticket = self.new_ticket(project)["id"]
        self.owner.must("DELETE", f"/api/v1/teams/{team}")
        self.owner.post(f"/api/v1/tickets/{ticket}/time-entries", {"date": DATE, "minutes": 30})
        export = exported(self.owner, org)
        with Server("taker") as there:
            one = importer_of(there).client
            for booked_on, statuses in ((str(uuid.uuid4()), {422}), (team, {200})):  # as if the team had been there on a day before this one
                for _, _, event in export.events():
                    if event["type"] == "time_entry.logged":
                        event["data"]["team_id"] = booked_on
                send(one, export, statuses=statuses)
            self.assertIn(team, one.ask("GET", f"/api/v1/reports/time?org_id={org}&from=2026-01-01&group_by=team", statuses={200}).body.decode())

    def test_an_id_that_another_import_named_tells_no_name_and_takes_none(self):
        org = self.new_org()["id"]
        export = exported(self.owner, org)
        me = self.people["Owner"].id
        with Server("names") as there:
            one = importer_of(there).client
            send(one, export)

            def second(people):
                other = export.renamed(str(uuid.uuid4()), self.fresh("second-"))
                other.people = people
                refused = send(one, other, statuses={200, 409})
                return refused, one.ask("GET", f"/api/v1/orgs/{other.header['org_id']}")
            for people in ([{"id": me, "email": "", "display_name": ""}], [{"id": me, "email": "evil@example.com", "display_name": "Evil"}]):
                refused, found = second(people)
                self.assertEqual((refused.status, refused.code, found.status), (409, "already_exists", 404), refused)
                self.assertIn("line ", refused.json["detail"])
                self.assertNotIn("Olga", refused.body.decode())
                self.assertNotIn("owner@", refused.body.decode())
            self.assertEqual(second(export.people)[0].status, 200)


if __name__ == "__main__":
    server.main()
