"""Boards, burndowns as figures and as pictures, velocity and flow, over the real program."""
import json
import xml.etree.ElementTree as xml

import server
from workshop import Workshop

SVG = "{http://www.w3.org/2000/svg}"


class Charts(Workshop):
    def sprint_of(self, points, **more):
        """A project with a started sprint of today, and its tickets."""
        project = {"id": self.new_project()}
        today = self.owner.get(f"/api/v1/projects/{project['id']}/flow")["to"]
        sprint = self.owner.post(f"/api/v1/projects/{project['id']}/sprints", dict({"name": "One", "start_date": today, "end_date": today}, **more))
        tickets = [self.owner.post(f"/api/v1/projects/{project['id']}/tickets", {"title": "x", "sprint_id": sprint["id"], "estimate_points": p}) for p in points]
        self.owner.post(f"/api/v1/sprints/{sprint['id']}/start")
        return project, sprint, tickets

    def move(self, ticket, status):
        return self.owner.post(f"/api/v1/tickets/{ticket['id']}/transition", {"status": status})

    def burndown(self, sprint, query="", **more):
        return self.owner.ask("GET", f"/api/v1/sprints/{sprint['id']}/burndown{query}", statuses={200}, **more)

    # ------------------------------------------------------------------------------------ boards

    def test_boards(self):
        project, sprint, tickets = self.sprint_of([1, 2, 3, 5, 8])
        outside = self.owner.post(f"/api/v1/projects/{project['id']}/tickets", {"title": "outside"})
        self.move(tickets[0], "Done")
        self.move(tickets[1], "Review")
        for path, counts in ((f"sprints/{sprint['id']}", [3, 0, 0, 1, 1, 0]), (f"projects/{project['id']}", [4, 0, 0, 1, 1, 0])):
            board = self.owner.get(f"/api/v1/{path}/board")
            self.assertEqual([c["status"] for c in board["columns"]], ["Backlog", "Ready", "InProgress", "Review", "Done", "Cancelled"])
            self.assertEqual([c["category"] for c in board["columns"]], ["todo", "todo", "in_progress", "in_progress", "done", "done"])
            self.assertEqual([c["count"] for c in board["columns"]], counts)
            self.assertEqual([len(c["tickets"]) for c in board["columns"]], counts)
            self.assertFalse(any(c["has_more"] for c in board["columns"]))
            self.assertEqual(board["columns"][4]["tickets"], [self.owner.get(f"/api/v1/tickets/{tickets[0]['id']}")])
        met, column = [], self.owner.get(f"/api/v1/projects/{project['id']}/board?limit=1")["columns"][0]
        while True:
            self.assertEqual((column["count"], len(column["tickets"])), (4, 1))
            met += [t["id"] for t in column["tickets"]]
            if not column["has_more"]:
                break
            only = self.owner.get(f"/api/v1/projects/{project['id']}/board?limit=1&status=Backlog&cursor={column['next_cursor']}")["columns"]
            self.assertEqual([c["status"] for c in only], ["Backlog"])
            column = only[0]
        self.assertEqual(met, [t["id"] for t in tickets[2:]] + [outside["id"]])
        self.assertIn("/status", self.refused(422, "GET", f"/api/v1/projects/{project['id']}/board?status=Nowhere").faults)

    def test_boards_as_they_stood(self):
        """At each position the bytes that were answered at it, whatever came later: moves, a status more, a deletion."""
        project, sprint, tickets = self.sprint_of([1, 2, 3])
        project = self.owner.get(f"/api/v1/projects/{project['id']}")
        paths = [f"/api/v1/{path}/board" for path in (f"sprints/{sprint['id']}", f"projects/{project['id']}")] \
            + [f"/api/v1/projects/{project['id']}/velocity", f"/api/v1/workflows/{project['workflow_id']}"]
        seen = {}

        def look():
            for path in paths:
                seen[path, self.server.head()] = self.owner.ask("GET", path).body
        look()
        workflow = self.owner.get(paths[-1])
        statuses = workflow["statuses"] + [{"name": "Parked", "category": "todo"}]
        for change in (lambda: self.move(tickets[0], "Review"), lambda: self.move(tickets[1], "Done"),
                       lambda: self.owner.patch(f"/api/v1/workflows/{workflow['id']}", {"statuses": statuses}),
                       lambda: self.owner.post(f"/api/v1/sprints/{sprint['id']}/complete", {}),
                       lambda: self.owner.must("DELETE", f"/api/v1/tickets/{tickets[0]['id']}")):
            change()
            look()
        self.assertEqual(len(seen), 6 * len(paths))
        self.owner.patch(f"/api/v1/workflows/{workflow['id']}", {"statuses": workflow["statuses"]})  # it is that of others, too
        for (path, at), body in seen.items():
            with self.subTest(path=path, at=at):
                self.assertEqual(self.owner.ask("GET", f"{path}?as_of={at}", statuses={200}).body, body)
        first = min(at for _, at in seen)
        column = self.owner.get(f"{paths[1]}?as_of={first}&limit=1")["columns"][0]
        self.assertEqual((column["count"], column["has_more"]), (3, True))
        rest = self.owner.get(f"{paths[1]}?as_of={first}&limit=2&status=Backlog&cursor={column['next_cursor']}")["columns"][0]
        self.assertEqual([t["id"] for t in column["tickets"] + rest["tickets"]], [t["id"] for t in tickets])

    # ------------------------------------------------------------------------------------ burndown

    def test_burndown(self):
        _, sprint, tickets = self.sprint_of([1, 2.5, None])
        self.move(tickets[0], "Done")
        self.owner.patch(f"/api/v1/tickets/{tickets[1]['id']}", {"estimate_points": 4})
        self.move(tickets[2], "Cancelled")
        chart = self.burndown(sprint).json
        self.assertEqual((chart["unit"], chart["commitment"], chart["points"], chart["unestimated"]), ("tickets", 3, {"commitment": 3.5}, 0))
        (day,) = chart["days"]
        self.assertEqual([day[k] for k in ("scope", "completed", "remaining", "ideal")], [2, 1, 1, 0])
        self.assertEqual(day["points"], {"scope": 5, "completed": 1, "remaining": 4, "ideal": 0})
        self.assertEqual([c["type"] for c in day["changes"]], ["Added"] * 3 + ["Done", "Reestimated", "Cancelled"])
        for figure in ("scope", "completed", "remaining"):
            self.assertEqual(sum(c[figure] for c in day["changes"]), day[figure])
            self.assertAlmostEqual(sum(c["points"][figure] for c in day["changes"]), day["points"][figure])
        points = self.burndown(sprint, "?unit=points").json
        self.assertEqual((points["unit"], points["commitment"], points["days"][0]["remaining"]), ("points", 3.5, 4))

    def test_a_completed_sprint_is_shown_as_it_was(self):
        org = self.new_org()["id"]
        project = self.owner.post("/api/v1/projects", {"org_id": org, "key": self.fresh("K"), "name": "x"})["id"]
        flow = self.owner.post(f"/api/v1/orgs/{org}/workflows", {"name": "Own", "statuses": [{"name": "Open", "category": "todo"}, {"name": "Shut", "category": "done"}]})
        self.owner.patch(f"/api/v1/projects/{project}", {"workflow_id": flow["id"]})
        sprint = self.owner.post(f"/api/v1/projects/{project}/sprints", {"name": "One", "start_date": "2026-11-20", "end_date": "2036-11-20"})
        done, left = (self.owner.post(f"/api/v1/projects/{project}/tickets", {"title": "x", "sprint_id": sprint["id"], "estimate_points": 3})
                      for _ in range(2))
        self.owner.post(f"/api/v1/sprints/{sprint['id']}/start")
        self.move(done, "Shut")
        answer = self.owner.ask("POST", f"/api/v1/sprints/{sprint['id']}/complete", {}, statuses={200})
        completed_at = int(answer.headers["Alloy-Position"]) - 1  # the last event took the unfinished one out
        kept = self.burndown(sprint).body
        then = self.burndown(sprint, f"?as_of={completed_at}").body
        self.assertEqual(kept, then)
        self.assertEqual(json.loads(kept)["commitment"], 2)
        last = [d for d in json.loads(kept)["days"] if "scope" in d][-1]
        self.assertEqual((last["scope"], last["completed"]), (2, 1), "what was spilled over stays in the picture")
        self.owner.patch(f"/api/v1/orgs/{org}", {"time_zone": "Pacific/Kiritimati", "working_days": ["Sun"]})
        self.owner.patch(f"/api/v1/workflows/{flow['id']}", {"statuses": [{"name": "Open", "category": "todo"}, {"name": "Closed", "category": "done"}],
                                                             "migrate": {"Shut": "Closed"}})
        self.owner.patch(f"/api/v1/tickets/{done['id']}", {"estimate_points": 13, "status": "Open"})
        self.assertEqual(self.burndown(sprint).body, kept)
        velocity = self.owner.get(f"/api/v1/projects/{project}/velocity")
        self.assertEqual([(s["commitment"], s["completed"], s["points"]) for s in velocity["sprints"]], [(2, 1, {"commitment": 6, "completed": 3})])
        self.assertEqual(self.owner.get(f"/api/v1/tickets/{left['id']}")["sprint_id"], None)

    def test_undone_completion_opens_the_picture_again(self):
        _, sprint, tickets = self.sprint_of([1, 2])
        done = self.owner.ask("POST", f"/api/v1/sprints/{sprint['id']}/complete", {}, statuses={200}).headers["Alloy-Position"]
        self.owner.post(f"/api/v1/orgs/{self.org}/events/{done}/undo")
        self.move(tickets[0], "Done")
        self.assertEqual(self.burndown(sprint).json["days"][0]["completed"], 1)

    def test_the_picture(self):
        name = "Sprint <b>1</b> & \"more\" \u2014 Onboarding, which goes on and on, and on, until no line holds it"
        _, sprint, tickets = self.sprint_of([1, 2], name=name, end_date="2036-01-01")
        self.move(tickets[0], "Done")
        for accept, is_svg in (("image/svg+xml", True), ("application/json", False), ("*/*", False), ("image/*", True),
                               ("image/svg+xml;q=0.5, application/json", False), ("application/json;q=0.2, image/svg+xml;q=0.3", True),
                               ("text/html, image/svg+xml, */*;q=0.1", True), (None, False)):
            with self.subTest(accept=accept):
                answer = self.burndown(sprint, headers={"Accept": accept})
                self.assertEqual(answer.headers["Content-Type"].split(";")[0], "image/svg+xml" if is_svg else "application/json")
                self.assertIn("Accept", ", ".join(answer.headers.get_all("Vary")))
        self.refused(406, "GET", f"/api/v1/sprints/{sprint['id']}/burndown", headers={"Accept": "image/png"})
        picture = xml.fromstring(self.burndown(sprint, headers={"Accept": "image/svg+xml"}).body)
        self.assertEqual(picture.tag, SVG + "svg")
        self.assertEqual(picture.find(SVG + "title").text, "Burndown of " + name)
        self.assertLessEqual({"scope", "completed", "remaining", "ideal"}, {line.get("class") for line in picture.iter(SVG + "polyline")})
        self.assertEqual(list(picture.iter(SVG + "script")), [])

    # ------------------------------------------------------------------------------------ velocity, flow

    def test_velocity(self):
        project = self.new_project()
        self.assertEqual(self.owner.get(f"/api/v1/projects/{project}/velocity"),
                         {"project_id": project, "unit": "tickets", "sprints": [], "mean": None, "median": None})
        for n, (planned, done) in enumerate(((3, 1), (2, 2), (4, 0)), 1):
            sprint = self.owner.post(f"/api/v1/projects/{project}/sprints", {"name": f"S{n}", "start_date": "2026-11-01", "end_date": "2026-11-02"})["id"]
            tickets = [self.owner.post(f"/api/v1/projects/{project}/tickets", {"title": "x", "sprint_id": sprint, "estimate_points": 2}) for _ in range(planned)]
            self.owner.post(f"/api/v1/sprints/{sprint}/start")
            for one in tickets[:done]:
                self.move(one, "Done")
            self.owner.post(f"/api/v1/sprints/{sprint}/complete", {})
        velocity = self.owner.get(f"/api/v1/projects/{project}/velocity")
        self.assertEqual([(s["name"], s["commitment"], s["completed"]) for s in velocity["sprints"]], [("S1", 3, 1), ("S2", 2, 2), ("S3", 4, 0)])
        self.assertEqual(velocity["mean"], {"commitment": 3, "completed": 1, "points": {"commitment": 6, "completed": 2}})
        self.assertEqual(velocity["median"], {"commitment": 3, "completed": 1, "points": {"commitment": 6, "completed": 2}})
        self.assertEqual([s["name"] for s in self.owner.get(f"/api/v1/projects/{project}/velocity?last=2")["sprints"]], ["S2", "S3"])
        self.refused(422, "GET", f"/api/v1/projects/{project}/velocity?last=0")

    def test_flow(self):
        project = self.new_project()
        tickets = [self.owner.post(f"/api/v1/projects/{project}/tickets", {"title": "x"}) for _ in range(4)]
        self.move(tickets[0], "InProgress")
        self.move(tickets[0], "Done")
        self.move(tickets[1], "Done")
        self.move(tickets[2], "Cancelled")
        flow = self.owner.get(f"/api/v1/projects/{project}/flow")
        self.assertEqual([s["status"] for s in flow["statuses"]], ["Backlog", "Ready", "InProgress", "Review", "Done", "Cancelled"])
        self.assertEqual(len(flow["days"]), 30)
        self.assertEqual(flow["days"][-1]["counts"], {"Backlog": 1, "Ready": 0, "InProgress": 0, "Review": 0, "Done": 2, "Cancelled": 1})
        self.assertEqual(set(flow["days"][-2]["counts"].values()), {0})
        self.assertEqual((flow["lead_time"]["count"], flow["cycle_time"]["count"]), (2, 1))
        self.assertGreaterEqual(flow["lead_time"]["p95_seconds"], flow["lead_time"]["p50_seconds"])
        self.move(tickets[1], "Backlog")  # reopened: it is not done, and counts no more
        self.owner.must("DELETE", f"/api/v1/tickets/{tickets[3]['id']}")
        flow = self.owner.get(f"/api/v1/projects/{project}/flow")
        self.assertEqual(flow["days"][-1]["counts"], {"Backlog": 1, "Ready": 0, "InProgress": 0, "Review": 0, "Done": 1, "Cancelled": 1})
        self.assertEqual(flow["lead_time"]["count"], 1)
        quiet = self.owner.get(f"/api/v1/projects/{project}/flow?from=2026-01-01&to=2026-01-31")
        self.assertEqual((len(quiet["days"]), quiet["lead_time"]), (31, {"count": 0, "p50_seconds": None, "p85_seconds": None, "p95_seconds": None}))
        for query in ("from=2026-02-01&to=2026-01-01", "from=2020-01-01&to=2026-01-01", "from=x"):
            self.refused(422, "GET", f"/api/v1/projects/{project}/flow?{query}")

    def test_working_days(self):
        org = self.new_org()
        self.assertEqual(org["working_days"], ["Mon", "Tue", "Wed", "Thu", "Fri"])
        changed = self.owner.patch(f"/api/v1/orgs/{org['id']}", {"working_days": ["Thu", "Sun", "Mon"]})
        self.assertEqual(changed["working_days"], ["Mon", "Thu", "Sun"])
        for bad in ([], ["Mon", "Mon"], ["Monday"], "Mon"):
            self.refused(422, "PATCH", f"/api/v1/orgs/{org['id']}", {"working_days": bad})


if __name__ == "__main__":
    server.main()
