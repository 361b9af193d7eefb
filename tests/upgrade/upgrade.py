"""Each store that an earlier version wrote, opened by this one: it starts by itself, answers the same, and its state is what
the log says. The fixtures are made by make.py; answers.py says what is compared."""
import json
import pathlib
import tarfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
import sys  # noqa: E402

sys.path.insert(0, str(HERE.parent / "scenarios"))

import server  # noqa: E402
from answers import OF_TODAY, differs, held  # noqa: E402

VERSIONS = sorted(p.name for p in HERE.iterdir() if (p / "store.tar.gz").exists())


class Upgrade(unittest.TestCase):
    def test_there_is_a_store_of_the_first_version(self):
        self.assertIn("0.1.0", VERSIONS)

    def test_every_former_store_opens_verifies_and_answers_as_it_did(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                self.opened(version, json.loads((HERE / version / "answers.json").read_text()))

    def opened(self, version, said):
        one = server.Server("upgrade-" + version)
        with tarfile.open(HERE / version / "store.tar.gz") as packed:
            packed.extractall(one.folder.parent)
        whole = server.run_program("verify", settings={"DATA_DIR": one.folder})
        self.assertEqual(whole.returncode, 0, whole.stdout + whole.stderr)
        with one:
            reader = one.client(said["key"])
            wrong = []
            for path, was in said["answers"].items():
                if path not in OF_TODAY and (found := differs(was, held(reader, path))):
                    wrong.append(f"{path}: {found}")
            self.assertEqual(wrong, [], f"{len(wrong)} of {len(said['answers'])} answers differ")
            self.still_works(one, said)
        done = server.run_program("verify", settings={"DATA_DIR": one.folder})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("equal: the state is what the log says", done.stdout)

    def still_works(self, one, said):
        """People log in with what they had, and the organization of the closed months takes new work."""
        session = one.client().post("/api/v1/auth/login", {"email": said["owner"]["email"], "password": said["owner"]["password"]})
        owner = one.client(session["access_token"])
        project = owner.post("/api/v1/projects", {"org_id": said["ledger"], "key": "NEW", "name": "After the upgrade"})["id"]
        ticket = owner.post(f"/api/v1/projects/{project}/tickets", {"title": "Goes on"})
        self.assertEqual(ticket["reference"], "NEW-1")
        entry = {"date": "2026-03-05", "minutes": 30}
        late = owner.ask("POST", f"/api/v1/tickets/{ticket['id']}/time-entries", entry, statuses=range(200, 500))
        self.assertIn(late.status, (201, 409))  # a closed month takes adjustments only


if __name__ == "__main__":
    server.main()
