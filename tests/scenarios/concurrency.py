"""Sixteen clients at once on the same tickets, for SCENARIO_SECONDS: no update is lost, no number is missing or given
twice, a key answers once, and no list shows anything twice."""
import collections
import os
import random
import threading
import time

import server
from client import THREADS, together
from workshop import Workshop

SECONDS = float(os.environ.get("SCENARIO_SECONDS", "5"))


class Concurrency(Workshop):
    def clients(self):
        return [self.owner.with_token(self.owner.token) for _ in range(THREADS)]

    def for_a_while(self, work):
        """Runs work(i, n) on every thread again and again, n counting; all results."""
        until = time.monotonic() + SECONDS

        def run(i):
            results = []
            while time.monotonic() < until:
                results.append(work(i, len(results)))
            return results

        return [one for some in together(run) for one in some]

    def test_no_lost_update(self):
        """Each accepted PATCH counts one further than what it read; so the count is that of the accepted ones."""
        project = self.new_project()
        tickets = [self.new_ticket(project, estimate_minutes=0)["id"] for _ in range(5)]
        clients = self.clients()

        def count_one(i, _):
            path = f"/api/v1/tickets/{random.choice(tickets)}"
            read = clients[i].ask("GET", path, statuses={200})
            answer = clients[i].ask("PATCH", path, {"estimate_minutes": read.json["estimate_minutes"] + 1}, headers={"If-Match": read.headers["ETag"]},
                                    statuses={200, 412})
            if answer.status == 412:
                self.assertEqual(answer.code, "version_mismatch")
                return None
            self.assertEqual(answer.headers["ETag"], f'"{answer.json["version"]}"')
            return path, read.json["version"], answer.json["version"], answer.json["estimate_minutes"]

        tried = self.for_a_while(count_one)
        accepted = collections.defaultdict(list)
        for path, read, became, count in filter(None, tried):
            self.assertEqual((became, count), (read + 1, read))
            accepted[path].append(became)
        self.assertGreater(tried.count(None), 0, "nobody was ever late, so this shows nothing")
        for ticket in tickets:
            path = f"/api/v1/tickets/{ticket}"
            n = len(accepted[path])
            with self.subTest(ticket=ticket, accepted=n):
                self.assertEqual(sorted(accepted[path]), list(range(2, n + 2)), "versions have gaps")
                now = self.owner.get(path)
                self.assertEqual((now["estimate_minutes"], now["version"]), (n, n + 1))
                counted = [c for a in self.owner.all(path + "/activity")[1:] for c in a["changes"]]
                self.assertEqual([(c["field"], c["from"], c["to"]) for c in counted], [("estimate_minutes", k, k + 1) for k in range(n)])

    def test_numbers(self):
        """Half of the clients send each of their requests twice at once, with one key: that is one ticket."""
        project = self.owner.post("/api/v1/projects", {"org_id": self.org, "key": "RUSH", "name": "Rush"})["id"]
        path = f"/api/v1/projects/{project}/tickets"
        clients, twins = self.clients(), self.clients()

        def create(i, n):
            body, key = {"title": f"{i}-{n}"}, {"Idempotency-Key": f"rush {i}-{n}"}
            if i % 2:
                return clients[i].ask("POST", path, body, statuses={201})
            both = together(lambda twin: (clients, twins)[twin][i].ask("POST", path, body, headers=key, statuses={201}), 2)
            self.assertEqual(both[0].body, both[1].body)
            for name in ("Location", "ETag", "Alloy-Position"):
                self.assertEqual(both[0].headers[name], both[1].headers[name], name)
            self.assertEqual(sorted(str(one.headers["Idempotency-Replayed"]) for one in both), ["None", "true"])
            return both[0]

        answers = self.for_a_while(create)
        made = {one.json["ticket_number"]: one for one in answers}
        self.assertEqual(sorted(made), list(range(1, len(answers) + 1)))
        self.assertEqual(len({one.headers["Alloy-Position"] for one in answers}), len(answers))
        listed = {t["ticket_number"]: t for t in self.owner.all(path)}
        for number, one in made.items():
            self.assertEqual((one.json["reference"], one.headers["Location"]), (f"RUSH-{number}", "/api/v1/tickets/" + one.json["id"]))
            self.assertEqual(listed.pop(number), one.json)
        self.assertEqual(listed, {}, "there are tickets that nobody was told of")
        self.assertEqual(self.owner.get(f"/api/v1/projects/{project}")["ticket_counter"], len(made))

    def test_moves_and_lists(self):
        """Half of the clients move tickets to and fro between two projects, the others list: each ticket at most once."""
        homes = [self.new_project(), self.new_project()]
        tickets = [self.new_ticket(homes[n % 2], title=f"moving {n}")["id"] for n in range(40)]
        clients, locks = self.clients(), {one: threading.Lock() for one in tickets}
        lists = [f"/api/v1/projects/{home}/tickets" for home in homes] + [f"/api/v1/tickets?project_id={','.join(homes)}", f"/api/v1/tickets?org_id={self.org}"]

        def work(i, n):
            if i % 2:
                path = lists[n % len(lists)]
                found = [t["id"] for t in clients[i].all(path, limit=random.choice((3, 7, 200))) if t["id"] in locks]
                return "list", path, len(found) - len(set(found)), None
            ticket = random.choice(tickets)
            with locks[ticket]:  # to know where it goes; the server needs none
                answer = clients[i].ask("GET", f"/api/v1/tickets/{ticket}", statuses={200}).json
                to = homes[answer["project_id"] == homes[0]]
                moved = clients[i].ask("PATCH", f"/api/v1/tickets/{ticket}", {"project_id": to}, statuses={200}).json
                return "move", ticket, answer["reference"], moved["reference"]

        done = self.for_a_while(work)
        doubles = collections.Counter(path for what, path, doubles, _ in done if what == "list" and doubles)
        self.assertEqual(doubles, {}, "lists that showed a ticket twice, and how often")
        moves = [one for one in done if one[0] == "move"]
        given = [moved for _, _, _, moved in moves]
        self.assertEqual(len(given), len(set(given)), "a reference was given twice")
        for _, ticket, old, new in random.sample(moves, min(len(moves), 100)):
            for reference in (old, new):
                self.assertEqual(self.owner.get(f"/api/v1/tickets/{reference}")["id"], ticket)
        there = [t["id"] for home in lists[:2] for t in self.owner.all(home)]
        self.assertEqual(sorted(there), sorted(tickets))


if __name__ == "__main__":
    server.main()
