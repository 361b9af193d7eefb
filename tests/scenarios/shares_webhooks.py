"""Deliveries have places and turns by organization; answers that come before the answer; what may name a target."""
import os
import pathlib
import socket
import subprocess
import threading
import unittest

import server as scenario
from receiver import Receiver
from server import Server, run_program, wait_until
from shares_writes import metric
from world import Person

LOCAL = {"WEBHOOK_ALLOWED_TARGETS": "127.0.0.0/8", "WEBHOOK_SCHEMES": "https,http", "WEBHOOK_RETRY_SECONDS": "0",
         "WEBHOOK_FAILURES_BEFORE_PAUSE": "1000000"}
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
NO_ANSWERS = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"


class Wire:
    """Answers each request on a connection with the bytes that it is told to, in the pieces they stand in."""

    def __init__(self, *pieces):
        self.pieces, self.requests, self.connections = pieces, 0, 0
        self.door = socket.create_server(("127.0.0.1", 0))
        self.port = self.door.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/in"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.door.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.answer, args=(connection,), daemon=True).start()

    def answer(self, connection):
        with connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            got = b""
            try:
                while piece := connection.recv(65536):
                    got += piece
                    head, end, body = got.partition(b"\r\n\r\n")
                    length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
                    if not end or len(body) < length:
                        continue
                    got = body[length:]
                    self.requests += 1
                    for one in self.pieces:
                        connection.sendall(one)
            except OSError:
                pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.door.close()


def padded(fields, bytes_each):
    return b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"a" * bytes_each) for n in range(fields)) + b"Content-Length: 2\r\n\r\nok"


class Deliveries(unittest.TestCase):
    def serve(self, suffix="", **settings):
        self.server = Server(self.id().split(".")[-1] + suffix, **dict(LOCAL, **settings)).start()
        self.owner = Person(self.server, "owner@example.com", "Olga", founds=("Acme", "acme"))

    def tearDown(self):
        self.server.stop()

    def hook(self, client, org, url):
        return client.post(f"/api/v1/orgs/{org}/webhooks", {"url": url, "event_types": ["label.created"]})["id"]

    def label(self, client, org, name):
        client.post(f"/api/v1/orgs/{org}/labels", {"name": name, "color": "#000000"})

    def test_many_dead_endpoints_of_one_organization_hold_up_no_other_one(self):
        for bound, value in (("WEBHOOK_IN_FLIGHT_PER_ORG", 8), ("WEBHOOK_IN_FLIGHT_MAX", 16)):
            with self.subTest(bound), Receiver(lambda one, number: "hang", hangs_s=3600) as dead, Receiver() as well:
                self.serve(bound, WEBHOOK_TIMEOUT_MS=3_600_000, **{bound: value})
                other = Person(self.server, "other@example.com", "Otto")
                org = other.client.post("/api/v1/orgs", {"name": "Other", "slug": "other"})["id"]
                for n in range(40):
                    self.hook(self.owner.client, self.owner.org, dead.url + str(n))
                self.hook(other.client, org, well.url)
                self.label(self.owner.client, self.owner.org, "all of them")
                wait_until(lambda: dead.count >= 8, "the places of the organization to be taken")
                for n in range(3):
                    self.label(other.client, org, f"one {n}")
                    wait_until(lambda: len(well.got) == n + 1, "a delivery of the other organization")  # noqa: B023
                self.assertEqual(dead.count, 8)
                self.assertEqual(metric(self.server, "alloy_webhook_held_orgs"), 1)
                if bound == "WEBHOOK_IN_FLIGHT_PER_ORG":
                    self.server.stop()

    # ------------------------------------------------------------------------------- answers

    def attempts(self, wire, events=1):
        hook = self.hook(self.owner.client, self.owner.org, wire.url)
        for n in range(events):
            self.label(self.owner.client, self.owner.org, f"{hook} {n}")
            done = wait_until(lambda: [d for d in self.owner.client.get(f"/api/v1/webhooks/{hook}/deliveries")["items"] if d["status"] != "Pending"]
                              if wire.requests > 0 else None, "an outcome")
            wait_until(lambda: len([d for d in self.owner.client.get(f"/api/v1/webhooks/{hook}/deliveries")["items"] if d["status"] != "Pending"]) == n + 1, "each outcome")  # noqa: B023
        done = self.owner.client.get(f"/api/v1/webhooks/{hook}/deliveries")["items"]
        self.owner.client.must("DELETE", f"/api/v1/webhooks/{hook}")
        return [attempt for one in done for attempt in one["attempts"]]

    def test_what_comes_before_the_answer_is_no_answer(self):
        self.serve()
        one_by_one = [part + b"\r\n\r\n" for part in NO_ANSWERS.split(b"\r\n\r\n") if part]
        for name, pieces in (("at once", [NO_ANSWERS + OK]), ("one by one", [*one_by_one, OK]), ("in halves", [NO_ANSWERS[:30], NO_ANSWERS[30:] + OK[:10], OK[10:]]),
                             ("one", [b"HTTP/1.1 103 Early Hints\r\n\r\n", OK]), ("of 1xx that nobody knows", [b"HTTP/1.1 199 Any\r\nX: y\r\n\r\n" + OK])):
            with self.subTest(name), Wire(*pieces) as wire:
                attempts = self.attempts(wire, 2)
                self.assertEqual([(one["status_code"], one["error"], one["response"]) for one in attempts], [(200, None, "ok")] * 2)
                self.assertEqual((wire.requests, wire.connections), (2, 1), "the connection is kept")

    def test_the_answer_behind_them_counts_whatever_it_is(self):
        self.serve()
        for status, answer in ((404, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"), (500, b"HTTP/1.1 500 Broken\r\nContent-Length: 3\r\n\r\nbad")):
            with self.subTest(status), Wire(NO_ANSWERS, answer) as wire:
                self.assertEqual([one["status_code"] for one in self.attempts(wire)], [status])

    def test_neither_another_protocol_nor_no_end_of_them_is_an_answer(self):
        self.serve(WEBHOOK_TIMEOUT_MS=600_000)
        for name, sent in (("101", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\nConnection: upgrade\r\n\r\n" + OK), ("no end", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1000)):
            with self.subTest(name), Wire(sent) as wire:
                attempt, = self.attempts(wire)
                self.assertEqual((attempt.get("status_code"), attempt["error"]), (None, "http"))
                self.assertEqual(wire.requests, 1)

    def test_an_answer_may_have_a_long_head_and_none_without_an_end(self):
        self.serve()
        for name, sent in (("20 kB in many", padded(200, 100)), ("20 kB in one", padded(1, 20_000)), ("60 kB", padded(6, 10_000)), ("20 kB before it", padded(1, 20_000).replace(b"200 OK", b"103 Early").replace(b"Content-Length: 2\r\n\r\nok", b"\r\n") + OK)):
            with self.subTest(name), Wire(sent) as wire:
                self.assertEqual([(one["status_code"], one["response"]) for one in self.attempts(wire)], [(200, "ok")])
        with Wire(padded(100, 1000)) as wire:
            attempt, = self.attempts(wire)
            self.assertEqual((attempt.get("status_code"), attempt["error"], attempt["error_detail"]), (None, "http", "the head of the answer is larger than 64 KiB"))

    def terminal(self, wire):
        home = self.server.folder.parent
        clean = {k: v for k, v in os.environ.items() if not k.startswith("ALLOY_")}
        return subprocess.run([pathlib.Path(scenario.PROGRAM), "org", "list", "-o", "json"], capture_output=True, text=True, timeout=60, check=False,
                              env=dict(clean, HOME=str(home), ALLOY_API_URL=f"http://127.0.0.1:{wire.port}", ALLOY_API_TOKEN="a.b.c"))

    def test_the_terminal_waits_for_the_answer_that_counts(self):
        self.serve()
        body = b'{"items":[],"next_cursor":null,"has_more":false}'
        answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n" + body
        plain = answer % (b"", len(body))
        for name, pieces in (("100, 102, 103", [NO_ANSWERS + plain]), ("one by one", [NO_ANSWERS, plain]), ("a long head", [answer % (b"X: " + b"a" * 20_000 + b"\r\n", len(body))])):
            with self.subTest(name), Wire(*pieces) as wire:
                done = self.terminal(wire)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for name, sent in (("101", b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + plain), ("no end", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1000)):
            with self.subTest(name), Wire(sent) as wire:
                done = self.terminal(wire)
                self.assertEqual(done.returncode, 8, done.stdout + done.stderr)
                self.assertEqual(wire.requests, 1)


class Targets(unittest.TestCase):
    def test_what_looks_like_an_address_and_is_none_is_no_name(self):
        for name in ("WEBHOOK_ALLOWED_TARGETS", "DETAILS_NETWORKS", "TRUSTED_PROXIES"):
            for text in ("10.1.0.0/99", "10.1.0.0/", "300.1.1.1", "[::1", "fe80::1%eth0", "0x7f.1", "1.2.3", "fd00::/129", "010.0.0.1", "10.0.0.1,10.1.0.0/99"):
                with self.subTest(name, text=text):
                    done = run_program("config", "check", settings={name: text})
                    self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
                    self.assertIn("ALLOY_" + name, done.stderr)
                    self.assertRegex(done.stderr, "is no address|is no length of a network")
        for text in ("10.1.0.0/16", "hooks.internal,10.0.0.1,fd00::/8,::1"):
            done = run_program("config", "check", settings={"WEBHOOK_ALLOWED_TARGETS": text})
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    scenario.main()
