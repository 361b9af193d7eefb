"""Whom a kept answer is given to: the credential that asked the first time, and only while it might still ask. A session that
was refreshed is the same one; another session, and a key of the same person, are not."""
import unittest

import server
from workshop import Workshop
from world import PASSWORD


class Retries(Workshop):
    def again(self, client, path, body, key, token=Ellipsis):
        return client.ask("POST", "/api/v1/" + path, body, headers={"Idempotency-Key": key}, token=token)

    def key_of(self, client, **body):
        made = client.post("/api/v1/api-keys", dict({"name": "k", "scopes": ["*"]}, **body))
        return self.server.client(made["key"]), made["id"]

    def test_a_bound_key_is_not_given_what_a_session_was_answered(self):
        """Secrets above all: a new key with every scope, a webhook's secret, an invitation's code."""
        narrow = self.key_of(self.owner, org_id=self.org, project_ids=[self.ids["project_id"]])[0]
        other = self.key_of(self.owner)[0]
        for path, body in (("api-keys", {"name": "all", "scopes": ["*"]}), (f"orgs/{self.org}/invites", {"email": self.fresh("r") + "@example.com", "role": "Viewer"}),
                           (f"orgs/{self.org}/webhooks", {"url": "https://hooks.example.com/r", "event_types": ["*"]}),
                           (f"webhooks/{self.ids['webhook_id']}/rotate-secret", {})):
            with self.subTest(path=path):
                first = self.again(self.owner, path, body, "K " + path)
                self.assertIn(first.status, (200, 201))
                self.assertEqual(self.again(self.owner, path, body, "K " + path).body, first.body)
                refused = self.again(narrow, path, body, "K " + path)
                self.assertEqual((refused.status, refused.code), (403, "key_not_allowed"), refused)
                for member in ("key", "secret", "invite_code"):
                    if secret := first.json.get(member):
                        self.assertNotIn(secret.encode(), self.again(other, path, body, "K " + path).body)

    def test_a_key_of_one_credential_means_nothing_with_another(self):
        """Neither the same answer nor 422: it is a new request."""
        path = f"projects/{self.ids['project_id']}/tickets"
        login = self.owner.post("/api/v1/auth/login", {"email": "owner@example.com", "password": PASSWORD}, token=None)
        keys = [self.key_of(self.owner)[0] for _ in range(2)]
        first = self.again(self.owner, path, {"title": "One"}, "shared")
        made = {first.json["id"]}
        for client in keys + [self.server.client(login["access_token"])]:
            answer = self.again(client, path, {"title": "Another"}, "shared")
            self.assertEqual((answer.status, answer.headers["Idempotency-Replayed"]), (201, None), answer)
            made.add(answer.json["id"])
            self.assertEqual(self.again(client, path, {"title": "Another"}, "shared").headers["Idempotency-Replayed"], "true")
        self.assertEqual(len(made), 4)

    def test_a_refreshed_session_is_the_same_caller(self):
        session = self.owner.post("/api/v1/auth/login", {"email": "owner@example.com", "password": PASSWORD}, token=None)
        path, body = f"projects/{self.ids['project_id']}/tickets", {"title": "Refreshed"}
        first = self.again(self.server.client(session["access_token"]), path, body, "refreshed")
        fresh = self.owner.post("/api/v1/auth/refresh", {"refresh_token": session["refresh_token"]}, token=None)
        again = self.again(self.server.client(fresh["access_token"]), path, body, "refreshed")
        self.assertEqual((again.body, again.headers["Idempotency-Replayed"]), (first.body, "true"))

    def test_who_has_lost_the_right_is_refused_before_the_kept_answer(self):
        person, project = self.member("Admin"), self.new_project()
        asked = [(f"projects/{project}/tickets", {"title": "Mine"}, "Reporter"), (f"orgs/{self.org}/labels", {"name": self.fresh("l"), "color": "#00ff00"}, "Member"),
                 ("projects", {"org_id": self.org, "key": self.fresh("R"), "name": "R"}, "Member"),
                 (f"orgs/{self.org}/invites", {"email": self.fresh("lost") + "@example.com", "role": "Viewer"}, "Admin"),
                 (f"users/{person.id}/orgs/{self.org}/labor-rates", {"hourly_rate_cents": 5000, "effective_from": "2026-02-01"}, "Admin")]
        ticket = self.new_ticket(project)["id"]
        asked.append(("tickets/batch", {"ticket_ids": [ticket], "changes": {"priority": "Low"}}, "Member"))
        first = [self.again(person.client, path, body, "lost " + path) for path, body, _ in asked]
        for answer in first:
            self.assertIn(answer.status, (200, 201), answer)
        path, key = f"projects/{project}/tickets", self.key_of(person.client)
        self.assertEqual(self.again(key[0], path, {"title": "By key"}, "by key").status, 201)

        def held(role):
            for (at, body, least), kept in zip(asked, first):
                with self.subTest(path=at, role=role):
                    answer = self.again(person.client, at, body, "lost " + at)
                    other = self.again(person.client, at, dict(body, **{"title": "x"} if "title" in body else {}), "lost " + at)
                    if role is None:
                        self.assertIn((answer.status, answer.code), ((404, "not_found"), (422, "validation_failed")), answer)
                        self.assertEqual(answer.headers["Idempotency-Replayed"], None)
                        self.assertNotEqual(other.code, "idempotency_mismatch")
                    elif roles.index(role) < roles.index(least):
                        self.assertEqual((answer.status, answer.code), (403, "role_too_low"), answer)
                    else:
                        self.assertEqual((answer.body, answer.headers["Idempotency-Replayed"]), (kept.body, "true"))
        roles = ["Viewer", "Reporter", "Member", "Admin", "Owner"]
        held("Admin")
        for role in ("Member", "Viewer"):
            self.owner.patch(f"/api/v1/orgs/{self.org}/members/{person.id}", {"role": role})
            held(role)
        self.owner.must("DELETE", f"/api/v1/orgs/{self.org}/members/{person.id}")
        held(None)
        self.assertEqual(self.again(key[0], path, {"title": "By key"}, "by key").status, 404)

    def test_what_took_a_higher_role_takes_it_again(self):
        """An undo of what others did, a decision about others' time: the row asks for less than the command did."""
        admin, worker = self.member("Admin"), self.member("Member")
        entry = worker.client.post(f"/api/v1/tickets/{self.ids['ticket_id']}/time-entries", {"date": "2026-03-03", "minutes": 5})["id"]
        worker.client.post(f"/api/v1/time-entries/{entry}/submit")
        position = self.owner.ask("POST", f"/api/v1/orgs/{self.org}/labels", {"name": self.fresh("u"), "color": "#00ff00"}).headers["Alloy-Position"]
        asked = ((f"orgs/{self.org}/events/{position}/undo", None), ("time-entries/batch", {"ids": [entry], "action": "approve"}))
        first = [self.again(admin.client, path, body, "higher " + path) for path, body in asked]
        self.assertEqual([a.status for a in first], [200, 200])
        for (path, body), kept in zip(asked, first):
            self.assertEqual(self.again(admin.client, path, body, "higher " + path).body, kept.body)
        self.owner.patch(f"/api/v1/orgs/{self.org}/members/{admin.id}", {"role": "Member"})
        for path, body in asked:
            with self.subTest(path=path):
                self.assertEqual(self.again(admin.client, path, body, "higher " + path).code, "role_too_low")

    def test_a_kept_answer_that_names_somebody_who_was_erased_is_given_to_nobody(self):
        email, invited = self.fresh("gone") + "@example.com", self.fresh("asked") + "@example.com"
        register = {"email": email, "password": PASSWORD, "display_name": "Gone Girl"}
        made = self.again(self.owner, "auth/register", register, "erased 1", token=None)
        login = self.again(self.owner, "auth/login", {"email": email, "password": PASSWORD}, "erased 2", token=None)
        person = self.server.client(login.json["access_token"])
        person.must("DELETE", f"/api/v1/users/{made.json['user_id']}/personal-data")
        for path, body, key in (("auth/register", register, "erased 1"), ("auth/login", {"email": email, "password": PASSWORD}, "erased 2")):
            answer = self.again(self.owner, path, body, key, token=None)
            self.assertEqual((answer.status, answer.code), (409, "wrong_state"), answer)
            self.assertNotIn(b"Gone", answer.body)
        path = f"orgs/{self.org}/invites"
        invite = {"email": invited, "role": "Viewer"}
        self.assertEqual(self.again(self.owner, path, invite, "erased 3").status, 201)
        other = self.again(self.owner, "auth/register", {"email": invited, "password": PASSWORD, "display_name": "Other"}, "erased 4", token=None).json
        self.server.client(other["access_token"]).must("DELETE", f"/api/v1/users/{other['user_id']}/personal-data")
        self.assertNotIn(invited.encode(), self.again(self.owner, path, invite, "erased 3").body)

    def test_an_invitation_to_a_role_is_repeated_to_who_may_still_give_it(self):
        owner = self.member("Owner")
        path, body = f"orgs/{self.org}/invites", {"email": self.fresh("high") + "@example.com", "role": "Owner"}
        self.assertEqual(self.again(owner.client, path, body, "high").status, 201)
        self.owner.patch(f"/api/v1/orgs/{self.org}/members/{owner.id}", {"role": "Admin"})
        answer = self.again(owner.client, path, body, "high")
        self.assertEqual((answer.status, answer.code), (403, "role_too_low"), answer)

    def test_a_credential_that_has_ended_is_answered_nothing(self):
        path, body = f"projects/{self.ids['project_id']}/tickets", {"title": "Ended"}
        client, one = self.key_of(self.owner)
        self.assertEqual(self.again(client, path, body, "ended").status, 201)
        self.owner.must("DELETE", f"/api/v1/api-keys/{one}")
        self.assertEqual(self.again(client, path, body, "ended").status, 401)
        person = self.member()
        session = self.owner.post("/api/v1/auth/login", {"email": person.email, "password": PASSWORD}, token=None)["access_token"]
        self.owner.ask("POST", "/api/v1/auth/confirm", {"password": PASSWORD}, token=session)
        password = {"current_password": PASSWORD, "new_password": PASSWORD + "?"}
        for _ in range(2):
            self.assertEqual(self.again(person.client, "auth/password", password, "hashed", token=session).status, 204)
        self.owner.post("/api/v1/auth/logout", {}, token=session)
        self.assertEqual(self.again(person.client, "auth/password", password, "hashed", token=session).status, 401)

    def test_what_is_gone_since_is_still_answered_to_its_organization(self):
        """The first try may have been seen by nobody but those who then deleted the thing."""
        project = self.new_project()
        ticket = self.new_ticket(project)
        path, body = f"tickets/{ticket['id']}/transition", {"status": "Done"}
        first = self.again(self.owner, path, body, "gone")
        self.owner.must("DELETE", f"/api/v1/tickets/{ticket['id']}")
        again = self.again(self.owner, path, body, "gone")
        self.assertEqual((again.body, again.headers["Idempotency-Replayed"]), (first.body, "true"))
        self.assertEqual(self.again(self.owner, path, {"status": "Ready"}, "gone").code, "not_found")
        outsider = self.member("Member")
        self.assertEqual(self.again(outsider.client, path, body, "gone").status, 404, "another's key is a new request")

    def test_without_a_credential_knowing_the_request_is_the_right(self):
        body = {"email": "anybody@example.com", "password": PASSWORD, "display_name": "Any"}
        first = self.again(self.owner, "auth/register", body, "open", token=None)
        self.assertEqual(first.status, 201)
        self.assertEqual(self.again(self.owner, "auth/register", body, "open", token=None).body, first.body)
        for wrong in (dict(body, password=PASSWORD + "x"), dict(body, email="other@example.com")):
            answer = self.again(self.owner, "auth/register", wrong, "open", token=None)
            self.assertEqual((answer.status, answer.code), (422, "idempotency_mismatch"))
            self.assertNotIn(first.json["access_token"].encode(), answer.body)
        refresh = {"refresh_token": first.json["refresh_token"]}
        renewed = self.again(self.owner, "auth/refresh", refresh, "rotate", token=None)
        self.assertEqual(self.again(self.owner, "auth/refresh", refresh, "rotate", token=None).body, renewed.body)
        guess = self.again(self.owner, "auth/refresh", {"refresh_token": "alloy_rt_" + "a" * 48}, "rotate", token=None)
        self.assertEqual(guess.status, 422)


if __name__ == "__main__":
    server.main()
