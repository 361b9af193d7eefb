"""An exception thrown into each thread's loop: it ends one job, request or connection, is logged and counted, and the thread
goes on. Where going on would be unsafe the process ends in order."""
import http.client
import itertools
import json
import re
import signal
import socket
import unittest

import server
from receiver import Receiver
from server import Server, wait_until
from webhooks import FAST
from world import PASSWORD, Person

REGISTER = {"email": "ada@example.com", "password": PASSWORD, "display_name": "Ada"}


class TrustExceptions(unittest.TestCase):
    def server(self, point, after=1, how="throw", **settings):
        return Server(f"{how}-{point}-{after}", CRASH_POINT=f"{how}:{point}", CRASH_AFTER=after, **settings)

    def count(self, s, where):
        with s.client() as one:
            text = one.ask("GET", "/metrics").body.decode()
        found = re.search(r'^alloy_exceptions_total\{where="%s"\} (\d+)' % where, text, re.M)
        self.assertIsNotNone(found, text[:400])
        return int(found[1])

    def was_thrown(self, s, where):
        """Counted once, and said in the log."""
        self.assertEqual(wait_until(lambda: self.count(s, where), where + " to be counted"), 1)
        said = lambda: [line for line in s.log_text().splitlines() if '"an exception was contained"' in line]  # noqa: E731
        self.assertEqual([json.loads(line)["where"] for line in wait_until(said, "the line in the log")], [where])

    def register(self, s, email="ada@example.com"):
        with s.client() as one:
            return one.ask("POST", "/api/v1/auth/register", dict(REGISTER, email=email), statuses=None)

#-- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- HTTP

    def test_no_metric_counts_what_did_not_happen(self):
        with Server("none") as s:
            self.register(s)
            for where in ("http_accept", "http_connection", "http_request", "http_thread", "mcp", "webhooks", "resolver", "search", "pool", "waiting", "sequencer", "metrics", "signals", "control"):
                self.assertEqual(self.count(s, where), 0, where)

    def test_of_an_accept_a_connection_is_dropped(self):
        with self.server("http.accept") as s:  # the first connection is the one that asks whether it lives
            self.was_thrown(s, "http_accept")

    def test_of_a_connection_it_ends(self):
        for how in ("throw", "no_memory"):
            with self.server("http.connection", how=how) as s:
                self.was_thrown(s, "http_connection")
                for _ in range(3):
                    self.assertEqual(s.client().ask("GET", "/livez").status, 200)

    def test_of_a_request_it_gets_500(self):
        for how in ("throw", "no_memory"):
            with self.server("http.request", after=5, how=how) as s:
                seen = []
                with s.client() as one:
                    while 500 not in seen:
                        seen.append(one.ask("GET", "/livez", statuses=None).status)
                        self.assertLess(len(seen), 6)
                    self.assertEqual(one.ask("GET", "/livez").status, 200, "the connection goes on")
                self.was_thrown(s, "http_request")

    def test_of_a_body_that_is_sent_in_pieces_the_connection_ends(self):
        with self.server("http.stream") as s:
            who = Person(s, "ada@example.com", "Ada", founds=("Acme", "acme"))
            lines = {"Accept": "application/x-ndjson"}
            with self.assertRaises((http.client.HTTPException, OSError)):
                who.client.ask("GET", f"/api/v1/orgs/{who.org}/events", headers=lines)
            who.client.close()
            self.assertIn(b"org.created", who.client.ask("GET", f"/api/v1/orgs/{who.org}/events", headers=lines).body)
            self.was_thrown(s, "http_request")

    def test_of_the_sweep_the_next_one_still_ends_idle_connections(self):
        with self.server("http.sweep", HEAD_TIMEOUT_MS=400) as s:
            self.was_thrown(s, "http_thread")
            with socket.create_connection(("127.0.0.1", s.port), timeout=30) as slow:
                slow.sendall(b"GET /livez HT")
                self.assertEqual(slow.recv(100), b"", "a slow head is cut")

#-- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- what works on requests

    def test_of_a_message_of_mcp_it_gets_an_internal_error(self):
        for how in ("throw", "no_memory"):
            with self.server("mcp.request", how=how) as s:
                who = Person(s, "ada@example.com", "Ada")
                headers = {"Content-Type": "application/json", "Authorization": "Bearer " + who.client.token}
                told = []
                for _ in range(10):
                    connection = http.client.HTTPConnection("127.0.0.1", s.port, timeout=30)
                    connection.request("POST", "/mcp", json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"}), headers)
                    answer = connection.getresponse()
                    told.append((answer.status, json.loads(answer.read())))
                    connection.close()
                self.assertEqual(told[0][0], 500)
                self.assertEqual(told[0][1]["error"]["code"], -32603)
                self.assertEqual([status for status, _ in told[1:]], [200] * 9, "all workers are still there")
                self.was_thrown(s, "mcp")

    def test_of_a_job_of_the_pool_its_request_gets_500(self):
        for point in ("pool.job", "pool.request"):
            with self.server(point, HASHING_WORKERS=1) as s:
                self.assertEqual(self.register(s).status, 500)
                self.assertEqual(self.register(s).status, 201)
                self.was_thrown(s, "pool")

    def test_of_one_that_waits_the_others_are_still_let_go(self):
        for point in ("waiting.go", "waiting.watch"):
            with self.server(point, MIN_POSITION_WAIT_MS=300) as s:
                who = Person(s, "ada@example.com", "Ada")
                ahead = {"Alloy-Min-Position": "100000"}
                seen = [who.client.ask("GET", "/api/v1/auth/me", headers=ahead, statuses={500, 503}).status for _ in range(2)]
                self.assertEqual(seen, [500 if point == "waiting.go" else 503, 503])
                self.was_thrown(s, "waiting")

    def test_of_a_command_it_gets_500_and_nothing_of_it_is_written(self):
        for how in ("throw", "no_memory"):
            with self.server("sequencer.decide", how=how) as s:
                self.assertEqual(self.register(s).status, 500)
                self.assertEqual(s.head(), 0)
                self.assertEqual(self.register(s).status, 201)
                self.was_thrown(s, "sequencer")

    def test_without_memory_for_a_batch_commands_wait_for_it(self):
        with self.server("sequencer.take", how="no_memory") as s:
            self.assertEqual(self.register(s).status, 201)
            self.was_thrown(s, "sequencer")

    def test_of_what_is_done_when_idle_writes_go_on(self):
        for after in (1, 2):
            with self.server("sequencer.idle", after=after, how="no_memory") as s:
                self.was_thrown(s, "sequencer")
                self.assertEqual(self.register(s).status, 201)

    def test_of_an_answer_behind_a_write_it_is_unknown_and_the_write_stands(self):
        with self.server("sequencer.done") as s:
            self.assertEqual(self.register(s).status, 500)
            self.assertEqual(self.register(s).status, 409, "it was written, as a 500 leaves open")
            self.was_thrown(s, "sequencer")

    def test_of_a_batch_that_has_begun_the_process_ends_in_order(self):
        s = self.server("sequencer.batch").start()
        with self.assertRaises((http.client.HTTPException, OSError)):
            self.register(s)
        self.assertEqual(s.wait(), 74)
        s.start(CRASH_POINT="")
        self.assertIn(self.register(s).status, (201, 409))
        s.stop()

    def test_of_a_reading_the_scrape_has_the_others(self):
        with self.server("metrics.reading") as s:
            with s.client() as one:
                first, second = (one.ask("GET", "/metrics").body.decode() for _ in range(2))
            first, second = (set(re.findall(r"^(alloy_\w+) ", text, re.M)) for text in (first, second))
            self.assertEqual(len(second - first), 1)
            self.assertEqual(first - second, set())
            self.was_thrown(s, "metrics")

    def test_of_a_signal_the_server_goes_on(self):
        with self.server("signals") as s:
            s.process.send_signal(signal.SIGHUP)
            self.was_thrown(s, "signals")
            done = server.run_program("backup", "create", str(s.folder.parent / "backup"), settings={"DATA_DIR": s.folder})
            self.assertEqual(done.returncode, 0, done.stderr)

#-- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- what follows the log

    def test_of_the_search_the_index_is_made_anew(self):
        for how in ("throw", "no_memory"):
            with self.server("search.fold", how=how) as s:
                who = Person(s, "ada@example.com", "Ada", founds=("Acme", "acme"))
                project = who.client.post("/api/v1/projects", {"org_id": who.org, "key": "ACME", "name": "Acme"})["id"]
                who.client.post(f"/api/v1/projects/{project}/tickets", {"title": "Sextants of brass"})
                found = lambda: who.client.ask("GET", "/api/v1/tickets?q=sextants", statuses={200, 503})  # noqa: E731
                wait_until(lambda: (a := found()).status == 200 and a.json["items"], "the ticket to be found")
                self.was_thrown(s, "search")

    def deliver(self, s, url="127.0.0.1"):
        """A ticket's event to a receiver, which must come."""
        who = Person(s, "ada@example.com", "Ada", founds=("Acme", "acme"))
        project = who.client.post("/api/v1/projects", {"org_id": who.org, "key": "ACME", "name": "Acme"})["id"]
        with Receiver() as to:
            target = to.url.replace("127.0.0.1", url)
            hook = who.client.post(f"/api/v1/orgs/{who.org}/webhooks", {"url": target, "event_types": ["ticket.created"]})
            made = [who.client.post(f"/api/v1/projects/{project}/tickets", {"title": f"Number {n}"})["id"] for n in range(3)]
            wait_until(lambda: {e["data"]["subject"]["id"] for e in to.events()} >= set(made), "every event to be delivered")
            deliveries = lambda: who.client.get(f"/api/v1/webhooks/{hook['id']}/deliveries?limit=100")["items"]  # noqa: E731
            wait_until(lambda: [d["status"] for d in deliveries()].count("Delivered") == 3, "all to be kept as delivered")
            return deliveries()

    def test_of_an_attempt_it_has_failed_and_the_next_one_comes(self):
        for point in ("webhooks.send", "webhooks.exchange"):
            for how in ("throw", "no_memory"):
                with self.server(point, how=how, **FAST) as s:
                    attempts = [a for d in self.deliver(s) for a in d["attempts"]]
                    self.assertEqual([a["error"] for a in attempts].count("http"), 1, attempts)
                    self.was_thrown(s, "webhooks")

    def test_of_a_look_up_the_attempt_has_failed_and_the_next_one_comes(self):
        with self.server("resolver", **dict(FAST, WEBHOOK_ALLOWED_TARGETS="localhost,127.0.0.0/8")) as s:
            attempts = [a for d in self.deliver(s, "localhost") for a in d["attempts"]]
            self.assertEqual([a["error"] for a in attempts].count("dns"), 1, attempts)
            self.was_thrown(s, "resolver")

    def test_of_the_dispatcher_itself_it_begins_anew_and_loses_nothing(self):
        for after in (1, 3, 5):
            with self.subTest(after=after):
                with Server(f"follow-{after}", CRASH_POINT="throw:webhooks.follow", CRASH_AFTER=after, **FAST) as s:
                    self.deliver(s)
                    # Writes that come close together are looked at together: more come until the point is reached.
                    more = (f"more{n}@example.com" for n in itertools.count())
                    wait_until(lambda: self.count(s, "webhooks") or self.register(s, next(more)) is None, "it to be thrown")
                    self.was_thrown(s, "webhooks")
                    self.assertIn("the webhooks' dispatcher has begun anew", s.log_text())

    def test_a_stop_ends_a_dispatcher_that_waits_to_begin_anew(self):
        with self.server("webhooks.follow", **FAST) as s:
            self.was_thrown(s, "webhooks")
            s.stop()


if __name__ == "__main__":
    server.main()
