"""What an import takes and what it refuses: every kind of event comes through with the same digest and the same signed
months; what no command could have said is refused with its line, and nothing of it is told."""
import copy
import json
import pathlib
import random
import tarfile
import threading
import unittest
import uuid

import server as scenario
from catalogue import good_body, operations_of
from doors import LAST
from exports import Export
from policy import about, guarded
from server import Server, run_program, wait_until
from tickets_past import BEFORE
from workshop import Workshop
from world import Person, join

LINES = {"Content-Type": "application/x-ndjson"}
HERE = pathlib.Path(__file__).resolve().parent
TYPES = {p.name.split(".v")[0] for p in (HERE.parent / "golden").glob("*.json")}
OF_IDENTITY = ("user.", "session.", "api_key.", "operator.")
MONTH = "2026-02"
# What a field is tried with: too long, too short, of another line, invisible, out of every range, of no such name.
TEXTS = ["", " ", "x" * 70_000, "a\r\nX-Evil: 1", "a\x00b", "\x1b[31m", "\u202eevil", "..%2f", "-", "Z" * 33, "\ud7ff\u0085"]
NUMBERS = [-1, 0, 1 << 31, 1 << 53, 1 << 62, -(1 << 62), 999]
OTHER = [None, True, [], {}, ["x"], "00000000-0000-0000-0000-000000000000", "9999-12-31", "0001-01-01", "2026-13-01", "9999-12-31T23:59:59Z", 1.5]


def importer_of(server):
    """Somebody who may import there."""
    one = Person(server, "importer@example.com", "Ines")
    server.make_operator(one.email)
    return one


def exported(client, org):
    return Export(client.ask("GET", f"/api/v1/orgs/{org}/export", statuses={200}).body.decode().splitlines())


def send(client, export, statuses=(200,), query="", **more):
    org = export.header["org_id"]
    return client.ask("POST", f"/api/v1/orgs/{org}/import{query}", raw=export.body(**more), headers=LINES, statuses=statuses)


def every_write(world, document):
    """Each operation of the table once."""
    operations = {op.id: op for op in operations_of(document)}
    for op in sorted(guarded(operations.values()), key=lambda op: (op.method == "DELETE", LAST.index(op.id) if op.id in LAST else -1)):
        if not op.writes or about(op) not in ("path", "body", "batch") or op.id == "delete_org":
            continue
        for id_ in BEFORE.get(op.id, ()):
            world.owner.ask(operations[id_].method, operations[id_].url(world.ids), good_body(operations[id_], world.ids))
        world.owner.ask(op.method, op.url(world.ids), good_body(op, world.ids))


def leaves(value, path=()):
    """The places of a JSON value that hold no further ones, and every list and object that may be replaced as a whole."""
    if path:
        yield path
    for name, one in (value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()):
        yield from leaves(one, path + (name,))


def put(value, path, what):
    for step in path[:-1]:
        value = value[step]
    value[path[-1]] = what


class Imports(Workshop):
    SETTINGS = {"IDLE_TIMEOUT_MS": "3600000"}  # one test may keep the others' connections waiting for long

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.close_a_month(cls)
        every_write(cls.world, cls.server.operations())
        cls.the_rest(cls)
        cls.export = exported(cls.owner, cls.org)
        cls.elsewhere = Server("elsewhere", BODY_MAX_BYTES=8 << 20, IDLE_TIMEOUT_MS=3_600_000, RATE_LIMIT_CREDENTIAL_REQUESTS=0, RATE_LIMIT_ADDRESS_REQUESTS=0).start()
        cls.importer = importer_of(cls.elsewhere).client

    @classmethod
    def tearDownClass(cls):
        """Whatever was taken and refused, the other server's store is what its log says, too."""
        cls.elsewhere.stop()
        done = run_program("verify", settings={"DATA_DIR": cls.elsewhere.folder})
        assert done.returncode == 0, done.stdout + done.stderr
        super().tearDownClass()

    def close_a_month(self):
        """Priced twice for one day, approved, closed, and with more of both afterwards."""
        owner, admin, member = self.owner, self.people["Admin"].client, self.people["Member"]
        project = owner.post("/api/v1/projects", {"org_id": self.org, "key": "LEDGER", "name": "Ledger", "capitalization_type": "Capex", "budget_cents": 100_00, "budget_period": "Total"})["id"]
        ticket = owner.post(f"/api/v1/projects/{project}/tickets", {"title": "Counted"})["id"]
        for cents, day in ((1000, "2026-01-01"), (1200, "2026-02-10"), (1300, "2026-02-10")):
            owner.post(f"/api/v1/users/{member.id}/orgs/{self.org}/labor-rates", {"hourly_rate_cents": cents, "effective_from": day})
        for day in ("2026-02-03", "2026-02-11", "2026-03-03"):
            entry = member.client.post(f"/api/v1/tickets/{ticket}/time-entries", {"date": day, "minutes": 61})["id"]
            member.client.post(f"/api/v1/time-entries/{entry}/submit")
            admin.post(f"/api/v1/time-entries/{entry}/approve")
        admin.post(f"/api/v1/orgs/{self.org}/periods/{MONTH}/close")
        owner.post(f"/api/v1/users/{member.id}/orgs/{self.org}/labor-rates", {"hourly_rate_cents": 9900, "effective_from": "2026-03-01"})
        owner.patch(f"/api/v1/projects/{project}", {"name": "Renamed since", "capitalization_type": "Opex"})

    def the_rest(self):
        """What takes a second person or an undo, and what moves."""
        owner, people = self.owner, self.people
        guest = Person(self.server, "guest@example.com", "Gone Guest")
        join(people["Owner"], self.org, guest, "Viewer")
        owner.patch(f"/api/v1/orgs/{self.org}/members/{guest.id}", {"role": "Member"})
        owner.must("DELETE", f"/api/v1/orgs/{self.org}/members/{guest.id}")
        home, away = (owner.post("/api/v1/projects", {"org_id": self.org, "key": key, "name": key})["id"] for key in ("HOME", "AWAY"))
        label = owner.post(f"/api/v1/orgs/{self.org}/labels", {"name": "z", "color": "#000000"})["id"]
        ticket = owner.post(f"/api/v1/projects/{home}/tickets", {"title": "Moves", "labels": [label], "estimate_points": 3})["id"]
        owner.patch(f"/api/v1/tickets/{ticket}", {"labels": [], "title": "Moved", "status": "Review", "assignee_id": people["Admin"].id})
        moved = owner.ask("PATCH", f"/api/v1/tickets/{ticket}", {"project_id": away}, statuses={200}).headers["Alloy-Position"]
        owner.post(f"/api/v1/orgs/{self.org}/events/{moved}/undo")
        sprint = owner.post(f"/api/v1/projects/{home}/sprints", {"name": "S", "start_date": "2026-03-02", "end_date": "2026-03-13"})["id"]
        owner.patch(f"/api/v1/tickets/{ticket}", {"sprint_id": sprint})
        started = owner.ask("POST", f"/api/v1/sprints/{sprint}/start", statuses={200}).headers["Alloy-Position"]
        owner.post(f"/api/v1/orgs/{self.org}/events/{started}/undo")
        owner.must("PUT", f"/api/v1/tags/ticket/{ticket}", {"color": "red", "size": ""})
        comment = owner.post(f"/api/v1/tickets/{ticket}/comments", {"body": "Said"})["id"]
        for path in (f"comments/{comment}", f"tickets/{ticket}"):
            gone = owner.ask("DELETE", "/api/v1/" + path, statuses={204}).headers["Alloy-Position"]
            owner.post(f"/api/v1/orgs/{self.org}/events/{gone}/undo")
        last = owner.post("/api/v1/projects", {"org_id": self.org, "key": "LAST", "name": "Last", "budget_cents": 5})["id"]
        gone = owner.ask("DELETE", f"/api/v1/projects/{last}", statuses={204}).headers["Alloy-Position"]
        owner.post(f"/api/v1/orgs/{self.org}/events/{gone}/undo")
        guest.client.must("DELETE", f"/api/v1/users/{guest.id}/personal-data")

    def reports(self, client, org):
        """The signed months, without what says where in a log they are."""
        found = {}
        for period in client.all(f"/api/v1/orgs/{org}/periods"):
            report = client.get(f"/api/v1/orgs/{org}/periods/{period['period']}/report")
            found[period["period"]] = {k: v for k, v in report.items() if k != "position"}
        return found

    # ---------------------------------------------------------------------------------------- what comes through

    def test_every_kind_of_event_comes_through_with_its_digest_and_its_signed_months(self):
        there = {event["type"] for _, _, event in self.export.events()}
        due = {t for t in TYPES if not t.startswith(OF_IDENTITY)} - {"org.deleted", "org.currency_converted", "webhook.disabled"}
        self.assertEqual(due - there, set(), "types that nothing here caused")
        taken = send(self.importer, self.export, keep_digest=True).json
        self.assertEqual((taken["complete"], taken["digest"], taken["digest_matches"]), (True, self.export.header["digest"], True))
        mine, theirs = self.reports(self.owner, self.org), self.reports(self.importer, self.org)
        self.assertIn(MONTH, mine)
        self.assertEqual(theirs, mine)
        for report in theirs.values():
            self.assertEqual((report["digest_verifiable"], report["digest_matches"]), (True, True))
        self.assertEqual(theirs[MONTH]["totals"]["total_amount_cents"], round(61 * 1000 / 60) + round(61 * 1300 / 60))
        self.as_of_the_new_log()
        # And on: what this server exports has the webhook that the import switched off, and comes through, too.
        again = exported(self.importer, self.org)
        self.assertIn("webhook.disabled", {event["type"] for _, _, event in again.events()})
        with Server("third") as third:
            once_more = importer_of(third).client
            self.assertTrue(send(once_more, again, keep_digest=True).json["digest_matches"])
            self.assertEqual(self.reports(once_more, self.org), mine)

    def as_of_the_new_log(self):
        """Positions are those of the log that was imported into: a report as of the signed one has the signed digest."""
        for client in (self.owner, self.importer):
            closed = next(p for p in client.all(f"/api/v1/orgs/{self.org}/periods") if p["period"] == MONTH)
            at = closed["report_position"]
            report = client.get(f"/api/v1/reports/capitalization?org_id={self.org}&period={MONTH}&group_by=team&as_of={at}")
            self.assertEqual((report["digest"], report["position"]), (closed["digest"], at))
            rates = client.get(f"/api/v1/reports/capitalization/explain?org_id={self.org}&period={MONTH}&as_of={at}")["items"]
            self.assertEqual([e["hourly_rate_cents"] for e in rates], [1000, 1300])
            self.assertTrue(all(e["rate_position"] <= at for e in rates))
            feed = client.get(f"/api/v1/orgs/{self.org}/events?types=ticket.updated&limit=200")["items"]
            named = next(e for e in feed if e["data"]["changes"].get("title", {}).get("to") == "Moved")
            ticket = named["subject"]["id"]
            self.assertEqual(client.get(f"/api/v1/tickets/{ticket}?org_id={self.org}&as_of={named['position'] - 1}")["title"], "Moves")
            self.assertEqual(client.get(f"/api/v1/tickets/{ticket}?org_id={self.org}&as_of={named['position']}")["title"], "Moved")

    def test_an_export_that_is_made_while_others_write_has_the_digest_of_its_records(self):
        for _ in range(3):
            org = self.new_org()["id"]
            project = self.owner.post("/api/v1/projects", {"org_id": org, "key": "BUSY", "name": "Busy"})["id"]
            stop, made = threading.Event(), []

            def write():
                with self.server.client(self.owner.token) as one:
                    while not stop.is_set():
                        made.append(one.post(f"/api/v1/projects/{project}/tickets", {"title": "More"})["id"])

            writer = threading.Thread(target=write)
            writer.start()
            try:
                wait_until(lambda: len(made) > 20, "some tickets")
                export = exported(self.owner, org)
            finally:
                stop.set()
                writer.join()
            self.assertTrue(send(self.importer, export, keep_digest=True).json["digest_matches"])

    def test_the_organization_of_a_registration_comes_through(self):
        person = Person(self.server, self.fresh("p") + "@example.com", "Petra Personal")
        own = exported(person.client, person.id)  # a personal organization has its user's id
        self.assertTrue(send(self.importer, own, keep_digest=True).json["digest_matches"])
        first = self.importer.get(f"/api/v1/orgs/{person.id}/events?limit=10")["items"][0]
        self.importer.ask("POST", f"/api/v1/orgs/{person.id}/events/{first['position']}/undo", statuses={409, 404})

    # ---------------------------------------------------------------------------------------- what was signed

    def test_a_digest_that_does_not_match_ends_the_import_and_takes_nothing(self):
        export = self.fresh_copy()
        export.header["digest"] = "0" * 64
        path = f"/api/v1/orgs/{export.header['org_id']}"
        refused = send(self.importer, export, statuses={422}, keep_digest=True)
        self.assertEqual((refused.code, refused.json["expected"]), ("digest_mismatch", "0" * 64))
        self.importer.ask("GET", path, statuses={404})
        # In pieces the last one is refused, nobody has the organization meanwhile, and the piece may be sent again.
        lines = export.lines(keep_digest=True)
        first = next(i for i, line in enumerate(lines) if line.startswith('{"seq"'))
        half = "\n".join(lines[:first + 20]).encode(), "\n".join(lines[:1] + lines[first + 20:]).encode()
        self.importer.ask("POST", path + "/import", raw=half[0], headers=LINES, statuses={200})
        for _ in range(2):
            self.assertEqual(self.importer.ask("POST", path + "/import", raw=half[1], headers=LINES, statuses={422}).code, "digest_mismatch")
            self.importer.ask("GET", path, statuses={404})
        right = half[1].replace(b'"digest":"' + b"0" * 64, b'"digest":"' + refused.json["digest"].encode())
        self.assertTrue(self.importer.ask("POST", path + "/import", raw=right, headers=LINES, statuses={200}).json["digest_matches"])

    def test_the_terminal_ends_with_an_error_where_the_digest_does_not_match(self):
        export = self.fresh_copy()
        export.header["digest"] = "f" * 64
        file = scenario.FOLDER / "mismatch.ndjson"
        file.write_bytes(export.body(keep_digest=True) + b"\n")
        done = run_program("org", "import", str(file), settings={"API_URL": f"http://127.0.0.1:{self.elsewhere.port}", "API_TOKEN": self.importer.token})
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("digest", done.stderr)

    def fresh_copy(self):
        slug = self.fresh("copy-")
        return self.export.renamed(str(uuid.uuid4()), slug)

    def test_a_root_that_does_not_match_is_a_mismatch(self):
        export = self.fresh_copy()
        lines = export.lines()
        header = dict(json.loads(lines[0]), root="A" * 43 + "=")
        body = "\n".join([json.dumps(header)] + lines[1:]).encode()
        refused = self.importer.ask("POST", f"/api/v1/orgs/{header['org_id']}/import", raw=body, headers=LINES, statuses={422})
        self.assertEqual(refused.code, "digest_mismatch")

    # ---------------------------------------------------------------------------------------- what is refused

    def refused_line(self, export, secret=None, body=None):
        path = f"/api/v1/orgs/{export.header['org_id']}"
        refused = self.importer.ask("POST", path + "/import", raw=body or export.body(), headers=LINES, statuses={409, 422})
        self.assertIn(refused.code, ("validation_failed", "already_exists", "digest_mismatch"))
        self.importer.ask("GET", path, statuses={404})
        if secret:
            self.assertNotIn(secret, refused.body.decode())
            self.assertNotIn(secret, self.elsewhere.log_text())
        return refused

    def changed(self, type_, change):
        """A copy in which the first event of the type was changed, and where it is."""
        export = self.fresh_copy()
        for r, e, event in export.events():
            if event["type"] == type_:
                change(event)
                return export, 1 + len(export.people) + r + 1
        self.fail("there is no event of the type " + type_)

    def test_what_no_command_could_have_said_is_refused_with_its_line(self):
        data = lambda path, what: lambda event: put(event["data"], path, what)  # noqa: E731
        cases = [("org.created", data(("slug",), "..%2f")), ("org.created", data(("currency",), "ZZZ")), ("org.created", data(("time_zone",), "Mars/Olympus")),
                 ("ticket.created", data(("ticket_number",), 1 << 62)), ("ticket.created", data(("reference",), "OTHER-1")),
                 ("ticket.created", data(("project_id",), str(uuid.uuid4()))), ("ticket.created", data(("title",), "a\r\nb")),
                 ("ticket.created", data(("labels",), [str(uuid.uuid4())])), ("ticket.created", data(("status",), "Nowhere")),
                 ("webhook.created", data(("url",), "https://hooks.example.com/in\r\nX-Evil: 1")), ("webhook.created", data(("url",), "file:///etc/passwd")),
                 ("project.created", data(("key",), "../")), ("project.created", data(("workflow_id",), str(uuid.uuid4()))),
                 ("labor_rate.set", data(("hourly_rate_cents",), -1)), ("time_entry.logged", data(("minutes",), 1 << 40)),
                 ("period.closed", data(("month",), "2026-99")), ("period.closed", data(("report_seq",), 1 << 40)), ("period.closed", data(("digest",), "no")),
                 ("label.created", data(("color",), "red")), ("member.added", lambda event: put(event, ("subject", "kind"), "ticket")),
                 ("comment.created", lambda event: put(event, ("subject", "id"), "00000000-0000-0000-0000-000000000000")),
                 ("invite.created", data(("code_hash",), "x")), ("workflow.created", data(("statuses",), []))]
        for type_, change in cases:
            with self.subTest(type=type_):
                export, line = self.changed(type_, change)
                self.assertIn(f"line {line}:", self.refused_line(export).json["detail"])

    def test_a_file_ends_no_organization_and_makes_nobody_a_member_who_is_here(self):
        """A made-up end would take another one's slug away, and holding somebody's id gives nobody their company."""
        victim = Person(self.elsewhere, self.fresh("here") + "@example.com", "Hera Here")
        inc = victim.client.post("/api/v1/orgs", {"name": "Inc", "slug": self.fresh("inc-")})
        export, last = self.fresh_copy(), None
        last = json.loads(json.dumps(export.records[-1]))
        last["events"] = [dict(last["events"][0], id=str(uuid.uuid4()), type="org.deleted", subject={"kind": "org", "id": export.header["org_id"]}, schema=1,
                               data={"name": "x", "slug": inc["slug"]})]
        last["org_seq"] += 1
        last["command_id"] = str(uuid.uuid4())
        export.records.append(last)
        export.header["records"] = len(export.records)
        self.refused_line(export)
        self.assertEqual(victim.client.get(f"/api/v1/orgs/{inc['slug']}")["id"], inc["id"])
        joined = self.fresh_copy()
        for record in joined.records:
            for event in record["events"]:
                if event["type"] == "member.added" and event["data"]["user_id"] != self.people["Owner"].id:
                    event["data"]["user_id"] = event["subject"]["id"] = victim.id
                    refused = send(self.importer, joined, statuses={409, 422})
                    self.assertEqual(refused.code, "already_exists", refused)
                    self.assertEqual([o["org_id"] for o in victim.client.get("/api/v1/auth/me")["orgs"]][:1], [inc["id"]])
                    return
        self.fail("nobody was added")

    def in_halves(self, export):
        """Two pieces of it."""
        lines = export.lines()
        first = next(i for i, line in enumerate(lines) if line.startswith('{"seq"'))
        return "\n".join(lines[:first + 20]).encode(), "\n".join(lines[:1] + lines[first + 20:]).encode()

    def naming(self, user, other_than):
        """A copy in which somebody logged time, and acted, under this id, without ever being a member."""
        export = self.fresh_copy()
        for record in export.records:
            if record["actor"]["user_id"] not in other_than:
                record["actor"]["user_id"] = user
            for event in record["events"]:
                if event["type"].startswith("time_entry.") and "user_id" in event["data"]:
                    event["data"]["user_id"] = user
        return export

    def test_an_importer_who_is_a_member_by_the_file_is_refused_as_others_are(self):
        """Else they could work in an organization of which half is still to come."""
        me = self.importer.get("/api/v1/auth/me")["user_id"]
        export = self.fresh_copy()
        joined = next(e for _, _, e in export.events() if e["type"] == "member.added")
        joined["data"]["user_id"] = joined["subject"]["id"] = me
        first, _ = self.in_halves(export)
        path = f"/api/v1/orgs/{export.header['org_id']}"
        self.assertEqual(self.importer.ask("POST", path + "/import", raw=first, headers=LINES, statuses={409}).code, "already_exists")
        self.importer.ask("GET", path, statuses={404})

    def test_an_import_that_is_cancelled_leaves_its_slug_and_no_way_in(self):
        export = self.fresh_copy()
        org, slug = export.header["org_id"], next(e["data"]["slug"] for _, _, e in export.events() if e["type"] == "org.created")
        path = f"/api/v1/orgs/{org}"
        stranger = Person(self.elsewhere, self.fresh("s") + "@example.com", "Sven").client
        for asked in (self.importer, stranger):
            self.assertEqual(asked.ask("DELETE", path + "/import").code, "not_found" if asked is self.importer else "role_too_low")
        first, second = self.in_halves(export)
        self.importer.ask("POST", path + "/import", raw=first, headers=LINES, statuses={200})
        self.importer.ask("POST", "/api/v1/orgs", {"name": "Mine", "slug": slug}, statuses={409})
        self.assertEqual(stranger.ask("DELETE", path + "/import").code, "role_too_low")
        self.importer.ask("DELETE", path + "/import?dry_run=true", statuses={200})
        self.importer.ask("DELETE", path + "/import", statuses={204})
        self.importer.ask("DELETE", path + "/import", statuses={404})
        self.importer.ask("GET", path, statuses={404})
        self.importer.ask("POST", "/api/v1/orgs", {"name": "Mine", "slug": slug}, statuses={201})
        self.importer.ask("POST", "/api/v1/orgs", {"id": org, "name": "Mine", "slug": self.fresh("mine-")}, statuses={409})
        for piece in (first, second):
            self.assertIn("was cancelled", self.importer.ask("POST", path + "/import", raw=piece, headers=LINES, statuses={409}).json["detail"])
        self.elsewhere.restart()
        self.importer.close()
        self.importer.ask("POST", path + "/import", raw=second, headers=LINES, statuses={409})

    def test_a_piece_without_records_takes_no_id(self):
        export = self.fresh_copy()
        org = export.header["org_id"]
        path = f"/api/v1/orgs/{org}"
        first = self.importer.ask("POST", path + "/import", raw=export.lines()[0].encode(), headers=LINES, statuses={200}).json
        self.assertEqual((first["records"], first["complete"]), (0, False))
        founder = Person(self.elsewhere, self.fresh("f") + "@example.com", "Fay").client
        founder.post("/api/v1/orgs", {"id": org, "name": "Mine", "slug": self.fresh("mine-")})
        self.assertEqual(self.importer.ask("DELETE", path + "/import").status, 404)
        self.assertEqual(founder.get(path)["name"], "Mine")
        send(self.importer, export, statuses={409})

    def test_an_import_moves_no_time_of_anybody_else(self):
        """Its records are older than what was here."""
        victim = Person(self.elsewhere, self.fresh("t") + "@example.com", "Tara")
        project = victim.client.post("/api/v1/projects", {"org_id": victim.id, "key": "TIM", "name": "Times"})["id"]
        ticket = victim.client.post(f"/api/v1/projects/{project}/tickets", {"title": "before"})
        path, at = f"/api/v1/tickets/{ticket['id']}", ticket["created_at"]
        label = lambda: victim.client.post(f"/api/v1/orgs/{victim.id}/labels", {"name": self.fresh("tick "), "color": "#000000"})  # noqa: E731
        wait_until(lambda: label()["created_at"] > at, "the clock to go on")
        victim.client.patch(path, {"title": "after"})
        lists = f"/api/v1/projects/{project}/tickets?as_of={at}"
        for n in range(3):
            self.assertEqual((victim.client.get(f"{path}?as_of={at}")["title"], victim.client.all(lists)[0]["title"]), ("before", "before"), n)
            if n < 2:
                send(self.importer, self.fresh_copy())
        export = self.fresh_copy()
        put(export.records[-1], ("at",), "2099-01-01T00:00:00.000Z")
        self.refused_line(export)

    def test_a_file_that_names_somebodys_id_does_not_make_their_name_known(self):
        victim = Person(self.elsewhere, self.fresh("v") + "@example.com", "Vera Victim")
        export = self.naming(victim.id, {self.people["Owner"].id})
        self.assertIn(victim.id, json.dumps(export.records))
        send(self.importer, export)
        org = export.header["org_id"]
        texts = [self.importer.ask("GET", path, statuses={200}).body.decode() for path in (
            f"/api/v1/reports/time?org_id={org}&from=2025-01-01", f"/api/v1/reports/capitalization?org_id={org}&period={MONTH}&group_by=user",
            f"/api/v1/reports/capitalization/explain?org_id={org}&period={MONTH}", f"/api/v1/orgs/{org}/periods/{MONTH}/report", f"/api/v1/orgs/{org}/members")]
        for ticket in self.importer.all(f"/api/v1/tickets?org_id={org}"):
            texts.append(self.importer.ask("GET", f"/api/v1/tickets/{ticket['id']}/activity?org_id={org}", statuses={200}).body.decode())
        self.assertIn(victim.id, "".join(texts))
        self.assertNotIn("Vera", "".join(texts))

    def test_a_ticket_that_ends_in_a_status_of_no_workflow_is_refused(self):
        export = self.fresh_copy()
        tickets = {e["subject"]["id"] for _, _, e in export.events() if e["type"] == "ticket.deleted"}
        changed = [e for _, _, e in export.events() if e["type"] == "ticket.status_changed" and e["subject"]["id"] not in tickets]
        changed[-1]["data"]["status"]["to"] = "Nowhere"
        refused = send(self.importer, export, statuses={422})
        self.assertEqual((refused.code, "its workflow has not" in refused.json["detail"]), ("validation_failed", True))

    def test_what_a_refused_record_says_is_told_to_nobody(self):
        secret = "TOPSECRET-" + uuid.uuid4().hex
        for change in (lambda e: put(e, ("type",), secret), lambda e: put(e, ("data",), {"x": secret}), lambda e: put(e["data"], ("name",), secret * 200),
                       lambda e: put(e, ("id",), secret), lambda e: put(e, ("subject", "kind"), secret)):
            self.refused_line(self.changed("label.created", change)[0], secret)
        export = self.fresh_copy()
        lines = export.lines()
        for broken in (lines[:3] + [secret] + lines[3:], lines[:1] + [json.dumps({"person": {"id": secret}})] + lines[1:],
                       lines[:1] + [json.dumps({"person": {"id": str(uuid.uuid4()), "email": secret, "display_name": "x"}}, separators=(",", ":"))] + lines[1:]):
            refused = self.refused_line(export, secret, "\n".join(broken).encode())
            self.assertRegex(refused.json["detail"], "^line [0-9]+:")

    def test_records_are_of_one_organization_in_the_order_of_time_and_not_of_the_future(self):
        def first(record):
            return export.records[record]
        for change in (lambda: put(first(3), ("at",), "2001-01-01T00:00:00Z"), lambda: put(first(3), ("at",), "9998-01-01T00:00:00Z"),
                       lambda: put(first(3), ("request_id",), "a\r\nb"), lambda: put(first(3)["events"][0], ("id",), "00000000-0000-0000-0000-000000000000"),
                       lambda: put(first(3), ("org_seq",), 77)):
            export = self.fresh_copy()
            change()
            self.refused_line(export)

    def test_nothing_of_the_users_of_a_server_is_imported(self):
        for type_, data in (("user.password_changed", {"password_hash": "x"}), ("operator.added", {"user_id": str(uuid.uuid4())}),
                            ("session.closed", {}), ("api_key.deleted", {})):
            def change(event):
                event.update(type=type_, data=data, schema=1)
            export, line = self.changed("label.created", change)
            self.assertIn(f"line {line}:", self.refused_line(export).json["detail"])

    def test_an_undo_finds_its_command_where_a_cause_is_of_another_log(self):
        export = self.fresh_copy()
        export.records[1]["cause"] = 1 << 52
        send(self.importer, export)
        org = export.header["org_id"]
        feed = self.importer.get(f"/api/v1/orgs/{org}/events?limit=200")["items"]
        odd = next(e for e in feed if e["cause"] == 1 << 52)
        self.importer.ask("POST", f"/api/v1/orgs/{org}/events/{odd['position']}/undo", statuses=range(200, 500))

    def test_hostile_values_are_refused_or_every_read_goes_on(self):
        """Each field of each kind of event, a few hostile values each; the seed is printed."""
        seed = int.from_bytes(uuid.uuid4().bytes[:4], "big")
        dice, tried, taken = random.Random(seed), 0, 0
        print("seed", seed, flush=True)
        places = {}
        for r, e, event in self.export.events():
            for path in leaves(event["data"], ("data",)):
                places.setdefault((event["type"], tuple(p if isinstance(p, str) else 0 for p in path)), (r, e, path))
            for path in (("subject", "id"), ("subject", "kind"), ("schema",)):
                places.setdefault((event["type"], path), (r, e, path))
        for (type_, _), (r, e, path) in sorted(places.items()):
            for what in [dice.choice(TEXTS), dice.choice(NUMBERS), dice.choice(OTHER)]:
                export = self.fresh_copy()
                put(export.records[r]["events"][e], path, copy.deepcopy(what))
                with self.subTest(type=type_, path=path, value=str(what)[:40], seed=seed):
                    answer = send(self.importer, export, statuses=(200, 409, 422))
                    tried += 1
                    if answer.status == 200:
                        taken += 1
                        self.read_all(export.header["org_id"])
        self.assertGreater(tried, 300)
        print(tried, "tried,", taken, "taken", flush=True)

    def read_all(self, org):
        ask = lambda path: self.importer.ask("GET", "/api/v1/" + path)  # noqa: E731 (fails from 500 on)
        ids = {}
        for name in ("members", "invites", "teams", "workflows", "labels", "webhooks", "periods"):
            ids[name] = [one.get("id", one.get("user_id")) for one in ask(f"orgs/{org}/{name}?limit=100").json["items"]]
        projects = [p["id"] for p in ask(f"projects?org_id={org}&limit=100").json["items"]]
        for project in projects:
            for more in ("", "/tickets", "/sprints", "/summary", "/board", "/flow", "/members", "/velocity"):
                ask(f"projects/{project}{more}")
        for ticket in ask(f"tickets?org_id={org}&limit=20").json["items"]:
            for more in ("", "/comments", "/activity", "/time-entries"):
                ask(f"tickets/{ticket['id']}{more}")
        for path in (f"orgs/{org}", f"orgs/{org}/events?limit=200", f"time-entries?org_id={org}&limit=100", f"reports/time?org_id={org}&from=2025-01-01",
                     f"orgs/{org}/periods/{MONTH}/report", f"orgs/{org}/events/head"):
            ask(path)
        for month in (MONTH, "2026-03"):
            for by in ("team", "project", "user", "cost_center"):
                ask(f"reports/capitalization?org_id={org}&period={month}&group_by={by}&include_budget=true")
            ask(f"reports/capitalization/export?org_id={org}&period={month}")
            ask(f"reports/capitalization/explain?org_id={org}&period={month}")
        for member in ids["members"]:
            ask(f"users/{member}/orgs/{org}/labor-rates")
        feed = ask(f"orgs/{org}/events?limit=200").json["items"]
        for event in feed[::15]:
            for project in projects[:2]:
                ask(f"projects/{project}/tickets?as_of={event['position']}&limit=5")
            self.importer.ask("POST", f"/api/v1/orgs/{org}/events/{event['position']}/undo?dry_run=true")
        self.importer.ask("GET", f"/api/v1/orgs/{org}/export")


class OldStores(unittest.TestCase):
    """What 0.1.0 closed: its reports have a position of its own log in them."""

    def test_a_month_closed_by_the_first_version_verifies_on_its_own_server_and_elsewhere_says_that_it_cannot(self):
        fixture = HERE.parent / "upgrade" / "0.1.0"
        said = json.loads((fixture / "answers.json").read_text())
        old = Server("old")
        with tarfile.open(fixture / "store.tar.gz") as packed:
            packed.extractall(old.folder.parent)
        org = said["ledger"]
        with old:
            reader = old.client(said["key"])
            for month in ("2026-03", "2026-04"):
                report = reader.get(f"/api/v1/orgs/{org}/periods/{month}/report")
                self.assertEqual((report["digest_verifiable"], report["digest_matches"], report["status"]), (True, True, "Closed"))
                self.assertNotIn("minor_digits", report)
            mine = reader.get(f"/api/v1/orgs/{org}/periods/2026-03/report")
            export = exported(reader, org)
            others = [exported(reader, one["id"]) for one in reader.all("/api/v1/orgs") if one["id"] != org]
        self.assertEqual({e["schema"] for _, _, e in export.events() if e["type"] == "period.closed"}, {1})
        with Server("new") as new:
            importer = importer_of(new).client
            importer.post("/api/v1/orgs", {"name": "In between", "slug": "in-between"})  # so that positions differ
            # As 0.1.0 wrote it: nothing says by which read models its digest is, so only the records are held against it.
            taken = send(importer, export).json
            self.assertEqual((taken["complete"], taken["digest_matches"]), (True, None))
            theirs = importer.get(f"/api/v1/orgs/{org}/periods/2026-03/report")
            self.assertEqual((theirs["digest_verifiable"], theirs["digest_matches"]), (False, None))
            for name in ("digest", "totals", "teams", "excluded", "report_seq"):
                self.assertEqual(theirs[name], mine[name])
            again = exported(importer, org)
            for one in others:  # every kind of event that there was; between them they have nearly all
                self.assertTrue(send(importer, one, keep_digest=True).json["digest_matches"])
            self.assertGreater(len({e["type"] for one in others for _, _, e in one.events()}), 50)
        with Server("newer") as newer:
            self.assertTrue(send(importer_of(newer).client, again, keep_digest=True).json["digest_matches"])


class Currency(Workshop):
    def priced(self, currency, what, digits=2):
        org = self.owner.post("/api/v1/orgs", {"name": "Priced", "slug": self.fresh("priced-"), "currency": currency})
        self.assertEqual(org["minor_digits"], digits)
        path = f"/api/v1/orgs/{org['id']}"
        if what == "budget":
            self.owner.post("/api/v1/projects", {"org_id": org["id"], "key": "PP", "name": "P", "budget_cents": 100})
        if what == "rate":
            self.owner.post(f"/api/v1/users/{self.people['Owner'].id}/orgs/{org['id']}/labor-rates", {"hourly_rate_cents": 100, "effective_from": "2026-01-01"})
        if what == "month":
            self.owner.post(path + "/periods/2026-01/close")
        return path

    def test_the_currency_is_fixed_once_anything_is_priced(self):
        free = self.priced("USD", None)
        changed = self.owner.ask("PATCH", free, {"currency": "JPY"}, statuses={200})
        self.assertEqual((changed.json["currency"], changed.json["minor_digits"]), ("JPY", 0))
        position = changed.headers["Alloy-Position"]
        back = self.owner.patch(free, {"currency": "KWD"})
        self.assertEqual(back["minor_digits"], 3)
        for what in ("budget", "rate", "month"):
            with self.subTest(what):
                path = self.priced("USD", what)
                self.assertEqual(self.refused(409, "PATCH", path, {"currency": "JPY"}).code, "currency_fixed")
                self.owner.patch(path, {"currency": "USD", "name": "The same currency is no change"})
        # Nor by an undo of what was changed before it was priced.
        path = self.priced("USD", None)
        position = self.owner.ask("PATCH", path, {"currency": "EUR"}, statuses={200}).headers["Alloy-Position"]
        self.owner.post(path + "/periods/2026-01/close")
        self.assertEqual(self.refused(409, "POST", f"{path}/events/{position}/undo").code, "cannot_undo")

    def test_an_undo_brings_no_amount_back_into_another_currency(self):
        for deletes in (False, True):
            with self.subTest(deletes=deletes):
                path = self.priced("USD", None)
                project = self.owner.post("/api/v1/projects", {"org_id": path.rsplit("/", 1)[1], "key": "PP", "name": "P", "budget_cents": 10000, "budget_period": "Total"})["id"]
                one = f"/api/v1/projects/{project}"
                gone = self.owner.ask("DELETE", one) if deletes else self.owner.ask("PATCH", one, {"budget_cents": None, "budget_period": None})
                self.owner.patch(path, {"currency": "JPY"})
                self.assertEqual(self.refused(409, "POST", f"{path}/events/{gone.headers['Alloy-Position']}/undo").code, "cannot_undo")
                self.owner.patch(path, {"currency": "USD"})
                self.owner.post(f"{path}/events/{gone.headers['Alloy-Position']}/undo")
                self.assertEqual(self.owner.get(one)["budget_cents"], 10000)

    def test_a_new_organization_counts_in_the_minor_unit_of_its_currency(self):
        for currency, digits in (("JPY", 0), ("KRW", 0), ("ISK", 0), ("KWD", 3), ("BHD", 3), ("TND", 3), ("CLF", 4), ("USD", 2), ("EUR", 2), ("CHF", 2)):
            with self.subTest(currency):
                self.priced(currency, None, digits)
        for unknown in ("ZZZ", "DEM", "XAU", "usd", "US", ""):
            self.refused(422, "POST", "/api/v1/orgs", {"name": "X", "slug": self.fresh("x-"), "currency": unknown})

    def worked(self, org, cents, minutes=90):
        """An approved entry of the owner's in March, priced."""
        owner, me = self.owner, self.people["Owner"].id
        project = owner.post("/api/v1/projects", {"org_id": org, "key": self.fresh("W"), "name": "W", "capitalization_type": "Capex"})["id"]
        ticket = owner.post(f"/api/v1/projects/{project}/tickets", {"title": "T"})["id"]
        owner.post(f"/api/v1/users/{me}/orgs/{org}/labor-rates", {"hourly_rate_cents": cents, "effective_from": "2026-01-01"})
        entry = owner.post(f"/api/v1/tickets/{ticket}/time-entries", {"date": "2026-03-02", "minutes": minutes})["id"]
        owner.post(f"/api/v1/time-entries/{entry}/submit")
        owner.post(f"/api/v1/time-entries/{entry}/approve")
        return project

    def csv_amount(self, client, org, month="2026-03"):
        lines = client.ask("GET", f"/api/v1/reports/capitalization/export?org_id={org}&period={month}").body.decode().splitlines()
        return lines[1].split(",")[8]

    def test_reports_say_the_unit_and_csv_writes_as_many_decimals(self):
        for currency, digits, cents, written in (("JPY", 0, 5000, "7500"), ("KWD", 3, 12_345, "18.518"), ("USD", 2, 5001, "75.02"), ("CLF", 4, 7, "0.0011")):
            with self.subTest(currency):
                org = self.priced(currency, None, digits).split("/")[-1]
                self.worked(org, cents)
                self.assertEqual(self.csv_amount(self.owner, org), written)
                for path in ("reports/capitalization?period=2026-03&", "reports/time?from=2026-03-01&to=2026-03-31&", "reports/capitalization/explain?period=2026-03&"):
                    self.assertEqual(self.owner.get(f"/api/v1/{path}org_id={org}")["minor_digits"], digits)
                closed = self.owner.post(f"/api/v1/orgs/{org}/periods/2026-03/close")
                self.assertEqual(closed["minor_digits"], digits)
                self.assertEqual(self.owner.get(f"/api/v1/orgs/{org}/periods/2026-03/report")["minor_digits"], digits)

    def old(self, currency, elsewhere, cents, budget=None):
        """An organization as one of before minor_digits: two decimals, whatever its currency."""
        org = self.owner.post("/api/v1/orgs", {"name": "Old", "slug": self.fresh("old-"), "currency": "USD"})["id"]
        project = self.worked(org, cents)
        if budget:
            self.owner.patch(f"/api/v1/projects/{project}", {"budget_cents": budget, "budget_period": "Total"})
        self.owner.post(f"/api/v1/orgs/{org}/periods/2026-03/close")
        export = exported(self.owner, org)
        export.records[0]["events"][0]["data"]["currency"] = currency
        # The month was signed with the currency of then, so the copy's is not what it says; it is closed anew there.
        send(elsewhere, export)
        elsewhere.post(f"/api/v1/orgs/{org}/periods/2026-03/reopen", {"reason": "signed in another currency"})
        elsewhere.post(f"/api/v1/orgs/{org}/periods/2026-03/close")
        return org, project, self.people["Owner"].id

    def test_an_owner_converts_an_organization_of_before_exactly_or_not_at_all(self):
        with Server("converting") as other:
            ask = importer_of(other).client
            for currency, digits, cents, budget, after in (("JPY", 0, 500_000, 20_000, (5000, 200)), ("KWD", 3, 1250, 7, (12_500, 70)), ("EUR", 2, 1251, 7, (1251, 7))):
                with self.subTest(currency):
                    org, project, user = self.old(currency, ask, cents, budget)
                    path = f"/api/v1/orgs/{org}"
                    self.assertEqual(ask.get(path)["minor_digits"], 2)
                    signed = ask.get(path + "/periods/2026-03/report")
                    self.assertEqual((signed["minor_digits"], signed["digest_matches"]), (2, True))
                    before = other.head()
                    answer = ask.ask("POST", path + "/convert-currency", statuses={200})
                    self.assertEqual(answer.json["minor_digits"], digits)
                    rates = f"/api/v1/users/{user}/orgs/{org}/labor-rates"
                    self.assertEqual(ask.get(rates)["items"][0]["hourly_rate_cents"], after[0])
                    self.assertEqual(ask.get(f"/api/v1/projects/{project}")["budget_cents"], after[1])
                    # What was signed stays, and says its own unit; so does what is asked as of then.
                    self.assertEqual(ask.get(path + "/periods/2026-03/report"), signed)
                    self.assertEqual([p["minor_digits"] for p in ask.all(path + "/periods")], [2])
                    then = ask.get(f"/api/v1/reports/capitalization?org_id={org}&period=2026-03&as_of={before}")
                    self.assertEqual((then["minor_digits"], then["totals"]["total_amount_cents"]), (2, signed["totals"]["total_amount_cents"]))
                    now = ask.get(f"/api/v1/reports/capitalization?org_id={org}&period=2026-03")
                    self.assertEqual((now["minor_digits"], now["totals"]["total_amount_cents"]), (digits, (after[0] * 90 + 30) // 60))
                    head = other.head()
                    ask.must("POST", path + "/convert-currency")  # once is enough
                    self.assertEqual(other.head(), head)
                    if digits != 2:
                        self.comes_through(ask, org, signed)
            self.refuses_what_is_not_exact(ask)
            other.stop()
            done = run_program("verify", settings={"DATA_DIR": other.folder})
            self.assertEqual(done.returncode, 0, done.stdout)
            other.start()

    def comes_through(self, ask, org, signed):
        export = exported(ask, org)
        self.assertIn("org.currency_converted", {e["type"] for _, _, e in export.events()})
        with Server(self.fresh("converted-")) as third:
            there = importer_of(third).client
            self.assertTrue(send(there, export, keep_digest=True).json["digest_matches"])
            theirs = there.get(f"/api/v1/orgs/{org}/periods/2026-03/report")
            self.assertEqual({k: v for k, v in theirs.items() if k != "position"}, {k: v for k, v in signed.items() if k != "position"})

    def refuses_what_is_not_exact(self, ask):
        org, project, user = self.old("JPY", ask, 1250, 50)
        path = f"/api/v1/orgs/{org}"
        refused = ask.ask("POST", path + "/convert-currency", statuses={409})
        self.assertEqual({(one["what"], one["amount_cents"]) for one in refused.json["in_the_way"]}, {("labor_rate", 1250), ("budget", 50)})
        self.assertEqual(ask.get(path)["minor_digits"], 2)
        ask.patch(f"/api/v1/projects/{project}", {"budget_cents": 100})
        ask.post(path + "/periods/2026-03/reopen", {"reason": "a rate in whole yen"})
        ask.post(f"/api/v1/users/{user}/orgs/{org}/labor-rates", {"hourly_rate_cents": 1300, "effective_from": "2026-01-01"})
        self.assertEqual(ask.ask("POST", path + "/convert-currency", statuses={200}).json["minor_digits"], 0)


if __name__ == "__main__":
    scenario.main()
