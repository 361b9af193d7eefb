"""What a team does with tickets, as a stranger would try it: moves between projects, deletion, batches, lists over projects
and organizations."""
import itertools
import random

import server
from client import together
from workshop import Workshop
from world import DATE, random_id

PRIORITIES = ("Urgent", "High", "Medium", "Low", "None")
SORTS = [way + sort for sort in ("created_at", "updated_at", "priority", "number") for way in ("", "-")]


class Tickets(Workshop):
    def path(self, ticket, more=""):
        return f"/api/v1/tickets/{ticket if isinstance(ticket, str) else ticket['id']}{more}"

    def move(self, ticket, project, expected=200, **more):
        return self.owner.ask("PATCH", self.path(ticket), dict({"project_id": project}, **more), statuses={expected})

    def key_of(self, project):
        return self.owner.get(f"/api/v1/projects/{project}")["key"]

    # ------------------------------------------------------------------------------------ moves

    def test_move_gives_a_new_reference_and_keeps_the_old(self):
        first, second, third = (self.new_project() for _ in range(3))
        for project in (second, third):
            self.new_ticket(project)  # so that the numbers differ
        sprint = self.new_sprint(first)
        ticket = self.new_ticket(first, sprint_id=sprint, labels=[self.ids["label_id"]], assignee_id=self.people["Member"].id)
        comment = self.owner.post(self.path(ticket, "/comments"), {"body": "It stays with it"})
        names = [ticket["reference"]]
        for project in (second, third, first):
            before = self.owner.get(self.path(ticket))
            moved = self.move(names[0], project).json
            number = self.owner.get(f"/api/v1/projects/{project}")["ticket_counter"]
            self.assertEqual((moved["project_id"], moved["ticket_number"], moved["reference"]), (project, number, f"{self.key_of(project)}-{number}"))
            self.assertNotIn(moved["reference"], names, "a number is never given again")
            kept = set(moved) - {"project_id", "ticket_number", "reference", "sprint_id", "version", "updated_at"}
            self.assertEqual({k: moved[k] for k in kept}, {k: before[k] for k in kept})
            self.assertEqual((moved["sprint_id"], moved["version"]), (None, before["version"] + 1))
            names.append(moved["reference"])
            for other in (first, second, third):
                listed = [t["id"] for t in self.owner.all(f"/api/v1/projects/{other}/tickets")]
                self.assertEqual(listed.count(ticket["id"]), int(other == project))
            for name in names:
                with self.subTest(name=name, now=moved["reference"]):
                    self.every_door(name, ticket["id"], comment)
        self.assertEqual(self.owner.all(f"/api/v1/projects/{first}/tickets?sprint_id={sprint}"), [])

    def every_door(self, name, id_, comment):
        """Wherever a ticket's id stands."""
        owner = self.owner
        self.assertEqual(owner.get(self.path(name)), owner.get(self.path(id_)))
        self.assertEqual(owner.all(self.path(name, "/comments")), [comment])
        self.assertEqual(owner.all(self.path(name, "/activity")), owner.all(self.path(id_, "/activity")))
        owner.must("PUT", f"/api/v1/tags/ticket/{name}", {"via": name})
        self.assertEqual(owner.get(f"/api/v1/tags/ticket/{id_}"), {"via": name})
        for path, body in (("", None), ("/transition", {"status": "Review"}), ("/assign", {"assignee_id": None}), ("/labels", {"label_id": self.ids["label_id"]}),
                           ("/comments", {"body": "x"})):
            method = "POST" if path else "PATCH"
            owner.ask(method, self.path(name, path + "?dry_run=true"), body or {"title": "By name"}, statuses={200, 201})
        for path, body in (("batch", {"changes": {"title": "x"}}), ("batch-transition", {"status": "Done"})):
            answer = owner.post(f"/api/v1/tickets/{path}?dry_run=true", dict(body, ticket_ids=[name]))
            self.assertEqual((answer["succeeded"], answer["results"][0]["ticket_id"], answer["results"][0]["ticket"]["id"]), (1, name, id_))
        owner.must("DELETE", self.path(name, "?dry_run=true"))
        owner.must("DELETE", self.path(name, f"/labels/{self.ids['label_id']}?dry_run=true"))

    def test_move_into_another_workflow(self):
        flow = self.owner.post(f"/api/v1/orgs/{self.org}/workflows", {"name": self.fresh("Flow"), "enforcement": "strict", "statuses": [
            {"name": "New", "category": "todo"}, {"name": "Review", "category": "done"}], "transitions": []})
        there, here = self.new_project(workflow_id=flow["id"]), self.new_project()
        ticket = self.new_ticket(here)
        head = self.server.head()
        refused = self.move(ticket, there, 422)
        self.assertEqual(refused.faults, {"/status": "not_one_of"})
        for status in flow["statuses"]:
            self.assertIn(status["name"], refused.json["errors"][0]["detail"])
        self.move(ticket, there, 422, status="Nowhere")
        self.assertEqual((self.server.head(), self.owner.get(self.path(ticket))), (head, ticket))
        moved = self.move(ticket, there, status="New").json
        self.assertEqual((moved["status"], moved["category"]), ("New", "todo"))
        with self.subTest("a status that both have takes the category that it has there"):
            other = self.new_ticket(here)
            other = self.owner.post(self.path(other, "/transition"), {"status": "Review"})
            self.assertEqual((other["category"], self.move(other, there).json["category"]), ("in_progress", "done"))

    def test_moves_that_are_none(self):
        here, there = self.new_project(), self.new_project()
        ticket = self.new_ticket(here)
        head = self.server.head()
        self.assertEqual(self.move(ticket, here).json, ticket)
        for project in (random_id(), self.foreign["project_id"]):
            self.assertEqual(self.move(ticket, project, 422).faults, {"/project_id": "not_found"})
        self.assertEqual(self.move(ticket, there, 422, sprint_id=self.new_sprint(here)).faults, {"/sprint_id": "not_found"})
        self.assertEqual(self.server.head(), head + 1, "the sprint alone was written")
        sprint = self.new_sprint(there)
        self.assertEqual(self.move(ticket, there, sprint_id=sprint).json["sprint_id"], sprint)

    # ------------------------------------------------------------------------------------ deletion

    def test_deleted_ticket_is_gone_everywhere(self):
        owner, me = self.owner, self.people["Owner"].id
        project, earlier = self.new_project(), self.new_project()
        ticket = self.new_ticket(earlier, title="Doomed kumquat", assignee_id=me, labels=[self.ids["label_id"]], due_date=DATE)
        ticket = self.move(ticket, project, sprint_id=(sprint := self.new_sprint(project))).json
        old = f"{self.key_of(earlier)}-1"
        owner.must("PUT", f"/api/v1/tags/ticket/{ticket['id']}", {"doomed": "yes"})
        comment = owner.post(self.path(ticket, "/comments"), {"body": "Doomed, too"})
        there = self.server.head()
        owner.ask("DELETE", self.path(ticket), statuses={204})
        head = self.server.head()
        for name in (ticket["id"], ticket["reference"], old):
            for method, path, body in (("GET", "", None), ("PATCH", "", {"title": "x"}), ("DELETE", "", None),
                                       ("GET", "/activity", None), ("GET", "/comments", None),
                                       ("POST", "/comments", {"body": "x"}), ("POST", "/transition", {"status": "Done"}), ("POST", "/assign", {"assignee_id": None}),
                                       ("POST", "/labels", {"label_id": self.ids["label_id"]})):
                with self.subTest(name=name, method=method, path=path):
                    self.refused(404, method, self.path(name, path), body)
            self.refused(404, "GET", f"/api/v1/tags/ticket/{name}")
            self.assertEqual(owner.post("/api/v1/tickets/batch", {"ticket_ids": [name], "changes": {"title": "x"}})["results"][0]["status"], 404)
        for method, body in (("GET", None), ("PATCH", {"body": "x"}), ("DELETE", None)):
            self.refused(404, method, f"/api/v1/comments/{comment['id']}", body)
        for path in (f"/api/v1/projects/{project}/tickets", f"/api/v1/projects/{project}/tickets?sprint_id={sprint}", "/api/v1/tickets", "/api/v1/tickets/mine",
                     f"/api/v1/tickets?label={self.ids['label_id']}", "/api/v1/tags?key=doomed"):
            with self.subTest(path=path):
                self.assertNotIn(ticket["id"], str(owner.all(path)))
        self.assertEqual(self.server.head(), head)
        with self.subTest("neither its number nor its id is given again"):
            self.assertEqual(self.new_ticket(project)["ticket_number"], ticket["ticket_number"] + 1)
            self.refused(409, "POST", f"/api/v1/projects/{project}/tickets", {"title": "x", "id": ticket["id"]})
        with self.subTest("but what it was is known"):
            for name in (ticket["id"], ticket["reference"]):
                self.assertEqual(owner.get(self.path(name, f"?as_of={there}")), ticket)
            self.assertEqual(owner.get(f"/api/v1/comments/{comment['id']}?as_of={there}"), comment)
            self.assertEqual(owner.get(self.path(ticket, f"/comments?as_of={there}"))["items"], [comment])
            self.refused(404, "GET", self.path(ticket, f"?as_of={there + 1}"))

    # ------------------------------------------------------------------------------------ batches

    def made(self, project, count):
        """Many tickets, by many clients."""
        clients = [self.owner.with_token(self.owner.token) for _ in range(8)]
        path = f"/api/v1/projects/{project}/tickets"
        some = together(lambda i: [clients[i].post(path, {"title": f"{i}-{n}"})["id"] for n in range(count // 8)], 8)
        return [one for ids in some for one in ids]

    def test_batches_of_a_thousand(self):
        project = self.new_project()
        ids = self.made(project, 1000)
        self.assertEqual(len(ids), 1000)
        random.shuffle(ids)
        listed = lambda: {t["id"]: t for t in self.owner.all(f"/api/v1/projects/{project}/tickets")}  # noqa: E731
        for n, (path, body, field) in enumerate((("batch", {"changes": {"priority": "High"}}, ("priority", "High")),
                                                 ("batch-transition", {"status": "Review"}, ("status", "Review")),
                                                 ("batch", {"changes": {"priority": "Low"}, "atomic": True}, ("priority", "Low")),
                                                 ("batch-transition", {"status": "Done", "atomic": True}, ("status", "Done")))):
            with self.subTest(path=path, body=body):
                head = self.server.head()
                dry = self.owner.ask("POST", f"/api/v1/tickets/{path}?dry_run=true", dict(body, ticket_ids=ids), statuses={200})
                self.assertEqual((self.server.head(), len(dry.json["events"])), (head, 1000))
                answer = self.owner.ask("POST", f"/api/v1/tickets/{path}", dict(body, ticket_ids=ids), statuses={200})
                self.assertEqual((answer.headers["Alloy-Position"], self.server.head()), (str(head + 1000), head + 1000))
                self.assertEqual((answer.json["succeeded"], answer.json["failed"]), (1000, 0))
                self.assertEqual([r["ticket_id"] for r in answer.json["results"]], ids)
                self.assertEqual({r["ticket"][field[0]] for r in answer.json["results"]}, {field[1]})
                self.assertEqual({r["ticket"]["version"] for r in answer.json["results"]}, {n + 2})
                self.assertEqual(len({r["ticket"]["updated_at"] for r in answer.json["results"]}), 1, "one command, one time")
                self.assertEqual(listed(), {r["ticket"]["id"]: r["ticket"] for r in answer.json["results"]})
        head = self.server.head()
        for path, body in (("batch", {"changes": {"priority": "High"}}), ("batch-transition", {"status": "Review"})):
            for wrong in (ids + [random_id()], []):
                self.assertEqual(list(self.refused(422, "POST", f"/api/v1/tickets/{path}", dict(body, ticket_ids=wrong)).faults), ["/ticket_ids"])
        self.assertEqual(self.server.head(), head)

    def test_batch_with_refusals(self):
        strict = self.owner.post(f"/api/v1/orgs/{self.org}/workflows", {
            "name": self.fresh("Flow"), "enforcement": "strict", "transitions": [{"from": "New", "to": "Review"}],
            "statuses": [{"name": name, "category": "todo"} for name in ("New", "Review", "Done")]})["id"]
        free, bound = self.new_project(), self.new_project(workflow_id=strict)
        a, b, c = self.new_ticket(free), self.new_ticket(bound), self.new_ticket(free)
        nobody = random_id()
        asked = [a["id"], b["reference"], nobody, a["reference"], c["id"]]
        head = self.server.head()
        atomic = self.refused(422, "POST", "/api/v1/tickets/batch-transition", {"ticket_ids": asked, "status": "Done", "atomic": True})
        self.assertEqual(atomic.faults, {"/ticket_ids/1": "transition_not_allowed", "/ticket_ids/2": "not_found", "/ticket_ids/3": "duplicate"})
        self.assertEqual((self.server.head(), self.owner.get(self.path(a))), (head, a))
        answer = self.owner.ask("POST", "/api/v1/tickets/batch-transition", {"ticket_ids": asked, "status": "Done"}, statuses={200})
        results = answer.json["results"]
        self.assertEqual([(r["ticket_id"], r["status"]) for r in results], list(zip(asked, (200, 422, 404, 422, 200))))
        self.assertEqual([r.get("error", {}).get("code") for r in results], [None, "transition_not_allowed", "not_found", "validation_failed", None])
        self.assertEqual((answer.json["succeeded"], answer.json["failed"], answer.headers["Alloy-Position"]), (2, 3, str(head + 2)))
        self.assertEqual([self.owner.get(self.path(t))["status"] for t in (a, b, c)], ["Done", "New", "Done"])
        with self.subTest("each is decided as if it stood alone"):
            one = self.refused(422, "POST", self.path(b, "/transition"), {"status": "Done"}).json
            self.assertEqual((results[1]["error"]["code"], results[1]["error"]["detail"]), (one["code"], one["detail"]))
        with self.subTest("all moved to another project get numbers in the order of the batch"):
            target = self.new_project()
            moved = self.owner.post("/api/v1/tickets/batch", {"ticket_ids": [c["id"], a["id"]], "changes": {"project_id": target}})["results"]
            self.assertEqual([r["ticket"]["ticket_number"] for r in moved], [1, 2])

    def test_batch_larger_than_a_record(self):
        """Two hundred texts of 60 kB are more than one record holds: one command all the same, and one position."""
        project = self.new_project()
        ids = self.made(project, 200)
        text = "All work and no play. " * 2800
        self.assertGreater(len(text), 60000)
        head = self.server.head()
        answer = self.owner.ask("POST", "/api/v1/tickets/batch", {"ticket_ids": ids, "changes": {"description": text}, "atomic": True}, statuses={200})
        self.assertEqual((answer.headers["Alloy-Position"], answer.json["succeeded"]), (str(head + 200), 200))
        self.assertEqual(answer.json["results"][199]["ticket"]["description"], text)
        for one in (ids[0], ids[99], ids[199]):
            now = self.owner.get(self.path(one))
            self.assertEqual((now["description"] == text, now["version"]), (True, 2))
            self.assertIsNone(self.owner.get(self.path(one, f"?as_of={head}"))["description"])

    # ------------------------------------------------------------------------------------ lists over projects and organizations

    def filled(self):
        """Tickets of three projects in two organizations, as they stand in the end."""
        orgs = [self.new_org()["id"], self.new_org()["id"]]
        projects = [self.new_project(org_id=orgs[n // 2]) for n in range(3)]
        me, dice = self.people["Owner"].id, random.Random(7)
        made = [self.new_ticket(projects[n % 3], title=f"t{n}", priority=dice.choice(PRIORITIES), assignee_id=dice.choice((None, me))) for n in range(48)]
        for one in dice.sample(made, 20):
            self.owner.patch(self.path(one), {"title": "touched", "status": dice.choice(("Done", "Review"))})
        org_of = dict(zip(projects, (orgs[0], orgs[0], orgs[1])))
        now = [self.owner.get(self.path(one)) for one in made]
        return orgs, projects, now, org_of

    def order(self, tickets, sort, made):
        """As the contract has it; ties, which `number` has between projects, by creation."""
        born = {one["id"]: n for n, one in enumerate(made)}
        key = {"created_at": lambda t: born[t["id"]], "number": lambda t: t["ticket_number"], "updated_at": lambda t: t["updated_at"],
               "priority": lambda t: PRIORITIES.index(t["priority"])}[sort.lstrip("-")]
        return [key(t) for t in sorted(tickets, key=key, reverse=sort.startswith("-"))], key

    def test_search_over_projects(self):
        orgs, projects, made, org_of = self.filled()
        me = self.people["Owner"].id
        scopes = {f"org_id={org}": (lambda t, org=org: org_of[t["project_id"]] == org) for org in orgs}
        scopes.update({f"project_id={','.join(some)}": (lambda t, some=some: t["project_id"] in some) for n in (1, 2, 3) for some in itertools.combinations(projects, n)})
        elsewhere = f"/api/v1/tickets?org_id={orgs[0]}&project_id={projects[1]},{projects[2]}"
        self.assertEqual(self.owner.ask("GET", elsewhere, statuses={422}).faults, {"/project_id": "not_found"})
        scopes[f"project_id={self.key_of(projects[2])}"] = lambda t: t["project_id"] == projects[2]
        filters = {"": lambda t: True, "status=Done,Review": lambda t: t["status"] != "Backlog", "priority=High,Low": lambda t: t["priority"] in ("High", "Low"),
                   "assignee_id=none": lambda t: t["assignee_id"] is None, f"assignee_id={me}&category=todo": lambda t: t["assignee_id"] == me and t["category"] == "todo"}
        for (scope, in_scope), (filter_, holds), sort in itertools.product(scopes.items(), filters.items(), SORTS):
            with self.subTest(scope=scope, filter=filter_, sort=sort):
                self.same_list("/api/v1/tickets", f"{scope}&{filter_}", [t for t in made if in_scope(t) and holds(t)], sort, made)

    def same_list(self, path, query, wanted, sort, made):
        got = self.owner.all(f"{path}?{query.strip('&')}&sort={sort}", limit=random.choice((3, 10, 200)))
        order, key = self.order(wanted, sort, made)
        self.assertEqual([key(t) for t in got], order)
        self.assertEqual(sorted(t["id"] for t in got), sorted(t["id"] for t in wanted))
        self.assertEqual({t["id"]: t for t in got}, {t["id"]: t for t in wanted})

    def test_my_tickets_over_organizations(self):
        """In one order, whatever organization they are of, also page by page."""
        orgs, projects, made, org_of = self.filled()
        me = self.people["Owner"].id
        mine = [t for t in made if t["assignee_id"] == me]
        self.assertEqual({org_of[t["project_id"]] for t in mine}, set(orgs))
        all_mine = {t["id"] for t in self.owner.all("/api/v1/tickets/mine")}
        self.assertLessEqual({t["id"] for t in mine}, all_mine)
        for sort in SORTS:
            with self.subTest(sort=sort):
                self.same_list("/api/v1/tickets/mine", f"project_id={','.join(projects)}", mine, sort, made)
                whole = self.owner.all(f"/api/v1/tickets/mine?sort={sort}")
                for limit in (1, 3, len(whole)):
                    self.assertEqual(self.owner.all(f"/api/v1/tickets/mine?sort={sort}", limit), whole)
            for org in orgs:
                with self.subTest(sort=sort, org=org):
                    self.same_list("/api/v1/tickets/mine", f"org_id={org}", [t for t in mine if org_of[t["project_id"]] == org], sort, made)
        self.assertEqual(self.people["Viewer"].client.all("/api/v1/tickets/mine"), [])


if __name__ == "__main__":
    server.main()
