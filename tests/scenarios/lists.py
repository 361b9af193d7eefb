"""Lists: whole pages, without gaps or doubles while others write, filtered and sorted as a plain loop would."""
import itertools
import random
import threading
import unittest
from urllib.parse import quote

import server
from world import Person, World, random_id

PRIORITIES = ["Urgent", "High", "Medium", "Low", "None"]
STATUSES = {"Backlog": "todo", "Ready": "todo", "InProgress": "in_progress", "Review": "in_progress", "Done": "done", "Cancelled": "done"}
SORTS = ("created_at", "updated_at", "priority", "number")
TICKETS = 90


class Lists(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = server.Server("lists").start()
        cls.world = World(cls.server)
        cls.owner, cls.ids = cls.world.owner, cls.world.ids
        cls.org = cls.ids["org_id"]
        cls.project = cls.owner.post("/api/v1/projects", {"org_id": cls.org, "key": "LIST", "name": "Lists"})["id"]
        cls.path = f"/api/v1/projects/{cls.project}/tickets"
        cls.people = [cls.world.people[role].id for role in ("Owner", "Admin", "Member")]
        cls.labels = [cls.owner.post(f"/api/v1/orgs/{cls.org}/labels", {"name": name, "color": "#123456"}) for name in ("red", "green blue", "o/o")]
        cls.sprints = [cls.owner.post(f"/api/v1/projects/{cls.project}/sprints", {"name": f"S{i}", "start_date": "2026-01-01", "end_date": "2026-01-02"})["id"]
                       for i in range(2)]
        dice = random.Random(4711)
        for i in range(TICKETS):
            body = {"title": f"Ticket {i}", "priority": dice.choice(PRIORITIES), "reporter_id": dice.choice(cls.people),
                    "assignee_id": dice.choice(cls.people + [None]), "sprint_id": dice.choice(cls.sprints + [None]),
                    "labels": [one["id"] for one in cls.labels if dice.random() < 0.4],
                    "due_date": dice.choice([None, "2026-03-01", "2026-03-02", "2026-03-03", "2025-12-31"])}
            ticket = cls.owner.post(cls.path, body)
            if dice.random() < 0.7:
                cls.owner.patch("/api/v1/tickets/" + ticket["id"], {"status": dice.choice(list(STATUSES))})
        others = cls.owner.all(cls.path)
        cls.tags = {}
        for ticket in others:
            cls.tags[ticket["id"]] = {key: dice.choice(values) for key, values in (("tier", ("gold", "silver")), ("area", ("dock", "hull")))
                                      if dice.random() < 0.5}
            cls.owner.must("PUT", f"/api/v1/tags/ticket/{ticket['id']}", cls.tags[ticket["id"]])
        for ticket in dice.sample(others, 30):  # so that the order of updates is not that of numbers
            cls.owner.patch("/api/v1/tickets/" + ticket["id"], {"description": str(dice.random())})
        cls.tickets = cls.owner.all(cls.path)
        assert len(cls.tickets) == TICKETS

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    # ------------------------------------------------------------------------------------------------ pages

    def test_pages(self):
        for limit in (1, 7, 45, 89, 90, 91, 200):
            with self.subTest(limit=limit):
                items, count = self.owner.pages(self.path, limit)
                self.assertEqual(items, self.tickets)
                self.assertEqual(count, -(-TICKETS // limit))
        self.assertEqual(len(self.owner.get(self.path)["items"]), 50, "the default limit")
        self.assertEqual([t["ticket_number"] for t in self.tickets], list(range(1, TICKETS + 1)), "oldest first")
        for ticket in self.tickets[::20]:
            self.assertEqual(self.owner.get("/api/v1/tickets/" + ticket["id"]), ticket)

    def test_empty(self):
        empty = self.owner.post("/api/v1/projects", {"org_id": self.org, "key": "EMPTY", "name": "Empty"})["id"]
        self.owner.post(f"/api/v1/orgs/{self.org}/labels", {"name": "unused", "color": "#123456"})
        for path in (f"/api/v1/projects/{empty}/tickets", f"/api/v1/projects/{empty}/sprints", f"/api/v1/projects/{empty}/members",
                     self.path + "?assignee_id=" + random_id(), f"/api/v1/projects/{empty}/tickets?status=Done", self.path + "?label=unused"):
            with self.subTest(path=path):
                self.assertEqual(self.owner.get(path), {"items": [], "next_cursor": None, "has_more": False})

    def test_pages_while_others_write(self):
        """What was there before the first page is in the pages once; nothing is there twice."""
        project = self.owner.post("/api/v1/projects", {"org_id": self.org, "key": "BUSY", "name": "Busy"})["id"]
        path = f"/api/v1/projects/{project}/tickets"
        first = [self.owner.post(path, {"title": f"first {i}"})["id"] for i in range(40)]
        writer, stop, made = self.owner.with_token(self.owner.token), threading.Event(), []
        failed = []

        def write():
            try:
                for i in itertools.count():
                    if stop.is_set():
                        return
                    made.append(writer.post(path, {"title": f"later {i}"})["id"])
                    writer.patch("/api/v1/tickets/" + first[i % len(first)], {"priority": PRIORITIES[i % 5], "title": f"touched {i}"})
            except BaseException as broken:  # noqa: BLE001  raised again below
                failed.append(broken)

        thread = threading.Thread(target=write)
        thread.start()
        try:
            for sort in ("", "&sort=number", "&sort=-number", "&sort=created_at", "&sort=-created_at"):
                for limit in (3, 7):
                    with self.subTest(sort=sort, limit=limit):
                        before = set(first) | set(made)
                        got = [t["id"] for t in self.bounded_pages(path + f"?limit={limit}" + sort)]
                        self.assertEqual(len(got), len(set(got)), "an item came twice")
                        self.assertLessEqual(before, set(got), "an item was left out")
        finally:
            stop.set()
            thread.join()
        self.assertEqual(failed, [])
        everything = [t["id"] for t in self.owner.all(path)]
        self.assertEqual(everything, first + made)

    def bounded_pages(self, path):
        """Pages until the end, at most 2000: a writer may be faster than a reader, so that there is no end."""
        items, cursor = [], None
        for _ in range(2000):
            page = self.owner.get(path + (f"&cursor={cursor}" if cursor else ""))
            items += page["items"]
            if not page["has_more"]:
                return items
            cursor = page["next_cursor"]
        return items

    def test_every_list_in_small_pages(self):
        owner, org = self.owner, self.org
        ticket = self.tickets[0]["id"]
        for i in range(7):
            owner.post(f"/api/v1/tickets/{ticket}/comments", {"body": f"c{i}"})
            owner.post(f"/api/v1/orgs/{org}/labels", {"name": f"l{i}", "color": "#000000"})
            owner.post(f"/api/v1/orgs/{org}/workflows", {"name": f"w{i}", "statuses": [{"name": "A", "category": "todo"}]})
            owner.post(f"/api/v1/orgs/{org}/webhooks", {"url": f"https://h.example.com/{i}", "event_types": ["*"]})
            owner.post(f"/api/v1/orgs/{org}/invites", {"email": f"i{i}@example.com", "role": "Viewer"})
            owner.post(f"/api/v1/orgs/{org}/teams", {"name": f"t{i}"})
            owner.post(f"/api/v1/projects/{self.project}/sprints", {"name": f"s{i}", "start_date": "2026-01-01", "end_date": "2026-01-01"})
        for user in self.people:
            owner.post(f"/api/v1/projects/{self.project}/members", {"user_id": user})
            owner.post(f"/api/v1/teams/{self.ids['team_id']}/members", {"user_id": user})
        for path, least in ((f"/api/v1/tickets/{ticket}/comments", 7), (f"/api/v1/orgs/{org}/labels", 7), (f"/api/v1/orgs/{org}/workflows", 8),
                            (f"/api/v1/orgs/{org}/webhooks", 7), (f"/api/v1/orgs/{org}/invites", 7), (f"/api/v1/projects/{self.project}/sprints", 7),
                            (f"/api/v1/projects/{self.project}/members", 3), (f"/api/v1/orgs/{org}/members", 5),
                            (f"/api/v1/orgs/{org}/teams", 7), (f"/api/v1/teams/{self.ids['team_id']}/members", 3)):
            with self.subTest(path=path):
                whole = owner.all(path)
                self.assertGreaterEqual(len(whole), least)
                self.assertEqual(len({str(one) for one in whole}), len(whole))
                times = [one.get("created_at") or one["added_at"] for one in whole]
                if "members" not in path:
                    self.assertEqual(times, sorted(times), "oldest first")
                for limit in (1, 2, 3, len(whole) - 1, len(whole)):
                    self.assertEqual(owner.all(path, limit), whole, limit)

    # ------------------------------------------------------------------------------------------------ filters

    def filters(self):
        """name -> [(value as sent, what a ticket must be)]"""
        red, both = self.labels[0], self.labels[:2]
        middle = sorted(t["updated_at"] for t in self.tickets)[TICKETS // 2]
        born = self.tickets[TICKETS // 3]["created_at"]
        a, b = self.people[:2]
        return {
            "status": [("Review", lambda t: t["status"] == "Review"), ("Backlog,Done", lambda t: t["status"] in ("Backlog", "Done"))],
            "category": [("todo", lambda t: t["category"] == "todo"), ("in_progress,done", lambda t: t["category"] != "todo")],
            "assignee_id": [(a, lambda t: t["assignee_id"] == a), ("none", lambda t: t["assignee_id"] is None),
                            (b + ",none", lambda t: t["assignee_id"] in (b, None)), (f"{a},{b}", lambda t: t["assignee_id"] in (a, b))],
            "reporter_id": [(b, lambda t: t["reporter_id"] == b), (f"{a},{b}", lambda t: t["reporter_id"] in (a, b))],
            "priority": [("Urgent", lambda t: t["priority"] == "Urgent"), ("Low,None", lambda t: t["priority"] in ("Low", "None"))],
            "sprint_id": [(self.sprints[0], lambda t: t["sprint_id"] == self.sprints[0]), ("none", lambda t: t["sprint_id"] is None),
                          (self.sprints[1] + ",none", lambda t: t["sprint_id"] in (self.sprints[1], None))],
            "label": [(red["id"], lambda t: red["id"] in t["labels"]), (quote("green blue"), lambda t: both[1]["id"] in t["labels"]),
                      (quote("red,o/o", safe=","), lambda t: bool({red["id"], self.labels[2]["id"]} & set(t["labels"])))],
            "tag": [("tier", lambda t: "tier" in self.tags[t["id"]]), ("area:hull", lambda t: self.tags[t["id"]].get("area") == "hull"),
                    ("tier:gold,area:dock", lambda t: self.tags[t["id"]].get("tier") == "gold" or self.tags[t["id"]].get("area") == "dock")],
            "q": [(f"%22ticket%20{i}%22", lambda t, i=i: t["title"] == f"Ticket {i}") for i in (3, 17)],
            "updated_since": [(middle, lambda t: t["updated_at"] >= middle)],
            "created_since": [(born, lambda t: t["created_at"] >= born)],
            "due_before": [("2026-03-02", lambda t: t["due_date"] is not None and t["due_date"] < "2026-03-02")],
        }

    def check(self, query, holds, sort=None, limit=200):
        wanted = [t for t in self.tickets if holds(t)]
        if sort:
            wanted = self.sorted(wanted, sort)
            query += "&sort=" + sort
        got = self.owner.all(f"{self.path}?{query.strip('&')}", limit)
        self.assertEqual([t["reference"] for t in got], [t["reference"] for t in wanted])
        return len(wanted)

    def sorted(self, tickets, sort):
        key = {"created_at": lambda t: (t["created_at"], t["ticket_number"]), "number": lambda t: t["ticket_number"],
               "updated_at": lambda t: (t["updated_at"], t["ticket_number"]),
               "priority": lambda t: (PRIORITIES.index(t["priority"]), t["ticket_number"])}[sort.lstrip("-")]
        return sorted(tickets, key=key, reverse=sort.startswith("-"))

    def test_the_document_and_this_test_know_the_same_filters(self):
        document = self.server.operations()
        known = {p["name"] for p in document["paths"]["/api/v1/projects/{project_id}/tickets"]["get"]["parameters"] if p["in"] == "query"}
        self.assertEqual(known - {"limit", "cursor", "sort", "as_of", "org_id"}, set(self.filters()))

    def test_each_filter(self):
        for name, cases in self.filters().items():
            for value, holds in cases:
                for sort in (None,) + tuple(way + s for s in SORTS for way in ("", "-")):
                    with self.subTest(name=name, value=value, sort=sort):
                        found = self.check(f"{name}={value}", holds, sort, limit=7)
                        self.assertGreater(found, 0, "this finds nothing, so it shows nothing")
                        self.assertLess(found, TICKETS, "this filters nothing, so it shows nothing")

    def test_filters_combined(self):
        """Every pair, and many of three and more, each with some sort and page size."""
        every, dice, met = self.filters(), random.Random(11), 0
        chosen = list(itertools.combinations(every, 2)) + [dice.sample(list(every), dice.randint(3, 6)) for _ in range(120)]
        for names in chosen:
            cases = [dice.choice(every[name]) for name in names]
            query = "&".join(f"{name}={value}" for name, (value, _) in zip(names, cases))
            sort = dice.choice([None] + [way + s for s in SORTS for way in ("", "-")])
            limit = dice.choice([1, 3, 10, 200])
            with self.subTest(query=query, sort=sort, limit=limit):
                met += self.check(query, lambda t, cases=cases: all(holds(t) for _, holds in cases), sort, limit) > 0
        self.assertGreater(met, 60, "too many of these find nothing")

    def test_sorts(self):
        for sort in SORTS:
            for way in ("", "-"):
                for limit in (1, 8, 200):
                    with self.subTest(sort=way + sort, limit=limit):
                        self.check("", lambda t: True, way + sort, limit)

    def test_sprint_filter_of_another_project(self):
        self.assertEqual(self.owner.ask("GET", f"{self.path}?sprint_id={self.ids['sprint_id']}", statuses={422}).faults, {"/sprint_id": "not_found"})

    def test_sprints_by_status(self):
        project = self.owner.post("/api/v1/projects", {"org_id": self.org, "key": "SPRINTS", "name": "S"})["id"]
        path = f"/api/v1/projects/{project}/sprints"
        made = [self.owner.post(path, {"name": str(i), "start_date": "2026-01-01", "end_date": "2026-01-01"})["id"] for i in range(9)]
        for i in (1, 4, 5):
            self.owner.post(f"/api/v1/sprints/{made[i]}/start")
        for status, wanted in (("Active", [1, 4, 5]), ("Planned", [0, 2, 3, 6, 7, 8]), ("Planned,Active", range(9)), ("Completed", [])):
            for limit in (1, 2, 200):
                with self.subTest(status=status, limit=limit):
                    self.assertEqual([s["id"] for s in self.owner.all(f"{path}?status={status}", limit)], [made[i] for i in wanted])

    # ------------------------------------------------------------------------------------------------ cursors

    def test_cursor_is_bound(self):
        member = self.world.people["Member"].client
        cursor = self.owner.get(self.path + "?limit=5&status=Backlog,Done&sort=-number")["next_cursor"]
        good = f"{self.path}?limit=5&status=Backlog,Done&sort=-number&cursor={cursor}"
        page = self.owner.get(good)
        self.assertEqual(self.owner.get(good), page, "a cursor may be used again")
        self.owner.get(f"{self.path}?cursor={cursor}&sort=-number&status=Backlog,Done&limit=9")  # the order and the limit may change
        other = f"/api/v1/projects/{self.ids['project_id']}/tickets"
        for what, client, path in (("another filter", self.owner, f"{self.path}?status=Backlog&sort=-number&cursor={cursor}"),
                                   ("no filter", self.owner, f"{self.path}?sort=-number&cursor={cursor}"),
                                   ("another sort", self.owner, f"{self.path}?status=Backlog,Done&sort=number&cursor={cursor}"),
                                   ("a filter more", self.owner, good + "&priority=Low"), ("another person", member, good),
                                   ("another project", self.owner, good.replace(self.path, other)),
                                   ("another operation", self.owner, f"/api/v1/projects/{self.project}/sprints?cursor={cursor}")):
            with self.subTest(what):
                self.assertEqual(client.ask("GET", path, statuses={400}).code, "bad_cursor")
        key = self.owner.post("/api/v1/api-keys", {"name": "k", "scopes": ["read"]})["key"]
        self.assertEqual(self.owner.must("GET", good, token=key), page, "the person counts, not his credential")
        self.owner.close()
        self.server.restart()
        self.assertEqual(self.owner.get(good), page, "a cursor survives a restart")

    # ------------------------------------------------------------------------------------------------ several organizations

    def test_lists_over_organizations(self):
        orgs = [self.owner.post("/api/v1/orgs", {"name": f"O{i}", "slug": f"over-{i}"})["id"] for i in range(4)]
        for i, org in enumerate(orgs):
            for n in range((3, 0, 1, 4)[i]):
                self.owner.post("/api/v1/projects", {"org_id": org, "key": f"P{i}{n}", "name": "x"})
        mine = [o["org_id"] for o in self.owner.get("/api/v1/auth/me")["orgs"]]
        listed = self.owner.all("/api/v1/orgs")
        self.assertEqual(sorted(o["id"] for o in listed), sorted(mine))
        for limit in (1, 2, 3):
            self.assertEqual(self.owner.all("/api/v1/orgs", limit), listed)
        whole = self.owner.all("/api/v1/projects")
        each = {org: self.owner.all(f"/api/v1/projects?org_id={org}") for org in mine}
        self.assertEqual(sorted(p["id"] for p in whole), sorted(p["id"] for some in each.values() for p in some))
        self.assertNotIn(self.world.foreign["project_id"], [p["id"] for p in whole])
        for limit in range(1, len(whole) + 2):
            with self.subTest(limit=limit):
                self.assertEqual(self.owner.all("/api/v1/projects", limit), whole)
        self.assertEqual(self.owner.ask("GET", f"/api/v1/projects?org_id={self.world.foreign['org_id']}").status, 404)

    def test_ids_at_the_end_of_their_range(self):
        """Clients choose ids: the largest there is must not be met twice where a page ends behind it."""
        far = Person(self.server, "far@example.com", "Far").client
        first = far.post("/api/v1/orgs", {"id": "fffffff0-0000-7000-8000-000000000001", "name": "F", "slug": "far-1"})["id"]
        second = far.post("/api/v1/orgs", {"id": "fffffff0-0000-7000-8000-000000000002", "name": "F", "slug": "far-2"})["id"]
        for org, key, id_ in ((first, "FAR", "ffffffff-ffff-7fff-bfff-ffffffffffff"), (first, "FAS", "00000000-0000-7000-8000-000000000001"),
                              (second, "FAT", "ffffffff-ffff-7fff-bfff-fffffffffffe")):
            far.post("/api/v1/projects", {"id": id_, "org_id": org, "key": key, "name": key})
        whole = far.all("/api/v1/projects")
        for limit in range(1, len(whole) + 1):
            with self.subTest(limit=limit):
                self.assertEqual([p["key"] for p in far.all("/api/v1/projects", limit)], [p["key"] for p in whole])


if __name__ == "__main__":
    server.main()
