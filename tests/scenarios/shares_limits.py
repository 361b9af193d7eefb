"""Rate limits of a credential, a user, an organization and an address: what is counted, by whom, and before what."""
import json
import re
import unittest

import server
from world import Person, join

ME = "/api/v1/auth/me"
PROBES = ("/health", "/livez", "/readyz")
ITEM = re.compile(r'"(\w+)"((?:;[a-z]+=\d+)+)')
LONG = {"RATE_LIMIT_WINDOW_SECONDS": 36000}  # so that nothing comes back while a test runs


def items(header):
    found = {}
    for item in header.split(", "):
        name, parameters = ITEM.fullmatch(item).groups()
        found[name] = {key: int(value) for key, value in (one.split("=") for one in parameters[1:].split(";"))}
    return found


def left(answer):
    return {name: of["r"] for name, of in items(answer.headers["RateLimit"]).items()} if "RateLimit" in answer.headers else {}


class Limits(unittest.TestCase):
    def test_the_defaults_are_those_of_a_public_server(self):
        s = server.Server("defaults")
        for name in [one for one in s.settings if one.startswith("RATE_LIMIT")]:
            s.settings.pop(name)
        with s:
            who = Person(s, "ada@example.com", "Ada", founds=("Acme", "acme"))
            answer = who.client.ask("GET", f"/api/v1/orgs/{who.org}", statuses={200})
            self.assertEqual(items(answer.headers["RateLimit-Policy"]),
                             {"credential": {"q": 6000, "w": 60}, "user": {"q": 6000, "w": 60}, "org": {"q": 30000, "w": 60}, "address": {"q": 12000, "w": 60}})
            seen = left(answer)
            self.assertEqual((seen["credential"], seen["user"], seen["org"]), (599, 599, 2999))
            self.assertTrue(1100 < seen["address"] < 1200)

    def test_a_burst_is_what_may_come_at_once(self):
        with server.Server("burst", RATE_LIMIT_CREDENTIAL_REQUESTS=1000, RATE_LIMIT_USER_REQUESTS=1000, RATE_LIMIT_BURST=10, **LONG) as s:
            who = Person(s, "ada@example.com", "Ada")
            seen = [who.client.ask("GET", ME, statuses={200, 429}) for _ in range(14)]
            self.assertEqual([a.status for a in seen], [200] * 10 + [429] * 4)
            self.assertEqual([left(a)["credential"] for a in seen[:10]], list(range(9, -1, -1)))
            self.assertLessEqual(int(seen[-1].headers["Retry-After"]), 36)

    def test_all_keys_and_sessions_of_a_user_share_one_quota(self):
        with server.Server("keys", RATE_LIMIT_CREDENTIAL_REQUESTS=20, RATE_LIMIT_USER_REQUESTS=25, **LONG) as s:
            who, other = Person(s, "ada@example.com", "Ada"), Person(s, "ben@example.com", "Ben")
            keys = [who.client.post("/api/v1/api-keys", {"name": "k", "scopes": ["read"]})["key"] for _ in range(5)]
            passed = 5
            for n in range(30):
                answer = s.client(keys[n % 5]).ask("GET", ME, statuses={200, 429})
                if answer.status == 429:
                    break
                passed += 1
                self.assertEqual(left(answer)["user"], 25 - passed)
            self.assertEqual(passed, 25)
            self.assertIn('"user"', answer.json["detail"])
            self.assertEqual(who.client.ask("GET", ME).status, 429)
            self.assertEqual(other.client.ask("GET", ME).status, 200)
            self.assertIn('alloy_http_rate_limited_total{by="user"} 2\n', s.client().ask("GET", "/metrics").body.decode())

    def test_requests_about_an_organization_are_counted_over_all_its_members(self):
        with server.Server("orgs", RATE_LIMIT_ORG_REQUESTS=40, **LONG) as s:
            ada = Person(s, "ada@example.com", "Ada", founds=("Acme", "acme"))
            ben = Person(s, "ben@example.com", "Ben")
            join(ada, ada.org, ben, "Member")
            other = ada.client.post("/api/v1/orgs", {"name": "Other", "slug": "other"})["id"]
            project = ada.client.post("/api/v1/projects", {"org_id": ada.org, "key": "PP", "name": "P"})["id"]
            ticket = ada.client.post(f"/api/v1/projects/{project}/tickets", {"title": "T"})
            about = [("GET", f"/api/v1/orgs/{ada.org}", None), ("GET", "/api/v1/orgs/acme", None), ("GET", f"/api/v1/projects/{project}", None),
                     ("GET", f"/api/v1/tickets/{ticket['id']}", None), ("GET", f"/api/v1/tickets/{ticket['reference']}", None),
                     ("PATCH", f"/api/v1/tickets/{ticket['id']}", {"title": "U"}), ("GET", f"/api/v1/projects/{project}/tickets", None),
                     ("GET", f"/api/v1/projects?org_id={ada.org}", None), ("GET", f"/api/v1/tags/ticket/{ticket['id']}", None)]
            before = left(ada.client.ask("GET", f"/api/v1/orgs/{ada.org}", statuses={200}))["org"]
            for who in (ada, ben):
                for method, path, body in about:
                    with self.subTest(method=method, path=path, who=who.name):
                        answer = who.client.ask(method, path, body, statuses={200})
                        before -= 1
                        self.assertEqual(left(answer)["org"], before)
            with self.subTest("what is about none"):
                for path in (ME, "/api/v1/orgs", "/api/v1/tickets"):
                    self.assertNotIn("org", left(ada.client.ask("GET", path, statuses={200})))
            with self.subTest("another organization"):
                self.assertEqual(left(ada.client.ask("GET", f"/api/v1/orgs/{other}", statuses={200}))["org"], 39)
            with self.subTest("a stranger takes nothing"):
                eve = Person(s, "eve@example.com", "Eve")
                self.assertNotIn("org", left(eve.client.ask("GET", f"/api/v1/orgs/{ada.org}", statuses={404})))
            while (refused := ben.client.ask("GET", f"/api/v1/orgs/{ada.org}", statuses={200, 429})).status == 200:
                before -= 1
            self.assertEqual(before, 0)
            self.assertIn('"org"', refused.json["detail"])
            self.assertEqual(ada.client.ask("PATCH", f"/api/v1/tickets/{ticket['id']}", {"title": "V"}).status, 429)
            self.assertEqual(ada.client.ask("GET", f"/api/v1/orgs/{other}").status, 200)

    def test_everything_but_the_probes_counts_for_the_address(self):
        counted = ("/metrics", "/openapi.json", "/docs", "/nowhere", "/mcp", "/.well-known/oauth-protected-resource", "/api/v1/nowhere", "/mcp/x", "/livez/x")
        with server.Server("address", RATE_LIMIT_ADDRESS_REQUESTS=len(counted), **LONG) as s:
            with s.client() as c:
                for n, path in enumerate(counted):
                    with self.subTest(path=path):
                        answer = c.ask("GET", path, statuses=None) if not path.startswith("/mcp") else self.raw(c, "GET", path)
                        self.assertEqual(left(answer)["address"], len(counted) - 1 - n)
                for path in counted:
                    with self.subTest("beyond", path=path):
                        answer = self.raw(c, "GET", path)
                        self.assertEqual((answer.status, left(answer)["address"]), (429, 0))
                        self.assertTrue(answer.headers["Retry-After"].isdigit())
                for path in PROBES:
                    answer = c.ask("GET", path, statuses={200})
                    self.assertNotIn("RateLimit", answer.headers)

    def raw(self, c, method, path, body=None, token=None):
        """Where a refusal is of JSON-RPC and no problem document."""
        from client import Answer
        sent = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
        if isinstance(body, list):
            sent["MCP-Protocol-Version"] = "2025-03-26"  # the one revision with batches
        if token:
            sent["Authorization"] = "Bearer " + token
        c.http.request(method, path, json.dumps(body).encode() if body is not None else None, sent)
        got = c.http.getresponse()
        return Answer(got.status, got.headers, got.read())

    def test_a_batch_of_messages_counts_each(self):
        with server.Server("mcp", RATE_LIMIT_CREDENTIAL_REQUESTS=30, RATE_LIMIT_USER_REQUESTS=0, RATE_LIMIT_ADDRESS_REQUESTS=1000, **LONG) as s:
            who = Person(s, "ada@example.com", "Ada")
            ping = lambda n: {"jsonrpc": "2.0", "id": n, "method": "ping"}  # noqa: E731
            one = self.raw(s.client(), "POST", "/mcp", ping(1), who.client.token)
            self.assertEqual((one.status, left(one)["credential"]), (200, 29))
            address = left(one)["address"]
            many = self.raw(s.client(), "POST", "/mcp", [ping(n) for n in range(10)], who.client.token)
            self.assertEqual((many.status, left(many)), (200, {"credential": 19, "address": address - 10}))
            more = self.raw(s.client(), "POST", "/mcp", [ping(n) for n in range(20)], who.client.token)
            self.assertEqual((more.status, left(more)["credential"]), (429, 0))
            self.assertTrue(more.headers["Retry-After"].isdigit())

    def test_a_refusal_comes_before_any_queue(self):
        """Nothing waits in a pool or for a position when its sender has had their fill."""
        with server.Server("queues", RATE_LIMIT_ADDRESS_REQUESTS=6, MIN_POSITION_WAIT_MS=600_000, **LONG) as s:
            who = Person(s, "ada@example.com", "Ada", founds=("Acme", "acme"))
            for _ in range(5):
                who.client.ask("GET", ME, statuses={200})
            for method, path, body, headers in (("GET", ME, None, {"Alloy-Min-Position": "999999999"}),
                                                ("POST", "/api/v1/auth/login", {"email": who.email, "password": "x" * 20}, {}),
                                                ("GET", "/api/v1/tickets?q=words", None, {})):
                self.assertEqual(who.client.ask(method, path, body, headers=headers).status, 429)

    def test_each_limit_can_be_off(self):
        off = {f"RATE_LIMIT_{name}_REQUESTS": 0 for name in ("CREDENTIAL", "USER", "ORG", "ADDRESS")}
        with server.Server("off", **off) as s:
            who = Person(s, "ada@example.com", "Ada", founds=("Acme", "acme"))
            answer = who.client.ask("GET", f"/api/v1/orgs/{who.org}", statuses={200})
            self.assertEqual([name for name in answer.headers if name.lower().startswith("ratelimit")], [])
            s.restart(RATE_LIMIT_ORG_REQUESTS=5)
            answer = s.client(who.client.token).ask("GET", f"/api/v1/orgs/{who.org}", statuses={200})
            self.assertEqual((set(items(answer.headers["RateLimit-Policy"])), left(answer)), ({"org"}, {"org": 4}))


if __name__ == "__main__":
    server.main()
