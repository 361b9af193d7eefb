"""Every wrong credential at every operation, and the life of the right ones."""
import datetime
import time
import unittest

import server
import tokens
from catalogue import good_body, operations_of
from world import PASSWORD, Person, World, furnish, invite, join, random_id

NEW_PASSWORD = PASSWORD + " changed"


def soon(seconds):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z"), at.timestamp()


def login(client, email, password=PASSWORD, **more):
    return client.ask("POST", "/api/v1/auth/login", {"email": email, "password": password}, token=None, **more)


class Credentials(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = server.Server("credentials").start()
        cls.world = World(cls.server)
        cls.owner, cls.ids = cls.world.owner, cls.world.ids
        cls.operations = [op for op in operations_of(cls.server.operations()) if not op.is_open]

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def person(self, name):
        return Person(self.server, name + "@example.com", name.title())

    def key(self, client=None, **body):
        return (client or self.owner).post("/api/v1/api-keys", dict({"name": "k", "scopes": ["*"]}, **body))

    def bad_tokens(self):
        """(what, token or whole Authorization header)"""
        token, folder = self.owner.token, self.server.log.parent
        yield from tokens.forgeries(token, self.server.folder / "keys" / "jwt-ed25519.pem", folder)
        yield "refresh token", self.world.people["Owner"].refresh_token
        for what, text in (("garbage", "garbage"), ("a dot", "."), ("two dots", ".."), ("long", "a" * 6000), ("JSON", '{"sub":"x"}'),
                           ("an id", random_id()), ("key of nobody", self.world.people["Owner"].key[:-6] + "000000")):
            yield what, text
        logged_out = self.person("leaver")
        logged_out.client.ask("POST", "/api/v1/auth/logout", {}, statuses={204})
        yield "logged out", logged_out.client.token
        changed = self.person("changer")
        other = login(changed.client, changed.email).json["access_token"]
        changed.client.must("POST", "/api/v1/auth/password", {"current_password": PASSWORD, "new_password": NEW_PASSWORD})
        self.assertEqual(changed.client.ask("GET", "/api/v1/auth/me").status, 200, "the session that changed it stays")
        yield "password changed", other
        copied = self.person("copied")
        rotated = copied.client.post("/api/v1/auth/refresh", {"refresh_token": copied.refresh_token}, token=None)
        copied.client.ask("POST", "/api/v1/auth/refresh", {"refresh_token": copied.refresh_token}, token=None, statuses={401})
        yield "of a session whose refresh token was used twice", rotated["access_token"]
        text, at = soon(2)
        expiring = self.key(expires_at=text)["key"]
        while time.time() <= at:
            time.sleep(0.1)
        yield "expired key", expiring
        deleted = self.key()
        self.assertEqual(self.owner.ask("GET", "/api/v1/auth/me", token=deleted["key"]).status, 200)
        self.owner.must("DELETE", "/api/v1/api-keys/" + deleted["id"])
        yield "deleted key", deleted["key"]
        key = self.world.people["Owner"].key
        for what, text in (("key, last digit", key[:-1] + ("0" if key[-1] != "0" else "1")), 
                           ("key, digit within", key[:20] + ("0" if key[20] != "0" else "1") + key[21:]),
                           ("key, shortened", key[:-1]), ("key, longer", key + "0"), ("key, other prefix", key.replace("_live_", "_test_")),
                           ("key, in capitals", key.upper()), ("two keys", key + "," + key)):
            yield what, text

    def test_every_operation(self):
        kinds = [("none", {}), ("empty", {"Authorization": ""}), ("Basic", {"Authorization": "Basic b3duZXI6cGFzcw=="}),
                 ("no scheme", {"Authorization": self.owner.token}), ("other scheme", {"Authorization": "Token " + self.owner.token}),
                 ("Bearer alone", {"Authorization": "Bearer"}), ("Bearer and blanks", {"Authorization": "Bearer   "}),
                 ("Bearer twice", {"Authorization": "Bearer Bearer " + self.owner.token}),
                 ("two tokens", {"Authorization": f"Bearer {self.owner.token} {self.owner.token}"}),
                 ("a cookie", {"Cookie": "access_token=" + self.owner.token}), ("another header", {"X-API-Key": self.world.people["Owner"].key}),
                 ("that of a proxy", {"Proxy-Authorization": "Bearer " + self.owner.token})]
        kinds += [(what, {"Authorization": "Bearer " + token}) for what, token in self.bad_tokens()]
        self.assertGreater(len(kinds), 50)
        head = self.server.head()
        for what, headers in kinds:
            for op in self.operations:
                with self.subTest(what=what, op=op.id):
                    answer = self.owner.ask(op.method, op.url(self.ids), good_body(op, self.ids), token=None, headers=headers, statuses={401})
                    self.assertIn(answer.code, ("unauthenticated", "token_expired"))
            self.assertEqual(self.server.head(), head, what)
        for where in ("access_token", "token", "api_key"):
            with self.subTest("not in the query", where=where):
                self.owner.ask("GET", f"/api/v1/auth/me?{where}={self.owner.token}", token=None, statuses={401})

    def test_scopes(self):
        read, write = self.key(scopes=["read"])["key"], self.key(scopes=["write"])["key"]
        scope_of = {op.id: next(s for s in ("read", "write", "admin") if f"scope `{s}`" in op.row["description"]) for op in self.operations}
        self.assertEqual(set(scope_of.values()), {"read", "write", "admin"})
        # Of one's own: another one's comment takes an Admin, and so the scope admin.
        ids = dict(self.ids, comment_id=self.owner.post(f"/api/v1/tickets/{self.ids['ticket_id']}/comments", {"body": "own"})["id"])
        head = self.server.head()
        for op in self.operations:
            for granted, key in (("read", read), ("write", write)):
                allowed = scope_of[op.id] == "read" or granted == scope_of[op.id]
                with self.subTest(op=op.id, granted=granted):
                    answer = self.owner.ask(op.method, op.url(ids, "dry_run=true" if op.writes else ""), good_body(op, ids), token=key)
                    self.assertEqual(answer.status != 403 or answer.code != "scope_missing", allowed, answer)
            if op.writes and op.id not in ("logout", "delete_api_key"):  # whoever holds a credential may end it
                self.assertNotEqual(scope_of[op.id], "read", op)
        self.assertEqual(self.server.head(), head)

    def test_key_bounds(self):
        """A key bound to an organization or to projects reaches no further, in no way."""
        person = self.world.people["Owner"]
        second = self.owner.post("/api/v1/orgs", {"name": "Second", "slug": "second"})["id"]
        join(person, second, self.world.people["Member"], "Member")
        there = furnish(person, second, "SECOND", self.world.people["Member"])
        bound = self.key(org_id=second)["key"]
        narrow = self.key(org_id=self.ids["org_id"], project_ids=[self.ids["project_id"]])["key"]
        head = self.server.head()
        for op in self.operations:
            body, query = good_body(op, self.ids), "dry_run=true" if op.writes else ""
            if op.path_names and op.path_names[0] not in ("invite_code", "api_key_id"):
                with self.subTest(op=op.id, key="of another organization"):
                    self.owner.ask(op.method, op.url(self.ids), body, token=bound, statuses={404})
                with self.subTest(op=op.id, key="of this organization"):
                    may_be_absent = op.id in ("remove_project_member", "remove_ticket_label")
                    good = op.dry_success if op.writes else op.success
                    expected = {good, 404} if may_be_absent else {409 if op.id == "delete_org" else good}
                    self.owner.ask(op.method, op.url(there, query), good_body(op, there), token=bound, statuses=expected)
            if op.writes and op.path_names and op.path_names[0] in ("org_id", "workflow_id", "label_id", "webhook_id", "invite_id", "team_id"):
                with self.subTest(op=op.id, key="bound to a project, on the organization"):
                    self.owner.ask(op.method, op.url(dict(self.ids, spares={})), body, token=narrow, statuses={403})
            if op.path_names and op.path_names[0] == "project_id":
                with self.subTest(op=op.id, key="bound to another project"):
                    closed = dict(self.ids, project_id=self.world.closed_project)
                    code = "project_not_allowed" if op.row["x-alloy-bound-keys"] == "project" else "key_not_allowed"
                    self.assertEqual(self.owner.ask(op.method, op.url(closed), body, token=narrow, statuses={403}).code, code)
        self.assertEqual(self.server.head(), head)
        get = lambda path, token: self.owner.ask("GET", path, token=token, statuses={200}).json  # noqa: E731
        self.assertEqual([o["id"] for o in get("/api/v1/orgs", bound)["items"]], [second])
        self.assertEqual({p["org_id"] for p in get("/api/v1/projects", bound)["items"]}, {second})
        self.assertEqual([p["id"] for p in get("/api/v1/projects", narrow)["items"]], [self.ids["project_id"]])
        self.assertEqual([o["org_id"] for o in get("/api/v1/auth/me", bound)["orgs"]], [second])
        outgrow = [("a wider key", "POST", "/api/v1/api-keys", {"name": "wide", "scopes": ["read"]}, {422, 403}),
                   ("a key for another organization", "POST", "/api/v1/api-keys", {"name": "x", "scopes": ["read"], "org_id": self.ids["org_id"]}, {422, 403}),
                   ("an organization", "POST", "/api/v1/orgs", {"name": "x", "slug": "outgrown"}, {403}),
                   ("a project elsewhere", "POST", "/api/v1/projects", {"org_id": self.ids["org_id"], "key": "OUT", "name": "x"}, {422, 403, 404})]
        for what, method, path, body, statuses in outgrow:
            with self.subTest("a bound key makes " + what):
                self.owner.ask(method, path, body, token=bound, statuses=statuses)
        code = invite(self.world.people["outsider"], self.world.foreign["org_id"], person.email, "Viewer")["invite_code"]
        for what, key in (("organization", bound), ("project", narrow)):
            with self.subTest(f"a key bound to a {what} joins no other organization"):
                self.owner.ask("POST", f"/api/v1/invites/{code}/accept?dry_run=true", token=key, statuses={403, 404})

    def test_key_is_not_above_its_maker(self):
        viewer, read = self.world.people["Viewer"].client, self.key(scopes=["read"])["key"]
        write = self.key(scopes=["write"])["key"]
        for what, token, body, statuses in (
                ("a Viewer in the organization, admin there", viewer.token, {"scopes": ["admin"], "org_id": self.ids["org_id"]}, {422}),
                ("all scopes there", viewer.token, {"scopes": ["*"], "org_id": self.ids["org_id"]}, {422}),
                ("another's organization", viewer.token, {"scopes": ["read"], "org_id": self.world.foreign["org_id"]}, {422}),
                ("another's project", viewer.token, {"scopes": ["read"], "project_ids": [self.world.foreign["project_id"]]}, {422}),
                ("in the past", viewer.token, {"scopes": ["read"], "expires_at": "2020-01-01T00:00:00.000Z"}, {422}),
                ("with a read key", read, {"scopes": ["read"]}, {403}), ("with a write key", write, {"scopes": ["read"]}, {403})):
            with self.subTest(what):
                viewer.ask("POST", "/api/v1/api-keys", dict({"name": "k"}, **body), token=token, statuses=statuses)
        made = self.key(viewer, scopes=["write"], org_id=self.ids["org_id"])["key"]
        viewer.ask("POST", f"/api/v1/projects/{self.ids['project_id']}/tickets", {"title": "x"}, token=made, statuses={403})

    def test_key_ends(self):
        text, at = soon(5)
        key = self.key(expires_at=text)["key"]
        self.owner.ask("GET", "/api/v1/auth/me", token=key)
        while time.time() <= at + 1:
            time.sleep(0.1)
        self.owner.ask("GET", "/api/v1/auth/me", token=key, statuses={401})

    def test_key_is_shown_once_and_its_use_kept(self):
        with server.Server("keys") as s:
            who = Person(s, "ada@example.com", "Ada")
            made = who.client.post("/api/v1/api-keys", {"name": "used", "scopes": ["read"]})
            self.assertRegex(made["key"], r"^alloy_live_[0-9A-Za-z]{38}$")
            of_list = lambda client: client.get("/api/v1/api-keys")[0]  # noqa: E731
            self.assertNotIn("key", of_list(who.client))
            self.assertIsNone(of_list(who.client)["last_used_at"])
            who.client.ask("GET", "/api/v1/auth/me", token=made["key"], statuses={200})
            used = of_list(who.client)["last_used_at"]
            self.assertIsNotNone(used)
            s.restart()
            self.assertEqual(of_list(s.client(who.client.token))["last_used_at"], used)

    def test_access_token_expires(self):
        with server.Server("expiry", JWT_TTL_SECONDS=1) as s:
            who = Person(s, "ada@example.com", "Ada")
            ended = server.wait_until(lambda: (a := who.client.ask("GET", "/api/v1/auth/me", statuses={200, 401})).status == 401 and a, "the token to expire")
            self.assertEqual(ended.code, "token_expired")
            self.assertIn("invalid_token", ended.headers["WWW-Authenticate"])
            fresh = who.client.post("/api/v1/auth/refresh", {"refresh_token": who.refresh_token}, token=None)
            self.assertEqual(fresh["expires_in"], 1)

    def test_refresh(self):
        who = self.person("refresher")
        ask = lambda token: who.client.ask("POST", "/api/v1/auth/refresh", {"refresh_token": token}, token=None)  # noqa: E731
        first, chain = who.refresh_token, [who.client.token]
        second = ask(first)
        self.assertEqual(second.status, 200)
        third = ask(second.json["refresh_token"])
        chain += [second.json["access_token"], third.json["access_token"]]
        self.assertEqual(len({first, second.json["refresh_token"], third.json["refresh_token"]}), 3)
        for token in chain:
            self.assertEqual(who.client.ask("GET", "/api/v1/auth/me", token=token).status, 200)
        other = login(who.client, who.email).json
        head = self.server.head()
        self.assertEqual(ask(first).status, 401)  # somebody kept a copy
        self.assertEqual(self.server.head(), head + 1, "the end of the family is an event")
        self.assertEqual(ask(third.json["refresh_token"]).status, 401)
        for token in chain:
            self.assertEqual(who.client.ask("GET", "/api/v1/auth/me", token=token).status, 401)
        self.assertEqual(who.client.ask("GET", "/api/v1/auth/me", token=other["access_token"]).status, 200, "another session stays")
        head = self.server.head()
        for bad in (first, third.json["refresh_token"], "garbage", first[:-1], who.client.token, ""):
            self.assertEqual(ask(bad).status, 401)
        self.assertEqual(self.server.head(), head)

    def test_logout(self):
        who = self.person("logouter")
        two, three = (login(who.client, who.email).json for _ in range(2))
        stranger = self.person("stranger")
        stranger.client.ask("POST", "/api/v1/auth/logout", {"refresh_token": two["refresh_token"]}, statuses={204})
        self.assertEqual(who.client.ask("GET", "/api/v1/auth/me", token=two["access_token"]).status, 200, "nobody ends another's session")
        who.client.ask("POST", "/api/v1/auth/logout", {"refresh_token": two["refresh_token"]}, statuses={204})
        self.assertEqual(who.client.ask("GET", "/api/v1/auth/me", token=two["access_token"]).status, 401)
        who.client.ask("POST", "/api/v1/auth/logout", statuses={204}, token=three["access_token"], body={})
        for token, status in ((three["access_token"], 401), (who.client.token, 200)):
            self.assertEqual(who.client.ask("GET", "/api/v1/auth/me", token=token).status, status)
        who.client.ask("POST", "/api/v1/auth/refresh", {"refresh_token": three["refresh_token"]}, token=None, statuses={401})

    def test_password_change(self):
        who = self.person("rotator")
        other = login(who.client, who.email).json
        who.client.ask("POST", "/api/v1/auth/password", {"current_password": "wrong wrong", "new_password": NEW_PASSWORD}, statuses={422})
        who.client.ask("POST", "/api/v1/auth/password", {"current_password": PASSWORD, "new_password": NEW_PASSWORD}, statuses={204})
        self.assertEqual(login(who.client, who.email, statuses={401}).code, "invalid_credentials")
        login(who.client, who.email, NEW_PASSWORD, statuses={200})
        who.client.ask("POST", "/api/v1/auth/refresh", {"refresh_token": other["refresh_token"]}, token=None, statuses={401})
        who.client.ask("GET", "/api/v1/auth/me", statuses={200})

    def test_unknown_email_and_wrong_password_are_one(self):
        seen = set()
        for email, password in (("owner@example.com", "not the password"), ("nobody@example.com", PASSWORD), ("nobody@example.com", ""),
                                ("owner@example.com", "x" * 5000), ("OWNER@example.com", "not the password")):
            answer = login(self.owner, email, password, statuses={401})
            self.assertEqual(answer.code, "invalid_credentials")
            seen.add(answer.body.replace(answer.json["request_id"].encode(), b""))
        self.assertEqual(len(seen), 1, seen)
        login(self.owner, "OWNER@Example.com", statuses={200})

    def test_attempts_are_limited(self):
        with server.Server("limits", LOGIN_FAILURES_PER_ACCOUNT=3, LOGIN_FAILURES_PER_ADDRESS=8, LOGIN_WINDOW_SECONDS=900) as s:
            ada, ben = Person(s, "ada@example.com", "Ada"), Person(s, "ben@example.com", "Ben")
            client = s.client()
            for _ in range(5):  # what succeeds is no failure
                login(client, ada.email, statuses={200})
            for email in (ada.email, "nobody@example.com"):
                for _ in range(3):
                    login(client, email, "wrong", statuses={401})
                limited = login(client, email, statuses={429})
                self.assertEqual(limited.code, "rate_limited")
                self.assertTrue(0 < int(limited.headers["Retry-After"]) <= 900)
            login(client, ben.email, statuses={200})
            for _ in range(2):
                login(client, ben.email, "wrong", statuses={401})
            login(client, "third@example.com", "wrong", statuses={429})  # the address has had its eight
            self.assertEqual(ada.client.ask("GET", "/api/v1/auth/me").status, 200, "a session goes on")

    def test_registration_modes(self):
        with server.Server("registration") as s:
            owner = Person(s, "owner@example.com", "Owner")
            org = owner.client.post("/api/v1/orgs", {"name": "Org", "slug": "org"})["id"]
            code = invite(owner, org, "guest@example.com", "Reporter")["invite_code"]
            late = invite(owner, org, "late@example.com", "Viewer")["invite_code"]
            register = lambda statuses, **body: s.client(None).ask(  # noqa: E731
                "POST", "/api/v1/auth/register", dict({"email": "guest@example.com", "password": PASSWORD, "display_name": "G"}, **body), statuses=statuses)
            s.restart(REGISTRATION="invite_only")
            head = s.head()
            self.assertEqual(register({403}).code, "registration_closed")
            self.assertEqual(list(register({422}, invite_code="inv_" + "a" * 24).faults), ["/invite_code"])
            self.assertEqual(list(register({422}, invite_code="nonsense").faults), ["/invite_code"])
            self.assertEqual(list(register({422}, invite_code=code, email="other@example.com").faults), ["/email"])
            self.assertEqual(s.head(), head)
            me = register({201}, invite_code=code).json
            found = s.client(me["access_token"]).get("/api/v1/auth/me")
            self.assertIn((org, "Reporter"), [(o["org_id"], o["role"]) for o in found["orgs"]])
            with self.subTest("an invite is good for one"):
                register({409, 422}, invite_code=code, email="guest@example.com")
            s.restart(REGISTRATION="disabled")
            for body in ({}, {"email": "late@example.com", "invite_code": late}):
                self.assertEqual(register({403}, **dict({"email": "any@example.com"}, **body)).code, "registration_closed")
            login(s.client(), "guest@example.com", statuses={200})

    def test_invites(self):
        inviter, org = self.world.people["Owner"], self.ids["org_id"]
        joiner = self.person("joiner")
        wrong = invite(inviter, org, "somebody-else@example.com", "Admin")
        head = self.server.head()
        joiner.client.ask("POST", f"/api/v1/invites/{wrong['invite_code']}/accept", statuses={403})
        joiner.client.ask("POST", f"/api/v1/invites/{wrong['invite_code'][:-1]}/accept", statuses={404})
        joiner.client.ask("POST", "/api/v1/invites/inv_" + "a" * 24 + "/accept", statuses={404})
        self.assertEqual(self.server.head(), head)
        right = invite(inviter, org, joiner.email.upper(), "Reporter")
        self.owner.must("DELETE", "/api/v1/invites/" + wrong["id"])
        self.assertEqual(joiner.client.ask("GET", f"/api/v1/orgs/{org}").status, 404)
        joined = joiner.client.must("POST", f"/api/v1/invites/{right['invite_code']}/accept")
        self.assertEqual(joined, {"org_id": org, "user_id": joiner.id, "role": "Reporter"})
        self.assertEqual(joiner.client.ask("GET", f"/api/v1/orgs/{org}").status, 200, "the session he had sees it at once")
        joiner.client.ask("POST", f"/api/v1/invites/{right['invite_code']}/accept", statuses={409})
        for role, above in (("Admin", "Owner"),):
            with self.subTest("nobody invites above his own role", role=role):
                self.world.people[role].client.ask("POST", f"/api/v1/orgs/{org}/invites", {"email": "a@example.com", "role": above}, statuses={422})
        listed = self.owner.all(f"/api/v1/orgs/{org}/invites")
        self.assertTrue(all("invite_code" not in one and "invite_link" not in one for one in listed))

    def test_a_role_acts_at_once(self):
        """A new membership is seen by a session and a key that were in use before it."""
        joiner = self.person("promoted")
        key = self.key(joiner.client)["key"]
        path = f"/api/v1/projects/{self.ids['project_id']}/tickets"
        for token in (joiner.client.token, key):
            joiner.client.ask("GET", path, token=token, statuses={404})
        code = invite(self.world.people["Owner"], self.ids["org_id"], joiner.email, "Member")["invite_code"]
        joiner.client.must("POST", f"/api/v1/invites/{code}/accept")
        for token in (joiner.client.token, key):
            joiner.client.ask("GET", path, token=token, statuses={200})
            joiner.client.ask("POST", path, {"title": "x"}, token=token, statuses={201})
        member = f"/api/v1/orgs/{self.ids['org_id']}/members/{joiner.id}"
        self.owner.patch(member, {"role": "Viewer"})
        for token in (joiner.client.token, key):
            joiner.client.ask("POST", path, {"title": "x"}, token=token, statuses={403})
        self.owner.must("DELETE", member)
        for token in (joiner.client.token, key):
            joiner.client.ask("GET", path, token=token, statuses={404})

    def test_sessions_survive_a_restart(self):
        with server.Server("restarted") as s:
            who = Person(s, "ada@example.com", "Ada")
            s.restart()
            client = s.client(who.client.token)
            self.assertEqual(client.get("/api/v1/auth/me")["user_id"], who.id)
            client.post("/api/v1/auth/refresh", {"refresh_token": who.refresh_token}, token=None)
            ended = login(client, who.email).json
            client.ask("POST", "/api/v1/auth/logout", {"refresh_token": ended["refresh_token"]}, statuses={204})
            s.restart()
            s.client(ended["access_token"]).ask("GET", "/api/v1/auth/me", statuses={401})


if __name__ == "__main__":
    server.main()
