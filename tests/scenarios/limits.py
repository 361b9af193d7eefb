"""Rate limits: what is counted for whom, what the headers say of it, and that what they say is true."""
import re
import threading
import time
import unittest

import server
from world import PASSWORD, Person

ME = "/api/v1/auth/me"
PAGES = ("/health", "/livez", "/readyz")
ITEM = re.compile(r'"(\w+)"((?:;[a-z]+=\d+)+)')


def items(header):
    """{"credential": {"r": 4, "t": 12}} of a list as RFC 9651 has it."""
    found = {}
    for item in header.split(", "):
        name, parameters = ITEM.fullmatch(item).groups()
        found[name] = {key: int(value) for key, value in (one.split("=") for one in parameters[1:].split(";"))}
    return found


def left(answer):
    return items(answer.headers["RateLimit"])


class Limits(unittest.TestCase):
    def exhaust(self, send, quota, step_s):
        """Sends until 429; gives that answer. As many as the quota passed, and as many as came back meanwhile."""
        begin, passed = time.monotonic(), 0
        while (answer := send()).status != 429:
            passed += 1
            self.assertLessEqual(passed, quota + (time.monotonic() - begin) / step_s)
        self.assertGreaterEqual(passed, quota)
        self.assertEqual(answer.code, "rate_limited")
        return answer

    def test_a_burst_and_what_comes_after(self):
        with server.Server("burst", RATE_LIMIT_CREDENTIAL_REQUESTS=20, RATE_LIMIT_USER_REQUESTS=0, RATE_LIMIT_ORG_REQUESTS=0, RATE_LIMIT_WINDOW_SECONDS=40) as s:
            client = Person(s, "ada@example.com", "Ada").client
            policy = {"credential": {"q": 20, "w": 40}, "address": {"q": 4000000, "w": 40}}
            first = client.ask("GET", ME, statuses={200})
            self.assertEqual(items(first.headers["RateLimit-Policy"]), policy)
            self.assertEqual(left(first)["credential"], {"r": 19, "t": 2})
            self.assertEqual(set(left(first)), set(policy))
            refused = self.exhaust(lambda: client.ask("GET", ME), 19, 2)
            self.assertEqual(items(refused.headers["RateLimit-Policy"]), policy)
            wait = int(refused.headers["Retry-After"])
            self.assertLessEqual(wait, 2)
            self.assertEqual(left(refused)["credential"], {"r": 0, "t": wait})
            self.assertIn('"credential"', refused.json["detail"])
            time.sleep(wait)
            client.ask("GET", ME, statuses={200})

    def test_who_shares_with_whom(self):
        with server.Server("shares", RATE_LIMIT_CREDENTIAL_REQUESTS=8, RATE_LIMIT_WINDOW_SECONDS=3600) as s:
            ada, ben = Person(s, "ada@example.com", "Ada"), Person(s, "ben@example.com", "Ben")
            keys = [ada.client.post("/api/v1/api-keys", {"name": "k", "scopes": ["read"]})["key"] for _ in range(2)]
            session = ada.client.post("/api/v1/auth/login", {"email": ada.email, "password": PASSWORD}, token=None)["access_token"]
            send = lambda token: s.client(token).ask("GET", ME)  # noqa: E731
            self.exhaust(lambda: send(ada.client.token), 6, 450)
            self.assertEqual(send(session).status, 429, "the sessions of one user share")
            for what, token in (("a key of his", keys[0]), ("another key of his", keys[1]), ("another user", ben.client.token)):
                with self.subTest(what):
                    answer = send(token)
                    self.assertEqual((answer.status, left(answer)["credential"]["r"]), (200, 7))
            with self.subTest("what needs no credential"):
                s.client(ada.client.token).ask("POST", "/api/v1/auth/login", {"email": ada.email, "password": PASSWORD}, statuses={200})

    def test_an_address(self):
        """Everything counts but what asks whether the server is well; a credential that failed is not counted as one."""
        sent = (("GET", "/api/v1/orgs", {200}), ("HEAD", "/api/v1/orgs", {200}), ("GET", "/api/v1/nowhere", {404}), ("BREW", "/api/v1/orgs", {405}),
                ("POST", "/api/v1/orgs", {422}), ("GET", "/api/v1/orgs?limit=0", {422}), ("GET", "/api/nonsense", {404}))
        with server.Server("address", RATE_LIMIT_ADDRESS_REQUESTS=3 * len(sent) + 1, RATE_LIMIT_WINDOW_SECONDS=36000,
                           RATE_LIMIT_CREDENTIAL_REQUESTS=100) as s:
            who, expected = Person(s, "ada@example.com", "Ada"), 3 * len(sent)
            known = 100
            for token in (who.client.token, who.client.token[:-3] + "AAA", None):
                for method, path, statuses in sent:
                    with self.subTest(method=method, path=path, token=token and token[-3:]):
                        body = {} if method == "POST" else None
                        routed = statuses & {200, 422}
                        answer = s.client(token).ask(method, path, body, statuses=statuses if token == who.client.token or not routed else {401})
                        expected -= 1
                        self.assertEqual(left(answer)["address"]["r"], expected)
                        counted = token == who.client.token and bool(routed)
                        known -= counted
                        self.assertEqual(left(answer).get("credential", {}).get("r"), known if counted else None)
            for method, path, _ in sent:
                refused = s.client(who.client.token).ask(method, path, statuses={429})
                self.assertEqual(set(left(refused)), {"address"})
                self.assertGreater(int(refused.headers["Retry-After"]), 36000 / (3 * len(sent) + 1) - server.PATIENCE_S)
            for path in PAGES:
                with self.subTest("no limit", path=path):
                    answer = s.client().ask("GET", path, statuses={200})
                    self.assertEqual([name for name in answer.headers if name.lower().startswith("ratelimit")], [])
            with self.subTest("another address"):
                other = s.client(who.client.token)
                other.http.source_address = ("127.0.0.2", 0)
                self.assertEqual(left(other.ask("GET", ME, statuses={200}))["address"]["r"], 3 * len(sent))
            text = other.ask("GET", "/metrics", statuses={200}).body.decode()
            self.assertIn(f'alloy_http_rate_limited_total{{by="address"}} {len(sent)}\n', text)
            self.assertIn('alloy_http_rate_limited_total{by="credential"} 0\n', text)

    def test_in_parallel(self):
        quota, threads = 100, 8
        with server.Server("parallel", RATE_LIMIT_CREDENTIAL_REQUESTS=quota, RATE_LIMIT_WINDOW_SECONDS=36000, IO_THREADS=4) as s:
            token, statuses = Person(s, "ada@example.com", "Ada").client.token, []

            def send():
                with s.client(token) as one:
                    for _ in range(quota):
                        statuses.append(one.ask("GET", ME, statuses={200, 429}).status)

            running = [threading.Thread(target=send) for _ in range(threads)]
            for one in running:
                one.start()
            for one in running:
                one.join()
            self.assertEqual((statuses.count(200), len(statuses)), (quota, quota * threads))

    def test_off(self):
        with server.Server("off", RATE_LIMIT_CREDENTIAL_REQUESTS=0, RATE_LIMIT_USER_REQUESTS=0, RATE_LIMIT_ORG_REQUESTS=0,
                           RATE_LIMIT_ADDRESS_REQUESTS=0) as s:
            client = Person(s, "ada@example.com", "Ada").client
            self.assertEqual([name for name in client.ask("GET", ME, statuses={200}).headers if name.lower().startswith("ratelimit")], [])
            s.restart(RATE_LIMIT_CREDENTIAL_REQUESTS=5)
            answer = s.client(client.token).ask("GET", ME, statuses={200})
            self.assertEqual((set(items(answer.headers["RateLimit-Policy"])), set(left(answer))), ({"credential"}, {"credential"}))
            answer = s.client().ask("GET", ME, statuses={401})
            self.assertIn("RateLimit-Policy", answer.headers)
            self.assertNotIn("RateLimit", answer.headers)

    def test_registrations(self):
        """Each costs a password hash, also one that is refused."""
        with server.Server("registrations", REGISTRATIONS_PER_ADDRESS=4, REGISTRATION_WINDOW_SECONDS=86400) as s:
            ada = Person(s, "ada@example.com", "Ada")
            register = lambda client, email: client.ask(  # noqa: E731
                "POST", "/api/v1/auth/register", {"email": email, "password": PASSWORD, "display_name": "A"})
            with s.client() as here, s.client() as there:
                there.http.source_address = ("127.0.0.2", 0)
                self.assertEqual([register(here, email).status for email in ("ada@example.com", "ben@example.com", "ben@example.com")], [409, 201, 409])
                refused = register(here, "eve@example.com")
                self.assertEqual((refused.status, refused.code), (429, "rate_limited"))
                self.assertLessEqual(int(refused.headers["Retry-After"]), 86400 / 4)
                self.assertEqual(register(there, "eve@example.com").status, 201)
                here.ask("POST", "/api/v1/auth/login", {"email": ada.email, "password": PASSWORD}, statuses={200})


if __name__ == "__main__":
    server.main()
