"""Two tenants, a key that is bound to a project, a removed member, and somebody who floods each thing that all share, in turn.
Meanwhile every operation of the table answers everybody else as it does in the quiet, and who floods is the only one who is
refused. What counts is who is served before whom, what is held and who is refused, never how long it takes."""
import contextlib
import itertools
import re
import threading

import server
from events import Stream
from flooding import LINES, NO, Flood, Floods, between, between_seen, come_from, in_a_row, mcp_call, metrics, one_by_one
from receiver import Receiver
from server import wait_until
from shares_http import Deaf, asked
from world import DATE, PASSWORD, Person

FLOODER = "127.0.9.9"
AT_ONCE = 24
TURNS_MAX = 6  # of a flooder's jobs that are done between two of another's; in the order of arrival all that wait were
STEPS_MAX = 3  # of a flooder's long answers that end between two small ones of another's
BATCH = 100  # things that a batch changes: more than all who share an fsync may cost
MIB = 1 << 20

# All that is shared is small, and one user, organization or address may have the part of it that they have by default, or more.
SMALL = {"IO_THREADS": 1, "CONNECTIONS_MAX": 400, "CONNECTIONS_PER_PEER_MAX": 40, "UNSENT_MAX_BYTES": 16 * MIB, "UNSENT_PER_ADDRESS_MAX_BYTES": 2 * MIB,
         "PAGE_MAX_BYTES": MIB // 8, "HASHING_WORKERS": 1, "HASHING_QUEUE_MAX": 64, "HASHING_QUEUE_PER_ADDRESS_MAX": 16, "READING_WORKERS": 1,
         "READING_QUEUE_MAX": 128, "READING_QUEUE_PER_USER_MAX": 16, "TRANSFER_WORKERS": 1, "TRANSFER_QUEUE_MAX": 64, "TRANSFER_QUEUE_PER_USER_MAX": 16,
         "MCP_WORKERS": 1, "MCP_QUEUE_MAX": 64, "MCP_QUEUE_PER_USER_MAX": 16, "EVENT_STREAMS_MAX": 60, "EVENT_STREAMS_PER_ORG_MAX": 6,
         "EVENT_STREAMS_PER_USER_MAX": 3, "WAITS_MAX": 40, "WAITS_PER_USER_MAX": 4, "QUEUE_MAX": 40, "QUEUE_PER_ORG_MAX": 8, "BATCH_MAX": 16,
         "BATCH_COST_MAX": 64, "WEBHOOK_IN_FLIGHT_MAX": 32, "WEBHOOK_IN_FLIGHT_PER_ORG": 4, "WEBHOOK_ALLOWED_TARGETS": "127.0.0.0/8",
         "WEBHOOK_SCHEMES": "https,http", "WEBHOOK_RETRY_SECONDS": "0", "WEBHOOK_FAILURES_BEFORE_PAUSE": 1_000_000}
# Those who hold something hold it until a test is over.
PATIENT = {f"{what}_MS": 3_600_000 for what in
           ("MIN_POSITION_WAIT", "SEARCH_WAIT", "WEBHOOK_TIMEOUT", "WRITE_TIMEOUT", "HEAD_TIMEOUT", "BODY_TIMEOUT", "IDLE_TIMEOUT")}


class Strangers(Floods):
    SETTINGS = {**SMALL, **PATIENT}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.furnish(cls.flooder.client)

    @classmethod
    def furnish(cls, ask):
        """The flooder's own: a board that takes some time to fold from the log, and a long log."""
        ask.must("DELETE", f"/api/v1/webhooks/{cls.world.foreign['webhook_id']}")  # else it is sent each event of the floods
        made = {}
        for key, count in (("BOARD", 40), ("BATCH", BATCH)):
            project = ask.post("/api/v1/projects", {"org_id": cls.org, "key": key, "name": key})["id"]
            made[project] = [ask.post(f"/api/v1/projects/{project}/tickets", {"title": f"T{n}", "description": "words " * 200})["id"] for n in range(count)]
        (cls.project, _), (changing, cls.tickets) = made.items()
        cls.board, cls.page = f"/api/v1/projects/{cls.project}/board?as_of={cls.server.head()}", f"/api/v1/projects/{changing}/tickets?limit=200"
        for _ in range(15):
            cls.change(ask)

    @classmethod
    def change(cls, ask, **more):
        body = {"ticket_ids": cls.tickets, "changes": {"title": f"T{next(cls.numbers)}"}}
        return ask.ask("POST", "/api/v1/tickets/batch", body, **more)

    def by_flooder(self, *statuses):
        return lambda line: line["user_id"] == self.flooder.id and line["status"] in statuses

    def with_keys(self, *sends):
        """Each with one of the flooder's keys."""
        return [lambda one, send=send, key=key: send(one, key) for send, key in zip(sends, itertools.cycle(self.keys))]

    # ------------------------------------------------------------------------------- in the quiet

    def test_a_removed_member_and_another_tenant_are_told_nothing(self):
        quiet = self.in_the_quiet()
        self.assertEqual(self.spoilt, [])
        self.assertEqual({who for who, _ in quiet}, {who.name for who in self.everybody.callers})
        for who in self.everybody.callers[2:]:
            of = [op for op in self.everybody.operations if "org_id" in op.path_names or "project_id" in op.path_names or "ticket_id" in op.path_names]
            self.assertGreater(len(of), 50)
            self.assertLessEqual({quiet[who.name, op.id][0] for op in of}, NO)
        self.assertGreater(sum(status < 300 for (who, _), (status, _) in quiet.items() if who == "the admin"), 120)

    # ------------------------------------------------------------------------------- threads

    def test_who_floods_the_threads_for_passwords_waits_alone(self):
        post = lambda one, path, body: one.ask("POST", "/api/v1/auth/" + path, body)  # noqa: E731
        register = lambda one: post(one, "register", {"email": f"n{next(self.numbers)}@example.com", "password": PASSWORD, "display_name": "N"})  # noqa: E731
        login = lambda one: post(one, "login", {"email": self.flooder.email, "password": PASSWORD})  # noqa: E731
        wrong = lambda one: post(one, "login", {"email": self.owner.email, "password": "not their password"})  # noqa: E731
        sends = [register, login, wrong] * (AT_ONCE // 3)
        with self.flood(sends, lambda flood: "rate_limited" in flood.codes(), "more than one address may") as (flood, watch):
            done = lambda line: line["peer"] == FLOODER and line["status"] != 429  # noqa: E731
            mine = {"email": "admin@example.com", "password": PASSWORD}
            self.assertLessEqual(between(self.server, done, self.admin, "POST", "/api/v1/auth/login", mine, status=200), TURNS_MAX)
        self.assertLessEqual(flood.codes(), {200, 201, "invalid_credentials", "rate_limited"})
        self.assertIn("passwords of one address", flood.refusal.json["detail"])
        self.assertEqual(watch.grown('alloy_hashing_refused_total{by="caller"}'), flood.count(429))
        self.assertLessEqual(watch.most["alloy_hashing_queue_depth"], 16 + len(self.everybody.callers))

    def test_who_floods_the_threads_for_long_reads_waits_alone(self):
        get = lambda path: lambda one, key: one.ask("GET", path, token=key)  # noqa: E731
        report = f"/api/v1/reports/time?org_id={self.org}&from={DATE}&to={DATE}"
        sends = self.with_keys(*[get(self.board), get(f"/api/v1/orgs/{self.org}/export"), get(self.board), get(report)] * (AT_ONCE // 4))
        with self.flood(sends, lambda flood: "rate_limited" in flood.codes(), "more than one user may") as (flood, watch):
            board = f"/api/v1/projects/{self.world.ids['project_id']}/board?as_of={self.everybody.as_of}"
            self.assertLessEqual(between(self.server, self.by_flooder(200), self.admin, "GET", board, status=200), TURNS_MAX)
        self.assertEqual(flood.codes(), {200, "rate_limited"})
        self.assertIn("long reads of one user", flood.refusal.json["detail"])
        self.assertEqual(watch.grown('alloy_reading_refused_total{by="caller"}'), flood.count(429))
        self.assertLessEqual(watch.most["alloy_reading_queue_depth"], 16 + len(self.everybody.callers))

    def test_who_floods_the_threads_for_imports_waits_alone(self):
        s, importer, other = self.server, Person(self.server, "importer@example.com", "Ines"), Person(self.server, "another@example.com", "Ida")
        for one in (importer, other):
            s.make_operator(one.email)
        exported = self.flooder.client.ask("GET", f"/api/v1/orgs/{self.org}/export", statuses={200}).body
        send = lambda token, lines: lambda one: one.ask("POST", f"/api/v1/orgs/{self.org}/import", raw=lines, headers=LINES, token=token)  # noqa: E731
        # Its last line is none, so that all before it is read first.
        bad = exported[:exported.rindex(b"\n", 0, MIB // 8) + 1] + b"{"
        sends = [send(importer.client.token, bad)] * AT_ONCE + [send(self.flooder.client.token, bad)] * 4
        with self.flood(sends, lambda flood: "rate_limited" in flood.codes(), "more than one operator may") as (flood, watch):
            client = come_from(s.client(other.client.token), "127.0.0.15")
            done = lambda line: line["user_id"] == importer.id and line["status"] != 429  # noqa: E731
            self.assertLessEqual(between(s, done, client, "POST", f"/api/v1/orgs/{self.org}/import", {}, status=422), TURNS_MAX)
        self.assertEqual(flood.codes(), {"validation_failed", "role_too_low", "rate_limited"})
        self.assertEqual(watch.grown('alloy_transfer_refused_total{by="caller"}'), flood.count(429))
        self.assertLessEqual(watch.most["alloy_transfer_queue_depth"], 16 + len(self.everybody.callers))

    def test_who_floods_the_threads_for_mcp_waits_alone(self):
        call = lambda one, key: mcp_call(one, "get_project_board", token=key, project_id=self.project, as_of=self.board.rpartition("=")[2])  # noqa: E731
        with self.flood(self.with_keys(*[call] * AT_ONCE), lambda flood: flood.count(429), "more than one user may") as (flood, watch):
            ask = lambda: mcp_call(self.admin, "get_project", project_id=self.world.ids["project_id"])  # noqa: E731
            self.assertLessEqual(between_seen(flood, ask), TURNS_MAX)
        self.assertEqual({status for status, _ in flood.answers}, {200, 429})
        self.assertEqual(watch.grown('alloy_mcp_refused_total{by="caller"}'), flood.count(429))
        self.assertLessEqual(watch.most["alloy_mcp_queue_depth"], 16 + len(self.everybody.callers))

    # ------------------------------------------------------------------------------- the log and the door

    def test_who_floods_the_log_waits_alone(self):
        batch = lambda person: lambda one: self.change(one, token=person.client.token, statuses={200, 429})  # noqa: E731
        path = f"/api/v1/projects/{self.project}/tickets"
        create = lambda person: lambda one: one.ask("POST", path, {"title": "T"}, token=person.client.token, statuses={201, 429})  # noqa: E731
        sends = [batch(self.people[n % 6]) for n in range(AT_ONCE - 6)] + [create(person) for person in self.people]
        with self.flood(sends, lambda flood: flood.count(429) and flood.count(200) > 2 * AT_ONCE, "more than one organization may") as (flood, watch):
            behind = self.behind_creates()
            # One batch that is under way when it comes, and another where it comes too late for the next group.
            self.assertLessEqual(behind[len(behind) // 2], 2 * BATCH + len(self.people), behind)
        self.assertEqual(flood.codes(), {200, 201, "rate_limited"})
        self.assertEqual(flood.refusal.headers["Retry-After"], "1")
        self.assertEqual(watch.grown('alloy_sequencer_refused_total{by="caller"}'), flood.count(429))
        self.assertLessEqual(watch.most["alloy_sequencer_queue_depth"], 8 + len(self.everybody.callers))
        self.assertLess(watch.most["alloy_sequencer_payers"], 64, "they are people, addresses and organizations, not commands")

    def behind_creates(self):
        """How many events of others are between two of the admin's creates that come in a row, from the least to the most."""
        _, statuses, got = in_a_row(self.admin, "POST", f"/api/v1/projects/{self.world.ids['project_id']}/tickets", {"title": "Mine"})
        self.assertEqual(set(statuses), {201})
        written = [int(position) for position in re.findall(rb"\r\nAlloy-Position: (\d+)", got)]
        return sorted(b - a - 1 for a, b in zip(written, written[1:]))

    def test_people_of_one_organization_who_come_all_at_once_have_one_turn(self):
        """Though they only name things of it, and nobody waited before."""
        tokens = [person.client.token for person in self.people] * 4
        for n in range(3):
            gate, before = threading.Barrier(len(tokens) + 1), metrics(self.server)["alloy_sequencer_batch_cost_sum"]

            def write(token):
                with self.server.client(token) as one:
                    gate.wait()  # noqa: B023
                    self.change(one, statuses={200, 429})

            threads = [threading.Thread(target=write, args=(token,)) for token in tokens]
            for one in threads:
                one.start()
            gate.wait()
            wait_until(lambda: metrics(self.server)["alloy_sequencer_batch_cost_sum"] > before, "the first to be written")  # noqa: B023
            behind = self.behind_creates()
            for one in threads:
                one.join()
            self.assertLessEqual(behind[-1], 3 * BATCH, behind)

    def test_who_asks_for_much_that_is_compressed_is_served_in_turns(self):
        ask = lambda one: one.ask("GET", "/openapi.json", headers={"Accept-Encoding": "gzip"}, statuses={200, 503})  # noqa: E731
        addresses = [f"127.0.9.{n}" for n in range(1, 5)]  # so that what one of them may hold is not what counts
        self.in_small_steps([ask] * 12, lambda line: line["peer"] in addresses and line["status"] == 200, addresses=addresses)

    def test_who_follows_events_that_never_come_is_served_in_turns(self):
        path = f"/api/v1/orgs/{self.org}/events?after={self.server.head() - 20 * BATCH}&types=invite.revoked"
        sends = self.with_keys(*[lambda one, key: one.ask("GET", path, headers={"Accept": "application/x-ndjson"}, token=key)] * 12)
        with contextlib.ExitStack() as streams:
            for token in self.keys[:3]:
                streams.enter_context(Stream(self.server, path, token))
            self.in_small_steps(sends, self.by_flooder(200))

    def in_small_steps(self, sends, of_flooder, **more):
        with self.flood(sends, lambda flood: flood.count(200) > AT_ONCE, "it to begin", **more) as (flood, _):
            me = between(self.server, of_flooder, self.admin, "GET", "/api/v1/auth/me", status=200, in_row=one_by_one)
            self.assertLessEqual(me, STEPS_MAX)
        self.assertLessEqual(flood.codes(), {200, "overloaded"})

    def test_who_reads_nothing_of_what_they_ask_for_holds_so_many_bytes_and_others_have_theirs(self):
        page, addresses = self.page, ["127.0.9.1", "127.0.9.2"]
        size = len(self.flooder.client.ask("GET", page, statuses={200}).body)
        self.assertGreater(size, 100_000)
        most = len(addresses) * (SMALL["UNSENT_PER_ADDRESS_MAX_BYTES"] + 2 * size)
        with contextlib.ExitStack() as deaf:
            for address in addresses:
                deaf.enter_context(Deaf(self.server.port, asked(page, self.keys[0]) * 60, 20, address))
            wait_until(lambda: metrics(self.server)["alloy_http_unsent_refused_total"] > len(addresses), "a large answer to be refused")
            self.assertLessEqual(metrics(self.server)["alloy_http_unsent_bytes"], most)
            sends = [lambda one: one.ask("GET", page, token=self.keys[0], statuses={200, 429, 503})]
            with self.flood(sends, lambda flood: flood.count(503), "the flooder to be refused", addresses=addresses) as (flood, watch):
                begun = len(flood.answers)
                for _ in range(20):
                    self.admin.ask("GET", "/openapi.json", statuses={200})
                same = come_from(self.server.client(self.keys[0]), addresses[0])
                same.ask("GET", "/api/v1/auth/me", statuses={200})
                wait_until(lambda: len(flood.answers) > begun, "the flooder, whose pages are made one after the other, to be answered")
            self.assertIn("overloaded", flood.codes())
            self.assertIn("to this address", flood.refusal.json["detail"])
            self.assertLessEqual(watch.most["alloy_http_unsent_bytes"], most + len(self.everybody.callers) * MIB)
        wait_until(lambda: metrics(self.server)["alloy_http_unsent_bytes"] == 0, "all to be given back")

    def test_who_opens_connections_has_so_many_and_others_have_theirs(self):
        most, refused = SMALL["CONNECTIONS_PER_PEER_MAX"], 'alloy_http_refused_total{reason="too_many_connections"}'
        with contextlib.ExitStack() as held:
            for sent in (b"", b"GET / HT", b"POST /api/v1/auth/login HTTP/1.1\r\nHost: h\r\nContent-Length: 99999\r\n\r\n{"):
                held.enter_context(Deaf(self.server.port, sent, 20, FLOODER))
            with self.flood([], lambda _: metrics(self.server)[refused] >= 60 - most, "the connections to be refused") as (_, watch):
                more = Deaf(self.server.port, b"", 5, FLOODER)
                held.enter_context(more)
                for one in more.all:
                    self.assertTrue(one.recv(100).startswith(b"HTTP/1.1 503"))
            self.assertEqual(watch.grown(refused), 5)
            self.assertLessEqual(watch.most["alloy_http_connections"], most + len(self.everybody.callers) + 20)

    # ------------------------------------------------------------------------------- places

    def test_who_takes_streams_of_events_leaves_others_theirs(self):
        path = f"/api/v1/orgs/{self.org}/events"
        poll = lambda person: lambda one: one.ask("GET", f"{path}?after={self.server.head()}&wait=30", token=person.client.token)  # noqa: E731
        wake = lambda: self.flooder.client.post(f"/api/v1/orgs/{self.org}/labels", {"name": f"l{next(self.numbers)}", "color": "#123456"})  # noqa: E731
        with contextlib.ExitStack() as streams:
            for person in self.people[:3]:
                streams.enter_context(Stream(self.server, path, person.client.token))
            sends = [poll(person) for person in self.people] * 4
            with self.flood(sends, lambda flood: flood.count(429) > AT_ONCE, "all places to be taken", wake=wake) as (flood, watch):
                theirs = f"/api/v1/orgs/{self.world.ids['org_id']}/events"
                with Stream(self.server, theirs, self.admin.token) as stream, Stream(self.server, theirs, self.owner.client.token) as other:
                    self.assertEqual((stream.answer.status, other.answer.status), (200, 200))
                    self.owner.client.post(f"/api/v1/orgs/{self.world.ids['org_id']}/labels", {"name": "news", "color": "#123456"})
                    for one in (stream, other):
                        wait_until(lambda: "label.created" in [event["type"] for event in one.events], "the news")  # noqa: B023
        refused = {by: watch.grown(f'alloy_event_streams_refused_total{{by="{by}"}}') for by in ("user", "org")}
        self.assertEqual(flood.codes(), {200, "rate_limited"})
        self.assertEqual(sum(refused.values()), flood.count(429))
        self.assertGreater(refused["org"], 0)
        self.assertLessEqual(watch.most["alloy_event_streams_places"], 6 + 2)

    def test_who_waits_for_positions_leaves_others_their_places(self):
        s, due = self.server, self.server.head() + 3 * BATCH
        far = {"Alloy-Min-Position": str(due)}
        wait = lambda one, key: one.ask("GET", f"/api/v1/orgs/{self.org}", headers=far, token=key)  # noqa: E731
        unknown = lambda one: one.ask("GET", "/health", headers=far)  # noqa: E731
        with self.flood(self.with_keys(*[wait] * 12) + [unknown] * 12, lambda flood: flood.count(429) > AT_ONCE, "all places to be taken",
                        wake=lambda: self.change(self.flooder.client)) as (flood, watch):
            got, held = [], metrics(s)["alloy_position_waits_places"]
            near = {"Alloy-Min-Position": str(s.head() + 1)}
            waiting = [threading.Thread(target=lambda who=who: got.append(s.client(who.client.token).ask("GET", "/api/v1/auth/me", headers=near).status))
                       for who in (self.owner, self.world.people["Admin"])]
            for one in waiting:
                one.start()
            wait_until(lambda: metrics(s)["alloy_position_waits_places"] == held + 2, "them to wait, too")
            self.owner.client.post(f"/api/v1/orgs/{self.world.ids['org_id']}/labels", {"name": "due", "color": "#123456"})
            for one in waiting:
                one.join()
            self.assertEqual(got, [200, 200])
        self.assertEqual(flood.codes(), {200, "rate_limited"})
        self.assertEqual(watch.grown('alloy_position_waits_refused_total{by="user"}'), flood.count(429))
        self.assertLessEqual(watch.most["alloy_position_waits_places"], 2 * 4 + 2)

    def test_who_has_dead_receivers_holds_up_no_delivery_of_others(self):
        most, hooks = SMALL["WEBHOOK_IN_FLIGHT_PER_ORG"], lambda org: f"/api/v1/orgs/{org}/webhooks"
        with Receiver(lambda *_: "hang", hangs_s=3600) as dead, Receiver() as well:
            made = [self.flooder.client.post(hooks(self.org), {"url": f"{dead.url}{n}", "event_types": ["label.created"]})["id"] for n in range(40)]
            mine = self.owner.client.post(hooks(self.world.ids["org_id"]), {"url": well.url, "event_types": ["label.created"]})["id"]
            self.flooder.client.post(f"/api/v1/orgs/{self.org}/labels", {"name": "for all of them", "color": "#123456"})
            with self.flood([], lambda _: dead.count >= most, "the places of the flooder to be taken") as (_, watch):
                for n in range(3):
                    self.owner.client.post(f"/api/v1/orgs/{self.world.ids['org_id']}/labels", {"name": f"delivered {n}", "color": "#123456"})
                    wait_until(lambda: len(well.got) > n, "a delivery of somebody else")  # noqa: B023
                self.assertEqual((dead.count, metrics(self.server)["alloy_webhook_held_orgs"]), (most, 1))
            for one in made:
                self.flooder.client.must("DELETE", f"/api/v1/webhooks/{one}")
            self.owner.client.must("DELETE", f"/api/v1/webhooks/{mine}")
        self.assertLessEqual(watch.most["alloy_webhook_in_flight"], 2 * most)


class Limits(Floods):
    """As by default: a user has one quota with all their keys, an organization five and an address two such; an account has ten
    times as many failures in all as from one network. Hardly anything comes back while the test goes on."""
    MOST, FAILURES = 400, 3
    SETTINGS = {"RATE_LIMIT_CREDENTIAL_REQUESTS": MOST, "RATE_LIMIT_USER_REQUESTS": MOST, "RATE_LIMIT_ORG_REQUESTS": 5 * MOST,
                "RATE_LIMIT_ADDRESS_REQUESTS": 2 * MOST, "RATE_LIMIT_BURST": MOST, "RATE_LIMIT_WINDOW_SECONDS": 86400,
                "LOGIN_FAILURES_PER_ACCOUNT": FAILURES, "LOGIN_FAILURES_PER_ACCOUNT_TOTAL": 10 * FAILURES, "LOGIN_FAILURES_PER_ADDRESS": 6 * FAILURES,
                "LOGIN_WINDOW_SECONDS": 86400, "REGISTRATIONS_PER_ADDRESS": 20, "REGISTRATION_WINDOW_SECONDS": 86400}

    def test_who_uses_up_what_a_user_an_organization_and_an_address_may_ask_for_uses_up_their_own(self):
        self.in_the_quiet()
        s, limited = self.server, [f'alloy_http_rate_limited_total{{by="{by}"}}' for by in ("credential", "user", "org", "address")]
        about = lambda token: lambda one: one.ask("GET", f"/api/v1/orgs/{self.org}", token=token, statuses={200, 429})  # noqa: E731
        sends = [about(key) for key in self.keys] + [about(person.client.token) for person in self.people[1:]]
        sends += [lambda one: one.ask("GET", "/api/v1/nowhere")] * 3
        addresses = [f"127.0.9.{n + 1}" for n in range(len(sends) - 3)] + [FLOODER] * 3
        before = metrics(s)
        with Flood(s, sends, addresses) as flood:
            wait_until(lambda: flood.failed or all(f'"{by}"' in flood.told for by in ("user", "org", "address")), "all to be used up")
            with s.client(self.people[1].client.token) as of_it:
                wait_until(lambda: of_it.ask("GET", f"/api/v1/orgs/{self.org}").status == 429, "it to be used up for all of it")
            self.guess_and_register(s)
            self.all_is_as_in_the_quiet()
        after = metrics(s)
        self.assertEqual(sum(after[name] - before[name] for name in limited), flood.count(429) + 1)
        self.assertEqual([after[name] > before[name] for name in limited[1:]], [True] * 3)
        for status, most in ((200, 5 * self.MOST), (404, 2 * self.MOST)):
            self.assertLessEqual(flood.count(status), most + 10)  # what comes back in some minutes

    def guess_and_register(self, s):
        """The password of somebody of the other tenant, from many networks, and accounts from one address."""
        guess = {"email": self.owner.email, "password": "not their password"}
        statuses = []
        for n in range(10 + 2):
            with come_from(s.client(), f"127.0.{20 + n}.1") as one:
                statuses += [one.ask("POST", "/api/v1/auth/login", guess, statuses={401, 429}).status for _ in range(self.FAILURES)]
        self.assertEqual((statuses.count(401), statuses[-1]), (10 * self.FAILURES, 429))
        with come_from(s.client(), "127.0.40.1") as one:
            body = lambda: {"email": f"n{next(self.numbers)}@example.com", "password": PASSWORD, "display_name": "N"}  # noqa: E731
            made = [one.ask("POST", "/api/v1/auth/register", body(), statuses={201, 429}).status for _ in range(22)]
        self.assertEqual(made, [201] * 20 + [429] * 2)


if __name__ == "__main__":
    server.main()
