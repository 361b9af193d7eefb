"""Ids that another tenant has, and what webhooks may tell and reach: no tenant reaches another's deliveries."""
import json
import pathlib
import re
import shutil
import threading
import unittest

import server as scenario
from catalogue import good_body, operations_of
from receiver import Receiver
from server import Server, run_program, wait_until
from workshop import Workshop
from world import Person, random_id

RARE = {"create_org", "create_webhook"}  # of which an id is taken on the whole server; of users and keys it is never chosen
NIL = "00000000-0000-0000-0000-000000000000"
ADDRESS = re.compile(r"\b\d{1,3}(\.\d{1,3}){3}\b|::1|fe80:|fd[0-9a-f]{2}:", re.IGNORECASE)
LOCAL = {"WEBHOOK_ALLOWED_TARGETS": "127.0.0.0/8", "WEBHOOK_SCHEMES": "https,http", "WEBHOOK_RETRY_SECONDS": "0"}


class Ids(Workshop):
    def creates(self):
        found = [op for op in operations_of(self.server.operations()) if op.method == "POST" and "id" in op.fields]
        self.assertLessEqual(RARE, {op.id for op in found})
        self.assertGreaterEqual(len(found), 5)
        return found

    def create(self, op, ids, client, id, **more):
        return client.ask("POST", op.url(ids), dict(good_body(op, ids), id=id), **more)

    def seen(self, client, path):
        """A thing as its path shows it or, where it has none of its own to read, as its list does."""
        one = client.ask("GET", path)
        if one.status == 200:
            return one.json
        listed, _, id = path.rpartition("/")
        return next(item for item in client.all(listed) if item["id"] == id)

    def test_the_id_of_a_key_or_a_session_is_taken_on_the_whole_server(self):
        key = self.owner.post("/api/v1/api-keys", {"name": "k", "scopes": ["read"]})["id"]
        page = self.owner.get(f"/api/v1/orgs/{self.org}/events?limit=1")["items"][0]
        self.assertEqual(page["actor"]["credential"], "session")
        for op in self.creates():
            if op.id in RARE:
                for id in (key, page["actor"]["key_id"]):
                    with self.subTest(op=op.id):
                        answer = self.create(op, self.foreign, self.world.outsider, id, statuses={409})
                        self.assertEqual(answer.code, "already_exists")

    def test_an_id_that_another_tenant_has_is_taken_of_rare_kinds_and_free_of_all_others(self):
        stranger = self.world.outsider
        for op in self.creates():
            with self.subTest(op=op.id):
                id = random_id()
                made = self.create(op, self.ids, self.owner, id, statuses={201})
                path = made.headers["Location"]
                self.assertTrue(path.endswith(id), path)
                before = self.seen(self.owner, path)
                if op.id in RARE:
                    for query in ("", "?dry_run=true"):
                        answer = stranger.ask("POST", op.url(self.foreign) + query, dict(good_body(op, self.foreign), id=id), statuses={409})
                        self.assertEqual(answer.code, "already_exists")
                    stranger.ask("GET", path, statuses={404})
                    self.owner.ask("DELETE", path, statuses={204})
                    self.assertEqual(self.create(op, self.foreign, stranger, id, statuses={409}).code, "already_exists", "it is taken for good")
                    self.assertEqual(self.create(op, self.ids, self.owner, id, statuses={409}).code, "already_exists", "by whoever had it, too")
                    continue
                theirs = self.create(op, self.foreign, stranger, id, statuses={201})
                self.assertEqual(theirs.json["id"], id)
                self.assertNotEqual(self.seen(stranger, theirs.headers["Location"]), before)
                self.assertEqual(self.seen(self.owner, path), before)
                stranger.ask("DELETE", theirs.headers["Location"], statuses={204, 404})  # a rate stays
                self.assertEqual(self.seen(self.owner, path), before)
                self.assertEqual(self.create(op, self.ids, self.owner, id, statuses={409}).code, "already_exists", "within one organization")

    def test_nothing_has_the_id_that_means_none(self):
        for op in self.creates():
            with self.subTest(op=op.id):
                self.assertEqual(self.create(op, self.ids, self.owner, NIL, statuses={409}).code, "already_exists")

    def test_an_organization_takes_neither_the_id_of_a_user_nor_of_an_organization(self):
        gone = self.new_org()["id"]
        self.owner.must("DELETE", f"/api/v1/orgs/{gone}")
        for what, id in (("a user, and their personal organization", self.people["Member"].id), ("an outsider", self.people["outsider"].id),
                         ("oneself", self.people["Owner"].id), ("another's organization", self.foreign["org_id"]), ("one's own", self.org), ("a deleted one", gone)):
            with self.subTest(what):
                answer = self.refused(409, "POST", "/api/v1/orgs", {"name": "Mine", "slug": self.fresh("mine-"), "id": id})
                self.assertEqual(answer.code, "already_exists")


class Deliveries(unittest.TestCase):
    def person(self, server, name):
        person = Person(server, name + "@example.com", name.title())
        person.org = person.client.post("/api/v1/orgs", {"name": name, "slug": name})["id"]
        return person

    def hook(self, person, url, types=("label.created",), **more):
        return person.client.post(f"/api/v1/orgs/{person.org}/webhooks", dict({"url": url, "event_types": list(types)}, **more))

    def label(self, person):
        return person.client.post(f"/api/v1/orgs/{person.org}/labels", {"name": random_id(), "color": "#123456"})["id"]

    def arrives(self, to, label):
        wait_until(lambda: label in {e["data"]["subject"]["id"] for e in to.events()}, "the delivery")

    def orgs_told(self, to):
        return {e["org_id"] for e in to.events()}

    def test_an_id_of_a_webhook_is_no_way_to_its_deliveries(self):
        with Server("taken", **LOCAL) as server, Receiver() as ours, Receiver() as theirs:
            victim, attacker = self.person(server, "victim"), self.person(server, "attacker")
            hook = self.hook(victim, ours.url)
            ask, path = attacker.client, "/api/v1/webhooks/" + hook["id"]
            refused = ask.ask("POST", f"/api/v1/orgs/{attacker.org}/webhooks", {"url": theirs.url, "event_types": ["*"], "id": hook["id"]}, statuses={409})
            self.assertEqual(refused.code, "already_exists")
            for method, more, body in (("PATCH", "", {"url": theirs.url}), ("POST", "/replay", {"from": 1}), ("POST", "/rotate-secret", {}),
                                       ("POST", "/ping", {}), ("GET", "/deliveries", None), ("DELETE", "", None)):
                ask.ask(method, path + more, body, statuses={404})
            self.arrives(ours, self.label(victim))
            self.assertEqual(theirs.got, [])

    def test_who_took_an_id_first_does_not_keep_an_organization_out_nor_get_its_deliveries(self):
        """The records of an export keep their ids, whoever has taken them here meanwhile."""
        with Server("from", **LOCAL) as home, Server("to", **LOCAL) as abroad, Receiver() as ours, Receiver() as theirs:
            victim = self.person(home, "victim")
            hook = self.hook(victim, ours.url)
            lines = victim.client.ask("GET", f"/api/v1/orgs/{victim.org}/export").body
            importer = Person(abroad, "importer@example.com", "Ines")
            abroad.make_operator(importer.email)
            importer.org = importer.client.post("/api/v1/orgs", {"name": "own", "slug": "own"})["id"]
            self.hook(importer, theirs.url, ["*"], id=hook["id"])  # of another organization, as a stranger's would be
            imported = importer.client.ask("POST", f"/api/v1/orgs/{victim.org}/import", raw=lines, headers={"Content-Type": "application/x-ndjson"})
            self.assertEqual(imported.status, 200, imported)
            self.twins_stay_apart(abroad, importer, victim.org, hook["id"], ours, theirs)

    def twins_stay_apart(self, server, person, imported, hook, ours, theirs):
        """`person` has one of the twins in an organization of their own, and owns the imported one with the other."""
        admin = Person(server, "admin@example.com", "Ada")  # of the imported one alone, so that the id means one to them
        code = person.client.post(f"/api/v1/orgs/{imported}/invites", {"email": admin.email, "role": "Admin"})["invite_code"]
        admin.client.must("POST", f"/api/v1/invites/{code}/accept")
        admin.org = imported
        path = "/api/v1/webhooks/" + hook
        admin.client.post(path + "/rotate-secret", {"overlap_seconds": 0})
        admin.client.patch(path, {"active": True})
        for _ in range(2):
            self.arrives(ours, self.label(admin))
            self.arrives(theirs, self.label(person))
            self.assertEqual((self.orgs_told(ours), self.orgs_told(theirs)), ({imported}, {person.org}))
            person.client.close(), admin.client.close()
            server.stop()
            shutil.rmtree(pathlib.Path(server.folder) / "webhooks")  # a new store takes both in from the state
            server.start()
        admin.client.must("DELETE", path)
        self.arrives(theirs, self.label(person))
        self.assertEqual(self.orgs_told(theirs), {person.org})
        server.stop()
        done = run_program("verify", settings={"DATA_DIR": server.folder})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_what_was_asked_for_on_another_server_is_not_sent_by_this_one(self):
        """Pings and replays stand in the records of an export; whoever switches the webhook on here has not asked for them."""
        with Server("asked", **LOCAL) as home, Server("told", **LOCAL) as abroad, Receiver() as ours:
            victim = self.person(home, "victim")
            hook = self.hook(victim, ours.url)
            path = "/api/v1/webhooks/" + hook["id"]
            victim.client.patch(path, {"active": False})
            for _ in range(3):
                victim.client.ask("POST", path + "/ping", statuses={202})
            victim.client.ask("POST", path + "/replay", {"from": 1}, statuses={202})
            wait_until(lambda: len(ours.got) == 3, "the pings: one that is off gets what is asked for")
            lines = victim.client.ask("GET", f"/api/v1/orgs/{victim.org}/export").body
            importer = Person(abroad, "importer@example.com", "Ines")
            abroad.make_operator(importer.email)
            importer.client.must("POST", f"/api/v1/orgs/{victim.org}/import", raw=lines, headers={"Content-Type": "application/x-ndjson"})
            importer.client.post(path + "/rotate-secret", {"overlap_seconds": 0})
            importer.client.ask("POST", path + "/ping", statuses={202})
            wait_until(lambda: len(ours.got) == 4, "the one that was asked for here")
            importer.org = victim.org
            importer.client.patch(path, {"active": True})
            self.arrives(ours, self.label(importer))
            self.assertEqual([e["type"] for e in ours.events()].count("ping"), 4)

    def test_tags_that_are_called_like_amounts_come_as_they_are(self):
        with Server("tags", **LOCAL) as server, Receiver() as to:
            owner, admin = self.person(server, "owner"), Person(server, "admin@example.com", "Ada")
            code = owner.client.post(f"/api/v1/orgs/{owner.org}/invites", {"email": admin.email, "role": "Admin"})["invite_code"]
            admin.client.must("POST", f"/api/v1/invites/{code}/accept")
            admin.org = owner.org
            self.hook(admin, to.url, ["*"])
            owner.client.must("PATCH", f"/api/v1/orgs/{owner.org}/members/{admin.id}", {"role": "Member", "can_view_finance": False})
            project = owner.client.post("/api/v1/projects", {"org_id": owner.org, "key": "TAGS", "name": "T", "budget_cents": 5})["id"]
            for value in ("v1-2", "}3", "7"):
                owner.client.must("PUT", f"/api/v1/tags/project/{project}", {"price_cents": value})
            wait_until(lambda: any('"7"' in json.dumps(e["data"]) for e in to.events() if "tag" in e["type"]), "the last one")
            for e in to.events():
                self.assertNotIn("vnull", json.dumps(e))
            told = " ".join(json.dumps(e["data"]) for e in to.events())
            self.assertIn("v1-2", told)
            self.assertIn("}3", told)
            self.assertNotIn('"budget_cents": 5', told)

    def test_a_connection_to_the_former_url_is_not_used_again(self):
        go_on = threading.Event()
        with Server("moved", **LOCAL) as server, Receiver(lambda one, number: go_on.wait(60) and 200) as former, Receiver() as now:
            person = self.person(server, "person")
            hook = self.hook(person, former.url)
            self.label(person)
            wait_until(lambda: former.got, "the first to be under way")
            person.client.patch("/api/v1/webhooks/" + hook["id"], {"url": now.url})
            go_on.set()
            wait_until(lambda: person.client.get(f"/api/v1/webhooks/{hook['id']}/deliveries?status=Delivered")["items"], "its answer")
            for _ in range(3):
                self.arrives(now, self.label(person))
            self.assertEqual(len(former.got), 1)

    def test_a_delivery_does_not_tell_what_a_name_resolves_to(self):
        with Server("names", WEBHOOK_SCHEMES="http,https", WEBHOOK_RETRY_SECONDS="0", WEBHOOK_FAILURES_BEFORE_PAUSE="1000") as server:
            person = self.person(server, "person")
            hooks = {host: self.hook(person, f"http://{host}:9000/in")["id"] for host in ("localhost", "localhost.", "127.1", "2130706433", "0x7f.1")}
            self.label(person)
            for host, hook in hooks.items():
                with self.subTest(host=host):
                    one = wait_until(lambda: person.client.get(f"/api/v1/webhooks/{hook}/deliveries?status=Failed")["items"], "it to be given up")[0]  # noqa: B023
                    self.assertIn(one["attempts"][0]["error"], ("refused_target", "dns"))
                    self.assertNotRegex(json.dumps(one).replace(host, ""), ADDRESS)

    def test_a_delivery_does_not_tell_whether_a_name_of_the_servers_own_network_exists(self):
        with Server("hidden", WEBHOOK_SCHEMES="http,https", WEBHOOK_RETRY_SECONDS="0", WEBHOOK_FAILURES_BEFORE_PAUSE="1000") as server:
            person = self.person(server, "person")
            names = ("localhost", "nobody-has-this-name.invalid")
            hooks = {host: self.hook(person, f"http://{host}:9000/in")["id"] for host in names}
            self.label(person)
            told = set()
            for host, hook in hooks.items():
                one = wait_until(lambda: person.client.get(f"/api/v1/webhooks/{hook}/deliveries?status=Failed")["items"], "it to be given up")[0]  # noqa: B023
                first = one["attempts"][0]
                told.add(json.dumps({k: v for k, v in first.items() if k not in ("started_at", "duration_ms")}).replace(host, "NAME"))
            self.assertEqual(len(told), 1, told)

    def test_ports_are_those_of_the_web_and_those_that_anybody_may_open(self):
        with Server("ports") as server:
            person = self.person(server, "person")
            ask = lambda port, **more: person.client.ask("POST", f"/api/v1/orgs/{person.org}/webhooks?dry_run=true",  # noqa: E731
                                                         {"url": f"https://hooks.example.com:{port}/", "event_types": ["*"]}, **more)
            for port in (80, 443, 8443, 1024, 3000, 65535):
                ask(port, statuses={201})
            for port in (1, 22, 23, 25, 79, 81, 110, 143, 389, 442, 444, 445, 465, 587, 993, 1023):
                with self.subTest(port=port):
                    self.assertEqual(ask(port, statuses={422}).faults, {"/url": "not_allowed"})
            person.client.close()
            server.restart(WEBHOOK_PORTS="443,9000-9010")
            for port, status in ((443, 201), (9000, 201), (9010, 201), (8999, 422), (9011, 422), (8443, 422)):
                ask(port, statuses={status})


if __name__ == "__main__":
    scenario.main()
