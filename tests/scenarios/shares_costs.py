"""What asks for much in few words: it is refused before it is done, or goes where nobody else's answer waits for it."""
import unittest

import server
from workshop import Workshop

ANSWER_BYTES = 65536
TEXT = "a longish description that says much " * 400  # some 15 kB


def jobs(s):
    with s.client() as one:
        for line in one.ask("GET", "/metrics").body.decode().splitlines():
            if line.startswith("alloy_reading_jobs_total "):
                return float(line.split()[1])
    raise AssertionError("there is no such metric")


class Costs(Workshop):
    SETTINGS = {"BATCH_ANSWER_MAX_BYTES": ANSWER_BYTES}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.project = cls.owner.post("/api/v1/projects", {"org_id": cls.org, "key": "COST", "name": "P"})["id"]
        cls.tickets = [cls.owner.post(f"/api/v1/projects/{cls.project}/tickets", {"title": f"T {n}", "description": TEXT, "priority": "High"})["id"]
                       for n in range(6)]

    def batch(self, tickets, query="", **changes):
        return self.owner.ask("POST", "/api/v1/tickets/batch" + query, {"ticket_ids": tickets, "changes": changes})

    def test_a_batch_whose_things_are_too_large_is_refused_before_it_is_done(self):
        head = self.server.head()
        for query in ("", "?dry_run=true"):
            for changes in ({"priority": "Low"}, {"description": TEXT + "!"}):
                answer = self.batch(self.tickets, query, **changes)
                self.assertEqual((answer.status, answer.json["code"]), (413, "body_too_large"), answer.body[:300])
                self.assertIn("batch_answer_max_bytes", answer.json["detail"])
        self.assertEqual(self.server.head(), head)
        self.assertEqual(self.batch(self.tickets[:2], priority="Low").json["succeeded"], 2)

    def test_lists_that_look_at_more_than_one_index_are_read_apart(self):
        path = f"/api/v1/projects/{self.project}/tickets"

        def apart(target):
            before = jobs(self.server)
            found = self.owner.get(target)["items"]
            return jobs(self.server) - before, len(found)

        for query in ("", "?limit=50", "?status=Backlog&limit=50", "?status=backlog", "?sort=-created_at"):
            self.assertEqual(apart(path + query), (0, 6), query)
        for query in ("?limit=200", "?status=Backlog&assignee_id=none", "?created_since=2020-01-01T00:00:00Z", "?category=todo", "?sort=-updated_at&status=Backlog"):
            self.assertEqual(apart(path + query), (1, 6), query)
        self.assertEqual(apart(f"/api/v1/tickets?org_id={self.org}&project_id=COST"), (1, 6))

    def test_who_shows_no_credential_learns_nothing_of_the_log(self):
        for path in ("/livez", "/health", "/readyz"):
            with self.server.client() as one:
                answer = one.ask("GET", path, headers={"Alloy-Min-Position": str(10**12)})
            self.assertEqual(answer.status, 200, path)

    def test_the_columns_of_a_board_as_of_then_are_those_of_now(self):
        path = f"/api/v1/projects/{self.project}/board?limit=2"
        now, then = self.owner.get(path), self.owner.get(f"{path}&as_of={self.server.head()}")
        for one, other in zip(now["columns"], then["columns"], strict=True):
            for of in (one, other):
                of.pop("next_cursor", None)
            self.assertEqual(one, other)
        self.assertEqual(sum(one["count"] for one in then["columns"]), 6)
        one = self.owner.get(f"{path}&status=Backlog&as_of={self.server.head()}")["columns"]
        self.assertEqual([(c["status"], c["count"], len(c["tickets"]), c["has_more"]) for c in one], [("Backlog", 6, 2, True)])


if __name__ == "__main__":
    server.main()
