"""Lists as people ask for them: a repeated parameter, names that hold commas, names that nothing has; references and keys without
regard to case; at every door."""
import itertools
import json
import os
import pathlib
import subprocess
import unittest
from urllib.parse import quote, urlencode

import server
from workshop import Workshop
from world import DATE, random_id

COMMA = "area: db,cache"


class Lists(Workshop):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        statuses = [{"name": n, "category": c} for n, c in (("Open", "todo"), ("Waits, blocked", "in_progress"), ("Waits", "in_progress"), ("Done", "done"))]
        cls.workflow = cls.owner.post(f"/api/v1/orgs/{cls.org}/workflows", {"name": "With commas", "statuses": statuses})["id"]
        cls.project = cls.owner.post("/api/v1/projects", {"org_id": cls.org, "key": "COMMA", "name": "Commas", "workflow_id": cls.workflow})["id"]
        cls.labels = {name: cls.owner.post(f"/api/v1/orgs/{cls.org}/labels", {"name": name, "color": "#123456"})["id"]
                      for name in (COMMA, "x,y", "x", "y", "z", "of nothing")}
        cls.path = f"/api/v1/projects/{cls.project}/tickets"
        cls.made = {}
        for name, status, tag in ((COMMA, "Waits, blocked", "a,b"), ("x,y", "Waits", "a"), ("x", "Open", "b"), ("y", "Done", "a,b,c"), ("z", "Open", "d")):
            ticket = cls.owner.post(cls.path, {"title": name, "labels": [cls.labels[name]]})
            if status != "Open":
                cls.owner.post(f"/api/v1/tickets/{ticket['id']}/transition", {"status": status})
            cls.owner.must("PUT", f"/api/v1/tags/ticket/{ticket['id']}", {"of": tag})
            cls.made[name] = ticket
        cls.everywhere = (cls.path, f"/api/v1/tickets?project_id={cls.project}", f"/api/v1/tickets?org_id={cls.org}&project_id=comma")

    def titles(self, path, *asked, client=None, **more):
        """A pair for each parameter of the query."""
        query = urlencode(list(asked) + list(more.items()))
        page = (client or self.owner).get(path + ("&" if "?" in path else "?") + query)
        return sorted(t["title"] for t in page["items"])

    def faults(self, path, *asked, client=None):
        answer = self.refused(422, "GET", path + ("&" if "?" in path else "?") + urlencode(list(asked)), client=client)
        self.assertEqual(answer.code, "validation_failed", answer)
        return answer.faults, answer.json["errors"]

    # ------------------------------------------------------------------------------------ commas

    def test_a_comma_is_part_of_a_name_where_something_is_so_named(self):
        for path in self.everywhere:
            for name, value in (("label", COMMA), ("label", self.labels[COMMA]), ("status", "Waits, blocked"), ("tag", "of:a,b")):
                with self.subTest(path=path, name=name, value=value):
                    self.assertEqual(self.titles(path, (name, value)), [COMMA])

    def test_a_value_is_looked_up_whole_before_it_is_split(self):
        self.assertEqual(self.titles(self.path, ("label", "x,y")), ["x,y"])
        self.assertEqual(self.titles(self.path, ("label", "x"), ("label", "y")), ["x", "y"])
        self.assertEqual(self.titles(self.path, ("label", "y,x")), ["x", "y"], "nothing is so named")
        self.assertEqual(self.titles(self.path, ("label", f"x,{self.labels['z']}")), ["x", "z"])
        self.assertEqual(self.titles(self.path, ("status", "Open,Done")), ["x", "y", "z"])
        self.assertEqual(self.titles(self.path, ("tag", "of:a,of:b")), ["x", "x,y"])
        self.assertEqual(self.titles(self.path, ("tag", "of:a,b,c")), ["y"])
        self.assertEqual(len(self.titles(self.path, ("tag", "of"))), 5)

    def test_a_repeated_parameter_is_a_list(self):
        both = (("label", COMMA), ("label", "x,y"), ("label", "z"))
        self.assertEqual(self.titles(self.path, *both), sorted([COMMA, "x,y", "z"]))
        self.assertEqual(self.titles(self.path, ("status", "Waits, blocked"), ("status", "Open,Done")), sorted([COMMA, "x", "y", "z"]))
        self.assertEqual(self.titles(self.path, ("tag", "of:a,b"), ("tag", "of:d")), sorted([COMMA, "z"]))
        self.assertEqual(self.titles("/api/v1/tickets", ("project_id", "COMMA"), ("project_id", self.project), ("label", "z")), ["z"])
        self.assertEqual(self.titles(self.path, *[("label", "z")] * 200), ["z"])

    def test_every_list_of_every_operation_may_be_repeated(self):
        document = self.owner.get("/openapi.json")
        lists = {}
        for path, methods in document["paths"].items():
            for method, one in methods.items():
                for p in one.get("parameters", []):
                    if p["in"] == "query" and p["schema"].get("type") == "array":
                        self.assertEqual((p["style"], p["explode"]), ("form", True), (path, p["name"]))
                        lists.setdefault(one["operationId"], []).append((path, p))
                    elif p["in"] == "query":
                        self.assertNotIn("explode", p)
        self.assertLessEqual({"list_tickets", "search_tickets", "get_my_tickets", "list_sprints", "list_time_entries", "list_events", "get_capitalization_report"}, set(lists), sorted(lists))
        told = {"status": ("Open", "Done"), "label": ("x", "z"), "tag": ("of:a", "of:d"), "types": ("ticket.created", "label.*"), "project_id": (self.project, self.ids["project_id"]),
                "rates": ("1:2026-01-01:100",) * 2}
        ids = dict(self.ids, project_id=self.project)
        for op, parameters in lists.items():
            for path, p in parameters:
                of = p["schema"]["items"]
                if "$ref" in of:
                    of = document["components"]["schemas"][of["$ref"].rsplit("/", 1)[1]]
                values = of["enum"][:2] if "enum" in of else (random_id(), random_id()) if of.get("format") == "uuid" or p["name"] in ("assignee_id", "sprint_id") else told[p["name"]]
                url = path
                for name, value in ids.items():
                    if isinstance(value, str):
                        url = url.replace("{" + name + "}", value)
                with self.subTest(operation=op, parameter=p["name"]):
                    fixed = [("org_id", self.org)] if op.startswith(("get_capitalization", "explain")) else []
                    fixed += [("period", "2026-01")] if fixed else []
                    answers = [self.owner.ask("GET", url + "?" + urlencode(fixed + asked), statuses=(200, 422))
                               for asked in ([(p["name"], v) for v in values], [(p["name"], ",".join(values))])]
                    self.assertEqual(answers[0].status, answers[1].status)
                    if answers[0].status == 200 and answers[0].headers["Content-Type"] == "application/json":
                        page = [a.json.get("items", a.json) for a in answers]
                        self.assertEqual(*page)
                    elif answers[0].status == 422:
                        self.assertEqual(answers[0].faults, answers[1].faults)

    def test_what_takes_one_value_stands_there_once(self):
        for query in ("limit=1&limit=2", "q=a&q=b", "sort=number&sort=number", "cursor=x&cursor=y", "as_of=1&as_of=1", "created_since=2026-01-01T00:00:00Z&created_since=2026-01-02T00:00:00Z",
                      "org_id=x&org_id=y", "nosuch=1&nosuch=2", "label=x&limit=1&label=y&limit=2"):
            for path in (self.path, "/api/v1/tickets"):
                with self.subTest(query=query):
                    self.assertEqual(self.refused(400, "GET", f"{path}?{query}").code, "malformed_query")
        self.assertEqual(self.refused(400, "POST", self.path + "?dry_run=true&dry_run=true", {"title": "T"}).code, "malformed_query")
        self.assertEqual(self.refused(400, "GET", "/api/v1/tags?key=of&key=x").code, "malformed_query")

    # ------------------------------------------------------------------------------------ what nothing is called

    def test_a_filter_names_so_many_things_and_each_of_them_once(self):
        for name, values in (("label", [f"l{n}" for n in range(101)]), ("status", [f"s{n}" for n in range(101)]), ("tag", [f"t{n}" for n in range(101)])):
            self.assertEqual(self.faults(self.path, *((name, value) for value in values))[0], {"/" + name: "too_many"})
            self.assertEqual(self.faults(self.path, (name, ",".join(values)))[0], {"/" + name: "too_many"})
        self.assertEqual(self.faults("/api/v1/tickets", ("project_id", ",".join(f"P{n}" for n in range(101))))[0], {"/project_id": "too_many"})
        self.assertEqual(self.titles(self.path, ("label", ",".join(["z"] * 500))), ["z"])

    def test_a_name_that_nothing_has_is_refused_like_an_unknown_field(self):
        for path in (self.path, f"/api/v1/tickets?org_id={self.org}", "/api/v1/tickets", "/api/v1/tickets/mine"):
            for name, code in (("status", "unknown_status"), ("label", "not_found")):
                for value in ("Nowhere", "", "0pen", "Open,Nowhere", "x,Nowhere", "Nowhere,Never"):
                    with self.subTest(path=path, name=name, value=value):
                        faults, errors = self.faults(path, (name, value))
                        self.assertEqual(faults, {"/" + name: code})
                        for missing in ("Nowhere", "Never"):
                            if missing in value:
                                self.assertTrue(any(missing in e["detail"] for e in errors), errors)
        for value in (random_id(), self.foreign["label_id"], self.ids["ticket_id"]):
            self.assertEqual(self.faults(self.path, ("label", value))[0], {"/label": "not_found"})
        for value in ("NOSUCH", random_id(), self.foreign["project_id"], "COMMA,NOSUCH", ""):
            for path in ("/api/v1/tickets", f"/api/v1/tickets?org_id={self.org}", "/api/v1/tickets/mine"):
                with self.subTest(path=path, value=value):
                    self.assertEqual(self.faults(path, ("project_id", value))[0], {"/project_id": "not_found"})
        for name in ("project_id", "ticket_id"):
            self.assertEqual(self.faults("/api/v1/time-entries", (name, "NOSUCH-1" if name == "ticket_id" else "NOSUCH"))[0], {"/" + name: "not_found"})
            self.assertEqual(self.faults("/api/v1/time-entries", (name, random_id()))[0], {"/" + name: "not_found"})

    def test_a_filter_of_events_reports_and_sprints_names_what_there_is(self):
        key = self.owner.get(f"/api/v1/projects/{self.project}")["key"]
        gone = self.new_project(key=self.fresh("GONE"))
        self.owner.must("DELETE", f"/api/v1/projects/{gone}")
        elsewhere = self.owner.post(f"/api/v1/projects/{self.new_project()}/sprints", {"name": self.fresh("S"), "start_date": DATE, "end_date": DATE})["id"]
        events, report = f"/api/v1/orgs/{self.org}/events", f"/api/v1/reports/time?org_id={self.org}"
        for value in (self.project, key, gone):
            self.assertTrue(self.owner.get(f"{events}?project_id={value}")["items"])
        for value in (self.project, gone):
            self.owner.get(f"{report}&project_id={value}")
        for path, name, values in ((events, "project_id", ("NOSUCH", random_id(), self.foreign["project_id"])), (events, "subject_id", ("NOSUCH-1",)),
                                   (report, "project_id", (random_id(), self.foreign["project_id"])),
                                   (self.path, "sprint_id", (random_id(), elsewhere, self.foreign["sprint_id"])), ("/api/v1/tickets", "sprint_id", (random_id(), self.foreign["sprint_id"]))):
            for value in values:
                with self.subTest(path=path, name=name, value=value):
                    self.assertEqual(self.faults(path, (name, value))[0], {"/" + name: "not_found"})

    def test_a_status_is_meant_in_each_workflow_as_it_is_written_there(self):
        lower = self.owner.post(f"/api/v1/orgs/{self.org}/workflows", {"name": self.fresh("W"), "statuses": [{"name": "waits", "category": "todo"}, {"name": "done", "category": "done"}]})["id"]
        project = self.new_project(workflow_id=lower)
        self.new_ticket(project, title="lower")
        both = f"/api/v1/tickets?project_id=COMMA&project_id={project}"
        for value in ("Waits", "waits", "WAITS"):
            self.assertEqual(self.titles(both, ("status", value)), ["lower", "x,y"], value)

    def test_the_value_of_a_tag_is_compared_as_it_is_elsewhere(self):
        ticket = self.new_ticket(self.new_project(), title="capitals")
        self.owner.must("PUT", f"/api/v1/tags/ticket/{ticket['id']}", {"of": "DB,Cache"})
        for value in ("of:DB,Cache", "of:db,cache", "OF:db,CACHE"):
            self.assertEqual(self.titles("/api/v1/tickets", ("tag", value)), ["capitals"], value)

    def test_what_is_there_and_holds_nothing_is_an_empty_list(self):
        self.assertEqual(self.titles(self.path, ("label", "of nothing")), [])
        self.assertEqual(self.titles(self.path, ("tag", "nobody:carries")), [])
        empty = self.new_project(workflow_id=self.workflow)
        for query in ("status=Open", "status=Waits%2C%20blocked", "label=x"):
            self.assertEqual(self.owner.get(f"/api/v1/projects/{empty}/tickets?{query}")["items"], [])
            self.assertEqual(self.owner.get(f"/api/v1/tickets?project_id={empty}&{query}")["items"], [])

    def test_a_status_is_of_the_workflows_where_it_is_looked(self):
        default = self.new_project()
        self.assertEqual(self.faults(f"/api/v1/projects/{default}/tickets", ("status", "Open"))[0], {"/status": "unknown_status"})
        self.assertEqual(self.faults("/api/v1/tickets", ("project_id", default), ("status", "Waits, blocked"))[0], {"/status": "unknown_status"})
        self.assertEqual(self.titles("/api/v1/tickets", ("project_id", default), ("project_id", "COMMA"), ("status", "Waits, blocked")), [COMMA])
        self.assertEqual(self.titles("/api/v1/tickets", ("org_id", self.org), ("status", "Backlog"), ("status", "Waits, blocked"), ("label", COMMA)), [COMMA])

    def test_one_organization_in_scope_is_enough(self):
        other = self.new_org()["id"]
        self.owner.post(f"/api/v1/orgs/{other}/labels", {"name": "only, here", "color": "#123456"})
        workflow = self.owner.post(f"/api/v1/orgs/{other}/workflows", {"name": "W", "statuses": [{"name": "Elsewhere", "category": "todo"}]})["id"]
        project = self.owner.post("/api/v1/projects", {"org_id": other, "key": "ELSE", "name": "E", "workflow_id": workflow})["id"]
        self.owner.post(f"/api/v1/projects/{project}/tickets", {"title": "else"})
        self.assertEqual(self.titles("/api/v1/tickets", ("label", "only, here")), [])
        self.assertEqual(self.titles("/api/v1/tickets", ("status", "Elsewhere"), ("project_id", "else")), ["else"])
        for name, value in (("label", "only, here"), ("status", "Elsewhere"), ("project_id", "ELSE")):
            self.faults(f"/api/v1/tickets?org_id={self.org}", (name, value))
            self.faults("/api/v1/tickets", (name, value), client=self.people["Member"].client)

    def test_a_bound_key_cannot_tell_what_it_does_not_reach(self):
        made = self.owner.post("/api/v1/api-keys", {"name": "bound", "scopes": ["read"], "org_id": self.org, "project_ids": [self.project]})
        bound = self.server.client(made["key"])
        closed = self.new_project(key="SHUT")
        ticket = self.new_ticket(closed)
        for path, name, value, nothing in (("/api/v1/tickets", "project_id", "SHUT", "NOSUCH"), ("/api/v1/tickets", "project_id", closed, random_id()),
                                           ("/api/v1/tickets", "status", "Backlog", "Nowhere"),
                                           ("/api/v1/time-entries", "project_id", "SHUT", "NOSUCH"), ("/api/v1/time-entries", "ticket_id", ticket["reference"], "NOSUCH-1")):
            with self.subTest(path=path, name=name, value=value):
                told = [json.dumps(self.faults(path, (name, v), client=bound)[1]).replace(v, "*") for v in (value, nothing)]
                self.assertEqual(*told)
        self.assertEqual(self.titles("/api/v1/tickets", ("label", COMMA), ("status", "Waits, blocked"), client=bound), [COMMA])

    def test_as_of_knows_what_there_was(self):
        statuses = [{"name": n, "category": "todo"} for n in ("Early, soon", "Late")]
        workflow = self.owner.post(f"/api/v1/orgs/{self.org}/workflows", {"name": "Passing", "statuses": statuses})["id"]
        key = self.fresh("PAST")
        project = self.new_project(workflow_id=workflow, key=key)
        label = self.owner.post(f"/api/v1/orgs/{self.org}/labels", {"name": "was, so", "color": "#123456"})["id"]
        self.new_ticket(project, title="past", labels=[label])
        then = self.server.head()
        self.owner.patch(f"/api/v1/workflows/{workflow}", {"statuses": [statuses[1], {"name": "New", "category": "todo"}], "migrate": {"Early, soon": "Late"}})
        self.owner.patch(f"/api/v1/labels/{label}", {"name": "is, so"})
        paths = (f"/api/v1/projects/{project}/tickets", f"/api/v1/tickets?project_id={key}", f"/api/v1/tickets?org_id={self.org}", "/api/v1/tickets")
        for path in paths:
            with self.subTest(path=path):
                for asked in (("status", "Early, soon"), ("label", "was, so"), ("label", label)):
                    self.assertEqual(self.titles(path, asked, ("as_of", then)), ["past"])
                self.assertEqual(self.faults(path, ("status", "New"), ("as_of", then))[0], {"/status": "unknown_status"})
                self.assertEqual(self.faults(path, ("label", "never"), ("as_of", then))[0], {"/label": "not_found"})
                self.assertEqual(self.titles(path, ("status", "Late"), ("label", "is, so")), ["past"])
                self.assertEqual(self.faults(path, ("status", "Early, soon"))[0], {"/status": "unknown_status"})
                self.assertEqual(self.faults(path, ("label", "was, so"))[0], {"/label": "not_found"})
        ticket = self.owner.get(paths[0])["items"][0]
        self.owner.must("DELETE", f"/api/v1/tickets/{ticket['id']}")
        self.owner.must("DELETE", f"/api/v1/labels/{label}")
        self.owner.must("DELETE", f"/api/v1/projects/{project}")
        for name, value in (("project_id", key), ("project_id", key.lower()), ("project_id", project), ("label", "was, so"), ("label", label), ("status", "Early, soon")):
            with self.subTest(name=name, value=value):
                self.assertEqual(self.titles("/api/v1/tickets", ("org_id", self.org), (name, value), ("as_of", then)), ["past"])
                self.faults(f"/api/v1/tickets?org_id={self.org}", (name, value))

    # ------------------------------------------------------------------------------------ other doors

    def test_pages_of_a_repeated_list_belong_together(self):
        asked = urlencode([("label", COMMA), ("label", "x,y"), ("label", "z"), ("limit", 1)])
        met, cursor = [], ""
        for _ in range(3):
            page = self.owner.get(f"{self.path}?{asked}{cursor}")
            met += [t["title"] for t in page["items"]]
            cursor = f"&cursor={page['next_cursor']}"
        self.assertEqual((met, page["has_more"]), ([COMMA, "x,y", "z"], False))

    def tool(self, name, arguments):
        key = self.owner.post("/api/v1/api-keys", {"name": self.fresh("mcp"), "scopes": ["*"]})["key"]
        answer = self.server.client(key).ask("POST", "/mcp", {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": arguments}},
                                             headers={"Accept": "application/json, text/event-stream", "X-Request-Id": None})
        return json.loads(answer.body.split(b"data: ")[-1])["result"]

    def test_a_tool_takes_arrays_and_references_in_any_case(self):
        listed = self.tool("list_tickets", {"project_id": "comma", "label": [COMMA, "z"]})
        self.assertEqual(sorted(t["title"] for t in listed["structuredContent"]["items"]), sorted([COMMA, "z"]))
        self.assertEqual(self.tool("list_tickets", {"project_id": "comma", "status": ["Waits, blocked"]})["structuredContent"]["items"][0]["title"], COMMA)
        self.assertTrue(self.tool("list_tickets", {"project_id": "comma", "label": ["never"]})["isError"])
        reference = self.made["z"]["reference"]
        self.assertEqual(self.tool("get_ticket", {"ticket_id": reference.lower()})["structuredContent"]["reference"], reference)

    def alloy(self, *words, code=0):
        clean = {k: v for k, v in os.environ.items() if not k.startswith("ALLOY_")}
        done = subprocess.run([pathlib.Path(server.PROGRAM).resolve(), *words, "-o", "json"], capture_output=True, text=True, timeout=60, check=False,
                              env=dict(clean, HOME=str(self.server.folder.parent), ALLOY_API_URL=f"http://127.0.0.1:{self.server.port}", ALLOY_API_TOKEN=self.owner.token))
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return json.loads(done.stdout) if code == 0 else done.stderr

    def test_the_terminal_takes_flags_that_are_repeated_and_names_with_commas(self):
        def titles(*words):
            return sorted(t["title"] for t in self.alloy("ticket", "list", "comma", *words)["items"])
        self.assertEqual(titles("--label", COMMA), [COMMA])
        self.assertEqual(titles("--label", COMMA, "--label", "z"), sorted([COMMA, "z"]))
        self.assertEqual(titles("--label", "y,x"), ["x", "y"])
        self.assertEqual(titles("--status", "Waits, blocked", "--status", "Open"), sorted([COMMA, "x", "z"]))
        self.assertEqual(titles("--status", "Open,Done"), ["x", "y", "z"])
        self.assertIn("Nowhere", self.alloy("ticket", "list", "comma", "--status", "Nowhere", code=2))
        self.assertEqual(self.alloy("ticket", "get", self.made["z"]["reference"].lower())["reference"], self.made["z"]["reference"])
        made = self.alloy("ticket", "create", "comma", "--title", "of the terminal", "--labels", COMMA, "--labels", "y,x")
        self.assertEqual(sorted(made["labels"]), sorted(self.labels[n] for n in (COMMA, "x", "y")))
        self.owner.must("DELETE", f"/api/v1/tickets/{made['id']}")

    # ------------------------------------------------------------------------------------ case

    def test_references_and_keys_are_taken_in_any_case_and_answered_in_theirs(self):
        key = self.fresh("CASE")
        project = self.new_project(key=key)
        ticket = self.new_ticket(project, title="In any case")
        reference = ticket["reference"]
        self.assertEqual(reference, key + "-1")
        for written, of in itertools.product((reference.lower(), reference.capitalize(), reference), ("/api/v1/tickets/{}", f"/api/v1/orgs/{self.org}/tickets/{{}}")):
            with self.subTest(written=written, of=of):
                self.assertEqual(self.owner.get(of.format(written))["reference"], reference)
                self.assertEqual(self.owner.get(of.format(written) + f"?as_of={self.server.head()}")["reference"], reference)
        low, lower = reference.lower(), key.lower()
        self.assertEqual(self.owner.get(f"/api/v1/projects/{lower}")["key"], key)
        made = self.owner.post(f"/api/v1/projects/{lower}/tickets", {"title": "Second"})
        self.assertEqual(made["reference"], key + "-2")
        self.owner.patch(f"/api/v1/tickets/{low}", {"priority": "High"})
        self.owner.post(f"/api/v1/tickets/{low}/comments", {"body": "hello"})
        entry = self.owner.post(f"/api/v1/tickets/{low}/time-entries", {"date": DATE, "minutes": 5})["id"]
        self.owner.must("PUT", f"/api/v1/tags/ticket/{low}", {"a": "b"})
        self.owner.must("PUT", f"/api/v1/tags/project/{lower}", {"a": "b"})
        for path, count in (("comments", 1), ("activity", 3)):
            self.assertGreaterEqual(len(self.owner.get(f"/api/v1/tickets/{low}/{path}")["items"]), count)
        self.assertEqual(len(self.owner.get(f"/api/v1/time-entries?ticket_id={low}")["items"]), 1)
        self.assertEqual(len(self.owner.get(f"/api/v1/time-entries?project_id={lower}")["items"]), 1)
        self.assertEqual(self.titles("/api/v1/tickets", ("project_id", lower)), ["In any case", "Second"])
        self.assertEqual(self.titles("/api/v1/tickets", ("q", low))[0], "In any case")
        self.assertTrue(self.owner.get(f"/api/v1/orgs/{self.org}/events?project_id={lower}")["items"])
        self.assertTrue(self.owner.get(f"/api/v1/orgs/{self.org}/events?subject_id={low}")["items"])
        batch = self.owner.post("/api/v1/tickets/batch", {"ticket_ids": [low, made["reference"].capitalize()], "changes": {"priority": "Low"}})
        self.assertEqual([r["ticket"]["reference"] for r in batch["results"]], [reference, made["reference"]])
        twice = self.owner.post("/api/v1/tickets/batch", {"ticket_ids": [low, reference], "changes": {"priority": "High"}})
        self.assertEqual([r["status"] for r in twice["results"]], [200, 422])
        moved = self.owner.post("/api/v1/tickets/batch-transition", {"ticket_ids": [low], "status": "Done"})
        self.assertEqual(moved["results"][0]["ticket"]["reference"], reference)
        self.assertEqual(self.owner.get(f"/api/v1/projects/{lower}/board")["columns"][0]["status"], "Backlog")
        self.owner.must("DELETE", f"/api/v1/time-entries/{entry}")
        self.owner.must("DELETE", f"/api/v1/tickets/{low}")
        self.refused(404, "GET", f"/api/v1/tickets/{low}")

    def test_a_slug_is_taken_in_any_case(self):
        slug = self.owner.get(f"/api/v1/orgs/{self.org}")["slug"]
        self.assertEqual(self.owner.get(f"/api/v1/orgs/{slug.upper()}")["slug"], slug)
        self.assertEqual(self.owner.get(f"/api/v1/tickets/{self.made['z']['reference'].lower()}?org_id={slug.upper()}")["title"], "z")

    def test_a_key_is_still_made_in_upper_case(self):
        self.assertEqual(self.refused(422, "POST", "/api/v1/projects", {"org_id": self.org, "key": "lower", "name": "L"}).faults, {"/key": "malformed"})


if __name__ == "__main__":
    server.main()
