"""Lists and searches that hide nothing: what an undo brought back is found by its words, a ticket by every reference that it
had, and whoever walks a list while others write meets everything that was there all the while, once."""
import itertools
import unittest

import server
from workshop import Workshop


class Lists(Workshop):
    def find(self, q, project=None):
        where = f"projects/{project}/tickets" if project else "tickets"
        return [t["id"] for t in self.owner.get(f"/api/v1/{where}?q={q}")["items"]]

    def restart(self):
        self.owner.close()
        self.server.restart()

    def undo(self, answer):
        self.owner.post(f"/api/v1/orgs/{self.org}/events/{answer.headers['Alloy-Position']}/undo")

    def test_what_comes_back_is_found_by_its_words_and_by_those_of_its_comments(self):
        project = self.new_project()
        ticket = self.new_ticket(project, title="Palimpsest", description="scraped vellum")
        comment = self.owner.post(f"/api/v1/tickets/{ticket['id']}/comments", {"body": "marginalia here"})["id"]
        words = ("palimpsest", "vellum", "marginalia", ticket["reference"])
        for _ in range(2):
            deleted = self.owner.ask("DELETE", f"/api/v1/tickets/{ticket['id']}", statuses={204})
            self.assertEqual([self.find(w) for w in words], [[]] * 4)
            self.undo(deleted)
            for word in words:
                with self.subTest(word=word):
                    self.assertEqual(self.find(word), [ticket["id"]])
        self.owner.patch(f"/api/v1/comments/{comment}", {"body": "colophon"})
        self.assertEqual((self.find("marginalia"), self.find("colophon")), ([], [ticket["id"]]))
        self.restart()
        self.assertEqual([self.find(w) for w in ("palimpsest", "colophon")], [[ticket["id"]]] * 2)

    def test_a_ticket_is_found_by_every_reference_it_had(self):
        first, second, third = (self.new_project(key=self.fresh("REF")) for _ in range(3))
        ticket = self.new_ticket(first, title="Wanders")
        references = [ticket["reference"]]
        for project in (second, third):
            references.append(self.owner.patch(f"/api/v1/tickets/{ticket['id']}", {"project_id": project})["reference"])
        self.assertEqual(len(set(references)), 3)
        for reference in references:
            with self.subTest(reference=reference):
                self.assertEqual(self.owner.get(f"/api/v1/tickets/{reference}")["id"], ticket["id"])
                self.assertEqual(self.find(reference), [ticket["id"]])
                self.assertEqual(self.find(reference, third), [ticket["id"]])

    # ------------------------------------------------------------------------------------ walks

    def walk(self, path, limit, between):
        """All pages; between each two something happens."""
        met, cursor = [], ""
        for n in itertools.count():
            page = self.owner.get(f"{path}&limit={limit}" + (f"&cursor={cursor}" if cursor else ""))
            met += [t["id"] for t in page["items"]]
            if not page["has_more"]:
                return met
            self.assertLess(n, 100, "this walk has no end")
            cursor = page["next_cursor"]
            between(n, met)

    def test_a_walk_misses_nothing_that_changes_meanwhile_and_meets_nothing_twice(self):
        for sort in ("updated_at", "-updated_at", "priority", "-priority", "number", "-number", "created_at", None):
            for every in (False, True):
                with self.subTest(sort=sort, every=every):
                    project, other = self.new_project(), self.new_project()
                    tickets = [self.new_ticket(project, title="tide " * (1 + n % 3), priority=("High", "Medium", "Low")[n % 3])["id"] for n in range(12)]
                    path = f"/api/v1/tickets?org_id={self.org}&project_id={project},{other}&" + (f"sort={sort}" if sort else "q=tide")

                    def change(n, met):
                        """One that is still to come goes where the walk has been, and one that was met goes ahead of it."""
                        waiting = [t for t in tickets if t not in met]
                        for one in (waiting if every else waiting[:1]) + [t for t in met[-1:] if t in tickets]:
                            priority = "Urgent" if sort and sort.startswith("-") == (one in met) else "None"
                            self.owner.patch(f"/api/v1/tickets/{one}", {"priority": priority, "title": "tide " * (1 + (n + tickets.index(one)) % 4)})
                            self.owner.post(f"/api/v1/tickets/{one}/comments", {"body": "tide"})
                        if n % 2:
                            self.owner.patch(f"/api/v1/tickets/{met[0]}", {"project_id": other if n % 4 == 1 else project})
                        self.new_ticket(project, title="tide of later")
                    met = self.walk(path, 2, change)
                    self.assertEqual(len(met), len(set(met)), "something was met twice")
                    self.assertEqual(set(tickets) - set(met), set(), "something was missed")

    def test_a_walk_goes_on_after_a_restart(self):
        project = self.new_project()
        tickets = [self.new_ticket(project)["id"] for _ in range(6)]

        def restart(n, met):
            self.owner.patch(f"/api/v1/tickets/{next(t for t in reversed(tickets) if t not in met)}", {"title": f"changed {n}"})
            self.restart()
        self.assertEqual(sorted(self.walk(f"/api/v1/projects/{project}/tickets?sort=-updated_at", 2, restart)), sorted(tickets))

    def test_what_no_longer_matches_is_not_listed(self):
        """It is met as it is now."""
        project = self.new_project()
        tickets = [self.new_ticket(project, priority="High")["id"] for _ in range(6)]

        def lower(n, met):
            for one in [t for t in tickets if t not in met][:1]:
                self.owner.patch(f"/api/v1/tickets/{one}", {"priority": "Low"})
        met = self.walk(f"/api/v1/projects/{project}/tickets?sort=-updated_at&priority=High", 2, lower)
        self.assertEqual(len(met), len(set(met)))
        self.assertLess(len(met), 6)


if __name__ == "__main__":
    server.main()
