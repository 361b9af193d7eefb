"""What was: what happened to a ticket, how things stood, what a write would do, and what takes it back."""
import server
from catalogue import good_body, operations_of
from policy import RULES, about, guarded
from workshop import Workshop
from world import DATE

HISTORY = ("get_ticket_activity", "get_sprint_burndown", "list_deliveries", "get_delivery")  # what happened has happened
GOES_ON = ("version", "updated_at", "ticket_counter")  # also when something is taken back
ADDED = ("added_at", "created_at", "joined_at")  # of a member: when he came last
# What must be done before an operation can be.
BEFORE = {"complete_sprint": ("start_sprint",), "remove_team_member": ("add_team_member",), "remove_project_member": ("add_project_member",),
          "remove_ticket_label": ("add_ticket_label",), "delete_ticket": ("add_ticket_label", "update_ticket"),
          "delete_project": ("delete_ticket", "delete_sprint")}
# Never taken back: there are other ways back, or none on purpose.
FINAL = ("revoke_invite", "submit_time_entry", "approve_time_entry", "reject_time_entry", "reopen_time_entry", "batch_time_entries", "create_labor_rate",
         "close_period", "reopen_period", "rotate_webhook_secret", "ping_webhook", "replay_webhook", "redeliver")
NO_EVENTS = ("put_consumer", "delete_consumer",  # bookmarks are nobody's history
             "convert_currency")  # a new organization counts in its currency from the beginning
SHOWN_AS_ENDED = ("create_invite",)  # taken back, it stays in its list as ended
# Taken back, but not brought back again as it was: a member is removed, not unadded; a sprint forgets when it began or
# ended.
NOT_AGAIN = ("remove_member", "start_sprint", "complete_sprint")


class Past(Workshop):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.operations = {op.id: op for op in operations_of(cls.server.operations())}

    # ------------------------------------------------------------------------------------ activity

    def test_activity_of_each_change(self):
        """Who, what, from and to, for each field and each door, and no more for what changes nothing."""
        owner, here, there = self.owner, self.new_project(), self.new_project()
        ticket, sprint, label = self.new_ticket(here), self.new_sprint(here), self.ids["label_id"]
        path, me, member = f"/api/v1/tickets/{ticket['id']}", self.people["Owner"].id, self.people["Member"].id
        new_reference = owner.get(f"/api/v1/projects/{there}")["key"] + "-1"
        steps = [
            ("PATCH", "", {"title": "Two"}, [("ticket.updated", {"title": ("T", "Two")})]),
            ("PATCH", "", {"description": "Text", "priority": "High"}, [("ticket.updated", {"description": (None, "Text"), "priority": ("Medium", "High")})]),
            ("PATCH", "", {"description": None}, [("ticket.updated", {"description": ("Text", None)})]),
            ("PATCH", "", {"reporter_id": member}, [("ticket.updated", {"reporter_id": (me, member)})]),
            ("PATCH", "", {"estimate_points": 3, "estimate_minutes": 90, "due_date": DATE},
             [("ticket.updated", {"estimate_points": (None, 3), "estimate_minutes": (None, 90), "due_date": (None, DATE)})]),
            ("PATCH", "", {"status": "Ready"}, [("ticket.status_changed", {"status": ("Backlog", "Ready"), "category": ("todo", "todo")})]),
            ("POST", "/transition", {"status": "Done"}, [("ticket.status_changed", {"status": ("Ready", "Done"), "category": ("todo", "done")})]),
            ("POST", "/assign", {"assignee_id": member}, [("ticket.assigned", {"assignee_id": (None, member)})]),
            ("PATCH", "", {"assignee_id": None}, [("ticket.assigned", {"assignee_id": (member, None)})]),
            ("PATCH", "", {"sprint_id": sprint}, [("ticket.sprint_changed", {"sprint_id": (None, sprint)})]),
            ("POST", "/labels", {"label_id": label}, [("ticket.labeled", {"labels": (None, label)})]),
            ("PATCH", "", {"labels": []}, [("ticket.unlabeled", {"labels": (label, None)})]),
            ("POST", "/comments", {"body": "Said"}, [("comment.created", {"body": (None, "Said")})]),
            ("POST", "/transition", {"status": "Review", "comment": "Look"},
             [("ticket.status_changed", {"status": ("Done", "Review"), "category": ("done", "in_progress")}), ("comment.created", {"body": (None, "Look")})]),
            ("PATCH", "", {"project_id": there},
             [("ticket.updated", {"project_id": (here, there), "ticket_number": (1, 1), "reference": (ticket["reference"], new_reference)}),
              ("ticket.sprint_changed", {"sprint_id": (sprint, None)})]),
            ("PATCH", "", {"title": "Three", "status": "Done", "assignee_id": me},
             [("ticket.updated", {"title": ("Two", "Three")}), ("ticket.status_changed", {"status": ("Review", "Done"), "category": ("in_progress", "done")}),
              ("ticket.assigned", {"assignee_id": (None, me)})]),
            ("PATCH", "", {"title": "Three"}, [])]
        for method, more, body, _ in steps:
            owner.ask(method, path + more, body, statuses={200, 201})
        owner.must("PUT", f"/api/v1/tags/ticket/{ticket['id']}", {"size": "L"})
        wanted = [one for _, _, _, some in steps for one in some] + [("tags.changed", {"size": (None, "L")})]
        seen = owner.all(path + "/activity")
        self.assertEqual(seen[0]["type"], "ticket.created")
        told = [(a["type"], {c["field"]: (c["from"], c["to"]) for c in a["changes"]}) for a in seen[1:]]
        self.assertEqual(told[:-1], wanted[:-1])
        self.assertEqual(told[-1][1], wanted[-1][1])
        positions = [a["position"] for a in seen]
        self.assertEqual(positions, sorted(set(positions)))
        for one in seen:
            self.assertEqual((one["actor"]["user_id"], one["actor"]["display_name"]), (me, "Olga Owner"))
            self.assertTrue(one["request_id"].startswith("scenario-"))
        for limit in (1, 2, 7, len(seen)):
            self.assertEqual(owner.all(path + "/activity", limit), seen)

    # ------------------------------------------------------------------------------------ as it stood

    def test_as_it_stood(self):
        """What was read at a position is what is read of it later, to the byte of single objects."""
        owner, project = self.owner, self.new_project()
        ticket, sprint = self.new_ticket(project)["id"], self.new_sprint(project)
        comment = owner.post(f"/api/v1/tickets/{ticket}/comments", {"body": "One"})["id"]
        other = self.new_project()
        singles = [f"/api/v1/tickets/{ticket}", f"/api/v1/projects/{project}", f"/api/v1/sprints/{sprint}", f"/api/v1/comments/{comment}"]
        lists = [f"/api/v1/projects/{project}/tickets", f"/api/v1/projects/{project}/tickets?sort=-updated_at&status=Backlog,Done",
                 f"/api/v1/projects?org_id={self.org}", f"/api/v1/projects/{project}/sprints", f"/api/v1/tickets/{ticket}/comments",
                 f"/api/v1/tickets?org_id={self.org}&sort=priority", "/api/v1/tickets/mine", f"/api/v1/tickets?project_id={project},{other}&assignee_id=none"]
        steps = [("PATCH", singles[0], {"title": "Two", "sprint_id": sprint}), ("POST", lists[0], {"title": "Another"}), ("PATCH", singles[1], {"name": "Renamed"}),
                 ("POST", f"/api/v1/sprints/{sprint}/start", {}), ("PATCH", singles[3], {"body": "Two"}), ("POST", lists[4], {"body": "Another"}),
                 ("POST", f"/api/v1/tickets/{ticket}/transition", {"status": "Done", "comment": "So"}), ("POST", f"/api/v1/sprints/{sprint}/complete", {}),
                 ("POST", f"/api/v1/tickets/{ticket}/assign", {"assignee_id": self.people["Owner"].id}), ("DELETE", singles[3], None),
                 ("PATCH", singles[0], {"project_id": other}), ("POST", lists[3], {"name": "Next", "start_date": DATE, "end_date": DATE}),
                 ("PATCH", singles[0], {"project_id": project}), ("DELETE", singles[0], None), ("DELETE", f"/api/v1/projects/{other}", None)]
        snapshots = []
        for method, path, body in [(None, None, None)] + steps:
            if method:
                server.wait_until(lambda: self.tick() > snapshots[-1][1], "the clock to go on")  # so that a time names one moment
                owner.ask(method, path, body, statuses={200, 201, 202, 204})
            snapshots.append((self.server.head(), self.tick(), {one: owner.ask("GET", one) for one in singles},
                              {one: owner.all(one) if owner.ask("GET", one).status == 200 else None for one in lists}))
        for n, (head, time, single, many) in enumerate(snapshots):
            for moment in (head, time):
                for path, then in single.items():
                    with self.subTest(after=steps[n - 1][:2] if n else None, path=path, moment=moment):
                        now = owner.ask("GET", f"{path}?as_of={moment}")
                        self.assertEqual(now.status, then.status)
                        if then.status == 200:
                            self.assertEqual((now.body, now.headers["ETag"]), (then.body, then.headers["ETag"]))
                for path, then in many.items():
                    with self.subTest(after=steps[n - 1][:2] if n else None, path=path, moment=moment):
                        asked = f"{path}{'&' if '?' in path else '?'}as_of={moment}"
                        if then is None:
                            owner.ask("GET", asked, statuses={404, 422})
                        else:
                            for limit in (1, 200):
                                self.assertEqual(owner.all(asked, limit), then)

    def tick(self):
        """The server's time of what was written last, or later."""
        made = self.owner.ask("POST", f"/api/v1/orgs/{self.org}/labels?dry_run=true", {"name": self.fresh("tick"), "color": "#000000"}).json
        return made["created_at"]

    # ------------------------------------------------------------------------------------ dry runs, and taking back

    def reads(self, ids):
        """Everything that is about the organization's things, as it is read, by operation."""
        found = {}
        for op in guarded(self.operations.values()):
            if op.method == "GET" and (op.path_names or about(op) == "query") and op.row["tags"][0] not in ("Reports", "Events") and op.id not in HISTORY:
                query = "&".join((["limit=200"] if "limit" in op.query_names() else []) + ([f"org_id={self.org}"] if about(op) == "query" else []))
                answer = self.owner.ask("GET", op.url(ids, query))
                without = GOES_ON + (ADDED if op.id.endswith("_members") else ())
                found[op.id] = (answer.status, self.bare(answer.json, without) if answer.status == 200 else None)
        return found

    def bare(self, value, without=GOES_ON):
        """Lists in one order, for what is made again is made last."""
        if isinstance(value, dict):
            return {k: self.bare(v, without) for k, v in value.items() if k not in without}
        return sorted((self.bare(one, without) for one in value), key=str) if isinstance(value, list) else value

    def same(self, now, then):
        """The operations that do not answer as they did."""
        self.assertEqual({op: now[op] for op in now if now[op] != then[op]}, {op: then[op] for op in now if now[op] != then[op]})

    def scene(self):
        """Things that every operation can be done to, by the names of path parameters."""
        ids = dict(self.ids, spares={})
        for name, op in (("project_id", "create_project"), ("label_id", "create_label"), ("workflow_id", "create_workflow"), ("team_id", "create_team"),
                         ("webhook_id", "create_webhook"), ("sprint_id", "create_sprint"), ("ticket_id", "create_ticket"), ("comment_id", "add_comment")):
            row = self.operations[op]
            body = good_body(row, ids)
            if op == "create_ticket":
                body = {"title": body["title"]}
            ids[name] = self.owner.post(row.url(ids), body)["id"]
        ids["entity_id"], ids["user_id"] = ids["ticket_id"], self.member().id
        others = []  # a Member's entries, submitted twice and approved once
        for who in (self.owner, *[self.people["Member"].client] * 3):
            others.append(who.post(f"/api/v1/tickets/{self.ids['ticket_id']}/time-entries", {"date": self.fresh_day(), "minutes": 1})["id"])
            if who is not self.owner:
                who.post(f"/api/v1/time-entries/{others[-1]}/submit")
        self.owner.post(f"/api/v1/time-entries/{others[3]}/approve")
        ids["time_entry_id"] = others[0]
        ids["spares"] = {op: {others[0]: one} for op, one in zip(("approve_time_entry", "reject_time_entry", "reopen_time_entry"), others[1:])}
        self.owner.must("PUT", f"/api/v1/tags/ticket/{ids['ticket_id']}", {"color": "blue"})
        return ids

    def fresh_day(self):
        n = int(self.fresh(""))
        return f"20{10 + n // 300 % 15}-{1 + n // 28 % 12:02}-{1 + n % 28:02}"

    def commands(self):
        """Operations that write something of an organization, but for those that end it or make it."""
        for op in guarded(self.operations.values()):
            if op.writes and about(op) in ("path", "body", "batch") and op.id not in ("undo", "delete_org") + NO_EVENTS:
                yield op

    def call(self, op, ids, query=""):
        return self.owner.ask(op.method, op.url(ids, query), good_body(op, ids), statuses={200, 201, 202, 204})

    def undo(self, position, query="", status=200):
        return self.owner.ask("POST", f"/api/v1/orgs/{self.org}/events/{position}/undo{query}", {}, statuses={status})

    def test_each_command_is_rehearsed_and_taken_back(self):
        """A dry run shows the events that are written; undone, everything reads as before; undo undone, as after."""
        for op in self.commands():
            with self.subTest(op=op.id):
                ids = self.scene()
                for first in BEFORE.get(op.id, ()):
                    self.call(self.operations[first], ids)
                before, head = self.reads(ids), self.server.head()
                dry = [one["type"] for one in self.rehearsed(self.call(op, ids, "dry_run=true"))]
                self.assertEqual((self.reads(ids), self.server.head()), (before, head))
                position = int(self.call(op, ids).headers["Alloy-Position"])
                self.assertEqual((position, self.server.head()), (head + len(dry), head + len(dry)))
                after = self.reads(ids)
                if after["get_ticket"][0] == 200:
                    happened = [a["type"] for a in self.owner.all(f"/api/v1/tickets/{ids['ticket_id']}/activity") if a["position"] > head]
                    on_ticket = RULES[op.id].get("batch") == "ticket_ids" or op.path_names and op.path_names[0] in ("ticket_id", "comment_id", "entity_type")
                    self.assertEqual(happened, dry if on_ticket else [])
                if op.id in FINAL:
                    self.assertTrue(self.undo(position, status=409).json["reasons"])
                    continue
                shown = self.rehearsed(self.undo(position, "?dry_run=true"))
                self.same(self.reads(ids), after)
                undone = self.undo(position)
                self.assertEqual([c["type"] for c in undone.json["compensation"]], [one["type"] for one in shown])
                if op.id in SHOWN_AS_ENDED:
                    continue
                self.same(self.reads(ids), before)
                if op.id in NOT_AGAIN:
                    continue
                self.undo(undone.headers["Alloy-Position"])
                self.same(self.reads(ids), after)

    def rehearsed(self, answer):
        self.assertEqual(answer.headers["Alloy-Dry-Run"], "true")
        return answer.json["events"]

    def test_undo_is_refused_after_a_later_change(self):
        """With the reasons; then the later one is undone first."""
        for op in self.commands():
            if op.method not in ("PATCH", "PUT") and op.id != "batch_update_tickets" or op.id == "update_member":
                continue
            with self.subTest(op=op.id):
                ids = self.scene()
                first, second = (self.call(op, ids).headers["Alloy-Position"] for _ in range(2))
                head = self.server.head()
                refused = self.undo(first, status=409)
                self.assertEqual((refused.code, self.server.head()), ("cannot_undo", head))
                self.assertTrue(refused.json["reasons"] and all("changed since" in one for one in refused.json["reasons"]), refused)
                self.undo(second)
                self.undo(first)
                self.assertTrue(self.undo(first, status=409).json["reasons"], "it is undone already")

    def test_a_deleted_ticket_comes_back_whole(self):
        owner, project = self.owner, self.new_project()
        ticket = self.new_ticket(project, labels=[self.ids["label_id"]], sprint_id=self.new_sprint(project), due_date=DATE, estimate_points=5)
        path = f"/api/v1/tickets/{ticket['id']}"
        owner.must("PUT", f"/api/v1/tags/ticket/{ticket['id']}", {"color": "green", "size": "M"})
        comments = [owner.post(path + "/comments", {"body": f"No. {n}"}) for n in range(3)]
        position = owner.ask("DELETE", path, statuses={204}).headers["Alloy-Position"]
        self.new_ticket(project)
        self.undo(position)
        again = owner.get(f"/api/v1/tickets/{ticket['reference']}")
        self.assertEqual(self.bare(again), self.bare(ticket))
        self.assertGreater(again["version"], ticket["version"])
        self.assertEqual(owner.get(f"/api/v1/tags/ticket/{ticket['id']}"), {"color": "green", "size": "M"})
        self.assertEqual(owner.all(path + "/comments"), comments)
        self.assertEqual(self.new_ticket(project)["ticket_number"], 3)
        self.assertEqual([t["ticket_number"] for t in owner.all(f"/api/v1/projects/{project}/tickets")], [1, 2, 3])
        self.assertIn(ticket["id"], [t["id"] for t in owner.all(f"/api/v1/projects/{project}/tickets?label={self.ids['label_id']}")])


if __name__ == "__main__":
    server.main()
