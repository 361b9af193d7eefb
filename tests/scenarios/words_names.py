"""What things and people are called: names that nobody can tell apart are one name, whatever they are names of; text has
something to see and is one line where it says so; an address is one account's however it is written. What older versions
took stays readable, can be changed and deleted, and is listed by `alloy doctor --names`."""
import json
import unittest
import urllib.parse
import uuid

import server
from imports import exported, importer_of, send
from server import Server, run_program
from workshop import Workshop
from world import PASSWORD

# Each is "Café Run" to whoever reads it.
SAME = ("Caf\u00e9 Run ", " Caf\u00e9 Run", "Cafe\u0301 Run", "Caf\u00e9\u00a0Run", "caf\u00e9 run", "CAF\u00c9 RUN", "Caf\u00e9  Run", "Caf\u00e9\u3000Run", "\uff23af\u00e9 Run",
        "\u00a0Caf\u00e9 Run\u2003")
# Each would be, if it were taken.
UNSEEN = ("Caf\u00e9\u200b Run", "\ufeffCaf\u00e9 Run", "Caf\u00e9 Run\u200e", "\u202eCaf\u00e9 Run", "Caf\u00e9\u00ad Run", "Caf\u00e9 \u2060Run", "Caf\u00e9\u200d Run", "Caf\u00e9 Run\u3164",
          "Caf\u00e9\u2028Run", "Caf\u00e9\u0085Run", "Caf\u00e9 Run\u2066", "Caf\u00e9\uffa0 Run", "Caf\u00e9\u115f Run", "Caf\u00e9\u2800Run", "Caf\u00e9\ufff9 Run")
NOTHING = ("\u3164", "\u200b", "\u00a0", "\ufeff", "\u2800", "\u115f", "\u202e", "\u2060\u200d", " \u3000 ", "\u00ad", "\ufe0f", "\uffa0")
NOT_ONE_LINE = ("a\u0085b", "a\u2028b", "a\u2029b", "a\nb", "a\u009bb")


def status(name, category="todo"):
    return {"name": name, "category": category}


class Names(Workshop):
    def kinds(self):
        """(what, where it is made, the body with a name)."""
        org = f"/api/v1/orgs/{self.org}"
        yield "label", org + "/labels", lambda name: {"name": name, "color": "#ff0000"}
        yield "team", org + "/teams", lambda name: {"name": name}
        yield "workflow", org + "/workflows", lambda name: {"name": name, "statuses": [status("Open")]}

    def test_a_name_that_nobody_can_tell_from_another_one_is_taken(self):
        for what, path, body in self.kinds():
            made = self.owner.post(path, body(" Cafe\u0301 Run "))
            self.assertEqual(made["name"], "Caf\u00e9 Run", what)
            other = self.owner.post(path, body("Other"))
            for same in SAME:
                with self.subTest(what=what, same=ascii(same)):
                    self.assertEqual(self.refused(409, "POST", path, body(same)).code, "already_exists")
                    self.assertEqual(self.refused(409, "PATCH", f"/api/v1/{what}s/{other['id']}", {"name": same}).code, "already_exists")
            for unseen in UNSEEN:
                with self.subTest(what=what, unseen=ascii(unseen)):
                    self.assertEqual(list(self.refused(422, "POST", path, body(unseen)).faults), ["/name"])
            self.assertEqual(self.owner.patch(f"/api/v1/{what}s/{made['id']}", {"name": "CAF\u00c9 RUN"})["name"], "CAF\u00c9 RUN")
            self.owner.must("DELETE", f"/api/v1/{what}s/{made['id']}")
            again = self.owner.post(path, body("caf\u00e9 run"))
            self.owner.must("DELETE", f"/api/v1/{what}s/{again['id']}")
            self.owner.must("DELETE", f"/api/v1/{what}s/{other['id']}")

    def test_statuses_of_a_workflow_are_told_apart(self):
        path = f"/api/v1/orgs/{self.org}/workflows"
        for same in SAME:
            with self.subTest(same=ascii(same)):
                answer = self.refused(422, "POST", path, {"name": self.fresh("w"), "statuses": [status("Caf\u00e9 Run"), status(same)]})
                self.assertEqual(answer.faults, {"/statuses/1/name": "duplicate"})
        for unseen in UNSEEN:
            with self.subTest(unseen=ascii(unseen)):
                self.assertEqual(list(self.refused(422, "POST", path, {"name": self.fresh("w"), "statuses": [status(unseen)]}).faults), ["/statuses/0/name"])

    def test_names_of_every_other_kind_are_in_form_too(self):
        project = self.new_project()
        ticket = self.new_ticket(project)["id"]
        key = lambda name: {"name": name, "scopes": ["read"]}  # noqa: E731
        kinds = (("/api/v1/orgs", lambda n: {"name": n, "slug": self.fresh("o-")}, "name"),
                 ("/api/v1/projects", lambda n: {"org_id": self.org, "key": self.fresh("K"), "name": n}, "name"),
                 ("/api/v1/projects", lambda n: {"org_id": self.org, "key": self.fresh("K"), "name": "x", "cost_center_id": n}, "cost_center_id"),
                 (f"/api/v1/projects/{project}/sprints", lambda n: {"name": n, "start_date": "2026-03-02", "end_date": "2026-03-03"}, "name"),
                 (f"/api/v1/tickets/{ticket}/time-entries", lambda n: {"date": "2026-03-02", "minutes": 1, "activity": n}, "activity"),
                 ("/api/v1/api-keys", key, "name"))
        for path, body, field in kinds:
            for unseen in UNSEEN + NOTHING:
                with self.subTest(path=path, field=field, unseen=ascii(unseen)):
                    self.assertEqual(list(self.refused(422, "POST", path, body(unseen)).faults), ["/" + field])
            self.assertEqual(self.owner.post(path, body(" Cafe\u0301\u00a0"))[field], "Caf\u00e9", path)
        for unseen in UNSEEN + NOTHING:
            with self.subTest(unseen=ascii(unseen)):
                answer = self.server.client().ask("POST", "/api/v1/auth/register", {"email": self.fresh("n") + "@example.com", "password": PASSWORD, "display_name": unseen})
                self.assertEqual((answer.status, list(answer.faults)), (422, ["/display_name"]))

    def test_names_may_hold_what_scripts_and_emoji_need(self):
        for name in ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0915\u094d\u200d\u0937", "\U0001f468\u200d\U0001f4bb", "\U0001f3f3\ufe0f\u200d\U0001f308", "\u2764\ufe0f fix", "1\ufe0f\u20e3", "C++", ".NET",
                     "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "\u05e9\u05b8\u05dc\u05d5\u05dd", "area: db,cache"):
            with self.subTest(name=ascii(name)):
                self.assertEqual(self.owner.post(f"/api/v1/orgs/{self.org}/labels", {"name": name, "color": "#ff0000"})["name"], name)
        bare = {"name": "\u0645\u06cc\u062e\u0648\u0627\u0647\u0645", "color": "#ff0000"}  # without its joiner
        self.assertEqual(self.refused(409, "POST", f"/api/v1/orgs/{self.org}/labels", bare).code, "already_exists")

    def test_text_has_something_to_see_and_a_line_is_one_line(self):
        project = self.new_project()
        ticket = self.new_ticket(project)["id"]
        for bad in NOTHING + NOT_ONE_LINE:
            with self.subTest(bad=ascii(bad)):
                self.assertEqual(list(self.refused(422, "POST", f"/api/v1/projects/{project}/tickets", {"title": bad}).faults), ["/title"])
                self.assertEqual(list(self.refused(422, "PATCH", f"/api/v1/tickets/{ticket}", {"title": bad}).faults), ["/title"])
        for bad in NOTHING:
            with self.subTest(bad=ascii(bad)):
                self.assertEqual(list(self.refused(422, "POST", f"/api/v1/tickets/{ticket}/comments", {"body": bad}).faults), ["/body"])
        for good in ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u202eabc\u202c", "\U0001f468\u200d\U0001f4bb", "\u3164x", "a\u00a0b"):
            with self.subTest(good=ascii(good)):
                self.assertEqual(self.new_ticket(project, title=good)["title"], good)
        self.owner.post(f"/api/v1/tickets/{ticket}/comments", {"body": "two\u2028lines\u0085of prose"})

    # ------------------------------------------------------------------------------------ found by name

    def test_what_is_called_so_is_found_however_it_is_written(self):
        label = self.owner.post(f"/api/v1/orgs/{self.org}/labels", {"name": "Fa\u00e7ade", "color": "#ff0000"})["id"]
        project = self.new_project(key=self.fresh("FIND"))
        ticket = self.new_ticket(project, labels=[label])
        self.owner.must("PUT", f"/api/v1/tags/ticket/{ticket['id']}", {"Area": "D\u00f6ner"})
        moved = self.owner.post(f"/api/v1/tickets/{ticket['id']}/transition", {"status": "in\u200bprogress".replace("\u200b", "")})
        self.assertEqual(moved["status"], "InProgress")
        for query in ({"label": "FAC\u0327ADE"}, {"label": " fa\u00e7ade "}, {"status": "inprogress"}, {"status": "INPROGRESS "}, {"tag": "area:do\u0308ner"}, {"tag": "AREA"}):
            with self.subTest(query=ascii(query)):
                text = urllib.parse.urlencode(query)
                for path in (f"/api/v1/projects/{project}/tickets", "/api/v1/tickets"):
                    self.assertIn(ticket["id"], [t["id"] for t in self.owner.get(f"{path}?{text}&limit=200")["items"]])
        found = self.owner.get("/api/v1/tags?key=AREA&value=d%C3%96ner&org_id=" + self.org)["items"]
        self.assertEqual([(one["entity_id"], one["key"], one["value"]) for one in found], [(ticket["id"], "Area", "D\u00f6ner")])
        board = self.owner.get(f"/api/v1/projects/{project}/board?status=inprogress")["columns"]
        self.assertEqual([c["status"] for c in board], ["InProgress"])
        self.assertEqual(self.owner.get(f"/api/v1/tickets/{ticket['reference'].lower()}")["id"], ticket["id"])
        self.assertEqual(self.refused(422, "PUT", f"/api/v1/tags/ticket/{ticket['id']}", {"Area": "a", "area": "b"}).faults, {"/area": "duplicate"})
        self.owner.must("DELETE", f"/api/v1/tags/ticket/{ticket['id']}/AREA")
        self.assertEqual(self.owner.get(f"/api/v1/tags/ticket/{ticket['id']}"), {})

    # ------------------------------------------------------------------------------------ addresses

    def register(self, email, statuses=(201,)):
        return self.server.client().ask("POST", "/api/v1/auth/register", {"email": email, "password": PASSWORD, "display_name": "J"}, statuses=statuses)

    def login(self, email, statuses=(200,)):
        return self.server.client().ask("POST", "/api/v1/auth/login", {"email": email, "password": PASSWORD}, statuses=statuses)

    def test_an_address_is_one_accounts_however_it_is_written(self):
        made = self.register("J\u00d6RG@Example.COM").json
        self.assertEqual(made["email"], "j\u00f6rg@example.com")
        for same in ("j\u00f6rg@example.com", "jo\u0308rg@example.com", "J\u00d6rg@EXAMPLE.com", " j\u00f6rg@example.com "):
            with self.subTest(same=ascii(same)):
                self.assertEqual(self.register(same, {409}).code, "already_exists")
                self.assertEqual(self.login(same).json["user_id"], made["user_id"])
        for bad in ("j\u00f6rg\u200b@example.com", "\ufeffj\u00f6rg@example.com", "j\u00f6rg@example.com\u200e", "j\u202e\u00f6rg@example.com", "j\u00f6rg@exam\u00adple.com", "j\u3164@example.com"):
            with self.subTest(bad=ascii(bad)):
                self.assertEqual(list(self.register(bad, {422}).faults), ["/email"])
                self.assertEqual(list(self.refused(422, "POST", f"/api/v1/orgs/{self.org}/invites", {"email": bad, "role": "Member"}).faults), ["/email"])

    def test_an_invite_is_accepted_by_the_address_that_is_meant(self):
        code = self.owner.post(f"/api/v1/orgs/{self.org}/invites", {"email": "\u00c4nne@example.com", "role": "Member"})["invite_code"]
        again = self.owner.post(f"/api/v1/orgs/{self.org}/invites", {"email": "a\u0308nne@example.com", "role": "Member"})["invite_code"]
        one = self.register("\u00e4nne@EXAMPLE.com").json["access_token"]
        with self.server.client(one) as her:
            self.assertEqual(her.ask("POST", f"/api/v1/invites/{code}/accept").status, 409)  # an address has one open invite
            her.must("POST", f"/api/v1/invites/{again}/accept")

    # ------------------------------------------------------------------------------------ zones of time

    def test_a_zone_of_time_is_one_that_iana_names(self):
        org = self.new_org()["id"]
        for bad in ("localtime", "posixrules", "Factory", "right/Europe/Berlin", "posix/UTC", "europe/berlin", "../localtime", "Europe/../UTC", "Europe", "", " UTC", "tzdata.zi", "/etc/localtime"):
            with self.subTest(bad=bad):
                self.assertEqual(list(self.refused(422, "PATCH", f"/api/v1/orgs/{org}", {"time_zone": bad}).faults), ["/time_zone"])
                self.assertEqual(list(self.refused(422, "POST", "/api/v1/orgs", {"name": "Z", "slug": self.fresh("z-"), "time_zone": bad}).faults), ["/time_zone"])
        for good in ("Europe/Berlin", "US/Eastern", "Asia/Calcutta", "Etc/GMT+5", "UTC"):
            with self.subTest(good=good):
                self.assertEqual(self.owner.patch(f"/api/v1/orgs/{org}", {"time_zone": good})["time_zone"], good)

    # ------------------------------------------------------------------------------------ what older versions took

    def doctor(self, one):
        return run_program("doctor", "--names", settings={"DATA_DIR": one.folder})

    def test_names_can_be_told_apart_here(self):
        done = self.doctor(self.server)
        self.assertEqual((done.returncode, done.stdout), (0, "all names can be told apart\n"), done.stderr)

    def old_organization(self):
        """An export of a server that told "Done" from "Done "; the records say what the commands of now refuse."""
        org = self.new_org()["id"]
        ask = self.owner
        labels = [ask.post(f"/api/v1/orgs/{org}/labels", {"name": f"label {n}", "color": "#ff0000"})["id"] for n in range(3)]
        teams = [ask.post(f"/api/v1/orgs/{org}/teams", {"name": f"team {n}"})["id"] for n in range(2)]
        flow = ask.post(f"/api/v1/orgs/{org}/workflows", {"name": "Old", "statuses": [status("Open"), status("status 1", "done"), status("status 2", "done")]})["id"]
        project = ask.post("/api/v1/projects", {"org_id": org, "key": "OLD", "name": "Old", "workflow_id": flow})["id"]
        ticket = ask.post(f"/api/v1/projects/{project}/tickets", {"title": "Invisible", "labels": labels[1:2]})["id"]
        ask.post(f"/api/v1/tickets/{ticket}/transition", {"status": "status 2"})
        ask.must("PUT", f"/api/v1/tags/ticket/{ticket}", {"area": "a", "tag2": "b"})
        export = exported(ask, org)
        text = json.dumps(export.records)
        for now, then in (("label 0", "Done"), ("label 1", "Done "), ("label 2", "do\u200bne"), ("team 0", "Caf\u00e9"), ("team 1", "Cafe\u0301"), ("status 1", "Shut"),
                          ("status 2", "Shut\u00a0"), ("tag2", "Area"), ("Invisible", "\u3164")):
            text = text.replace(json.dumps(now), json.dumps(then))
        export.records, export.stored = json.loads(text), {}
        for _, _, event in export.events():
            if event["type"] == "org.created":
                event["data"]["time_zone"] = "localtime"
        return export.renamed(str(uuid.uuid4()), self.fresh("old-")), labels, teams, flow, ticket

    def test_old_twins_come_in_stay_and_go_one_by_one(self):
        export, labels, teams, flow, ticket = self.old_organization()
        org = export.header["org_id"]
        elsewhere = Server("old-twins").start()
        ask = importer_of(elsewhere).client
        self.assertEqual(send(ask, export).status, 200)
        self.assertEqual([one["name"] for one in sorted(ask.all(f"/api/v1/orgs/{org}/labels"), key=lambda one: labels.index(one["id"]))], ["Done", "Done ", "do\u200bne"])
        self.assertEqual(ask.get(f"/api/v1/tickets/{ticket}")["title"], "\u3164")
        at = lambda query: [t["id"] for t in ask.get(f"/api/v1/tickets?org_id={org}&{query}")["items"]]  # noqa: E731
        self.assertEqual((at("label=Done%20"), at("label=Done"), at("label=done")), ([ticket], [], []))
        self.assertEqual((at("status=Shut%C2%A0"), at("status=Shut"), at("tag=AREA:B")), ([ticket], [], [ticket]))
        running = self.doctor(elsewhere)
        self.assertEqual(running.returncode, 1, running.stdout + running.stderr)
        ask.close()
        elsewhere.stop()
        done = self.doctor(elsewhere)
        self.assertEqual((done.returncode, done.stdout), (1, running.stdout), done.stderr)
        lines = [tuple(line.split("  ")) for line in done.stdout.splitlines()]
        self.assertEqual([line for line in lines if line[1] != "tag"],
                         [(f"organization {org}", kind, id_, name, which) for kind, id_, name, which in (
                             ("label", labels[0], '"Done"', "has the name"), ("label", labels[1], '"Done "', "is called alike"), ("label", labels[2], '"do\\u{200b}ne"', "is called alike"),
                             ("team", teams[0], '"Caf\u00e9"', "has the name"), ("team", teams[1], '"Cafe\\u{301}"', "is called alike"),
                             ("status", flow, '"Shut"', "has the name"), ("status", flow, '"Shut\\u{a0}"', "is called alike"))])
        self.assertEqual([line[2:4] for line in lines if line[1] == "tag"], [(ticket, '"Area"'), (ticket, '"area"')])
        elsewhere.start()

        # Each of them is changed and deleted for itself.
        self.assertEqual(ask.patch(f"/api/v1/labels/{labels[1]}", {"name": "Done ", "color": "#00ff00"})["name"], "Done ")
        self.assertEqual(self.refused(409, "PATCH", f"/api/v1/labels/{labels[2]}", {"name": "DONE"}, client=ask).code, "already_exists")
        self.assertEqual(ask.patch(f"/api/v1/labels/{labels[2]}", {"name": "Gone"})["name"], "Gone")
        ask.must("DELETE", f"/api/v1/labels/{labels[0]}")
        self.assertEqual(at("label=Done"), [ticket])
        self.assertEqual(self.refused(409, "POST", f"/api/v1/orgs/{org}/labels", {"name": "Done", "color": "#ff0000"}, client=ask).code, "already_exists")
        self.assertEqual(ask.patch(f"/api/v1/labels/{labels[1]}", {"name": "Done "})["name"], "Done")  # brought into form
        ask.must("DELETE", f"/api/v1/teams/{teams[0]}")
        kept = [{k: s[k] for k in ("name", "category", "cancels")} for s in ask.get(f"/api/v1/workflows/{flow}")["statuses"]]
        self.assertEqual([s["name"] for s in ask.patch(f"/api/v1/workflows/{flow}", {"statuses": kept + [status("New")]})["statuses"]], ["Open", "Shut", "Shut\u00a0", "New"])
        ask.patch(f"/api/v1/workflows/{flow}", {"statuses": [s for s in kept if s["name"] != "Shut\u00a0"], "migrate": {"Shut\u00a0": "Shut"}})
        self.assertEqual(ask.get(f"/api/v1/tickets/{ticket}")["status"], "Shut")
        ask.must("PUT", f"/api/v1/tags/ticket/{ticket}", {"area": "a"})
        done = self.doctor(elsewhere)
        self.assertEqual((done.returncode, done.stdout), (0, "all names can be told apart\n"), done.stderr)
        elsewhere.stop()
        verified = run_program("verify", settings={"DATA_DIR": elsewhere.folder})
        self.assertEqual(verified.returncode, 0, verified.stdout + verified.stderr)
        self.assertEqual(run_program("rebuild", settings={"DATA_DIR": elsewhere.folder}).returncode, 0)

    def test_a_doctor_without_a_store_says_so(self):
        done = run_program("doctor", "--names", settings={"DATA_DIR": self.server.folder.parent / "nowhere"})
        self.assertEqual(done.returncode, 1)
        self.assertIn("has no store", done.stderr)


if __name__ == "__main__":
    server.main()
