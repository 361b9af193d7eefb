"""Nobody takes what all share: who floods the threads for passwords, long reads or imports, or the places of those who
wait, is refused and waits alone. What counts is who is served before whom and who is refused, never how long it takes."""
import http.client
import json
import threading
import unittest

import server
from events import Stream
from server import Server, wait_until
from world import PASSWORD, Person, join

STRANGER = "127.0.9.9"
TICKETS = 150  # of the board that is folded anew from the log, which makes a job of some milliseconds
AT_ONCE = 12
TURNS_MAX = 6  # jobs of the flooder's that end while another's request is sent, waits one turn and is answered


def metric(s, name):
    with s.client() as one:
        text = one.ask("GET", "/metrics").body.decode()
    return next((float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(name + " ")), 0)


class Flood:
    """with Flood(12, send): ...; `send(client, n)` is called again and again by each of so many at once."""

    def __init__(self, s, at_once, send, token=None, address="127.0.0.1"):
        self.going, self.answers = True, []
        self.threads = [threading.Thread(target=self.run, args=(s, send, token, address, n), daemon=True) for n in range(at_once)]

    def run(self, s, send, token, address, n):
        with s.client(token) as one:
            one.http.source_address = (address, 0)
            while self.going:
                self.answers.append(send(one, n))

    def codes(self):
        return {one.code if one.status >= 400 else one.status for one in list(self.answers)}

    def __enter__(self):
        for one in self.threads:
            one.start()
        return self

    def __exit__(self, *_):
        self.going = False
        for one in self.threads:
            one.join()


def served(s):
    """Whom the server answered, one after the other: (user, route, status)."""
    lines = [json.loads(line) for line in s.log_text().splitlines() if line.startswith("{")]
    return [(line["user_id"], line["route"], line["status"]) for line in lines if line["msg"] == "request"]


def between(s, flooder, other, begin, end):
    """How many of the flooder's jobs were done between one answer of the other's and the next, at most."""
    longest, now = 0, None
    for user, _, status in served(s)[begin:end]:
        if user == other:
            longest, now = max(longest, now or 0), 0
        elif user == flooder and status == 200 and now is not None:
            now += 1
    return longest


class Pools(unittest.TestCase):
    def world(self, s):
        """The owner of a large board, and a Viewer of it."""
        owner = Person(s, "owner@example.com", "Olga Owner", founds=("Acme", "acme"))
        viewer = Person(s, "viewer@example.com", "Vera Viewer")
        join(owner, owner.org, viewer, "Viewer")
        self.project = owner.client.post("/api/v1/projects", {"org_id": owner.org, "key": "BIG", "name": "Big"})["id"]
        for n in range(TICKETS):
            owner.client.post(f"/api/v1/projects/{self.project}/tickets", {"title": f"T{n}", "description": "words " * 200})
        self.board = f"/api/v1/projects/{self.project}/board?as_of={s.head()}"
        return owner, viewer

    def login(self, s, person, **more):
        with s.client() as one:
            return one.ask("POST", "/api/v1/auth/login", {"email": person.email, "password": PASSWORD}, **more)

    def test_a_viewers_boards_of_the_past_hold_up_no_login_and_each_other_reader_for_one_turn(self):
        with Server("boards", READING_WORKERS=1, HASHING_WORKERS=1, READING_QUEUE_PER_USER_MAX=AT_ONCE - 4) as s:
            owner, viewer = self.world(s)
            with Flood(s, AT_ONCE, lambda one, _: one.ask("GET", self.board), viewer.client.token) as flood:
                wait_until(lambda: "rate_limited" in flood.codes(), "the flood to be more than one user may")
                begin = len(served(s))
                for _ in range(8):
                    owner.client.ask("GET", self.board, statuses={200})
                end = len(served(s))
                for _ in range(3):
                    self.login(s, owner, statuses={200})
                owner.client.ask("GET", f"/api/v1/tickets?q=words&org_id={owner.org}", statuses={200})
                owner.client.ask("GET", f"/api/v1/orgs/{owner.org}/export", statuses={200})
            self.assertLessEqual(between(s, viewer.id, owner.id, begin, end), TURNS_MAX)
            self.assertEqual(flood.codes(), {200, "rate_limited"}, "who floods is refused as one who floods")
            refused = next(one for one in flood.answers if one.status == 429)
            self.assertEqual(refused.json["detail"], "too many long reads of one user wait already")
            self.assertGreater(metric(s, 'alloy_reading_refused_total{by="caller"}'), 0)
            self.assertEqual(metric(s, 'alloy_reading_refused_total{by="server"}'), 0)
            self.assertEqual(metric(s, "alloy_reading_queue_depth"), 0)

    def test_keys_of_one_user_have_one_turn_and_one_bound(self):
        with Server("keys", READING_WORKERS=1, READING_QUEUE_PER_USER_MAX=4) as s:
            owner, viewer = self.world(s)
            keys = [viewer.client.post("/api/v1/api-keys", {"name": "k", "scopes": ["read"]})["key"] for _ in range(AT_ONCE)]
            with Flood(s, AT_ONCE, lambda one, n: one.ask("GET", self.board, token=keys[n])) as flood:
                wait_until(lambda: "rate_limited" in flood.codes(), "the keys to be more than one user may")
                begin = len(served(s))
                for _ in range(8):
                    owner.client.ask("GET", self.board, statuses={200})
                end = len(served(s))
            self.assertLessEqual(between(s, viewer.id, owner.id, begin, end), TURNS_MAX)

    def test_a_flood_of_registrations_refuses_no_read_and_no_login_from_elsewhere(self):
        with Server("registrations", HASHING_WORKERS=1, READING_WORKERS=1, HASHING_QUEUE_PER_ADDRESS_MAX=4) as s:
            owner, viewer = self.world(s)
            number = iter(range(1_000_000))
            send = lambda one, _: one.ask("POST", "/api/v1/auth/register",  # noqa: E731
                                          {"email": f"f{next(number)}@example.com", "password": PASSWORD, "display_name": "F"})
            with Flood(s, AT_ONCE, send, address=STRANGER) as flood:
                wait_until(lambda: "rate_limited" in flood.codes(), "the flood to be more than one address may")
                for _ in range(3):
                    viewer.client.ask("GET", self.board, statuses={200})
                    owner.client.ask("GET", f"/api/v1/orgs/{owner.org}/export", statuses={200})
                    before = len(flood.answers)
                    self.login(s, owner, statuses={200})
                    after = sum(one.status == 201 for one in flood.answers[before:])
                    self.assertLessEqual(after, TURNS_MAX)
            self.assertEqual(flood.codes(), {201, "rate_limited"})
            self.assertIn("passwords of one address", next(one for one in flood.answers if one.status == 429).json["detail"])

    def test_who_is_locked_out_or_over_a_limit_takes_no_place_in_the_queue(self):
        with Server("locked", LOGIN_FAILURES_PER_ACCOUNT=3, LOGIN_FAILURES_PER_ADDRESS=1000, REGISTRATIONS_PER_ADDRESS=3,
                    REGISTRATION_WINDOW_SECONDS=86400) as s:
            ada = Person(s, "ada@example.com", "Ada", founds=("Acme", "acme"))
            wrong = {"email": ada.email, "password": "wrong"}
            register = lambda n: s.client().ask("POST", "/api/v1/auth/register",  # noqa: E731
                                                {"email": f"p{n}@example.com", "password": PASSWORD, "display_name": "P"})
            self.assertEqual([register(n).status for n in range(4)], [201, 201, 201, 429])
            for _ in range(3):
                s.client().ask("POST", "/api/v1/auth/login", wrong, statuses={401})
            begin, failures = metric(s, "alloy_hashing_jobs_total"), metric(s, 'alloy_auth_failures_total{reason="locked_out"}')
            self.assertGreaterEqual(begin, 7)
            for _ in range(5):
                self.login(s, ada, statuses={429})
                self.assertEqual(register(9).code, "rate_limited")
                ada.client.ask("POST", "/api/v1/auth/confirm", {"password": PASSWORD}, statuses={429})
                ada.client.ask("POST", "/api/v1/auth/password", {"current_password": PASSWORD, "new_password": PASSWORD + "!"}, statuses={429})
            s.client().ask("POST", "/api/v1/auth/register", {"email": "x"}, statuses={422})
            ada.client.ask("POST", "/api/v1/auth/password", {"current_password": PASSWORD, "new_password": "short"}, statuses={422})
            self.assertEqual(metric(s, "alloy_hashing_jobs_total"), begin)
            self.assertEqual(metric(s, 'alloy_auth_failures_total{reason="locked_out"}'), failures + 15)

    def test_a_registration_that_found_the_queue_full_was_none(self):
        quota = 12
        with Server("given_back", HASHING_WORKERS=1, HASHING_QUEUE_PER_ADDRESS_MAX=1, REGISTRATIONS_PER_ADDRESS=quota,
                    REGISTRATION_WINDOW_SECONDS=86400) as s:
            Person(s, "owner@example.com", "Olga", founds=("Acme", "acme"))
            number, answers = iter(range(1_000_000)), []

            def send(one, _=0):
                answers.append(one.ask("POST", "/api/v1/auth/register",
                                       {"email": f"g{next(number)}@example.com", "password": PASSWORD, "display_name": "G"}))
                return answers[-1]

            queue_full = lambda: [one for one in answers if one.status == 429 and "wait already" in one.json["detail"]]  # noqa: E731
            with Flood(s, AT_ONCE, send):
                wait_until(lambda: len(queue_full()) > 2 * quota or any("registrations" in one.json.get("detail", "") for one in answers), "refusals")
            with s.client() as one:
                while send(one).status == 201:
                    pass
            self.assertIn("too many registrations", answers[-1].json["detail"])
            self.assertGreater(len(queue_full()), 0)
            self.assertEqual(sum(one.status == 201 for one in answers), quota)

    def test_a_retry_is_answered_from_memory_though_its_limit_is_used_up(self):
        with Server("retry", REGISTRATIONS_PER_ADDRESS=1, REGISTRATION_WINDOW_SECONDS=86400) as s:
            Person(s, "owner@example.com", "Olga", founds=("Acme", "acme"))
            body = {"email": "ada@example.com", "password": PASSWORD, "display_name": "Ada"}
            ask = lambda: s.client().ask("POST", "/api/v1/auth/register", body, headers={"Idempotency-Key": "once"}, statuses={201})  # noqa: E731
            first, jobs = ask(), metric(s, "alloy_hashing_jobs_total")
            again = ask()
            self.assertEqual((again.body, again.headers["Idempotency-Replayed"]), (first.body, "true"))
            self.assertEqual(metric(s, "alloy_hashing_jobs_total"), jobs, "it takes no place")

    def test_imports_have_threads_of_their_own_and_only_operators_come_to_them(self):
        with Server("imports") as s, Server("from") as other:
            ada = Person(other, "ada@example.com", "Ada", founds=("Acme", "acme"))
            exported = ada.client.ask("GET", f"/api/v1/orgs/{ada.org}/export", statuses={200}).body
            op, eve = Person(s, "op@example.com", "Op"), Person(s, "eve@example.com", "Eve")
            s.make_operator(op.email)
            hashed = metric(s, "alloy_hashing_jobs_total")
            lines = {"Content-Type": "application/x-ndjson"}
            for body in (exported, b"{", b""):
                refused = eve.client.ask("POST", f"/api/v1/orgs/{ada.org}/import", raw=body, headers=lines, statuses={403})
                self.assertEqual(refused.code, "role_too_low")
            self.assertEqual(metric(s, "alloy_transfer_jobs_total"), 0)
            op.client.ask("POST", f"/api/v1/orgs/{ada.org}/import", raw=exported, headers=lines, statuses={200})
            self.assertEqual(metric(s, "alloy_transfer_jobs_total"), 1)
            self.assertEqual(metric(s, "alloy_hashing_jobs_total"), hashed)


    def test_at_mcp_users_take_turns_as_well(self):
        with Server("mcp", MCP_WORKERS=1, MCP_QUEUE_PER_USER_MAX=4, READING_WORKERS=1) as s:
            owner, viewer = self.world(s)

            def call(token):
                sent = {"Content-Type": "application/json", "Accept": "application/json", "Authorization": "Bearer " + token}
                tool = {"name": "get_project_board", "arguments": {"project_id": self.project, "as_of": self.board.rpartition("=")[2]}}
                message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": tool}
                connection = http.client.HTTPConnection("127.0.0.1", s.port, timeout=server.PATIENCE_S)
                connection.request("POST", "/mcp", json.dumps(message), sent)
                answer = connection.getresponse()
                answer.code = "over" if answer.status == 429 else answer.status  # as the flood's codes() has it
                self.assertEqual(answer.headers["Retry-After"] is not None, answer.status == 429)
                answer.text = answer.read().decode()
                connection.close()
                return answer

            with Flood(s, AT_ONCE, lambda *_: call(viewer.client.token)) as flood:
                wait_until(lambda: "over" in flood.codes(), "the flood to be more than one user may")
                for _ in range(5):
                    before = len(flood.answers)
                    answer = call(owner.client.token)
                    self.assertLessEqual(sum(one.status == 200 for one in flood.answers[before:]), TURNS_MAX)
                    self.assertEqual(answer.status, 200, answer.text[:300])
                    self.assertNotIn('"isError":true', answer.text)
                    self.assertIn('"result"', answer.text)
            self.assertEqual(flood.codes(), {200, "over"})
            self.assertGreater(metric(s, 'alloy_mcp_refused_total{by="caller"}'), 0)
            self.assertEqual(metric(s, 'alloy_mcp_refused_total{by="server"}'), 0)


class Places(unittest.TestCase):
    SETTINGS = {"EVENT_STREAMS_PER_USER_MAX": 2, "EVENT_STREAMS_PER_ORG_MAX": 3, "EVENT_STREAMS_MAX": 12, "WAITS_PER_USER_MAX": 2,
                "MIN_POSITION_WAIT_MS": 60_000, "READING_WORKERS": 1}

    def people(self, s):
        ada = Person(s, "ada@example.com", "Ada", founds=("Acme", "acme"))
        ben, cid = Person(s, "ben@example.com", "Ben"), Person(s, "cid@example.com", "Cid")
        join(ada, ada.org, ben, "Admin")
        other = cid.client.post("/api/v1/orgs", {"name": "Globex", "slug": "globex"})["id"]
        return ada, ben, cid, f"/api/v1/orgs/{ada.org}/events", f"/api/v1/orgs/{other}/events"

    def test_one_user_takes_not_all_streams_nor_one_organization(self):
        with Server("streams", **self.SETTINGS) as s:
            ada, ben, cid, acme, globex = self.people(s)
            key = ada.client.post("/api/v1/api-keys", {"name": "k", "scopes": ["*"]})["key"]
            ask = lambda who, path: who.client.ask("GET", path, headers={"Accept": "text/event-stream"}, statuses={429, 503})  # noqa: E731
            taken = lambda: metric(s, "alloy_event_streams_places")  # noqa: E731
            first, second = Stream(s, acme, ada.client.token), Stream(s, acme, key)
            self.assertEqual([first.answer.status, second.answer.status], [200, 200])
            refused = ask(ada, acme)
            self.assertEqual((refused.status, refused.headers["Retry-After"]), (429, "1"))
            self.assertIn("this user has as many", refused.json["detail"])
            waiting = ada.client.ask("GET", f"{acme}?after={s.head()}&wait=30")
            self.assertEqual((waiting.status, waiting.json["detail"]), (429, refused.json["detail"]), "a page that waits is one of them")
            ada.client.ask("GET", acme + "?wait=0", statuses={200})
            ada.client.ask("GET", acme, headers={"Accept": "application/x-ndjson"}, statuses={200})
            third = Stream(s, acme, ben.client.token)
            refused = ask(ben, acme)
            self.assertEqual(refused.status, 429)
            self.assertIn("this organization has as many", refused.json["detail"])
            fourth = Stream(s, globex, cid.client.token)
            self.assertEqual([third.answer.status, fourth.answer.status], [200, 200], "others are served")
            self.assertEqual(taken(), 4)
            for by, count in (("user", 2), ("org", 1), ("server", 0)):
                self.assertEqual(metric(s, f'alloy_event_streams_refused_total{{by="{by}"}}'), count, by)
            first.close()
            ada.client.post(f"/api/v1/orgs/{ada.org}/labels", {"name": "wakes", "color": "#123456"})
            wait_until(lambda: taken() == 3, "the place to be given back")
            page = ada.client.ask("GET", f"{acme}?after={s.head() - 1}&wait=30", statuses={200})
            self.assertEqual(len(page.json["items"]), 1)
            self.assertEqual(taken(), 3, "a page that was there at once holds none")
            for one in (second, third, fourth):
                one.close()

    def test_one_user_takes_not_all_places_of_those_who_wait_for_a_position(self):
        with Server("positions", **self.SETTINGS) as s:
            ada, ben, cid, acme, _ = self.people(s)
            due, got = s.head() + 3, {}

            def wait(who, n):
                with s.client(who.client.token) as one:
                    got[n] = one.ask("GET", f"/api/v1/orgs/{ada.org}", headers={"Alloy-Min-Position": str(due)})

            threads = [threading.Thread(target=wait, args=(who, n)) for n, who in enumerate((ada, ada, ben))]
            for one in threads:
                one.start()
            wait_until(lambda: metric(s, "alloy_position_waits_places") == 3, "all to wait")
            refused = ada.client.ask("GET", f"/api/v1/orgs/{ada.org}", headers={"Alloy-Min-Position": str(due)}, statuses={429})
            self.assertIn("this user has as many reads that wait for a position", refused.json["detail"])
            self.assertEqual(refused.headers["Retry-After"], "1")
            ada.client.ask("GET", f"/api/v1/orgs/{ada.org}", headers={"Alloy-Min-Position": str(s.head())}, statuses={200})
            jobs = metric(s, "alloy_reading_jobs_total")
            while s.head() < due:
                ada.client.post(f"/api/v1/orgs/{ada.org}/labels", {"name": f"l{s.head()}", "color": "#123456"})
            for one in threads:
                one.join()
            self.assertEqual([got[n].status for n in range(3)], [200, 200, 200])
            self.assertEqual(metric(s, "alloy_position_waits_places"), 0)
            self.assertEqual(metric(s, "alloy_reading_jobs_total"), jobs + 3, "none of them ran on the thread that writes")
            self.assertEqual(metric(s, 'alloy_position_waits_refused_total{by="server"}'), 0)

    def test_a_place_is_given_back_by_who_was_served(self):
        with Server("piles", **dict(self.SETTINGS, READING_QUEUE_PER_USER_MAX=1000)) as s:
            ada, *_ = self.people(s)
            for n in range(5):
                answers = []

                def wait(due):
                    with s.client(ada.client.token) as one:
                        answers.append(one.ask("GET", f"/api/v1/orgs/{ada.org}", headers={"Alloy-Min-Position": str(due)}).status)  # noqa: B023

                threads = [threading.Thread(target=wait, args=(s.head() + 1,)) for _ in range(4)]
                for one in threads:
                    one.start()
                wait_until(lambda: metric(s, "alloy_position_waits_places") == 2 and len(answers) == 2, "two to wait and two to be refused")  # noqa: B023
                ada.client.post(f"/api/v1/orgs/{ada.org}/labels", {"name": f"n{n}", "color": "#123456"})
                for one in threads:
                    one.join()
                self.assertEqual(sorted(answers), [200, 200, 429, 429])
                self.assertEqual(metric(s, "alloy_position_waits_places"), 0)

    def test_who_was_let_go_together_is_not_refused_by_the_next_queue(self):
        with Server("let_go", **dict(self.SETTINGS, WAITS_PER_USER_MAX=10, READING_QUEUE_PER_USER_MAX=1)) as s:
            ada, *_ = self.people(s)
            due, statuses = s.head() + 1, []

            def wait():
                with s.client(ada.client.token) as one:
                    statuses.append(one.ask("GET", f"/api/v1/orgs/{ada.org}", headers={"Alloy-Min-Position": str(due)}).status)

            threads = [threading.Thread(target=wait) for _ in range(10)]
            for one in threads:
                one.start()
            wait_until(lambda: metric(s, "alloy_position_waits_places") == 10, "all to wait")
            ada.client.post(f"/api/v1/orgs/{ada.org}/labels", {"name": "due", "color": "#123456"})
            for one in threads:
                one.join()
            self.assertEqual(statuses, [200] * 10)


if __name__ == "__main__":
    server.main()
