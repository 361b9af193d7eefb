"""The event feed as readers see it: pages, long poll, NDJSON, Server-Sent Events, filters, consumers, proofs."""
import base64
import hashlib
import http.client
import json
import threading
import time
import unittest

import server as scenario
from server import Server, wait_until
from workshop import Workshop
from world import Person, random_id


class Stream:
    """Server-Sent Events over a connection of its own; `events` grows until it is closed."""

    def __init__(self, server, path, token, last_id=None):
        self.http = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        headers = {"Authorization": "Bearer " + token, "Accept": "text/event-stream"}
        if last_id is not None:
            headers["Last-Event-ID"] = str(last_id)
        self.http.request("GET", path, headers=headers)
        self.answer = self.http.getresponse()
        self.events, self.last_id, self.beats, self.ended = [], None, 0, False
        if self.answer.status == 200:
            assert self.answer.headers["Content-Type"] == "text/event-stream", self.answer.headers
            self.thread = threading.Thread(target=self.read, daemon=True)
            self.thread.start()

    def read(self):
        fields = {}
        try:
            for line in iter(self.answer.readline, b""):
                line = line.decode().rstrip("\n")
                if line == "":
                    self.last_id = fields.get("id", self.last_id)
                    if "data" in fields:
                        one = json.loads(fields["data"])
                        assert (fields["id"], fields["event"]) == (str(one["position"]), one["type"])
                        self.events.append(one)
                    elif "" in fields:
                        self.beats += 1
                    fields = {}
                else:
                    name, _, value = line.partition(":")
                    fields[name] = value.removeprefix(" ")
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            pass
        self.ended = True

    def close(self):
        self.http.sock and self.http.sock.shutdown(2)
        self.http.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def root_of(leaves):
    """RFC 6962, section 2.1."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node(root_of(leaves[:k]), root_of(leaves[k:]))


def inclusion_root(leaf, index, size, path):
    """RFC 9162, section 2.1.3.2."""
    fn, sn, r = index, size - 1, leaf
    for p in path:
        assert sn > 0
        if fn & 1 or fn == sn:
            r = node(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node(r, p)
        fn, sn = fn >> 1, sn >> 1
    assert sn == 0
    return r


class Events(Workshop):
    SETTINGS = {"EVENT_HEARTBEAT_MS": 200}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.org, cls.project = cls.ids["org_id"], cls.ids["project_id"]
        cls.path = f"/api/v1/orgs/{cls.org}/events"

    def ticket(self, title="One", project=None):
        return self.owner.ask("POST", f"/api/v1/projects/{project or self.project}/tickets", {"title": title})

    def everything(self, query=""):
        answer = self.owner.ask("GET", self.path + query, headers={"Accept": "application/x-ndjson"})
        self.assertEqual(answer.headers["Content-Type"], "application/x-ndjson")
        return [json.loads(line) for line in answer.body.splitlines()]

    def pages(self, query=""):
        items, after = [], 0
        while True:
            page = self.owner.get(f"{self.path}?after={after}&limit=7{query}")
            items += page["items"]
            self.assertEqual(page["has_more"], page["next_cursor"] is not None)
            if page["has_more"]:
                by_cursor = self.owner.get(f"{self.path}?after={after}&cursor={page['next_cursor']}&limit=7{query}")
                self.assertEqual(by_cursor["items"], self.owner.get(f"{self.path}?after={page['next_after']}&limit=7{query}")["items"])
            after = page["next_after"]
            if not page["has_more"]:
                return items

    def test_pages_lines_and_streams_tell_the_same(self):
        lines = self.everything()
        self.assertGreater(len(lines), 30)
        self.assertEqual(self.pages(), lines)
        positions = [e["position"] for e in lines]
        self.assertEqual(positions, sorted(set(positions)))
        self.assertEqual(lines[0]["type"], "org.created")
        for e in lines:
            self.assertEqual(e["org_id"], self.org)
            self.assertNotRegex(json.dumps(e), "_sealed|_hash|whsec")
        with Stream(self.server, self.path + "?after=0", self.owner.token) as stream:
            wait_until(lambda: len(stream.events) >= len(lines), "the whole past")
            self.assertEqual(stream.events[:len(lines)], lines)
        with Stream(self.server, self.path, self.owner.token, last_id=positions[10]) as stream:
            wait_until(lambda: len(stream.events) >= len(lines) - 11, "the rest")
            self.assertEqual(stream.events[:len(lines) - 11], lines[11:])

    def test_a_stream_brings_what_happens_and_beats_when_nothing_does(self):
        with Stream(self.server, self.path + "?types=ticket.created", self.owner.token) as stream:
            wait_until(lambda: stream.beats >= 2, "signs of life")
            self.assertEqual(stream.events, [])
            made = [self.ticket(f"Live {n}") for n in range(3)]
            wait_until(lambda: len(stream.events) == 3, "three tickets")
            self.assertEqual([e["subject"]["id"] for e in stream.events], [m.json["id"] for m in made])
            self.owner.post(f"/api/v1/orgs/{self.org}/labels", {"name": "other " + random_id()[:8], "color": "#123456"})
            head = self.owner.get(self.path + "?limit=1&after=1000000")["next_after"]
            wait_until(lambda: int(stream.last_id) > stream.events[-1]["position"], f"the id to go on without an event ({head})")
            self.assertEqual(len(stream.events), 3)

    def test_who_resumes_misses_nothing_and_gets_nothing_twice(self):
        seen, last = [], int(self.ticket("begin").headers["Alloy-Position"])
        stop = threading.Event()

        def write():
            with self.server.client(self.owner.token) as one:
                while not stop.is_set():
                    one.post(f"/api/v1/projects/{self.project}/tickets", {"title": "More"})

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for _ in range(8):
                with Stream(self.server, self.path, self.owner.token, last_id=last) as stream:
                    wait_until(lambda: len(stream.events) > 20, "some events")  # noqa: B023
                stream.thread.join()
                seen += stream.events
                last = seen[-1]["position"]
        finally:
            stop.set()
            writer.join()
        wanted = [e for e in self.everything(f"?after={seen[0]['position'] - 1}") if e["position"] <= last]
        self.assertEqual(seen, wanted)

    def test_a_page_waits_for_its_first_event(self):
        after = self.owner.get(self.path + "?limit=1&after=1000000000")["next_after"]
        after = int(self.ticket("now").headers["Alloy-Position"])
        began = time.monotonic()
        page = self.owner.get(f"{self.path}?after={after}&wait=1")
        self.assertEqual(page["items"], [])
        self.assertGreaterEqual(time.monotonic() - began, 0.9)
        self.assertEqual(page["next_after"], after)
        got = []
        with self.server.client(self.owner.token) as other:
            waiting = threading.Thread(target=lambda: got.append(other.get(f"{self.path}?after={after}&wait=30&types=ticket.created")))
            waiting.start()
            time.sleep(0.2)
            made = self.ticket("waited for").json
            waiting.join()
        self.assertEqual([e["subject"]["id"] for e in got[0]["items"]], [made["id"]])
        self.owner.ask("GET", self.path + "?wait=31", statuses=(422,))
        # The connection is as good as before.
        with self.server.client(self.owner.token) as same:
            for _ in range(3):
                same.get(f"{self.path}?after={got[0]['next_after']}&wait=0")

    def test_filters(self):
        all_of_it = self.everything()
        of = lambda keep: [e["position"] for e in all_of_it if keep(e)]  # noqa: E731
        ticket, member = self.ids["ticket_id"], self.people["Member"]
        for query, keep in (("types=label.created", lambda e: e["type"] == "label.created"),
                            ("types=team.*,invite.created", lambda e: e["type"].startswith("team.") or e["type"] == "invite.created"),
                            (f"subject_id={ticket}", lambda e: e["subject"]["id"] == ticket),
                            ("subject_id=AAA-1", lambda e: e["subject"]["id"] == ticket),
                            (f"actor_id={member.id}", lambda e: e["actor"]["user_id"] == member.id),
                            (f"key_id={all_of_it[3]['actor']['key_id']}", lambda e: e["actor"]["key_id"] == all_of_it[3]["actor"]["key_id"]),
                            (f"since={all_of_it[5]['at']}&until={all_of_it[20]['at']}",
                             lambda e: all_of_it[5]["at"] <= e["at"] < all_of_it[20]["at"])):
            with self.subTest(query=query):
                got = [e["position"] for e in self.everything("?" + query)]
                self.assertEqual(got, of(keep))
                self.assertTrue(got)
                self.assertEqual([e["position"] for e in self.pages("&" + query)], got)
        in_project = self.everything("?project_id=AAA")
        self.assertEqual({e["subject"]["kind"] for e in in_project} - {"project", "ticket", "sprint", "comment", "time_entry"}, set())
        for e in all_of_it:
            named = e["data"].get("project_id")
            if named and e["subject"]["kind"] == "ticket":
                self.assertEqual(e in in_project, named == self.project, e)
        gone = self.ticket("to be deleted").json["id"]
        self.owner.ask("DELETE", f"/api/v1/tickets/{gone}")
        self.assertEqual([e["type"] for e in self.everything(f"?project_id=AAA&subject_id={gone}")], ["ticket.created", "ticket.deleted"])
        for query in ("project_id=NOBODY", f"project_id={random_id()}", "subject_id=AAA-99999"):
            self.owner.ask("GET", f"{self.path}?{query}", statuses=(422,))
        for query in ("types=ticket", "after=-1", "after=x", "actor_id=me", "since=now", "unknown=1"):
            self.owner.ask("GET", f"{self.path}?{query}", statuses=(400, 422))

    def test_who_may_not(self):
        for role in ("Member", "Viewer"):
            for accept in ("application/json", "application/x-ndjson", "text/event-stream"):
                self.people[role].client.ask("GET", self.path, headers={"Accept": accept}, statuses=(403,))
        self.world.outsider.ask("GET", self.path, headers={"Accept": "text/event-stream"}, statuses=(404,))
        made = self.owner.post("/api/v1/api-keys", {"name": "bound", "scopes": ["read"], "org_id": self.org, "project_ids": [self.project]})
        bound = self.server.client(made["key"])
        seen = bound.get(self.path + "?limit=200")["items"]
        self.assertTrue(seen)
        self.assertEqual({e["position"] for e in seen} - {e["position"] for e in self.everything("?project_id=AAA")}, set())
        for query in ("project_id=CLOSED", "project_id=NOBODY", f"project_id={self.world.closed_project}"):
            self.assertEqual(bound.ask("GET", f"{self.path}?{query}", statuses=(422,)).faults, {"/project_id": "not_found"}, query)

    def test_a_stream_ends_with_the_right_to_it(self):
        made = self.owner.post("/api/v1/api-keys", {"name": "short-lived", "scopes": ["read"]})
        with Stream(self.server, self.path, made["key"]) as stream:
            wait_until(lambda: stream.beats > 0, "a sign of life")
            self.owner.ask("DELETE", f"/api/v1/api-keys/{made['id']}")
            wait_until(lambda: stream.ended, "the stream to end")

    def test_consumers_keep_their_place(self):
        path = f"/api/v1/orgs/{self.org}/consumers"
        put = self.owner.must("PUT", path + "/indexer", {"position": 5})
        self.assertEqual((put["name"], put["position"]), ("indexer", 5))
        self.assertEqual(put["behind"], self.server.head() - 5)
        self.assertEqual(self.owner.get(path + "/indexer")["position"], 5)
        self.owner.must("PUT", path + "/indexer", {"position": 3})
        self.owner.must("PUT", path + "/indexer?dry_run=true", {"position": 1})
        self.assertEqual(self.owner.get(path + "/indexer")["position"], 3)
        self.assertIn("indexer", [c["name"] for c in self.owner.get(path)["items"]])
        for name, body in (("UPPER", {"position": 1}), ("a%20b", {"position": 1}), ("x" * 65, {"position": 1}), ("far", {"position": 10**12})):
            self.owner.ask("PUT", f"{path}/{name}", body, statuses=(422,))
        self.world.outsider.ask("GET", path + "/indexer", statuses=(404,))
        self.owner.ask("DELETE", path + "/indexer", statuses=(204,))
        self.owner.ask("GET", path + "/indexer", statuses=(404,))
        self.owner.ask("DELETE", path + "/indexer", statuses=(404,))

    def test_proofs_hold_and_lies_do_not(self):
        decode = base64.b64decode
        first = self.owner.get(self.path + "/head")
        for _ in range(3):
            self.ticket("later")
        head = self.owner.get(f"{self.path}/head?since={first['size']}")
        positions = {e["org_seq"]: e["position"] for e in self.everything()}
        leaves = []
        for seq in range(1, head["size"] + 1):
            if seq not in positions:  # only events that nobody outside sees
                leaves = None
                break
            proof = self.owner.get(f"{self.path}/{positions[seq]}/proof")
            self.assertEqual(proof["leaf_index"], seq - 1)
            leaf = hashlib.sha256(b"\0" + decode(proof["record"])).digest()
            self.assertEqual(leaf, decode(proof["leaf"]))
            path = [decode(p) for p in proof["inclusion"]]
            self.assertEqual(inclusion_root(leaf, seq - 1, proof["size"], path), decode(proof["root"]))
            self.assertNotEqual(inclusion_root(leaf[::-1], seq - 1, proof["size"], path), decode(proof["root"]))
            leaves.append(leaf)
        if leaves:
            self.assertEqual(root_of(leaves), decode(head["root"]))
            self.assertEqual(root_of(leaves[:first["size"]]), decode(first["root"]))
        text, _, signatures = head["checkpoint"].partition("\n\n")
        origin, size, root = text.split("\n")
        self.assertEqual((int(size), root), (head["size"], head["root"]))
        self.assertTrue(origin.endswith(self.org))
        name, key_hash, key = head["verifier_key"].split("+", 2)
        self.assertEqual(hashlib.sha256(name.encode() + b"\n" + decode(key)).digest()[:4].hex(), key_hash)
        self.assertTrue(signatures.startswith(f"\u2014 {name} "))
        self.owner.ask("GET", f"{self.path}/head?since={head['size'] + 1000}", statuses=(422,))
        self.owner.ask("GET", f"{self.path}/999999999/proof", statuses=(404,))
        self.world.outsider.ask("GET", f"{self.path}/head", statuses=(404,))


class Ending(unittest.TestCase):
    def test_a_stop_ends_streams_and_answers_those_that_wait(self):
        server = Server("ending").start()
        owner = Person(server, "owner@example.com", "Olga", founds=("Acme", "acme"))
        path = f"/api/v1/orgs/{owner.org}/events"
        got = []
        waiting = threading.Thread(target=lambda: got.append(server.client(owner.client.token).get(path + "?after=100000&wait=30")))
        waiting.start()
        with Stream(server, path, owner.client.token) as stream:
            time.sleep(0.3)
            began = time.monotonic()
            server.stop()
            self.assertLess(time.monotonic() - began, 20)
            waiting.join()
            wait_until(lambda: stream.ended, "the stream to end")
        self.assertEqual(got[0]["items"], [])


if __name__ == "__main__":
    scenario.main()
