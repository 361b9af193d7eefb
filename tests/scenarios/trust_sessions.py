"""What concerns a person takes a session in which the password was given lately; and a session ends at an age."""
import datetime
import time
import unittest

import server
from world import PASSWORD, Person, join

CONFIRM = "/api/v1/auth/confirm"
SOON_S = 2  # life of a proof here


def operator(s, *words):
    done = server.run_program("operator", *words, settings={"DATA_DIR": s.folder})
    assert done.returncode == 0, done.stderr


class FreshProof(unittest.TestCase):
    def personal(self, person, key_id):
        """(what, method, path, body) of all that concerns the person; none is carried out."""
        return (("a new key", "POST", "/api/v1/api-keys?dry_run=true", {"name": "k", "scopes": ["read"]}),
                ("the end of a key", "DELETE", f"/api/v1/api-keys/{key_id}?dry_run=true", None),
                ("erasure", "DELETE", f"/api/v1/users/{person.id}/personal-data?dry_run=true", None))

    def test_a_session_is_fresh_for_a_while_and_then_confirms(self):
        with server.Server("fresh", CONFIRM_SECONDS=SOON_S) as s:
            ada = Person(s, "ada@example.com", "Ada")
            key = ada.client.post("/api/v1/api-keys", {"name": "k", "scopes": ["*"]})
            actions = self.personal(ada, key["id"])
            time.sleep(SOON_S + 0.1)
            refused = lambda: [ada.client.ask(method, path, body).code for _, method, path, body in actions]  # noqa: E731
            self.assertEqual(refused(), ["fresh_proof_required"] * len(actions))
            session = ada.client.post("/api/v1/auth/refresh", {"refresh_token": ada.refresh_token}, token=None)
            ada.client.token = session["access_token"]
            self.assertEqual(refused(), ["fresh_proof_required"] * len(actions), "refreshing proves nothing")
            wrong = ada.client.ask("POST", CONFIRM, {"password": "not the password"}, statuses={422})
            self.assertEqual(wrong.faults, {"/password": "wrong"})
            self.assertEqual(refused(), ["fresh_proof_required"] * len(actions))
            until = ada.client.post(CONFIRM, {"password": PASSWORD})["confirmed_until"]
            left = datetime.datetime.fromisoformat(until.replace("Z", "+00:00")) - datetime.datetime.now(datetime.timezone.utc)
            self.assertTrue(-1 < left.total_seconds() <= SOON_S + 1, until)
            for what, method, path, body in actions:
                with self.subTest(what):
                    ada.client.ask(method, path, body, statuses={200, 201})
            time.sleep(SOON_S + 0.1)
            self.assertEqual(refused(), ["fresh_proof_required"] * len(actions))
            with self.subTest("a login proves, for its own session"):
                fresh = ada.client.post("/api/v1/auth/login", {"email": ada.email, "password": PASSWORD}, token=None)["access_token"]
                ada.client.ask(*actions[0][1:], token=fresh, statuses={201})
                self.assertEqual(refused(), ["fresh_proof_required"] * len(actions))
            with self.subTest("changing the password carries its own proof"):
                ada.client.ask("POST", "/api/v1/auth/password", {"current_password": PASSWORD, "new_password": PASSWORD + "!"}, statuses={204})
            s.stop()
            done = server.run_program("verify", settings={"DATA_DIR": s.folder})
            self.assertEqual(done.returncode, 0, done.stdout)
            s.start()

    def test_the_tokens_of_a_rehearsal_work_nowhere(self):
        with server.Server("show") as s:
            ada = Person(s, "ada@example.com", "Ada")
            refresh = "/api/v1/auth/refresh"
            for path, body in (("refresh", {"refresh_token": ada.refresh_token}), ("refresh", {"refresh_token": ada.refresh_token}), ("register", {"email": "b@example.com", "password": PASSWORD, "display_name": "B"}), ("login", {"email": ada.email, "password": PASSWORD})):
                rehearsed = ada.client.ask("POST", f"/api/v1/auth/{path}?dry_run=true", body, token=None, statuses={200, 201}).json
                ada.client.ask("GET", "/api/v1/auth/me", token=rehearsed["access_token"], statuses={401})
                ada.client.ask("POST", refresh, {"refresh_token": rehearsed["refresh_token"]}, token=None, statuses={401})
            ada.client.ask("POST", refresh, {"refresh_token": ada.refresh_token}, token=None, statuses={200})

    def test_no_key_ever_does_what_concerns_the_person(self):
        with server.Server("keys") as s:
            owner = Person(s, "owner@example.com", "Olga", founds=("Acme", "acme"))
            other = Person(s, "other@example.com", "Otto")
            operator(s, "add", owner.id)
            project = owner.client.post("/api/v1/projects", {"org_id": owner.org, "key": "ACME", "name": "Acme"})["id"]
            make = lambda **more: owner.client.post("/api/v1/api-keys", dict({"name": "k", "scopes": ["*"]}, **more))  # noqa: E731
            victim = make()
            for what, key in (("unbound", make()), ("bound to an organization", make(org_id=owner.org)),
                              ("bound to a project", make(org_id=owner.org, project_ids=[project]))):
                actions = self.personal(owner, victim["id"]) + (
                    ("the password", "POST", "/api/v1/auth/password", {"current_password": PASSWORD, "new_password": "another phrase"}),
                    ("a proof", "POST", CONFIRM, {"password": PASSWORD}),
                    ("another's erasure", "DELETE", f"/api/v1/users/{other.id}/personal-data", None))
                for action, method, path, body in actions:
                    with self.subTest(key=what, action=action):
                        answer = owner.client.ask(method, path.replace("?dry_run=true", ""), body, token=key["key"], statuses={403})
                        self.assertIn(answer.code, ("fresh_proof_required", "key_not_allowed"))
                with self.subTest(key=what, action="its own end"):
                    owner.client.ask("DELETE", "/api/v1/api-keys/" + key["id"], token=key["key"], statuses={204})
                    owner.client.ask("GET", "/api/v1/auth/me", token=key["key"], statuses={401})
            read = make(scopes=["read"])
            with self.subTest("a key that only reads ends itself, and nothing else"):
                owner.client.ask("DELETE", "/api/v1/api-keys/" + victim["id"], token=read["key"], statuses={403})
                owner.client.ask("DELETE", "/api/v1/api-keys/" + read["id"], token=read["key"], statuses={204})
            with self.subTest("another's key is not there"):
                theirs = other.client.post("/api/v1/api-keys", {"name": "k", "scopes": ["*"]})["id"]
                for token in (victim["key"], owner.client.token):
                    owner.client.ask("DELETE", "/api/v1/api-keys/" + theirs, token=token, statuses={404})
            owner.client.ask("GET", "/api/v1/auth/me", token=victim["key"], statuses={200})

    def test_wrong_passwords_are_counted_over_all_ways_to_try_one(self):
        with server.Server("brake", LOGIN_FAILURES_PER_ACCOUNT=3) as s:
            ada = Person(s, "ada@example.com", "Ada")
            ada.client.ask("POST", CONFIRM, {"password": "wrong"}, statuses={422})
            ada.client.ask("POST", "/api/v1/auth/password", {"current_password": "wrong", "new_password": PASSWORD + "!"}, statuses={422})
            ada.client.ask("POST", "/api/v1/auth/login", {"email": ada.email, "password": "wrong"}, statuses={401})
            for path, body in ((CONFIRM, {"password": PASSWORD}), ("/api/v1/auth/login", {"email": ada.email, "password": PASSWORD}),
                               ("/api/v1/auth/password", {"current_password": PASSWORD, "new_password": PASSWORD + "!"})):
                with self.subTest(path):
                    self.assertGreater(int(ada.client.ask("POST", path, body, statuses={429}).headers["Retry-After"]), 0)

    def test_the_last_owner_is_not_erased(self):
        with server.Server("last-owner") as s:
            olga, otto, op = (Person(s, f"{name}@example.com", name) for name in ("olga", "otto", "op"))
            operator(s, "add", op.id)
            orgs = [olga.client.post("/api/v1/orgs", {"name": slug, "slug": slug})["id"] for slug in ("acme", "bolt")]
            for org in orgs:
                join(olga, org, otto, "Admin")
            path = f"/api/v1/users/{olga.id}/personal-data"
            for who in (olga, op):
                refused = who.client.ask("DELETE", path, statuses={409})
                self.assertEqual(refused.code, "last_owner")
                self.assertIn("acme", refused.json["detail"])
                self.assertIn("bolt", refused.json["detail"])
            for org in orgs:
                olga.client.patch(f"/api/v1/orgs/{org}/members/{otto.id}", {"role": "Owner"})
            olga.client.must("DELETE", path)
            with self.subTest("one who was erased is no Owner that an organization has"):
                otto.client.ask("DELETE", f"/api/v1/users/{otto.id}/personal-data", statuses={409})
                otto.client.ask("PATCH", f"/api/v1/orgs/{orgs[0]}/members/{otto.id}", {"role": "Admin"}, statuses={409})
            for org in orgs:
                otto.client.must("DELETE", f"/api/v1/orgs/{org}")
            otto.client.must("DELETE", f"/api/v1/users/{otto.id}/personal-data")
        done = server.run_program("verify", settings={"DATA_DIR": s.folder})
        self.assertEqual(done.returncode, 0, done.stdout)


class Age(unittest.TestCase):
    def test_a_session_ends_at_an_age_however_often_it_was_refreshed(self):
        with server.Server("age", SESSION_MAX_AGE_SECONDS=3) as s:
            ada = Person(s, "ada@example.com", "Ada")
            began, token, refresh = time.monotonic(), ada.client.token, ada.refresh_token
            while time.monotonic() - began < 2:
                made = ada.client.post("/api/v1/auth/refresh", {"refresh_token": refresh}, token=None)
                token, refresh = made["access_token"], made["refresh_token"]
                ada.client.ask("GET", "/api/v1/auth/me", token=token, statuses={200})
                time.sleep(0.2)
            time.sleep(max(0, began + 3.2 - time.monotonic()))
            self.assertEqual(ada.client.ask("GET", "/api/v1/auth/me", token=token, statuses={401}).code, "unauthenticated")
            ada.client.ask("POST", "/api/v1/auth/refresh", {"refresh_token": refresh}, token=None, statuses={401})
            s.restart(SESSION_MAX_AGE_SECONDS=86400)
            s.client(token).ask("GET", "/api/v1/auth/me", statuses={200})


if __name__ == "__main__":
    server.main()
