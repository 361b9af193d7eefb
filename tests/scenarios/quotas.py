"""How many of a thing one organization or one user may have: up to the quota, with a refusal that says the numbers; what goes
makes room, what has expired does not count, what an older server let in stays, and nobody is locked out of their account."""
import time
import unittest

import server
from server import Server, wait_until
from workshop import Workshop
from world import PASSWORD, Person, invite, join

MOST = {"PROJECTS_PER_ORG_MAX": 3, "WEBHOOKS_PER_ORG_MAX": 3, "INVITES_PER_ORG_MAX": 3, "API_KEYS_PER_USER_MAX": 3, "ORGS_PER_USER_MAX": 3, "SESSIONS_PER_USER_MAX": 4}


class Quotas(Workshop):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(cls.__name__.lower(), **MOST).start()
        cls.count = 0

    def person(self):
        return Person(self.server, self.fresh("p") + "@example.com", "Somebody")

    def org_of(self, person):
        slug = self.fresh("org-")
        return person.client.post("/api/v1/orgs", {"name": slug, "slug": slug})["id"]

    def new_org_of(self, person, **more):
        slug = self.fresh("org-")
        return person.client.ask("POST", "/api/v1/orgs", {"name": slug, "slug": slug}, **more)

    def exceeded(self, answer, limit, count):
        self.assertEqual((answer.status, answer.code, answer.json["limit"], answer.json.get("count")), (409, "quota_exceeded", limit, count), answer)
        self.assertIn(str(limit), answer.json["detail"])

    def head(self):
        return self.server.head()

    # ------------------------------------------------------------------------------------ of an organization

    def test_projects_of_an_organization(self):
        one = self.person()
        org, key = self.org_of(one), iter(f"K{n}" for n in range(99))
        create = lambda **more: one.client.ask("POST", "/api/v1/projects", {"org_id": org, "key": next(key), "name": "P"}, **more)  # noqa: E731
        made = [create(statuses={201}).json["id"] for _ in range(3)]
        head = self.head()
        self.exceeded(create(), 3, 3)
        self.exceeded(one.client.ask("POST", "/api/v1/projects?dry_run=true", {"org_id": org, "key": next(key), "name": "P"}), 3, 3)
        self.assertEqual(self.head(), head)
        # What is wrong with it otherwise comes first.
        self.assertEqual(one.client.ask("POST", "/api/v1/projects", {"org_id": org, "key": "K0", "name": "P"}).code, "already_exists")
        gone = one.client.ask("DELETE", f"/api/v1/projects/{made[0]}", statuses={204}).headers["Alloy-Position"]
        create(statuses={201})
        # What is taken back takes room as well.
        self.exceeded(one.client.ask("POST", f"/api/v1/orgs/{org}/events/{gone}/undo"), 3, 3)
        one.client.ask("DELETE", f"/api/v1/projects/{made[1]}", statuses={204})
        one.client.ask("POST", f"/api/v1/orgs/{org}/events/{gone}/undo", statuses={200})
        other = self.org_of(one)  # has a quota of its own
        one.client.post("/api/v1/projects", {"org_id": other, "key": "OTHER", "name": "P"})

    def test_webhooks_of_an_organization(self):
        one = self.person()
        org = self.org_of(one)
        create = lambda **more: one.client.ask("POST", f"/api/v1/orgs/{org}/webhooks", {"url": "https://hooks.example.com/in", "event_types": ["*"]}, **more)  # noqa: E731
        made = [create(statuses={201}).json["id"] for _ in range(3)]
        one.client.patch(f"/api/v1/webhooks/{made[0]}", {"active": False})  # one that is switched off is one
        self.exceeded(create(), 3, 3)
        gone = one.client.ask("DELETE", f"/api/v1/webhooks/{made[0]}", statuses={204}).headers["Alloy-Position"]
        create(statuses={201})
        self.exceeded(one.client.ask("POST", f"/api/v1/orgs/{org}/events/{gone}/undo"), 3, 3)
        one.client.ask("DELETE", f"/api/v1/webhooks/{made[1]}", statuses={204})
        one.client.ask("POST", f"/api/v1/orgs/{org}/events/{gone}/undo", statuses={200})

    def test_open_invites_of_an_organization(self):
        one = self.person()
        org = self.org_of(one)
        create = lambda email, **more: one.client.ask("POST", f"/api/v1/orgs/{org}/invites", {"email": email, "role": "Viewer"}, **more)  # noqa: E731
        made = [create(f"invited{n}@example.com", statuses={201}).json["id"] for n in range(3)]
        self.exceeded(create("one-more@example.com"), 3, 3)
        create("invited0@example.com", statuses={201})  # another one for the same address takes the place of the first
        one.client.ask("DELETE", f"/api/v1/invites/{made[1]}", statuses={204})
        create("one-more@example.com", statuses={201})
        self.exceeded(create("two-more@example.com"), 3, 3)

    def test_a_retry_is_answered_as_it_was_though_there_is_no_room_any_more(self):
        one = self.person()
        org = self.org_of(one)
        body, key = {"url": "https://hooks.example.com/in", "event_types": ["*"]}, {"Idempotency-Key": "third"}
        for _ in range(2):
            one.client.post(f"/api/v1/orgs/{org}/webhooks", body)
        first = one.client.ask("POST", f"/api/v1/orgs/{org}/webhooks", body, headers=key, statuses={201})
        again = one.client.ask("POST", f"/api/v1/orgs/{org}/webhooks", body, headers=key, statuses={201})
        self.assertEqual((again.json["id"], again.headers["Idempotency-Replayed"]), (first.json["id"], "true"))

    # ------------------------------------------------------------------------------------ of a user

    def test_organizations_of_a_user_beside_the_personal_one(self):
        one, other = self.person(), self.person()
        made = [self.new_org_of(one, statuses={201}).json["id"] for _ in range(3)]
        self.exceeded(self.new_org_of(one), 3, 3)
        for _ in range(2):  # of others' organizations one may be whatever but an Owner
            join(other, self.org_of(other), one, "Admin")
        self.exceeded(self.new_org_of(one), 3, 3)
        one.client.ask("DELETE", f"/api/v1/orgs/{made[0]}", statuses={204})
        self.new_org_of(one, statuses={201})
        self.exceeded(self.new_org_of(one), 3, 3)

    def test_nobody_comes_to_own_more_by_another_way(self):
        one, other = self.person(), self.person()
        for _ in range(3):
            self.org_of(one)
        org = self.org_of(other)
        code = invite(other, org, one.email, "Owner")["invite_code"]
        self.exceeded(one.client.ask("POST", f"/api/v1/invites/{code}/accept"), 3, 3)
        join(other, org, one, "Admin")
        # The Owner of another organization learns that it cannot be, and not how many there are.
        self.exceeded(other.client.ask("PATCH", f"/api/v1/orgs/{org}/members/{one.id}", {"role": "Owner"}), 3, None)
        other.client.patch(f"/api/v1/orgs/{org}/members/{one.id}", {"can_view_finance": False})
        # Who is Owner already stays one, and comes back as one only where there is room.
        free = self.person()
        join(other, org, free, "Owner")
        removed = other.client.ask("DELETE", f"/api/v1/orgs/{org}/members/{free.id}", statuses={204}).headers["Alloy-Position"]
        for _ in range(3):
            self.org_of(free)
        self.exceeded(other.client.ask("POST", f"/api/v1/orgs/{org}/events/{removed}/undo"), 3, None)

    def test_keys_of_a_user_that_have_not_expired(self):
        one = self.person()
        create = lambda **more: one.client.ask("POST", "/api/v1/api-keys", dict({"name": "K", "scopes": ["read"]}, **more))  # noqa: E731
        ids = lambda: {k["id"] for k in one.client.get("/api/v1/api-keys")}  # noqa: E731
        soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 6))
        brief = create(expires_at=soon).json
        lasting = [create().json["id"] for _ in range(2)]
        self.exceeded(create(), 3, 3)
        self.assertEqual(ids(), {brief["id"], *lasting})
        wait_until(lambda: self.server.client(brief["key"]).ask("GET", "/api/v1/auth/me").status == 401, "the key to expire")
        third = create()
        self.assertEqual(third.status, 201, third)
        self.assertEqual(ids(), {third.json["id"], *lasting})  # the one that expired made room
        self.exceeded(create(), 3, 3)
        one.client.ask("DELETE", f"/api/v1/api-keys/{lasting[0]}", statuses={204})
        self.assertEqual(create().status, 201)

    def log_in(self, person, statuses=(200,)):
        return self.server.client().ask("POST", "/api/v1/auth/login", {"email": person.email, "password": PASSWORD}, statuses=statuses).json

    def is_open(self, session):
        return self.server.client(session["access_token"]).ask("GET", "/api/v1/auth/me").status == 200

    def test_one_login_more_ends_the_session_that_was_not_refreshed_for_the_longest_time(self):
        one = self.person()  # has a session by registering
        first = {"access_token": one.client.token}
        sessions = [self.log_in(one) for _ in range(3)]
        self.assertTrue(all(map(self.is_open, [first, *sessions])))
        refreshed = self.server.client().post("/api/v1/auth/refresh", {"refresh_token": one.refresh_token})
        fifth = self.log_in(one)
        self.assertEqual([self.is_open(s) for s in (refreshed, *sessions, fifth)], [True, False, True, True, True])
        self.assertEqual(self.server.client().ask("POST", "/api/v1/auth/refresh", {"refresh_token": sessions[0]["refresh_token"]}).status, 401)

    def test_a_script_that_logs_in_again_and_again_locks_nobody_out(self):
        one = self.person()
        for _ in range(20):
            self.log_in(one)
        mine = self.log_in(one)
        self.assertTrue(self.is_open(mine))
        self.assertEqual(len([e for e in range(20) if self.is_open(self.log_in(one))]), 20)

    def test_a_session_that_logged_out_makes_room(self):
        one = self.person()
        sessions = [self.log_in(one) for _ in range(3)]
        self.server.client(sessions[2]["access_token"]).ask("POST", "/api/v1/auth/logout", statuses={204})
        self.log_in(one)
        self.assertTrue(all(map(self.is_open, [{"access_token": one.client.token}, *sessions[:2]])))


class OlderStores(unittest.TestCase):
    """What is above a quota, from before it or since it was lowered."""

    def test_what_is_above_the_quota_stays_and_nothing_is_added(self):
        with Server("older") as one:
            owner = Person(one, "ann@example.com", "Ann")
            orgs = [owner.client.post("/api/v1/orgs", {"name": "O", "slug": f"o{n}"})["id"] for n in range(5)]
            projects = [owner.client.post("/api/v1/projects", {"org_id": orgs[0], "key": f"K{n}", "name": "P"})["id"] for n in range(5)]
            keys = [owner.client.post("/api/v1/api-keys", {"name": "K", "scopes": ["*"]})["key"] for _ in range(5)]
            hooks = [owner.client.post(f"/api/v1/orgs/{orgs[0]}/webhooks", {"url": "https://hooks.example.com/in", "event_types": ["*"]})["id"] for _ in range(5)]
            log_in = lambda: one.client().post("/api/v1/auth/login", {"email": owner.email, "password": PASSWORD})  # noqa: E731
            sessions = [log_in() for _ in range(5)]
            one.restart(**{name: 2 for name in MOST})
            owner.client.close()
            self.assertEqual(len(owner.client.all("/api/v1/orgs")), 6)
            for project in projects:
                owner.client.patch(f"/api/v1/projects/{project}", {"name": "Q"})
            owner.client.patch(f"/api/v1/webhooks/{hooks[4]}", {"active": False})
            owner.client.patch(f"/api/v1/webhooks/{hooks[4]}", {"active": True})
            for key in keys:
                one.client(key).get("/api/v1/auth/me")
            for method, path, body in (("POST", "/api/v1/orgs", {"name": "O", "slug": "six"}), ("POST", "/api/v1/projects", {"org_id": orgs[0], "key": "SIX", "name": "P"}),
                                       ("POST", "/api/v1/api-keys", {"name": "K", "scopes": ["*"]}),
                                       ("POST", f"/api/v1/orgs/{orgs[0]}/webhooks", {"url": "https://hooks.example.com/in", "event_types": ["*"]})):
                refused = owner.client.ask(method, path, body, statuses={409})
                self.assertEqual((refused.code, refused.json["limit"], refused.json["count"]), ("quota_exceeded", 2, 5))
            log_in()  # one more ends one, and no more than one
            still = [one.client(s["access_token"]).ask("GET", "/api/v1/auth/me").status == 200 for s in sessions]
            self.assertEqual(still, [True] * 5)
            self.assertEqual(owner.client.ask("GET", "/api/v1/auth/me").status, 401)  # the oldest was that of registering
            one.stop()
            done = server.run_program("verify", settings={"DATA_DIR": one.folder})
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    server.main()
