"""/mcp before strangers: nobody's message is looked at before its sender is known, and no message makes a huge answer."""
import http.client
import json
import re
import time

import server
from workshop import Workshop
from world import Person

OLD = {"MCP-Protocol-Version": "2025-03-26"}  # the one revision with batches


def rpc(method, params=None, number=1):
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params or {}}


class TrustMcp(Workshop):
    # Pages as large as they like, so that it is MCP's bound that is met.
    SETTINGS = {"MCP_ANSWER_MAX_BYTES": 1_000_000, "MCP_BATCH_MAX": 20, "PAGE_MAX_BYTES": 64 << 20}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.key = cls.owner.post("/api/v1/api-keys", {"name": "mcp", "scopes": ["*"]})["key"]

    def post(self, message, token=None, headers=None):
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        sent = {"Content-Type": "application/json", "Accept": "application/json"}
        if token:
            sent["Authorization"] = token if " " in token else "Bearer " + token
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=server.PATIENCE_S)
        connection.request("POST", "/mcp", body, dict(sent, **(headers or {})))
        answer = connection.getresponse()
        answer.text = answer.read()
        connection.close()
        answer.json = json.loads(answer.text) if answer.text else None
        return answer

    def failures(self):
        text = self.owner.ask("GET", "/metrics").body.decode()
        return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith("alloy_auth_failures_total"))

    # ------------------------------------------------------------------------------------ who asks comes first

    def test_a_strangers_message_is_not_looked_at(self):
        batch = json.dumps([rpc("tools/list", number=n) for n in range(13_200)]).encode()
        self.assertGreater(len(batch), 900_000)
        for name, token in (("none", None), ("a word", "x"), ("another scheme", "Basic eDp5"), ("a key of nobody's", "alloy_live_" + "x" * 38),
                            ("a token with a broken signature", self.owner.token[:-4] + "AAAA"), ("an empty token", "Bearer ")):
            for what, body in (("no JSON", b"{{{"), ("deep", b"[" * 900_000), ("a batch", batch), ("a request", json.dumps(rpc("initialize", {"protocolVersion": "2025-03-26"})).encode())):
                with self.subTest(token=name, body=what):
                    before, began = self.failures(), time.monotonic()
                    answer = self.post(body, token, OLD)
                    self.assertEqual(answer.status, 401, answer.text[:300])
                    self.assertLess(len(answer.text), 1000)
                    self.assertIn("resource_metadata=", answer.headers["WWW-Authenticate"])
                    self.assertEqual('error="invalid_token"' in answer.headers["WWW-Authenticate"], token is not None)
                    self.assertLess(time.monotonic() - began, 20)
                    self.assertEqual(self.failures(), before + 1, "it counts like every failed credential")
        self.assertEqual(self.owner.ask("GET", "/livez").status, 200)
        self.assertEqual(self.post(rpc("ping"), self.key).json["result"], {})

    def test_the_form_of_a_message_is_told_to_those_who_may_ask(self):
        self.assertEqual(self.post(rpc("ping"), "x", {"Content-Type": "text/plain"}).status, 401)
        self.assertEqual(self.post(rpc("ping"), self.key, {"Content-Type": "text/plain"}).status, 415)
        self.assertEqual(self.post(b"{{{", self.key).json["error"]["code"], -32700)

    def test_a_session_that_has_ended_asks_nothing_more(self):
        who = self.member()
        self.assertEqual(self.post(rpc("tools/list"), who.client.token).status, 200)
        who.client.must("POST", "/api/v1/auth/logout", {})
        self.assertEqual(self.post(rpc("tools/list"), who.client.token).status, 401)

    def test_a_message_counts_as_a_request(self):
        with server.Server("limited", RATE_LIMIT_CREDENTIAL_REQUESTS=20, RATE_LIMIT_WINDOW_SECONDS=3600) as s:
            who = Person(s, "ada@example.com", "Ada")
            mine, self.server = self.server, s
            try:
                seen = [self.post(rpc("tools/list"), who.client.token) for _ in range(25)]
            finally:
                self.server = mine
            self.assertEqual((seen[0].status, seen[-1].status), (200, 429))
            self.assertTrue(seen[-1].headers["Retry-After"].isdigit())

    # ------------------------------------------------------------------------------------ bounds

    def test_a_batch_has_a_bound(self):
        fits = [rpc("ping", number=n) for n in range(20)]
        self.assertEqual(len(self.post(fits, self.key, OLD).json), 20)
        refused = self.post(fits + [rpc("ping", number=20)], self.key, OLD)
        self.assertEqual((refused.status, refused.json["error"]["code"]), (400, -32600))
        self.assertIn("20", refused.json["error"]["message"])

    def test_the_answer_to_a_batch_has_a_bound(self):
        one = len(self.post(rpc("tools/list"), self.key).text)
        self.assertGreater(one, 100_000)
        answer = self.post([rpc("tools/list", number=n) for n in range(20)], self.key, OLD)
        self.assertEqual(answer.status, 200)
        self.assertLess(len(answer.text), 1_010_000)
        self.assertEqual([a["id"] for a in answer.json], list(range(20)))
        whole = [a for a in answer.json if "result" in a]
        self.assertEqual(len(whole), 1_000_000 // one)
        for a in answer.json[len(whole):]:
            self.assertEqual(a["error"]["code"], -32603)

    def test_what_a_full_batch_has_no_room_for_is_not_done(self):
        one = len(self.post(rpc("tools/list"), self.key).text)
        with server.Server("full", MCP_ANSWER_MAX_BYTES=one + 100) as s:
            who = Person(s, "ada@example.com", "Ada", founds=("Acme", "acme"))
            mine, self.server = self.server, s
            try:
                create = {"name": "create_label", "arguments": {"org_id": who.org, "name": "late", "color": "#000000"}}
                answer = self.post([rpc("tools/list"), rpc("tools/call", create, 2)], who.client.token, OLD)
                self.assertIn("result", answer.json[0])
                self.assertIn("not carried out", answer.json[1]["error"]["message"])
                self.assertEqual(who.client.all(f"/api/v1/orgs/{who.org}/labels"), [])
            finally:
                self.server = mine

    def test_every_kind_of_answer_has_a_bound(self):
        """Of tools, resources, prompts and completion alike; a refusal names the setting, and the next request is answered."""
        project = self.new_project()
        key = self.owner.get(f"/api/v1/projects/{project}")["key"]
        for n in range(40):
            self.new_ticket(project, title=f"Number {n}", description=f"{n} " + "long " * 6_000, assignee_id=self.people["Owner"].id)
        base = f"alloy://orgs/org-a/projects/{key}"
        asked = {"a tool": rpc("tools/call", {"name": "list_tickets", "arguments": {"project_id": project, "limit": 100}}),
                 "a resource": rpc("resources/read", {"uri": base + "/board"}),
                 "a prompt": rpc("prompts/get", {"name": "backlog_grooming", "arguments": {"project": key}}),
                 "a completion": rpc("completion/complete", {"ref": {"type": "ref/resource", "uri": "alloy://orgs/{slug}/projects/{key}/tickets/{n}"}, "argument": {"name": "n", "value": ""},
                                                             "context": {"arguments": {"slug": "org-a", "key": key}}})}
        for name, message in asked.items():
            with self.subTest(name):
                answer = self.post(message, self.key)
                self.assertLess(len(answer.text), 2_000)
                self.assertEqual(answer.json["error"]["code"], -32603, answer.text[:300])
                self.assertIn("mcp_answer_max_bytes", answer.json["error"]["message"])
        self.assertEqual(self.post(rpc("ping"), self.key).json["result"], {})

    def test_lists_are_the_same_bytes_each_time(self):
        for what in ("tools/list", "prompts/list", "resources/templates/list"):
            self.assertEqual(len({self.post(rpc(what), self.key).text for _ in range(3)}), 1)
        everything = self.post(rpc("tools/list"), self.key).json["result"]["tools"]
        self.assertTrue(all(re.fullmatch("[a-z_]+", tool["name"]) for tool in everything))


if __name__ == "__main__":
    server.main()
