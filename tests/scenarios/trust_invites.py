"""Invites give what their sender could give now, to one account, by code and address together."""
import subprocess
import unittest
import uuid

import server as scenario
from server import Server, run_program
from workshop import Workshop
from world import PASSWORD, Person, invite, random_id


class Invites(Workshop):
    def setUp(self):
        self.members = f"/api/v1/orgs/{self.org}/members/"
        self.invites = f"/api/v1/orgs/{self.org}/invites"

    def address(self):
        return self.fresh("guest") + "@example.com"

    def account(self, email):
        return Person(self.server, email, "Guest")

    def accept(self, person, code, status):
        return person.client.ask("POST", f"/api/v1/invites/{code}/accept", statuses={status})

    def belongs(self, person):
        return any(o["org_id"] == self.org for o in person.client.get("/api/v1/auth/me")["orgs"])

    def state_of(self, made):
        return next(i["status"] for i in self.owner.all(self.invites) if i["id"] == made["id"])

    def register(self, email, code, status):
        body = {"email": email, "password": PASSWORD, "display_name": "Guest", "invite_code": code}
        return self.server.client().ask("POST", "/api/v1/auth/register", body, statuses={status})

    def test_who_was_removed_does_not_come_back_by_an_invite_of_their_own(self):
        admin = self.member("Admin")
        email, known = self.address(), self.account(self.address())
        code, other = (invite(admin, self.org, one, "Admin")["invite_code"] for one in (email, known.email))
        self.owner.must("DELETE", self.members + admin.id)
        self.assertEqual(self.register(email, code, 409).code, "wrong_state")
        self.server.client().ask("POST", "/api/v1/auth/login", {"email": email, "password": PASSWORD}, statuses={401})  # nobody was made
        self.assertEqual(self.accept(known, other, 409).code, "wrong_state")
        self.assertFalse(self.belongs(known))

    def test_an_invite_gives_what_its_sender_may_give_when_it_is_accepted(self):
        for sent_as, role, now, holds in (("Admin", "Admin", "Member", False), ("Admin", "Viewer", "Member", False), ("Admin", "Viewer", "Viewer", False),
                                          ("Owner", "Owner", "Admin", False), ("Owner", "Admin", "Admin", True), ("Owner", "Admin", "Member", False),
                                          ("Admin", "Admin", "Owner", True)):
            with self.subTest(sent_as=sent_as, role=role, now=now):
                sender, guest = self.member(sent_as), self.account(self.address())
                code = invite(sender, self.org, guest.email, role)["invite_code"]
                self.owner.patch(self.members + sender.id, {"role": now})
                answer = self.accept(guest, code, 200 if holds else 409)
                if holds:
                    self.assertEqual(answer.json["role"], role)
                else:
                    self.assertEqual(answer.code, "wrong_state")
                    self.assertIn("who sent this invite", answer.json["detail"])
                self.assertEqual(self.belongs(guest), holds)

    def test_a_new_invite_replaces_the_one_before(self):
        email = self.address()
        other = self.member("Admin")
        first = invite(self.people["Owner"], self.org, email, "Admin")
        second = invite(other, self.org, email.upper(), "Viewer")
        elsewhere = self.new_org()["id"]
        apart = invite(self.people["Owner"], elsewhere, email, "Viewer")
        rehearsed = self.owner.ask("POST", self.invites + "?dry_run=true", {"email": email, "role": "Reporter"}, statuses={201}).json
        self.assertEqual([e["type"] for e in rehearsed["events"]], ["invite.revoked", "invite.created"])
        self.assertEqual((self.state_of(first), self.state_of(second)), ("Revoked", "Pending"))
        third = invite(self.people["Owner"], self.org, email, "Reporter")
        self.assertEqual([self.state_of(one) for one in (first, second, third)], ["Revoked", "Revoked", "Pending"])
        guest = self.account(email)
        for old in (first, second):
            self.assertEqual(self.accept(guest, old["invite_code"], 409).code, "wrong_state")
        self.assertEqual(self.accept(guest, third["invite_code"], 200).json["role"], "Reporter")
        self.accept(guest, apart["invite_code"], 200)  # of another organization: it is not touched

    def test_a_member_is_not_invited(self):
        member = self.member("Member")
        for email in (member.email, member.email.upper(), self.people["Owner"].email):
            with self.subTest(email=email):
                self.assertEqual(self.refused(409, "POST", self.invites, {"email": email, "role": "Admin"}).code, "already_exists")
        self.owner.must("DELETE", self.members + member.id)
        code = invite(self.people["Owner"], self.org, member.email, "Viewer")["invite_code"]
        self.assertEqual(self.accept(member, code, 200).json["role"], "Viewer")

    def test_code_and_address_match_and_the_account_that_accepts_first_has_it(self):
        email = self.address()
        made = invite(self.people["Owner"], self.org, email, "Member")
        code, stranger = made["invite_code"], self.account(self.address())
        self.accept(stranger, code, 403)
        self.assertEqual(self.register(self.address(), code, 422).faults, {"/email": "not_invited"})
        guest = Person(self.server, email, "Guest", code)
        self.assertTrue(self.belongs(guest))
        self.assertEqual(self.state_of(made), "Accepted")
        self.accept(guest, code, 409)
        self.accept(stranger, code, 403)
        self.owner.must("DELETE", self.members + guest.id)
        self.assertEqual(self.accept(guest, code, 409).code, "wrong_state", "it is used up")

    def test_an_address_alone_gives_nothing(self):
        email = self.address()
        made = invite(self.people["Owner"], self.org, email, "Admin")
        guest = self.account(email)  # registered without the code
        self.assertFalse(self.belongs(guest))
        self.assertEqual([o["org_id"] for o in guest.client.get("/api/v1/auth/me")["orgs"]], [guest.id])
        guest.client.ask("GET", f"/api/v1/orgs/{self.org}", statuses={404})
        for guess in (made["id"], random_id(), "inv_" + "a" * 24, email):
            self.accept(guest, guess, 404)
        self.accept(guest, made["invite_code"], 200)


class Erasure(unittest.TestCase):
    def keys_kept(self, server, name, ids):
        """Of which of them a restored copy has a key."""
        backup, copy = server.folder.parent / (name + "-backup"), server.folder.parent / (name + "-copy")
        for words, at in ((("create", str(backup)), server.folder), (("restore", str(backup)), copy)):
            done = run_program("backup", *words, settings={"DATA_DIR": at})
            self.assertEqual(done.returncode, 0, done.stderr)
        rows = subprocess.run(["ldb", f"--db={copy / 'store'}", "scan", "--column_family=local", "--hex"], capture_output=True, text=True, timeout=60, check=True).stdout
        return {one for one in ids if f"0x{b'p'.hex()}{uuid.UUID(one).hex}".upper() in rows.upper()}

    def test_erasing_a_person_destroys_the_keys_of_their_invites_to_deleted_organizations_too(self):
        with Server("erased-invites") as server:
            owner = Person(server, "owner@example.com", "Olga", founds=("Acme", "acme"))
            bob = Person(server, "bob@example.com", "Bob")
            gone = owner.client.post("/api/v1/orgs", {"name": "Gone", "slug": "gone"})["id"]
            of_bob = {invite(owner, org, bob.email, "Member")["id"] for org in (gone, owner.org)}
            others = {invite(owner, org, "eve@example.com", "Member")["id"] for org in (gone, owner.org)}
            owner.client.must("DELETE", f"/api/v1/orgs/{gone}")
            self.assertEqual(self.keys_kept(server, "before", of_bob | others), of_bob | others)
            bob.client.must("DELETE", f"/api/v1/users/{bob.id}/personal-data")
            self.assertEqual(self.keys_kept(server, "after", of_bob | others), others)


if __name__ == "__main__":
    scenario.main()
