"""Strangers who guess passwords do not lock the owner out, bad passwords are refused, and the log tells of both."""
import json
import unittest

import server
from world import PASSWORD, Person, invite, join

HERE, STRANGER = "127.0.0.1", "127.0.{}.1"  # two of them lie in two networks
PLENTY = {"LOGIN_FAILURES_PER_ADDRESS": 1000, "LOGIN_WINDOW_SECONDS": 900}


def login(s, email, password, address=HERE, **more):
    with s.client() as one:
        one.http.source_address = (address, 0)
        return one.ask("POST", "/api/v1/auth/login", {"email": email, "password": password}, **more)


class Lockout(unittest.TestCase):
    def test_a_stranger_locks_nobody_out(self):
        with server.Server("stranger", LOGIN_FAILURES_PER_ACCOUNT=10, **PLENTY) as s:
            ada = Person(s, "ada@example.com", "Ada")
            for email in (ada.email, "nobody@example.com"):
                for n in range(10):
                    login(s, email, "wrong", f"127.0.2.{n + 1}", statuses={401})
                self.assertGreater(int(login(s, email, PASSWORD, "127.0.2.99", statuses={429}).headers["Retry-After"]), 0)
            login(s, ada.email, PASSWORD, statuses={200})
            login(s, ada.email, PASSWORD, "127.0.3.1", statuses={200})
            for n in range(10):
                login(s, ada.email, "wrong", statuses={401})
            login(s, ada.email, PASSWORD, statuses={429})
            login(s, ada.email, PASSWORD, "127.0.3.1", statuses={200})

    def test_strangers_from_everywhere_wait_ever_longer_and_the_owner_does_not(self):
        with server.Server("everywhere", LOGIN_FAILURES_PER_ACCOUNT=3, LOGIN_FAILURES_PER_ACCOUNT_TOTAL=8, LOGIN_WINDOW_SECONDS=900,
                           LOGIN_FAILURES_PER_ADDRESS=1000) as s:
            ada = Person(s, "ada@example.com", "Ada")
            waits = {}
            for email in (ada.email, "nobody@example.com"):
                for n in range(8):
                    login(s, email, "wrong", STRANGER.format(n + 10), statuses={401})
                waits[email] = []
                for n in range(2):
                    refused = login(s, email, "wrong", STRANGER.format(100 + n), statuses={429})
                    waits[email].append(int(refused.headers["Retry-After"]))
                    server.wait_until(lambda: login(s, email, "wrong", STRANGER.format(100 + n), statuses={401, 429}).status == 401,  # noqa: B023
                                      "the wait to be over")
                self.assertEqual(login(s, email, "wrong", STRANGER.format(120), statuses={429}).code, "rate_limited")
            self.assertEqual(waits[ada.email], [1, 2])
            self.assertEqual(waits["nobody@example.com"], [1, 2], "an account that does not exist is no different")
            login(s, ada.email, PASSWORD, statuses={200})
            login(s, ada.email, PASSWORD, "127.0.0.77", statuses={200})
            with self.subTest("networks are known beyond a restart, though failures are not"):
                s.restart()
                for n in range(8):
                    login(s, ada.email, "wrong", STRANGER.format(n + 10), statuses={401})
                login(s, ada.email, PASSWORD, STRANGER.format(99), statuses={429})
                login(s, ada.email, PASSWORD, statuses={200})

    def test_known_networks_are_kept_in_a_backup_and_no_address_is_in_the_store(self):
        limits = {"LOGIN_FAILURES_PER_ACCOUNT_TOTAL": 3, "LOGIN_FAILURES_PER_ADDRESS": 1000}
        with server.Server("kept", **limits) as s:
            ada = Person(s, "ada@example.com", "Ada")
            login(s, ada.email, PASSWORD, "127.44.55.66", statuses={200})
            backup = s.folder.parent / "backup"
            self.assertEqual(server.run_program("backup", "create", str(backup), settings={"DATA_DIR": s.folder}).returncode, 0)
        restored = server.Server("kept-restored", **limits)
        self.assertEqual(server.run_program("backup", "restore", str(backup), settings={"DATA_DIR": restored.folder}).returncode, 0)
        for file in list(s.folder.rglob("*")) + list(restored.folder.rglob("*")):
            if file.is_file():
                self.assertNotIn(b"127.44.55", file.read_bytes(), file)
        with restored:
            for n in range(3):
                login(restored, ada.email, "wrong", STRANGER.format(n + 10), statuses={401})
            login(restored, ada.email, PASSWORD, STRANGER.format(99), statuses={429})
            login(restored, ada.email, PASSWORD, "127.44.55.1", statuses={200})

    def test_probes_of_addresses_by_registering_are_counted(self):
        with server.Server("probes", REGISTRATIONS_PER_ADDRESS=4, REGISTRATION_WINDOW_SECONDS=86400) as s:
            Person(s, "ada@example.com", "Ada")
            ask = lambda: s.client().ask("POST", "/api/v1/auth/register",  # noqa: E731
                                         {"email": "ada@example.com", "password": PASSWORD, "display_name": "A"}).status
            self.assertEqual([ask() for _ in range(5)], [409, 409, 409, 429, 429])


class Passwords(unittest.TestCase):
    BAD = (("        ", "blank"), ("\u3000\u2003\u00a0\t\t\t\t\t\t", "blank"), ("with a\0NUL in it", "control_character"), ("\0" * 8, "control_character"),
           ("mary.smith@example.com", "contains_email"), ("MARY.SMITH@EXAMPLE.COM", "contains_email"), ("xx mary.smith@Example.com xx", "contains_email"),
           ("mary.smith", "contains_email"), ("Mary.Smith1", "contains_email"), ("12mary.smith3", "contains_email"),
           ("mary.smithmary.smith", "contains_email"))

    def test_bad_passwords_are_refused_wherever_one_is_set(self):
        with server.Server("passwords") as s:
            email = "mary.smith@example.com"
            onboard = {"email": email, "display_name": "Mary", "org_name": "Acme", "org_slug": "acme"}
            for bad, code in self.BAD:
                for path, body in (("/api/v1/onboard", onboard), ("/api/v1/auth/register", {"email": email, "display_name": "Mary"})):
                    with self.subTest(bad, path=path):
                        answer = s.client().ask("POST", path, dict(body, password=bad), statuses={422})
                        self.assertEqual(answer.faults, {"/password": code})
            mary = Person(s, email, "Mary")
            for bad, code in self.BAD:
                with self.subTest(bad):
                    answer = mary.client.ask("POST", "/api/v1/auth/password", {"current_password": PASSWORD, "new_password": bad}, statuses={422})
                    self.assertEqual(answer.faults, {"/new_password": code})
            for n, good in enumerate(("mary.smith takes the boat", "a b c d e f", "\u3000\u3000seven\u3000more", "example.com!")):
                with self.subTest(good):
                    s.client().ask("POST", "/api/v1/auth/register",
                                   {"email": f"mary.smith@example{n}.com", "password": good, "display_name": "M"}, statuses={201})


class SecurityLog(unittest.TestCase):
    def lines(self, s, request_id=None):
        read = lambda: [one for one in (json.loads(line) for line in s.log_text().splitlines() if line.startswith("{")) if one["msg"] == "security"]  # noqa: E731
        if request_id is None:
            return read()
        return server.wait_until(lambda: [one for one in read() if one["request_id"] == request_id], "the line of " + request_id)

    def test_each_event_is_one_line_without_a_secret(self):
        with server.Server("events", LOGIN_FAILURES_PER_ACCOUNT=6) as s:
            owner = Person(s, "owner@example.com", "Olga Owner", founds=("Acme", "acme"))
            otto, ines = Person(s, "otto@example.com", "Otto Other"), Person(s, "ines@example.com", "Ines Else")
            for one in (otto, ines):
                join(owner, owner.org, one, "Admin")
            secrets = {PASSWORD, "wrong password 1", owner.email, otto.email, ines.email, "Olga Owner", "Otto Other", owner.client.token, owner.refresh_token}
            ids = iter(f"security-{n}" for n in range(100))

            def expect(event, client, method, path, body=None, user=None, subject="", org="", detail=None, statuses=range(200, 300), **more):
                request_id = next(ids)
                answer = client.ask(method, path, body, statuses=statuses, headers=dict(more.pop("headers", {}), **{"X-Request-Id": request_id}), **more)
                with self.subTest(event):
                    found = self.lines(s, request_id)
                    self.assertEqual(len(found), 1, found)
                    line = found[0]
                    self.assertEqual((line["event"], line["user_id"], line["address"], line["org_id"]), (event, user or "", "127.0.0.1", org), line)
                    self.assertEqual(line["subject_id"], subject(answer) if callable(subject) else subject, line)
                    if detail is not None:
                        self.assertEqual(line["detail"], detail)
                return answer

            expect("login_failed", s.client(), "POST", "/api/v1/auth/login", {"email": owner.email, "password": "wrong password 1"}, user=owner.id, statuses={401})
            expect("login_failed", s.client(), "POST", "/api/v1/auth/login", {"email": "nobody@example.com", "password": "wrong password 1"}, statuses={401})
            expect("confirm_failed", owner.client, "POST", "/api/v1/auth/confirm", {"password": "wrong password 1"}, user=owner.id, statuses={422})
            expect("password_change_failed", owner.client, "POST", "/api/v1/auth/password",
                   {"current_password": "wrong password 1", "new_password": PASSWORD + "!"}, user=owner.id, statuses={422})
            made = expect("api_key_created", owner.client, "POST", "/api/v1/api-keys", {"name": "k", "scopes": ["read"]}, user=owner.id,
                          subject=lambda answer: answer.json["id"]).json
            secrets.add(made["key"])
            expect("api_key_deleted", owner.client, "DELETE", "/api/v1/api-keys/" + made["id"], user=owner.id, subject=made["id"])
            member = f"/api/v1/orgs/{owner.org}/members/"
            expect("role_changed", owner.client, "PATCH", member + otto.id, {"role": "Viewer"}, user=owner.id, subject=otto.id, org=owner.org, detail="Admin to Viewer")
            expect("finance_view_changed", owner.client, "PATCH", member + otto.id, {"can_view_finance": False}, user=owner.id, subject=otto.id, org=owner.org,
                   detail="taken")
            expect("member_removed", owner.client, "DELETE", member + otto.id, user=owner.id, subject=otto.id, org=owner.org)
            exported = expect("data_exported", owner.client, "GET", f"/api/v1/orgs/{owner.org}/export", user=owner.id, org=owner.org)
            again = otto.client.post("/api/v1/auth/refresh", {"refresh_token": otto.refresh_token}, token=None)
            secrets |= {again["access_token"], again["refresh_token"], otto.refresh_token}
            expect("refresh_token_reused", s.client(), "POST", "/api/v1/auth/refresh", {"refresh_token": otto.refresh_token}, user=otto.id,
                   subject=lambda _: self.lines(s)[-1]["subject_id"], statuses={401})
            expect("password_changed", ines.client, "POST", "/api/v1/auth/password", {"current_password": PASSWORD, "new_password": PASSWORD + "!"},
                   user=ines.id, subject=ines.id)
            invited = invite(owner, owner.org, "guest@example.com", "Viewer")
            secrets |= {invited["invite_code"], "guest@example.com"}
            expect("personal_data_erased", ines.client, "DELETE", f"/api/v1/users/{ines.id}/personal-data", user=ines.id, subject=ines.id)
            for _ in range(3):
                login(s, owner.email, "wrong password 1", statuses={401})
            expect("locked_out", s.client(), "POST", "/api/v1/auth/login", {"email": owner.email, "password": PASSWORD}, user=owner.id, statuses={429})
            for verb, event in (("add", "operator_added"), ("remove", "operator_removed")):
                self.assertEqual(server.run_program("operator", verb, owner.email, settings={"DATA_DIR": s.folder}).returncode, 0)
                found = server.wait_until(lambda: [one for one in self.lines(s) if one["event"] == event], event)  # noqa: B023
                self.assertEqual([(one["subject_id"], one["address"]) for one in found], [(owner.id, "control socket")])
            with self.subTest("what is only rehearsed, or answered from memory, is no event"):
                count = len(self.lines(s))
                owner.client.ask("DELETE", f"/api/v1/users/{owner.id}/personal-data?dry_run=true", statuses={409})
                owner.client.ask("POST", "/api/v1/api-keys?dry_run=true", {"name": "k", "scopes": ["read"]}, statuses={201})
                for _ in range(2):
                    answer = owner.client.ask("POST", "/api/v1/api-keys", {"name": "k", "scopes": ["read"]}, headers={"Idempotency-Key": "once"}, statuses={201})
                secrets.add(answer.json["key"])
                server.wait_until(lambda: len(self.lines(s)) > count, "the line of the key")
                self.assertEqual(len(self.lines(s)), count + 1)
            with self.subTest("an import"), server.Server("importing") as other:
                op = Person(other, "op@example.com", "Op")
                self.assertEqual(server.run_program("operator", "add", op.id, settings={"DATA_DIR": other.folder}).returncode, 0)
                lines = {"Content-Type": "application/x-ndjson", "X-Request-Id": "security-import"}
                op.client.ask("POST", f"/api/v1/orgs/{owner.org}/import", raw=exported.body, headers=lines, statuses={200})
                found = self.lines(other, "security-import")
                self.assertEqual([(one["event"], one["user_id"], one["org_id"]) for one in found], [("data_imported", op.id, owner.org)])
            s.client().ask("POST", "/api/v1/auth/login?password=in+the+path", {"email": owner.email, "password": PASSWORD}, statuses=range(400, 500))
            text = s.log_text()
            for secret in secrets | {"in+the+path", "in the path"}:
                self.assertNotIn(secret, text)


if __name__ == "__main__":
    server.main()
