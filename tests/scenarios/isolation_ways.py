"""Ways around the wall between organizations that lead through time: cursors that were given to somebody else, things as
they stood, and commands taken back. What policy.json says of an operation holds on these ways, too."""
import server
from catalogue import good_body, operations_of
from policy import NAMES, PLACES, RULES, Caller, about, guarded, refusal, told
from workshop import Workshop
from server import wait_until
from world import ROLES, random_id

FILTERS = {"tag": "color", "value": "red", "label": "bug", "status": "Backlog", "type": "ticket", "group_by": "team", "q": "first",
           "rates": "*:6000", "types": "*", "after": "3", "wait": "0", "subject_id": "AAA-1", "group_id": "none", "ticket_id": "AAA-1", "project_id": "AAA"}
EMPTY = set()  # lists that have no second page


class Ways(Workshop):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.operations = operations_of(cls.server.operations())
        owner, ids, org = cls.owner, cls.ids, cls.org
        # A second item for every list.
        second = owner.post(f"/api/v1/projects/{ids['project_id']}/tickets", {"title": "The second", "assignee_id": cls.people["Owner"].id})["id"]
        owner.patch(f"/api/v1/tickets/{ids['ticket_id']}", {"assignee_id": cls.people["Owner"].id})
        owner.must("PUT", f"/api/v1/tags/ticket/{second}", {"color": "red"})
        owner.post(f"/api/v1/tickets/{ids['ticket_id']}/comments", {"body": "Again."})
        owner.post(f"/api/v1/orgs/{org}/webhooks", {"url": "https://hooks.example.com/2", "event_types": ["*"]})
        owner.ask("POST", f"/api/v1/webhooks/{ids['webhook_id']}/ping")
        wait_until(lambda: len(owner.get(f"/api/v1/webhooks/{ids['webhook_id']}/deliveries")["items"]) > 1, "a second delivery")
        for month in ("2025-10", "2025-11"):
            owner.post(f"/api/v1/orgs/{org}/periods/{month}/close")
        for day in ("2026-02-01", "2026-03-01"):
            owner.post(f"/api/v1/users/{ids['user_id']}/orgs/{org}/labor-rates", {"hourly_rate_cents": 5000, "effective_from": day})
        for one in (ids["ticket_id"], second):
            owner.patch(f"/api/v1/tickets/{one}", {"sprint_id": ids["sprint_id"]})
        owner.post(f"/api/v1/orgs/{org}/teams", {"name": "Second"})
        owner.post(f"/api/v1/teams/{ids['team_id']}/members", {"user_id": cls.people["Owner"].id})
        cls.closed_ticket = owner.post(f"/api/v1/projects/{cls.world.closed_project}/tickets", {"title": "Closed title"})["id"]

    def org_query(self, op, ids):
        return f"org_id={ids['org_id']}&" if about(op) == "query" else ""

    # ------------------------------------------------------------------------------------ cursors

    def pages(self):
        """(operation, the query of its first page but for the cursor, the cursor to its second)"""
        empty = set()
        for op in guarded(self.operations):
            if "cursor" not in op.query_names():
                continue
            query = self.org_query(op, self.ids)
            page = self.owner.get(op.url(self.ids, query + "limit=1"))
            if "columns" in page:  # a board: each column is a list
                page = next((c for c in page["columns"] if c["has_more"]), {"has_more": False})
                query += f"status={page.get('status')}&"
            if page["has_more"]:
                yield op, query, page["next_cursor"]
            else:
                empty.add(op.id)
        self.assertEqual(empty, EMPTY)

    def bad(self, client, op, ids, query, cursor):
        answer = client.ask("GET", op.url(ids, f"{query}cursor={cursor}"))
        self.assertEqual((answer.status, answer.code), (400, "bad_cursor"), answer)

    def test_cursors_of_others(self):
        """A cursor is good for its person, operation, subject and filter, and for nothing else."""
        pages = list(self.pages())
        self.assertGreater(len(pages), 15)
        spare = self.ids["spares"]["delete_org"][self.org]
        elsewhere = dict(self.ids, org_id=spare, project_id=self.world.closed_project, ticket_id=self.closed_ticket)
        for op, query, cursor in pages:
            with self.subTest("its own", op=op.id):
                self.owner.ask("GET", op.url(self.ids, f"{query}cursor={cursor}"), statuses={200})
            for name, who in self.people.items():
                if name in ("Owner", "outsider") or refusal(op, Caller(name, who, name, self.ids, self.foreign, who.client)):
                    continue
                with self.subTest("of another person", op=op.id, who=name):
                    self.bad(who.client, op, self.ids, query, cursor)
            with self.subTest("of another organization", op=op.id):
                self.bad(self.people["outsider"].client, op, self.foreign, self.org_query(op, self.foreign), cursor)
            if query or (op.path_names and op.path_names[0] in ("org_id", "project_id", "ticket_id")):
                with self.subTest("of another subject", op=op.id):
                    self.bad(self.owner, op, elsewhere, self.org_query(op, elsewhere), cursor)
            if query:
                with self.subTest("of all organizations", op=op.id):
                    self.bad(self.owner, op, self.ids, "", cursor)
            for other, its_query, _ in pages:
                if other.id != op.id:
                    with self.subTest("of another list", op=op.id, at=other.id):
                        self.bad(self.owner, other, self.ids, its_query, cursor)
            for wrong in ("A" + cursor if cursor[0] != "A" else "B" + cursor, cursor[:-1], cursor[:10] + ("x" if cursor[10] != "x" else "y") + cursor[11:],
                          "", "%20", "0", cursor + cursor):
                with self.subTest("of nobody", op=op.id, cursor=wrong):
                    self.bad(self.owner, op, self.ids, query, wrong)

    def filters(self, op):
        """A value for each parameter that says which items there are, or in which order."""
        for name, parameter in op.query_names().items():
            if name in ("cursor", "limit", "org_id") or parameter["required"]:
                continue
            one = op.resolve(parameter["schema"])
            one = op.resolve(one.get("items", one))
            made = {"date-time": "2026-01-01T00:00:00.000Z", "date": "2036-01-01"}.get(one.get("format"))
            value = (self.ids[NAMES[name]] if NAMES[name] else str(self.server.head()) if name == "as_of" else
                     one["enum"][0] if "enum" in one else made or ("-number" if name == "sort" else FILTERS[name]))
            yield f"{name}={value}"

    def test_cursors_of_other_filters(self):
        for op, query, cursor in self.pages():
            for one in self.filters(op):
                if one.split("=")[0] + "=" in query:
                    continue  # said already
                with self.subTest(op=op.id, filter=one):
                    self.bad(self.owner, op, self.ids, f"{query}{one}&", cursor)

    # ------------------------------------------------------------------------------------ as it stood

    def test_as_of_of_others(self):
        """Another organization's past is as absent as what never was, also what was deleted since."""
        outsider, foreign = self.people["outsider"].client, self.foreign
        ticket = outsider.post(f"/api/v1/projects/{foreign['project_id']}/tickets", {"title": "Gone"})
        comment = outsider.post(f"/api/v1/tickets/{ticket['id']}/comments", {"body": "Gone"})["id"]
        sprint = outsider.post(f"/api/v1/projects/{foreign['project_id']}/sprints", {"name": "Gone", "start_date": "2026-01-01", "end_date": "2026-01-01"})["id"]
        project = outsider.post("/api/v1/projects", {"org_id": foreign["org_id"], "key": "GONE", "name": "Gone"})["id"]
        there = self.server.head()
        for path in (f"comments/{comment}", f"tickets/{ticket['id']}", f"sprints/{sprint}", f"projects/{project}"):
            outsider.must("DELETE", "/api/v1/" + path)
        gone = {"ticket_id": (ticket["id"], ticket["reference"]), "comment_id": (comment,), "sprint_id": (sprint,), "project_id": (project, "GONE")}
        moments = (1, there, self.server.head(), "2020-01-01T00:00:00.000Z")
        timed = [op for op in guarded(self.operations) if "as_of" in op.query_names()]
        self.assertGreaterEqual(len(timed), 8)
        for op in timed:
            for name in [n for n in op.path_names if NAMES[n]]:
                for theirs in (foreign[name],) + gone.get(name, ()):
                    nowhere = "NONE" if theirs == "GONE" else "BBB-99999"[:len(theirs)] if "-" in theirs and len(theirs) < 36 else random_id()
                    for moment in moments:
                        with self.subTest(op=op.id, theirs=theirs, moment=moment):
                            a, b = (self.owner.ask("GET", op.url(dict(self.ids, **{name: one}), f"as_of={moment}"), statuses={404}) for one in (theirs, nowhere))
                            self.assertEqual(told(a, theirs), told(b, nowhere))
            if about(op) == "query":
                for moment in moments:
                    random = random_id()
                    with self.subTest(op=op.id, moment=moment):
                        a, b = (self.owner.ask("GET", op.url(self.ids, f"org_id={one}&as_of={moment}"), statuses={404}) for one in (foreign["org_id"], random))
                        self.assertEqual(told(a, foreign["org_id"]), told(b, random))
                with self.subTest("over all of one's own", op=op.id):
                    body = self.owner.ask("GET", op.url(self.ids, f"as_of={there}"), statuses={200}).body
                    self.assertEqual([one for one in (foreign["project_id"], foreign["ticket_id"], "BBB", "Gone") if one.encode() in body], [])
            if name_is_there(op):
                with self.subTest("the outsider sees his own", op=op.id):
                    ids = dict(foreign, **{k: v[0] for k, v in gone.items()})
                    outsider.ask("GET", op.url(ids, f"as_of={there}"), statuses={200})

    def test_as_of_with_a_key_of_a_project(self):
        """What a key may not see today it did not see yesterday, be it there still or not."""
        project = self.new_project(name="Hidden project")
        ticket = self.new_ticket(project, title="Hidden title", assignee_id=self.people["Owner"].id)
        comment = self.owner.post(f"/api/v1/tickets/{ticket['id']}/comments", {"body": "Hidden body"})["id"]
        sprint = self.new_sprint(project)
        hidden = {"project_id": project, "ticket_id": ticket["id"], "comment_id": comment, "sprint_id": sprint}
        before = self.server.head()
        bound = self.owner.post("/api/v1/api-keys", {"name": "bound", "scopes": ["read"], "project_ids": [self.ids["project_id"]]})["key"]
        narrow = self.server.client(bound)
        for deleted in (False, True):
            if deleted:
                for path in (f"comments/{comment}", f"tickets/{ticket['id']}", f"sprints/{sprint}", f"projects/{project}"):
                    self.owner.must("DELETE", "/api/v1/" + path)
            for op in guarded(self.operations):
                if "as_of" not in op.query_names():
                    continue
                with self.subTest(op=op.id, deleted=deleted):
                    query = self.org_query(op, self.ids) + f"as_of={before}"
                    at_home = narrow.ask("GET", op.url(self.ids, query), statuses={200})
                    self.assertNotIn(b"Hidden", at_home.body)
                    seen = self.owner.ask("GET", op.url(dict(self.ids, **hidden), query), statuses={200})
                    if about(op) == "query":
                        if not op.path.startswith("/api/v1/reports/"):  # nobody worked on what is hidden
                            self.assertIn(b"Hidden", seen.body, "the owner sees it, so that there is something to hide")
                    elif op.path_names[0] in hidden:
                        refused = narrow.ask("GET", op.url(dict(self.ids, **hidden), query), statuses={403})
                        self.assertEqual(refused.code, "project_not_allowed")

    # ------------------------------------------------------------------------------------ taking back

    def did(self, client, op, ids):
        """The position of a command that wrote, or None."""
        head = self.server.head()
        answer = client.ask(op.method, op.url(ids), good_body(op, ids), statuses={200, 201})
        return int(answer.headers["Alloy-Position"]) if self.server.head() > head else None

    def undo(self, client, org, position, query="?dry_run=true"):
        return client.ask("POST", f"/api/v1/orgs/{org}/events/{position}/undo{query}")

    def test_who_may_undo(self):
        """Whatever makes or changes something: one's own from Member on, others' from Admin on, and nothing that one may
        not do. Dry, for each of these and everybody."""
        done = []
        for op in guarded(self.operations):
            if about(op) not in ("path", "body") or op.method not in ("POST", "PATCH") or op.success != 201 and op.method != "PATCH":
                continue
            for role in ROLES:
                who = self.people[role]
                if refusal(op, Caller(role, who, role, self.ids, self.foreign, who.client)) is None and (position := self.did(who.client, op, self.ids)):
                    done.append((op, role, position))
        self.assertGreater(len(done), 40)
        head = self.server.head()
        for op, maker, position in done:
            for role in ROLES:
                least = min(RULES[op.id]["least"], "Member" if role == maker else "Admin", key=ROLES.index)
                with self.subTest(op=op.id, maker=maker, role=role, least=least):
                    answer = self.undo(self.people[role].client, self.org, position)
                    if ROLES.index(role) <= ROLES.index(least):
                        self.assertIn((answer.status, answer.json.get("code")), ((200, None), (409, "cannot_undo")), answer)
                    else:
                        self.assertEqual((answer.status, answer.code), (403, "role_too_low"), answer)
            with self.subTest(op=op.id, maker=maker, role="outsider"):
                a, b = (self.undo(self.people["outsider"].client, self.foreign["org_id"], one, "") for one in (position, head + 1))
                self.assertEqual((a.status, told(a, f"events/{position}/")), (404, told(b, f"events/{head + 1}/")))
        self.assertEqual(self.server.head(), head)

    def test_undo_after_a_fall(self):
        """Who was an Admin and is a Member takes back of his own what a Member may do, and no more."""
        admin, owner = self.member("Admin"), self.owner
        project, ids = self.new_project(), dict(self.ids)
        ids.update(project_id=project, ticket_id=self.new_ticket(project)["id"], sprint_id=self.new_sprint(project), label_id=self.make("create_label"),
                   workflow_id=self.make("create_workflow"), team_id=self.make("create_team"), webhook_id=self.make("create_webhook"))
        ids.update(comment_id=admin.client.post(f"/api/v1/tickets/{ids['ticket_id']}/comments", {"body": "x"})["id"])
        done = []
        for wanted in ("POST", "PATCH", "DELETE"):
            for op in reversed(guarded(self.operations)):  # a project's things before the project
                if about(op) != "path" or op.method != wanted or RULES[op.id]["least"] == "Owner" or len(op.path_names) > 1:
                    continue
                head = self.server.head()
                answer = admin.client.ask(op.method, op.url(dict(ids, spares={})), good_body(op, ids))
                if answer.status < 300 and self.server.head() > head:
                    done.append((op, int(answer.headers["Alloy-Position"])))
        self.assertGreater(len(done), 25)
        owner.patch(f"/api/v1/orgs/{self.org}/members/{admin.id}", {"role": "Member"})
        for op, position in done:
            with self.subTest(op=op.id):
                answer = self.undo(admin.client, self.org, position)
                if RULES[op.id]["least"] == "Admin":
                    self.assertEqual((answer.status, answer.code), (403, "role_too_low"), answer)
                else:
                    self.assertIn(answer.status, (200, 409), answer)

    def make(self, operation):
        op = next(op for op in self.operations if op.id == operation)
        return self.owner.post(op.url(self.ids), good_body(op, self.ids))["id"]

    def test_positions_of_nobody(self):
        """Before the first, beyond the last, in nobody's organization, and no position at all."""
        identity = self.people["outsider"].client.ask("POST", "/api/v1/auth/login", {"email": "outsider@example.com", "password": "a long enough passphrase 4711"},
                                                      token=None, statuses={200}).headers["Alloy-Position"]
        texts = set()
        for position in ("0", identity, str(self.server.head() + 1), str(2 ** 64 - 1), str(2 ** 64), "-1", "x", "1x", "%201"):
            with self.subTest(position=position):
                answer = self.undo(self.owner, self.org, position, "")
                self.assertEqual((answer.status, answer.code), (404, "not_found"), answer)
                texts.add(answer.json["detail"])
        self.assertEqual(len(texts), 1)


def name_is_there(op):
    """Whether it is about one thing that a path names."""
    return bool(op.path_names) and op.path_names[0] in ("project_id", "ticket_id", "comment_id", "sprint_id")


if __name__ == "__main__":
    server.main()
