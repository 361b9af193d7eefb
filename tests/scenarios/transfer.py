"""An organization out of one server and into another; exports checked offline; backups made while writing and restored."""
import base64
import json
import pathlib
import random
import threading
import time
import unittest

import server as scenario
from receiver import Receiver
from server import Server, run_program, wait_until
from workshop import Workshop
from world import PASSWORD, Person

LINES = {"Content-Type": "application/x-ndjson"}


def digest_in(text):
    return next(line.split()[1] for line in text.splitlines() if line.startswith("state"))


def restored_to(done):
    return int(next(line.split()[-1] for line in done.stdout.splitlines() if line.startswith("restored to position")))


class Transfer(Workshop):
    def export(self):
        answer = self.owner.ask("GET", f"/api/v1/orgs/{self.org}/export")
        self.assertEqual(answer.headers["Content-Type"], "application/x-ndjson")
        return answer.body.decode().splitlines()

    def verify(self, lines, *flags):
        path = scenario.FOLDER / "export.ndjson"
        path.write_text("".join(line + "\n" for line in lines))
        return run_program("audit", "verify", str(path), *flags)

    def test_an_export_verifies_and_a_changed_one_does_not(self):
        lines = self.export()
        header = json.loads(lines[0])
        key = header["verifier_key"]
        self.assertEqual(self.owner.get(f"/api/v1/orgs/{self.org}/events/head")["verifier_key"], key)
        done = self.verify(lines, "--key", key)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f"verified: {header['records']} records", done.stdout)
        self.assertEqual(self.verify(lines).returncode, 0)
        first = next(i for i, line in enumerate(lines) if line.startswith('{"seq"'))
        middle = (first + len(lines)) // 2
        flipped = lines[middle].replace('"at":"20', '"at":"21', 1)
        self.assertNotEqual(flipped, lines[middle])
        shorter = json.loads(lines[0]) | {"records": header["records"] - 1}
        for what, changed in (("a byte", lines[:middle] + [flipped] + lines[middle + 1:]),
                              ("removed", lines[:middle] + lines[middle + 1:]),
                              ("the last one removed", lines[:-1]),
                              ("a position", lines[:middle] + [lines[middle].replace('"position":', '"position":1')] + lines[middle + 1:]),
                              ("a person", [line.replace('"person":{"', '"person":{ "') for line in lines]),
                              ("the last one removed and the header changed", [json.dumps(shorter, separators=(",", ":"))] + lines[1:-1]),
                              ("inserted", lines[:middle] + [lines[middle]] + lines[middle:]),
                              ("swapped", lines[:middle] + [lines[middle + 1], lines[middle]] + lines[middle + 2:]),
                              ("no header", lines[1:]), ("nothing", [])):
            with self.subTest(what):
                done = self.verify(changed, "--key", key)
                self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)
                self.assertIn("NOT VERIFIED", done.stderr)
        wrong = key.split("+")[0] + "+" + "00000000+" + base64.b64encode(b"\1" + bytes(32)).decode()
        self.assertEqual(self.verify(lines, "--key", wrong).returncode, 1)
        for line in lines:
            self.assertNotIn("whsec_", line)

    def test_an_import_is_the_same_organization(self):
        lines = self.export()
        header = json.loads(lines[0])
        path = f"/api/v1/orgs/{self.org}/import"
        with Server("importing", WEBHOOK_ALLOWED_TARGETS="127.0.0.0/8", WEBHOOK_SCHEMES="https,http") as other:
            person = Person(other, "importer@example.com", "Ines")
            person.client.ask("POST", path, raw="\n".join(lines).encode(), headers=LINES, statuses=(403,))
            made = run_program("operator", "add", "importer@example.com", settings={"DATA_DIR": other.folder})
            self.assertEqual(made.returncode, 0, made.stderr)
            ask = person.client
            send = lambda body, **more: ask.ask("POST", path, raw="\n".join(body).encode(), headers=LINES, **more)  # noqa: E731
            first = next(i for i, line in enumerate(lines) if line.startswith('{"seq"'))
            records = lines[first:]
            ask.ask("GET", f"/api/v1/orgs/{self.org}", statuses=(404,))
            half = send(lines[:first] + records[:20], statuses=(200,)).json
            self.assertEqual((half["records"], half["complete"]), (20, False))
            ask.ask("GET", f"/api/v1/orgs/{self.org}", statuses=(404,))
            again = send([lines[0]] + records[:20], statuses=(409,)).json
            self.assertEqual(again["records"], 20)
            bad = records[20].replace('"at":"20', '"at":"21', 1)
            send([lines[0], bad], statuses=(422,))
            other.restart()
            ask.close()
            whole = send([lines[0]] + records[20:], statuses=(200,)).json
            self.assertEqual((whole["records"], whole["complete"], whole["root"]), (header["records"], True, header["root"]))
            self.assertEqual((whole["digest"], whole["digest_matches"]), (header["digest"], True))
            self.assertEqual(ask.get(f"/api/v1/orgs/{self.org}")["slug"], "org-a")
            self.assertEqual(ask.get(f"/api/v1/tickets/{self.ids['ticket_id']}")["title"],
                             self.owner.get(f"/api/v1/tickets/{self.ids['ticket_id']}")["title"])
            mine = [(e["org_seq"], e["id"], e["type"], e["data"]) for e in self.feed(self.owner)]
            theirs = [(e["org_seq"], e["id"], e["type"], e["data"]) for e in self.feed(ask)]
            self.assertEqual(theirs[:len(mine)], mine)
            self.assertEqual({e[2] for e in theirs[len(mine):]}, {"member.added", "webhook.disabled"})
            self.assertFalse([w for w in ask.get(f"/api/v1/orgs/{self.org}/webhooks")["items"] if w["active"]])
            self.assertIn("Olga Owner", [m["display_name"] for m in ask.get(f"/api/v1/orgs/{self.org}/members?limit=100")["items"]])
            send([lines[0]] + records[:1], statuses=(409,))
            other.stop()
            done = run_program("verify", settings={"DATA_DIR": other.folder})
            self.assertEqual(done.returncode, 0, done.stdout)
            other.start()
        self.people["Admin"].client.ask("POST", path, raw=b"", headers=LINES, statuses=(403,))  # whatever stands in it
        self.people["Admin"].client.ask("POST", path, raw="\n".join(lines).encode(), headers=LINES, statuses=(403,))

    def feed(self, client):
        return [json.loads(line) for line in client.ask("GET", f"/api/v1/orgs/{self.org}/events", headers={"Accept": "application/x-ndjson"}).body.splitlines()]


class Backup(unittest.TestCase):
    def test_backups_made_while_writing_restore_to_any_position(self):
        with Server("busy") as server:
            owner = Person(server, "owner@example.com", "Olga", founds=("Acme", "acme"))
            project = owner.client.post("/api/v1/projects", {"org_id": owner.org, "key": "ACME", "name": "Acme"})["id"]
            stop, times = threading.Event(), []

            def write():
                with server.client(owner.client.token) as one:
                    while not stop.is_set():
                        made = one.post(f"/api/v1/projects/{project}/tickets", {"title": "More"})
                        one.patch(f"/api/v1/tickets/{made['id']}", {"title": "Much more"})
                        times.append(made["created_at"])

            writer = threading.Thread(target=write)
            writer.start()
            at = {"DATA_DIR": server.folder}
            backup = server.folder.parent / "backup"
            try:
                wait_until(lambda: len(times) > 100, "some tickets")
                done = run_program("backup", "create", str(backup), settings=at)
                self.assertEqual(done.returncode, 0, done.stderr)
                again = run_program("backup", "create", str(backup), settings=at)
                self.assertEqual(again.returncode, 1)
                self.assertIn("is there already", again.stderr)
            finally:
                stop.set()
                writer.join()
        head = int(done.stdout.split()[-1])
        checked = run_program("backup", "verify", str(backup), settings=at)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        dice = random.Random(head)
        for n, position in enumerate(sorted(dice.sample(range(1, head), 19)) + [head]):
            with self.subTest(position=position):
                target = server.folder.parent / f"restored-{n}"
                flags = ["--to-position", str(position)] if position != head else []
                done = run_program("backup", "restore", str(backup), *flags, settings={"DATA_DIR": target})
                self.assertEqual(done.returncode, 0, done.stderr)
                reached = restored_to(done)
                self.assertLessEqual(reached, position)
                self.assertEqual(reached < position, "amid" in done.stdout, "a command is there whole or not at all")
                wanted = run_program("verify", "--to-position", str(max(reached, 1)), settings=at)
                if reached:
                    self.assertEqual(digest_in(done.stdout), digest_in(wanted.stdout))
        verified = run_program("verify", settings={"DATA_DIR": target})
        self.assertEqual(verified.returncode, 0, verified.stdout)
        refused = run_program("backup", "restore", str(backup), settings={"DATA_DIR": target})
        self.assertEqual(refused.returncode, 1)
        by_time = run_program("backup", "restore", str(backup), "--to-time", times[50], settings={"DATA_DIR": server.folder.parent / "by-time"})
        self.assertEqual(by_time.returncode, 0, by_time.stderr)
        self.assertNotEqual(digest_in(by_time.stdout), digest_in(done.stdout))

    def test_a_restored_server_sends_no_webhooks_until_it_is_told_to(self):
        with Receiver() as to:
            with Server("before", WEBHOOK_ALLOWED_TARGETS="127.0.0.0/8", WEBHOOK_SCHEMES="https,http") as server:
                owner = Person(server, "owner@example.com", "Olga", founds=("Acme", "acme"))
                ask = owner.client
                project = ask.post("/api/v1/projects", {"org_id": owner.org, "key": "ACME", "name": "Acme"})["id"]
                ask.post(f"/api/v1/orgs/{owner.org}/webhooks", {"url": to.url, "event_types": ["ticket.*"]})
                ask.post(f"/api/v1/projects/{project}/tickets", {"title": "One"})
                wait_until(lambda: len(to.got) == 1, "the first")
                time.sleep(0.2)
            backup = server.folder.parent / "backup"
            self.assertEqual(run_program("backup", "create", str(backup), settings={"DATA_DIR": server.folder}).returncode, 0)
            restored = Server("after", **{k: server.settings[k] for k in ("WEBHOOK_ALLOWED_TARGETS", "WEBHOOK_SCHEMES")})
            self.assertEqual(run_program("backup", "restore", str(backup), settings={"DATA_DIR": restored.folder}).returncode, 0)
            with restored:
                ask = restored.client(owner.client.token)
                ask.post(f"/api/v1/projects/{project}/tickets", {"title": "Two"})
                time.sleep(1.5)
                self.assertEqual(len(to.got), 1)
                released = run_program("webhooks", "release", settings={"DATA_DIR": restored.folder})
                self.assertEqual(released.returncode, 0)
                wait_until(lambda: len(to.got) == 2, "the second")
                self.assertEqual(to.got[1].body["data"]["object"]["title"], "Two")

    def restored(self, server, name, position=None, **settings):
        """Another server with what this one, which is stopped, had written up to there."""
        backup = server.folder.parent / (name + "-backup")
        made = run_program("backup", "create", str(backup), settings={"DATA_DIR": server.folder})
        self.assertEqual(made.returncode, 0, made.stderr)
        other = Server(name, **settings)
        flags = ["--to-position", str(position)] if position else []
        done = run_program("backup", "restore", str(backup), *flags, settings={"DATA_DIR": other.folder})
        self.assertEqual(done.returncode, 0, done.stderr)
        return other, done

    def test_a_webhook_from_behind_the_restore_point_is_gone(self):
        local = {"WEBHOOK_ALLOWED_TARGETS": "127.0.0.0/8", "WEBHOOK_SCHEMES": "https,http"}
        with Receiver() as kept, Receiver() as lost, Receiver() as again:
            with Server("hooks-before", **local) as server:
                owner = Person(server, "owner@example.com", "Olga", founds=("Acme", "acme"))
                ask, hooks = owner.client, f"/api/v1/orgs/{owner.org}/webhooks"
                project = ask.post("/api/v1/projects", {"org_id": owner.org, "key": "ACME", "name": "Acme"})["id"]
                ask.post(hooks, {"url": kept.url, "event_types": ["ticket.created"]})
                position = server.head()
                hook = ask.post(hooks, {"url": lost.url, "event_types": ["*"]})["id"]
                ask.post(f"/api/v1/projects/{project}/tickets", {"title": "Before"})
                wait_until(lambda: lost.got and kept.got, "both")
                time.sleep(0.2)
            restored, _ = self.restored(server, "hooks-after", position, **local)
            self.assertEqual(run_program("webhooks", "release", settings={"DATA_DIR": restored.folder}).returncode, 0)
            before = len(lost.got)
            with restored:
                ask = restored.client(owner.client.token)
                for round_ in range(2):
                    ticket = ask.post(f"/api/v1/projects/{project}/tickets", {"title": f"After {round_}"})["id"]
                    wait_until(lambda: ticket in {e["data"]["subject"]["id"] for e in kept.events()}, "the one that stays")  # noqa: B023
                    self.assertNotIn(hook, [w["id"] for w in ask.get(hooks)["items"]])
                    ask.close()
                    restored.restart()
                ask.post(hooks, {"url": again.url, "event_types": ["ticket.created"], "id": hook})
                ticket = ask.post(f"/api/v1/projects/{project}/tickets", {"title": "Anew"})["id"]
                wait_until(lambda: ticket in {e["data"]["subject"]["id"] for e in again.events()}, "the one that was made anew")
                self.assertEqual(len(lost.got), before)
                ask.must("DELETE", f"/api/v1/webhooks/{hook}")

    def test_whoever_came_behind_the_restore_point_is_unknown_and_readers_go_on_at_the_head(self):
        with Server("people-before") as server:
            owner = Person(server, "owner@example.com", "Olga", founds=("Acme", "acme"))
            position = server.head()
            Person(server, "late@example.com", "Lea")
            org = owner.client.post("/api/v1/orgs", {"name": "Later", "slug": "later"})["id"]
            for of in (owner.org, org):
                owner.client.must("PUT", f"/api/v1/orgs/{of}/consumers/mirror", {"position": server.head()})
        restored, done = self.restored(server, "people-after", position)
        with restored:
            owner.client = restored.client(owner.client.token)
            mirror = owner.client.get(f"/api/v1/orgs/{owner.org}/consumers/mirror")
            self.assertEqual((mirror["position"], mirror["behind"]), (restored_to(done), 0))
            label = owner.client.post(f"/api/v1/orgs/{owner.org}/labels", {"name": "new", "color": "#123456"})["id"]
            page = owner.client.get(f"/api/v1/orgs/{owner.org}/events?after={mirror['position']}")
            self.assertIn(label, [e["subject"]["id"] for e in page["items"]])
            late = Person(restored, "late@example.com", "Lea")  # 201, where the address was kept it is 409
            late.client.must("POST", "/api/v1/auth/login", {"email": late.email, "password": PASSWORD})
            restored.make_operator(late.email)
            self.assertEqual(owner.client.ask("GET", f"/api/v1/orgs/{org}/consumers/mirror").status, 404)
            restored.stop()
            self.assertEqual(run_program("verify", settings={"DATA_DIR": restored.folder}).returncode, 0)

    def test_an_import_is_after_a_restore_what_it_was_at_that_point(self):
        with Server("import-from") as home:
            victim = Person(home, "victim@example.com", "Vera", founds=("Acme", "acme"))
            for name in ("new", "newer"):
                victim.client.post(f"/api/v1/orgs/{victim.org}/labels", {"name": name, "color": "#123456"})
            lines = victim.client.ask("GET", f"/api/v1/orgs/{victim.org}/export").body.decode().splitlines()
        first = next(i for i, line in enumerate(lines) if line.startswith('{"seq"'))
        one, two = lines[:first] + lines[first:first + 1], [lines[0]] + lines[first + 1:]
        path = f"/api/v1/orgs/{victim.org}/import"

        def send(client, piece, *statuses):
            return client.ask("POST", path, raw="\n".join(piece).encode(), headers=LINES, statuses=statuses)

        with Server("import-to") as server:
            owner = Person(server, "importer@example.com", "Ines", founds=("Own", "own"))
            server.make_operator(owner.email)
            began = server.head()
            send(owner.client, one, 200)
            half = server.head()
            self.assertTrue(send(owner.client, two, 200).json["complete"])
            whole = server.head()
        for position in {began + 1, half - 1, half, half + 1, whole - 1, whole}:
            with self.subTest(position=position, of=(began, half, whole)):
                restored, done = self.restored(server, f"import-after-{position}", position)
                wanted = whole if position == whole else half if position >= half else began
                self.assertEqual(restored_to(done), wanted)
                with restored:
                    ask = restored.client(owner.client.token)
                    self.assertEqual(ask.ask("GET", f"/api/v1/orgs/{victim.org}").status, 200 if wanted == whole else 404)
                    if wanted == began:
                        send(ask, one, 200)
                    if wanted == whole:
                        send(ask, two, 409)
                    else:
                        self.assertTrue(send(ask, two, 200).json["complete"])

    def test_a_cancelled_import_is_under_way_again_before_it_was_cancelled(self):
        with Server("cancel-from") as home:
            victim = Person(home, "victim@example.com", "Vera", founds=("Acme", "acme"))
            victim.client.post(f"/api/v1/orgs/{victim.org}/labels", {"name": "new", "color": "#123456"})
            lines = victim.client.ask("GET", f"/api/v1/orgs/{victim.org}/export").body.decode().splitlines()
        first = next(i for i, line in enumerate(lines) if line.startswith('{"seq"'))
        path = f"/api/v1/orgs/{victim.org}/import"
        with Server("cancel-to") as server:
            owner = Person(server, "importer@example.com", "Ines", founds=("Own", "own"))
            server.make_operator(owner.email)
            owner.client.ask("POST", path, raw="\n".join(lines[:first + 1]).encode(), headers=LINES, statuses={200})
            half = server.head()
            owner.client.must("DELETE", path)
        for name, position, status in (("cancel-before", half, 200), ("cancel-after", None, 409)):
            restored, _ = self.restored(server, name, position)
            with restored:
                ask = restored.client(owner.client.token)
                ask.ask("POST", path, raw="\n".join([lines[0]] + lines[first + 1:]).encode(), headers=LINES, statuses={status})


if __name__ == "__main__":
    scenario.main()
