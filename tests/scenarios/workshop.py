"""A world of its own for a scenario, with tools that make more things in it. In the end the store must be what the log says."""
import unittest

import server
from world import DATE, Person, World, join


class Workshop(unittest.TestCase):
    SETTINGS = {}

    @classmethod
    def setUpClass(cls):
        cls.server = server.Server(cls.__name__.lower(), **cls.SETTINGS).start()
        cls.world = World(cls.server)
        cls.ids, cls.foreign, cls.people = cls.world.ids, cls.world.foreign, cls.world.people
        cls.owner, cls.org = cls.world.owner, cls.world.ids["org_id"]
        cls.count = 0

    @classmethod
    def tearDownClass(cls):
        """What all of these wrote is what the log says, to the byte."""
        cls.server.stop()
        done = server.run_program("verify", settings={"DATA_DIR": cls.server.folder})
        assert done.returncode == 0, done.stdout + done.stderr

    def fresh(self, prefix):
        type(self).count += 1
        return f"{prefix}{self.count}"

    def refused(self, status, method, path, body=None, client=None, **more):
        return (client or self.owner).ask(method, path, body, statuses={status}, **more)

    def member(self, role="Member", org=None):
        person = Person(self.server, self.fresh("m") + "@example.com", "Somebody")
        join(self.people["Owner"], org or self.org, person, role)
        return person

    def new_org(self):
        slug = self.fresh("org-")
        return self.owner.post("/api/v1/orgs", {"name": slug, "slug": slug})

    def new_project(self, **more):
        return self.owner.post("/api/v1/projects", dict({"org_id": self.org, "key": self.fresh("P"), "name": "P"}, **more))["id"]

    def new_ticket(self, project, **more):
        return self.owner.post(f"/api/v1/projects/{project}/tickets", dict({"title": "T"}, **more))

    def new_sprint(self, project, start=False):
        sprint = self.owner.post(f"/api/v1/projects/{project}/sprints", {"name": "S", "start_date": DATE, "end_date": DATE})["id"]
        if start:
            self.owner.post(f"/api/v1/sprints/{sprint}/start")
        return sprint
