"""What stays open ends with the right to it: streams, pages that wait, downloads, reads and writes that wait their turn."""
import datetime
import http.client
import json
import socket
import threading
import time
import unittest

import server as scenario
from events import Stream
from server import Server, wait_until
from workshop import Workshop
from world import Person, random_id

PROMPTLY_S = 20  # far less than what it would have waited, far more than a slow machine needs
LARGE = "words " * 8_000  # of one description


class Reader:
    """An Admin with a credential, and one way of losing what it opens."""

    def __init__(self, test, status, lose, token=None):
        self.test, self.status, self.lose_it = test, status, lose
        self.person = test.member("Admin")
        self.token = token(self) if token else self.person.client.token

    def key(self, **more):
        made = self.person.client.post("/api/v1/api-keys", dict({"name": "k", "scopes": ["*"]}, **more))
        self.key_id = made["id"]
        return made["key"]

    def soon(self):
        self.ends_at = int(time.time()) + 5
        return datetime.datetime.fromtimestamp(self.ends_at, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")

    def lose(self):
        self.lose_it(self)


class Streams(Workshop):
    SETTINGS = {"EVENT_HEARTBEAT_MS": 200, "MIN_POSITION_WAIT_MS": 30_000}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.path = f"/api/v1/orgs/{cls.org}/events"

    def ways(self):
        """Of losing the right: name -> what makes somebody who will."""
        members = f"/api/v1/orgs/{self.org}/members/"
        remove = lambda r: self.owner.must("DELETE", members + r.person.id)  # noqa: E731
        log_out = lambda r: r.person.client.ask("POST", "/api/v1/auth/logout", {}, statuses={204})  # noqa: E731
        delete_key = lambda r: r.person.client.must("DELETE", "/api/v1/api-keys/" + r.key_id)  # noqa: E731
        return {"removed": lambda: Reader(self, 404, remove),
                "made less": lambda: Reader(self, 403, lambda r: self.owner.patch(members + r.person.id, {"role": "Member"})),
                "logged out": lambda: Reader(self, 401, log_out),
                "key deleted": lambda: Reader(self, 401, delete_key, lambda r: r.key()),
                "removed, by a key": lambda: Reader(self, 404, remove, lambda r: r.key()),
                "key expired": lambda: Reader(self, 401, lambda r: time.sleep(max(0, r.ends_at + 0.1 - time.time())), lambda r: r.key(expires_at=r.soon()))}

    def label(self):
        return self.owner.ask("POST", f"/api/v1/orgs/{self.org}/labels", {"name": random_id(), "color": "#123456"}, statuses={201})

    def test_a_stream_delivers_nothing_that_happened_after_the_right_was_lost(self):
        for what, make in self.ways().items():
            reader = make()
            with self.subTest(what), Stream(self.server, self.path + "?types=label.*,member.*", reader.token) as stream:
                seen = self.label().json["id"]
                wait_until(lambda: seen in {e["subject"]["id"] for e in stream.events}, "an event")  # noqa: B023
                reader.lose()
                last = self.server.head()
                for _ in range(5):
                    self.label()
                wait_until(lambda: stream.ended, "the stream to end")  # noqa: B023
                self.assertLess(max(e["position"] for e in stream.events), last + 1)
                self.assertNotIn("member.removed", {e["type"] for e in stream.events if e["subject"]["id"] == reader.person.id})

    def test_a_page_that_waits_becomes_a_refusal(self):
        for what, reader in self.ways().items():
            for wakes in (True, False):
                with self.subTest(what, wakes=wakes):
                    lost, head, got = reader(), self.server.head(), []
                    with self.server.client(lost.token) as one:
                        waiting = threading.Thread(target=lambda: got.append(one.ask("GET", f"{self.path}?after={head}&wait=30&types=label.created")))  # noqa: B023
                        waiting.start()
                        wait_until(lambda: self.listeners() > 0, "it to wait")
                        lost.lose()
                        began = time.monotonic()
                        if wakes:
                            self.label()
                        waiting.join()
                    self.assertEqual(got[0].status, lost.status, got[0])
                    self.assertLess(time.monotonic() - began, PROMPTLY_S)

    def listeners(self):
        with self.server.client() as one:
            text = one.ask("GET", "/metrics").body.decode()
        return next(float(line.split()[1]) for line in text.splitlines() if line.startswith("alloy_event_listeners "))

    def test_a_page_that_waits_still_is_a_page_on_a_connection_that_goes_on(self):
        head, got = self.server.head(), []
        with self.server.client(self.owner.token) as one:
            waiting = threading.Thread(target=lambda: got.append(one.ask("GET", f"{self.path}?after={head}&wait=30&types=label.created")))
            waiting.start()
            wait_until(lambda: self.listeners() > 0, "it to wait")
            made = self.label().json["id"]
            waiting.join()
            self.assertEqual([e["subject"]["id"] for e in got[0].json["items"]], [made])
            self.assertEqual(got[0].headers["Content-Length"], str(len(got[0].body)))
            self.assertEqual(one.ask("GET", f"{self.path}?after={head}&wait=1&types=team.created").json["items"], [])
            self.assertEqual(one.ask("HEAD", f"{self.path}?after={self.server.head()}&wait=1").body, b"")
            one.get("/api/v1/auth/me")

    def test_a_read_that_waits_for_a_position_is_refused(self):
        for what, make in self.ways().items():
            if what == "made less":
                continue  # a Member may read what is asked for
            reader = make()
            with self.subTest(what), self.server.client(reader.token) as one:
                got = []
                due = self.server.head() + 4
                waiting = threading.Thread(target=lambda: got.append(one.ask("GET", f"/api/v1/orgs/{self.org}", headers={"Alloy-Min-Position": str(due)})))  # noqa: B023
                waiting.start()
                time.sleep(0.3)
                reader.lose()
                while self.server.head() < due:
                    self.label()
                waiting.join()
                self.assertEqual(got[0].status, reader.status, got[0])

    def download(self, path, token, accept, lose):
        """What comes of a download whose reader loses the right while most of it is still to come; whether it was cut."""
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(60)
        connection.connect(("127.0.0.1", self.server.port))
        plain = http.client.HTTPConnection("127.0.0.1", self.server.port)
        plain.sock = connection
        plain.request("GET", path, headers={"Authorization": "Bearer " + token, "Accept": accept})
        answer = plain.getresponse()
        self.assertEqual(answer.status, 200)
        got, cut = [answer.readline()], False
        lose()
        try:
            got.append(answer.read())
        except http.client.IncompleteRead as broken:
            got.append(broken.partial)
            cut = True
        plain.close()
        return b"".join(got), cut

    def test_a_download_is_cut_at_the_end_of_a_line(self):
        project = self.new_project()
        for n in range(250):
            self.new_ticket(project, description=f"{n} {LARGE}")
        for path, accept in ((self.path, "application/x-ndjson"), (f"/api/v1/orgs/{self.org}/export", "*/*")):
            whole, cut = self.download(path, self.owner.token, accept, lambda: None)
            self.assertFalse(cut)
            for what, make in self.ways().items():
                if what == "key expired":
                    continue  # its time would be a matter of luck
                reader = make()
                with self.subTest(what, path=path):
                    part, cut = self.download(path, reader.token, accept, reader.lose)
                    self.assertTrue(cut)
                    self.assertLess(len(part), len(whole))
                    self.assertTrue(part.endswith(b"\n"))
                    for line in part.splitlines():
                        json.loads(line)

    def test_a_write_that_waits_its_turn_is_refused_when_its_credential_has_ended(self):
        project = self.new_project()
        many = [self.new_ticket(project)["id"] for _ in range(900)]
        for number in range(10):
            by_key = number % 2 == 1
            reader, ended = Reader(self, 401, None, (lambda r: r.key()) if by_key else None), []
            path = "/api/v1/api-keys/" + reader.key_id if by_key else "/api/v1/auth/logout"
            end = lambda: ended.append(reader.person.client.ask("DELETE" if by_key else "POST", path, None if by_key else {}, statuses={204}))  # noqa: B023,E731
            with self.subTest(by_key=by_key), self.server.client(self.owner.token) as slow, self.server.client(reader.token) as one:
                one.get("/api/v1/auth/me")
                busy = threading.Thread(target=lambda: slow.must("POST", "/api/v1/tickets/batch", {"ticket_ids": many, "changes": {"title": f"T{number}"}}))  # noqa: B023
                ending = threading.Thread(target=end)
                busy.start()
                time.sleep(0.01)
                ending.start()
                time.sleep(0.01)
                late = one.ask("POST", f"/api/v1/orgs/{self.org}/labels", {"name": random_id(), "color": "#123456"})
                busy.join(), ending.join()
                if late.status == 201:  # then it had its turn before
                    self.assertLess(int(late.headers["Alloy-Position"]), int(ended[0].headers["Alloy-Position"]))
                else:
                    self.assertEqual(late.status, 401, late)


class Expiry(unittest.TestCase):
    def test_what_was_opened_with_an_access_token_ends_with_it(self):
        with Server("expiry", JWT_TTL_SECONDS=4, EVENT_HEARTBEAT_MS=200) as server:
            owner = Person(server, "owner@example.com", "Olga", founds=("Acme", "acme"))
            path, head = f"/api/v1/orgs/{owner.org}/events", server.head()
            with Stream(server, path, owner.client.token) as stream:
                late = owner.client.ask("GET", f"{path}?after={head}&wait=30")
                self.assertEqual((late.status, late.code), (401, "token_expired"))
                wait_until(lambda: stream.ended, "the stream to end")


if __name__ == "__main__":
    scenario.main()
