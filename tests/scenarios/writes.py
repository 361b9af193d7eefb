"""What a write promises: once per key, at its version, at its place in the log, by its workflow, and dry where asked."""
import threading
import unittest

import server
from catalogue import BODIES, good_body, operations_of
from client import THREADS, together
from world import PASSWORD, World, random_id

class Writes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = server.Server("writes").start()
        cls.world = World(cls.server)
        cls.ids, cls.owner = cls.world.ids, cls.world.owner
        cls.org, cls.project = cls.ids["org_id"], cls.ids["project_id"]
        cls.operations = {op.id: op for op in operations_of(cls.server.operations())}

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def new_ticket(self, **more):
        return self.owner.post(f"/api/v1/projects/{self.project}/tickets", dict({"title": "A ticket"}, **more))

    def new_project(self, key, **more):
        return self.owner.post("/api/v1/projects", dict({"org_id": self.org, "key": key, "name": key}, **more))

    def refused(self, status, method, path, body=None, **more):
        return self.owner.ask(method, path, body, statuses={status}, **more)

    # ------------------------------------------------------------------------------------------------ keys

    def test_key_answers_once(self):
        """For every POST: the same bytes, one event's worth of change; another body is refused."""
        for op in self.operations.values():
            if op.method != "POST" or op.id in ("login", "refresh", "logout", "change_password", "confirm", "accept_invite", "onboard"):
                continue
            with self.subTest(op=op.id):
                ids, key = dict(self.ids), {"Idempotency-Key": "once " + op.id}
                token = None if op.is_open else self.owner.token
                body = good_body(op, ids)
                first = self.owner.ask("POST", op.url(ids), body, headers=key, token=token, statuses={200, 201, 202, 204})
                head = self.server.head()
                again = self.owner.ask("POST", op.url(ids), body, headers=key, token=token, statuses={first.status})
                self.assertEqual(self.server.head(), head, "the repetition wrote")
                self.assertEqual(again.body, first.body)
                for name in ("Location", "ETag", "Alloy-Position"):
                    self.assertEqual(again.headers[name], first.headers[name], name)
                if int(first.headers["Alloy-Position"]) > 0:
                    self.assertEqual(again.headers["Idempotency-Replayed"], "true")
                self.assertIsNone(first.headers["Idempotency-Replayed"])
                if body is not None and int(first.headers["Alloy-Position"]) > 0:
                    other = self.refused(422, "POST", op.url(ids), dict(good_body(op, ids), **self.another(op)), headers=key, token=token)
                    self.assertEqual(other.code, "idempotency_mismatch")
                    self.assertEqual(self.server.head(), head)

    def another(self, op):
        """A change that makes another body of one that has no member that is made anew."""
        other_user = {"user_id": self.world.people["Admin"].id}
        return {"add_project_member": other_user, "add_team_member": other_user, "assign_ticket": {"assignee_id": None},
                "rotate_webhook_secret": {"overlap_seconds": 61}, "replay_webhook": {"from": 0},
                "complete_sprint": {"move_unfinished_to": "backlog"},
                "transition_ticket": {"status": "Done"}, "create_api_key": {"name": "another"}}.get(op.id, {})

    def test_key_of_hashed_operations(self):
        who = self.world.people["Viewer"].client
        for op, body in (("login", {"email": "viewer@example.com", "password": PASSWORD}),):
            path, key = self.operations[op].path, {"Idempotency-Key": "hashed"}
            first = who.ask("POST", path, body, headers=key, token=None, statuses={200})
            again = who.ask("POST", path, body, headers=key, token=None, statuses={200})
            self.assertEqual(first.body, again.body)
        body = {"current_password": PASSWORD, "new_password": PASSWORD + "!"}
        for _ in range(2):
            who.ask("POST", "/api/v1/auth/password", body, headers={"Idempotency-Key": "change"}, statuses={204})
        who.post("/api/v1/auth/password", {"current_password": PASSWORD + "!", "new_password": PASSWORD})

    def test_key_belongs_to_its_caller(self):
        path, key = f"/api/v1/projects/{self.project}/tickets", {"Idempotency-Key": "shared"}
        mine = self.owner.post(path, {"title": "Same"}, headers=key)
        theirs = self.world.people["Member"].client.post(path, {"title": "Same"}, headers=key)
        self.assertNotEqual(mine["id"], theirs["id"])

    def test_key_concurrently(self):
        path, head = f"/api/v1/projects/{self.project}/tickets", self.server.head()
        clients = [self.owner.with_token(self.owner.token) for _ in range(THREADS)]
        answers = together(lambda i: clients[i].ask("POST", path, {"title": "One"}, headers={"Idempotency-Key": "race"}, statuses={201, 409}))
        made = [a for a in answers if a.status == 201]
        self.assertTrue(made)
        self.assertEqual(len({a.body for a in made}), 1)
        self.assertTrue(all(a.code == "request_in_progress" for a in answers if a.status == 409))
        self.assertEqual(self.server.head(), head + 1)
        self.assertEqual(sum(a.headers["Idempotency-Replayed"] is None for a in made), 1)

    def test_key_survives_a_kill(self):
        with server.Server("killed") as s:
            world = World(s)
            asked = []
            for path, body in ((f"/api/v1/projects/{world.ids['project_id']}/tickets", {"title": "Kept"}),
                               ("/api/v1/api-keys", {"name": "kept", "scopes": ["read"]}),
                               (f"/api/v1/orgs/{world.ids['org_id']}/webhooks", {"url": "https://a.example.com/b", "event_types": ["*"]}),
                               (f"/api/v1/orgs/{world.ids['org_id']}/invites", {"email": "kept@example.com", "role": "Viewer"})):
                key = {"Idempotency-Key": "kept " + path}
                asked.append((path, body, key, world.owner.ask("POST", path, body, headers=key, statuses={201})))
            head = s.head()
            s.kill()
            s.start()
            self.assertEqual(s.head(), head)
            again = s.client(world.owner.token)
            for path, body, key, first in asked:
                with self.subTest(path=path):
                    replay = again.ask("POST", path, body, headers=key, statuses={201})
                    self.assertEqual((replay.body, replay.headers["Idempotency-Replayed"]), (first.body, "true"))
            self.assertEqual(s.head(), head)
            secret = asked[1][3].json["key"]
            self.assertEqual(again.ask("GET", "/api/v1/auth/me", token=secret).status, 200)

    def test_key_of_a_refusal_is_free(self):
        """A refusal is no answer to keep: what was wrong may be right a moment later."""
        key = {"Idempotency-Key": "refused"}
        self.refused(404, "POST", f"/api/v1/projects/{random_id()}/tickets", {"title": "x"}, headers=key)
        self.owner.ask("POST", f"/api/v1/projects/{self.project}/tickets", {"title": "x"}, headers=key, statuses={201})

    # ------------------------------------------------------------------------------------------------ dry runs

    def test_dry_runs(self):
        session = self.owner.post("/api/v1/auth/login", {"email": "member@example.com", "password": PASSWORD}, token=None)
        for op in self.operations.values():
            if not op.writes or op.id in ("accept_invite", "onboard"):
                continue
            with self.subTest(op=op.id):
                body = good_body(op, self.ids)
                if op.id == "refresh":
                    body = {"refresh_token": session["refresh_token"]}
                head = self.server.head()
                before = self.owner.ask("GET", f"/api/v1/tickets/{self.ids['ticket_id']}").body
                ids = dict(self.ids)
                if op.id == "remove_project_member":
                    ids["user_id"] = self.world.people["Reporter"].id
                dry = self.owner.ask(op.method, op.url(ids, "dry_run=true"), body, token=None if op.is_open else self.owner.token,
                                     statuses={op.dry_success})
                self.assertEqual(dry.headers["Alloy-Dry-Run"], "true")
                self.assertEqual(self.server.head(), head)
                self.assertEqual(self.owner.ask("GET", f"/api/v1/tickets/{self.ids['ticket_id']}").body, before)
                shown = dry.json.pop("events") if op.success == 204 else dry.json["events"]
                self.assertTrue(all(one["type"] and one["subject"]["id"] for one in shown), shown)
                self.assertNotIn(b"_sealed", dry.body)
                self.assertNotIn(b"_hash", dry.body)
                if op.success == 201:
                    real = self.owner.ask(op.method, op.url(ids), body, token=None if op.is_open else self.owner.token, statuses={201})
                    self.assertEqual(set(real.json) | {"events"}, set(dry.json))
                    self.assertIsNone(real.headers["Alloy-Dry-Run"])
                    if "Location" in dry.headers and op.id not in ("register", "add_project_member"):
                        self.assertIn(self.owner.ask("GET", dry.headers["Location"]).status, (404, 405))
        with self.subTest("the refresh token is still good"):
            self.owner.post("/api/v1/auth/refresh", {"refresh_token": session["refresh_token"]}, token=None)
        with self.subTest("a dry run is refused as the write would be"):
            self.refused(422, "POST", f"/api/v1/projects/{self.project}/tickets?dry_run=true", {"title": ""})
            self.refused(404, "DELETE", f"/api/v1/comments/{random_id()}?dry_run=true")
        with self.subTest("dry_run=false writes"):
            head = self.server.head()
            self.owner.post(f"/api/v1/projects/{self.project}/tickets?dry_run=false", {"title": "Wet"})
            self.assertEqual(self.server.head(), head + 1)
        with self.subTest("a dry run keeps no key"):
            path, key = f"/api/v1/projects/{self.project}/tickets", {"Idempotency-Key": "dry"}
            self.owner.post(path + "?dry_run=true", {"title": "Dry"}, headers=key)
            head = self.server.head()
            self.owner.post(path, {"title": "Dry"}, headers=key)
            self.assertEqual(self.server.head(), head + 1)

    # ------------------------------------------------------------------------------------------------ versions

    def objects(self):
        """(path, a change) of everything that has a version."""
        i = self.ids
        return [(f"/api/v1/orgs/{i['org_id']}", "update_org"), (f"/api/v1/projects/{i['project_id']}", "update_project"),
                (f"/api/v1/tickets/{i['ticket_id']}", "update_ticket"), (f"/api/v1/sprints/{i['sprint_id']}", "update_sprint"),
                (f"/api/v1/labels/{i['label_id']}", "update_label"), (f"/api/v1/workflows/{i['workflow_id']}", "update_workflow"),
                (f"/api/v1/teams/{i['team_id']}", "update_team"), (f"/api/v1/webhooks/{i['webhook_id']}", "update_webhook"), (f"/api/v1/comments/{i['comment_id']}", "update_comment")]

    def test_versions(self):
        for path, op in self.objects():
            with self.subTest(op=op):
                got = self.owner.ask("GET", path, statuses={200})
                version, etag = got.json["version"], got.headers["ETag"]
                self.assertEqual(etag, f'"{version}"')
                change = BODIES[op](self.ids)
                stale = self.refused(412, "PATCH", path, change, headers={"If-Match": f'"{version + 1}"'})
                self.assertEqual(stale.code, "version_mismatch")
                done = self.owner.ask("PATCH", path, change, headers={"If-Match": etag}, statuses={200})
                self.assertEqual((done.json["version"], done.headers["ETag"]), (version + 1, f'"{version + 1}"'))
                self.refused(412, "PATCH", path, BODIES[op](self.ids), headers={"If-Match": etag})
                again = self.owner.ask("PATCH", path, change, headers={"If-Match": "*"}, statuses={200})
                self.assertEqual(again.json["version"], version + 1, "a change that changes nothing took a version")
                self.assertEqual(again.json["updated_at"], done.json["updated_at"])
                now = self.owner.ask("GET", path, statuses={200})
                self.assertEqual(now.body, done.body)
                for match in (now.headers["ETag"], "W/" + now.headers["ETag"], "*", f'"0", {now.headers["ETag"]}'):
                    none = self.owner.ask("GET", path, headers={"If-None-Match": match}, statuses={304})
                    self.assertEqual((none.body, none.headers["ETag"]), (b"", now.headers["ETag"]))
                self.owner.ask("GET", path, headers={"If-None-Match": etag}, statuses={200})
                if op == "update_comment":
                    self.refused(412, "DELETE", path, headers={"If-Match": etag})

    def test_merge_patch(self):
        """RFC 7396, for every field of every PATCH: null clears what may be null, and is refused for the rest."""
        for path, op in self.objects():
            schema = self.operations[op].body_schema["properties"]
            for name, one in schema.items():
                before = self.owner.get(path)
                nullable = {"type": "null"} in one.get("anyOf", [])
                with self.subTest(op=op, name=name, nullable=nullable):
                    answer = self.owner.ask("PATCH", path, {name: None}, statuses={200} if nullable else {422})
                    if not nullable:
                        self.assertEqual(list(answer.faults), ["/" + name])
                        continue
                    after = answer.json
                    self.assertIsNone(after[name])
                    kept = set(before) - {name, "version", "updated_at"}
                    self.assertEqual({k: after[k] for k in kept}, {k: before[k] for k in kept})
            with self.subTest(op=op, what="nothing"):
                before = self.owner.get(path)
                self.assertEqual(self.owner.patch(path, {}), before)
            with self.subTest(op=op, what="the media type of RFC 7396"):
                self.owner.ask("PATCH", path, {}, headers={"Content-Type": "application/merge-patch+json; charset=utf-8"}, statuses={200})

    def test_one_patch_one_version(self):
        ticket = self.new_ticket()
        head = self.server.head()
        changed = self.owner.ask("PATCH", f"/api/v1/tickets/{ticket['id']}", statuses={200},
                                 body={"title": "Renamed", "status": "InProgress", "assignee_id": self.ids["user_id"]})
        self.assertEqual(changed.json["version"], 2)
        self.assertEqual((changed.json["title"], changed.json["status"], changed.json["category"], changed.json["assignee_id"]),
                         ("Renamed", "InProgress", "in_progress", self.ids["user_id"]))
        self.assertEqual(self.server.head(), head + 3, "three changes are three events")
        self.assertEqual(changed.headers["Alloy-Position"], str(head + 3))

    # ------------------------------------------------------------------------------------------------ positions

    def test_positions(self):
        last = self.server.head()
        for i in range(20):
            answer = self.owner.ask("POST", f"/api/v1/projects/{self.project}/tickets", {"title": f"t{i}"}, statuses={201})
            position = int(answer.headers["Alloy-Position"])
            self.assertEqual(position, last + 1)
            seen = self.world.people["Viewer"].client.ask("GET", answer.headers["Location"], headers={"Alloy-Min-Position": str(position)})
            self.assertEqual((seen.status, seen.body), (200, answer.body))
            last = position
        self.owner.ask("GET", "/api/v1/auth/me", headers={"Alloy-Min-Position": "0"}, statuses={200})

    def test_waiting_for_a_position(self):
        with server.Server("waiting", MIN_POSITION_WAIT_MS=200) as s:
            world = World(s)
            late = world.owner.ask("GET", "/api/v1/auth/me", headers={"Alloy-Min-Position": str(s.head() + 1)}, statuses={503})
            self.assertEqual(late.code, "not_yet_visible")
            s.restart(MIN_POSITION_WAIT_MS=600000)
            wanted = s.head() + 1
            found = []
            reader = s.client(world.owner.token)
            path = f"/api/v1/projects/{world.ids['project_id']}/tickets"
            thread = threading.Thread(target=lambda: found.append(reader.ask("GET", path, headers={"Alloy-Min-Position": str(wanted)})))
            thread.start()
            made = s.client(world.owner.token).post(path, {"title": "Rings the bell"})
            thread.join()
            self.assertEqual(found[0].status, 200)
            self.assertIn(made["id"], [t["id"] for t in found[0].json["items"]])
            # One that waits for what never comes must not hold up the end of the server.
            thread = threading.Thread(target=lambda: found.append(self.until_cut(reader, path, wanted + 1000)))
            thread.start()
            s.stop()
            thread.join()
            s.start()

    def until_cut(self, client, path, position):
        try:
            return client.ask("GET", path, headers={"Alloy-Min-Position": str(position)}, statuses=None)
        except (OSError, ValueError, AssertionError) as cut:
            return cut
        except Exception as cut:  # noqa: BLE001  http.client's own
            return cut

    # ------------------------------------------------------------------------------------------------ many at once

    def test_numbers_without_gap(self):
        project = self.new_project("NUMBERS")["id"]
        clients = [self.owner.with_token(self.owner.token) for _ in range(THREADS)]
        each = 10

        def work(i):
            return [clients[i].post(f"/api/v1/projects/{project}/tickets", {"title": f"{i}-{n}"}) for n in range(each)]

        made = [ticket for some in together(work) for ticket in some]
        self.assertEqual(sorted(t["ticket_number"] for t in made), list(range(1, THREADS * each + 1)))
        self.assertEqual({t["reference"] for t in made}, {f"NUMBERS-{n}" for n in range(1, THREADS * each + 1)})
        self.assertEqual(self.owner.get(f"/api/v1/projects/{project}")["ticket_counter"], THREADS * each)
        listed = self.owner.all(f"/api/v1/projects/{project}/tickets")
        self.assertEqual({t["id"]: t for t in made}, {t["id"]: t for t in listed})

    def test_no_lost_update(self):
        """Counters in titles, raised by read, If-Match and retry: in the end they have counted every success."""
        tickets = [self.new_ticket(title="0")["id"] for _ in range(3)]
        clients = [self.owner.with_token(self.owner.token) for _ in range(THREADS)]

        def work(i):
            done = []
            while len(done) < 6:
                path = f"/api/v1/tickets/{tickets[(i + len(done)) % len(tickets)]}"
                got = clients[i].ask("GET", path)
                answer = clients[i].ask("PATCH", path, {"title": str(int(got.json["title"]) + 1)}, headers={"If-Match": got.headers["ETag"]},
                                        statuses={200, 412})
                if answer.status == 200:
                    done.append((path, answer.json["version"]))
            return done

        done = [one for some in together(work) for one in some]
        for ticket in tickets:
            path = f"/api/v1/tickets/{ticket}"
            versions = sorted(version for where, version in done if where == path)
            self.assertEqual(versions, list(range(2, len(versions) + 2)))
            now = self.owner.get(path)
            self.assertEqual((int(now["title"]), now["version"]), (len(versions), len(versions) + 1))

    def test_one_taker_of_a_name(self):
        clients = [self.owner.with_token(self.owner.token) for _ in range(THREADS)]
        for what, path, body in (("slug", "/api/v1/orgs", {"name": "Race", "slug": "race"}),
                                 ("key", "/api/v1/projects", {"org_id": self.org, "key": "RACE", "name": "Race"}),
                                 ("label", f"/api/v1/orgs/{self.org}/labels", {"name": "race", "color": "#000000"}),
                                 ("id", f"/api/v1/projects/{self.project}/tickets", {"id": random_id(), "title": "Race"}),
                                 ("email", "/api/v1/auth/register", {"email": "race@example.com", "password": PASSWORD, "display_name": "R"})):
            with self.subTest(what):
                answers = together(lambda i, path=path, body=body: clients[i].ask("POST", path, body, statuses={201, 409}))
                self.assertEqual(sorted(a.status for a in answers), [201] + [409] * (THREADS - 1))
                self.assertEqual({a.code for a in answers if a.status == 409}, {"already_exists"})

    # ------------------------------------------------------------------------------------------------ ids

    def test_client_ids(self):
        for op in ("create_org", "create_project", "create_ticket", "create_sprint", "create_label", "create_workflow", "create_team", "create_webhook", "add_comment"):
            with self.subTest(op=op):
                row, wanted = self.operations[op], random_id()
                body = dict(good_body(row, self.ids), id=wanted)
                made = self.owner.ask("POST", row.url(self.ids), body, statuses={201})
                self.assertEqual(made.json["id"], wanted)
                self.assertTrue(made.headers["Location"].endswith(wanted))
                self.assertEqual(self.owner.get(made.headers["Location"])["id"], wanted)
                head = self.server.head()
                again = self.refused(409, "POST", row.url(self.ids), dict(good_body(row, self.ids), id=wanted))
                self.assertEqual((again.code, self.server.head()), ("already_exists", head))

    def test_references(self):
        """KEY-17 wherever a ticket's id stands, and the key wherever a project's does."""
        ticket = self.new_ticket()
        for op in self.operations.values():
            for name, by_name in (("ticket_id", ticket["reference"]), ("project_id", "AAA"), ("org_id", "org-a")):
                if name not in op.path_names:
                    continue
                with self.subTest(op=op.id, name=by_name):
                    ids = dict(self.ids, **{"ticket_id": ticket["id"]})
                    good = op.dry_success if op.writes else op.success
                    statuses = {good, 404} if op.id in ("remove_ticket_label", "remove_project_member") else {good}
                    if op.id in ("undo", "close_period", "reopen_period"):
                        statuses = {good, 409}  # another test has done it
                    body = good_body(op, self.ids)
                    query = "dry_run=true" if op.writes else ""
                    a = self.owner.ask(op.method, op.url(ids, query), body, statuses=statuses)
                    b = self.owner.ask(op.method, op.url(dict(ids, **{name: by_name}), query), body, statuses=statuses)
                    self.assertEqual((a.status, self.without_ids(a, op)), (b.status, self.without_ids(b, op)))
        for bad in ("AAA-0", "AAA-999999", "aaa-0", "AAA-01x", "BBB-1"):
            self.refused(404, "GET", "/api/v1/tickets/" + bad)

    def without_ids(self, answer, op):
        """Of a dry run everything but what is made anew; of a read the whole."""
        if not op.writes:
            if op.id == "export_data":
                return answer.body.splitlines()[1:-1]  # the header says when, and the end is over it, too
            return dict(answer.json, next_cursor=None) if op.id == "list_events" else answer.body
        return sorted(answer.json) if answer.body and answer.status < 400 else None

    # ------------------------------------------------------------------------------------------------ workflows

    def workflow(self, enforcement):
        return self.owner.post(f"/api/v1/orgs/{self.org}/workflows", {
            "name": "Flow " + enforcement, "enforcement": enforcement,
            "statuses": [{"name": "New", "category": "todo"}, {"name": "Doing", "category": "in_progress"}, {"name": "Done", "category": "done"}],
            "transitions": [{"from": "New", "to": "Doing"}, {"from": "Doing", "to": "Done"}, {"from": "Doing", "to": "New"}]})["id"]

    def test_enforcement(self):
        for enforcement in ("none", "warn", "strict"):
            flow = self.workflow(enforcement)
            project = self.new_project("W" + enforcement.upper()[:4], workflow_id=flow)["id"]
            for door in ("patch", "transition"):
                with self.subTest(enforcement=enforcement, door=door):
                    ticket = self.owner.post(f"/api/v1/projects/{project}/tickets", {"title": "x"})
                    self.assertEqual((ticket["status"], ticket["category"]), ("New", "todo"))
                    method, path = ("PATCH", "") if door == "patch" else ("POST", "/transition")
                    path = f"/api/v1/tickets/{ticket['id']}{path}"
                    head = self.server.head()
                    answer = self.owner.ask(method, path, {"status": "Done"}, statuses={422 if enforcement == "strict" else 200})
                    if enforcement == "strict":
                        self.assertEqual(answer.code, "transition_not_allowed")
                        self.assertEqual([answer.json[k] for k in ("from", "to", "allowed")], ["New", "Done", ["Doing"]])
                        self.assertEqual(self.server.head(), head)
                    else:
                        self.assertEqual((answer.json["status"], answer.json["category"]), ("Done", "done"))
                        self.assertEqual(bool(answer.headers["Warning"]), enforcement == "warn")
                    unknown = self.owner.ask(method, path, {"status": "Nowhere"}, statuses={422})
                    self.assertEqual(list(unknown.faults), ["/status"])
                    if enforcement == "strict":
                        for status in ("Doing", "Done"):
                            moved = self.owner.ask(method, path, {"status": status}, statuses={200})
                            self.assertIsNone(moved.headers["Warning"])
                        self.assertEqual(self.refused(422, method, path, {"status": "New"}).json["allowed"], [])

    def test_comment_with_a_transition(self):
        ticket = self.new_ticket()
        self.owner.post(f"/api/v1/tickets/{ticket['id']}/transition", {"status": "Review", "comment": "Please look."})
        comments = self.owner.all(f"/api/v1/tickets/{ticket['id']}/comments")
        self.assertEqual([(c["body"], c["author_id"]) for c in comments], [("Please look.", self.world.people["Owner"].id)])

    def test_status_in_use(self):
        project = self.new_project("INUSE")["id"]
        path = f"/api/v1/projects/{project}"
        tickets = [self.owner.post(path + "/tickets", {"title": "x"})["id"] for _ in range(3)]
        flow = self.owner.post(f"/api/v1/orgs/{self.org}/workflows", {
            "name": "Without Backlog", "statuses": [{"name": "Ready", "category": "todo"}, {"name": "Done", "category": "done"}]})["id"]
        refused = self.refused(409, "PATCH", path, {"workflow_id": flow})
        self.assertEqual((refused.code, refused.json["count"]), ("in_use", 3))
        for ticket in tickets:
            self.owner.post(f"/api/v1/tickets/{ticket}/transition", {"status": "Ready"})
        self.assertEqual(self.owner.patch(path, {"workflow_id": flow})["workflow_id"], flow)
        with self.subTest("a status in use does not leave the workflow"):
            refused = self.refused(409, "PATCH", f"/api/v1/workflows/{flow}", {"statuses": [{"name": "Done", "category": "done"}]})
            self.assertEqual((refused.code, refused.json["count"]), ("in_use", 3))
        with self.subTest("nor does it change its category"):
            self.refused(409, "PATCH", f"/api/v1/workflows/{flow}", {"statuses": [{"name": "Ready", "category": "done"}, {"name": "Done", "category": "done"}]})

    def test_states(self):
        sprint = self.owner.post(f"/api/v1/projects/{self.project}/sprints", {"name": "S", "start_date": "2026-01-01", "end_date": "2026-01-01"})
        self.assertEqual(sprint["status"], "Planned")
        started = self.owner.post(f"/api/v1/sprints/{sprint['id']}/start")
        self.assertEqual((started["status"], started["version"]), ("Active", 2))
        self.assertEqual(self.refused(409, "POST", f"/api/v1/sprints/{sprint['id']}/start").code, "sprint_not_planned")
        wrong = self.refused(422, "PATCH", f"/api/v1/sprints/{sprint['id']}", {"end_date": "2025-12-31"})
        self.assertEqual(list(wrong.faults), ["/end_date"])
        invite = self.owner.post(f"/api/v1/orgs/{self.org}/invites", {"email": "gone@example.com", "role": "Viewer"})
        self.owner.must("DELETE", f"/api/v1/invites/{invite['id']}")
        self.assertEqual(self.refused(409, "DELETE", f"/api/v1/invites/{invite['id']}").code, "wrong_state")

    def test_deleted_is_gone(self):
        for create, path in (("add_comment", None), ("create_webhook", None), ("create_api_key", "/api/v1/api-keys")):
            with self.subTest(create):
                op = self.operations[create]
                made = self.owner.ask("POST", op.url(self.ids), good_body(op, self.ids), statuses={201})
                where = made.headers["Location"]
                self.assertEqual(self.owner.ask("DELETE", where, statuses={204}).body, b"")
                self.refused(404, "DELETE", where)
                if path is None:
                    self.refused(404, "GET", where)


if __name__ == "__main__":
    server.main()
