"""At least once, whatever happens: a receiver that fails in every way, a server that is killed again and again, and beside
it one that is well. FLAPPING_EVENTS and FLAPPING_SECONDS_BETWEEN_KILLS make it larger."""
import os
import random
import threading
import time
import unittest

import server as scenario
from receiver import Receiver
from server import Server, wait_until
from world import Person

EVENTS = int(os.environ.get("FLAPPING_EVENTS", "600"))
BETWEEN_KILLS_S = float(os.environ.get("FLAPPING_SECONDS_BETWEEN_KILLS", "1.5"))
SETTINGS = {"WEBHOOK_ALLOWED_TARGETS": "127.0.0.0/8", "WEBHOOK_SCHEMES": "https,http", "WEBHOOK_RETRY_SECONDS": ",".join(["0"] * 200),
            "WEBHOOK_FAILURES_BEFORE_PAUSE": "1000000", "WEBHOOK_TIMEOUT_MS": "400", "WEBHOOK_CONNECT_TIMEOUT_MS": "400", "LOG_LEVEL": "info"}


class Flapping(unittest.TestCase):
    def test_each_event_arrives_at_every_endpoint(self):
        dice = random.Random(4711)
        accepted = {"flapping": {}, "ordered": {}, "well": {}}
        order, lock = [], threading.Lock()

        def answer(name, flaps):
            def said(one, _):
                with lock:
                    what = dice.choice([200, 200, 200, 200, 200, 500, 503, "reset", (302, {"Location": "/"}), 404] + (["hang"] if name == "flapping" else [])) if flaps else 200
                    if what == 200:
                        first = one.headers["webhook-id"] not in accepted[name]
                        accepted[name].setdefault(one.headers["webhook-id"], set()).add(one.body["position"])
                        if name == "ordered" and first:
                            order.append(one.body["position"])
                return what
            return said

        light = {"keeps": False, "hangs_s": 1}  # more than the server waits
        with Receiver(answer("flapping", True), **light) as a, Receiver(answer("ordered", True), **light) as b, Receiver(answer("well", False), **light) as c:
            server = Server("flapping", **SETTINGS).start()
            owner = Person(server, "owner@example.com", "Olga", founds=("Acme", "acme"))
            ask = owner.client
            project = ask.post("/api/v1/projects", {"org_id": owner.org, "key": "ACME", "name": "Acme"})["id"]
            for to, ordered in ((a, False), (b, True), (c, False)):
                ask.post(f"/api/v1/orgs/{owner.org}/webhooks", {"url": to.url, "event_types": ["ticket.created"], "ordered": ordered})
            killed_at, kills, made = time.monotonic(), 0, {}
            moved_at, moved = killed_at, 0
            while len(made) < EVENTS or any(len(accepted[name]) < len(made) for name in accepted):
                if time.monotonic() - killed_at > BETWEEN_KILLS_S and kills < 12 + EVENTS // 200:
                    server.kill()
                    server.start()
                    ask.close()
                    killed_at, kills = time.monotonic(), kills + 1
                if len(made) < EVENTS:
                    for _ in range(20):
                        answered = ask.ask("POST", f"/api/v1/projects/{project}/tickets", {"title": "One more"}, statuses=(201,))
                        made[int(answered.headers["Alloy-Position"])] = answered.json["id"]
                else:
                    time.sleep(0.1)
                now = sum(map(len, accepted.values())) + len(made)
                moved_at, moved = (moved_at, moved) if now == moved else (time.monotonic(), now)
                self.assertLess(time.monotonic() - moved_at, scenario.PATIENCE_S, {n: len(accepted[n]) for n in accepted})
            print(f"{len(made)} events, killed {kills} times", flush=True)
            self.assertGreater(kills, 2)
            for name, by_id in accepted.items():
                positions = [p for one in by_id.values() for p in one]
                self.assertTrue(all(len(one) == 1 for one in by_id.values()), f"{name}: one id, two events")
                self.assertEqual(sorted(positions), sorted(made), f"{name}: an event has two ids, or is missing")
            self.assertEqual(order, sorted(order))
            wait_until(lambda: server.process.poll() is None, "the server to be up")
            server.stop()


if __name__ == "__main__":
    scenario.main()
