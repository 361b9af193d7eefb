"""Operators are made on the machine and nowhere else: while the server runs over its control socket, else on the store."""
import os
import socket
import stat
import unittest

import server
from client import together
from world import Person, join


def operator(s, *words):
    return server.run_program("operator", *words, settings={"DATA_DIR": s.folder})


class Operators(unittest.TestCase):
    def must(self, s, *words):
        done = operator(s, *words)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        return done.stdout

    def may_operate(self, person, other):
        """An operator may erase anybody; to others it is as if there were nobody."""
        path = f"/api/v1/users/{other.id}/personal-data?dry_run=true"
        return person.client.ask("DELETE", path, statuses={200, 404}).status == 200

    def verified(self, s):
        done = server.run_program("verify", settings={"DATA_DIR": s.folder})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_nobody_is_an_operator_by_an_address_or_by_being_alone(self):
        with server.Server("nobody", OPERATORS="owner@example.com,other@example.com") as s:
            owner = Person(s, "owner@example.com", "Olga", founds=("Acme", "acme"))
            exported = owner.client.ask("GET", f"/api/v1/orgs/{owner.org}/export", statuses={200}).body
            take_in = lambda: owner.client.ask("POST", f"/api/v1/orgs/{owner.org}/import", raw=exported,  # noqa: E731
                                               headers={"Content-Type": "application/x-ndjson"}, statuses={403, 409}).code
            self.assertEqual(take_in(), "role_too_low")
            other = Person(s, "other@example.com", "Otto")
            self.assertFalse(self.may_operate(owner, other))
            self.assertIn("the setting operators grants nothing", s.log_text())
            self.assertEqual(self.must(s, "list"), "")
            self.must(s, "add", owner.id)
            self.assertEqual(take_in(), "already_exists", "an operator gets further")

    def test_while_the_server_runs(self):
        with server.Server("running") as s:
            owner, other = (Person(s, f"{name}@example.com", name) for name in ("owner", "other"))
            self.assertIn(f"{owner.id}  owner@example.com is an operator now", self.must(s, "add", "Owner@Example.com"))
            self.assertTrue(self.may_operate(owner, other), "at once")
            self.assertFalse(self.may_operate(other, owner))
            self.assertIn("is an operator already", self.must(s, "add", owner.id))
            self.assertEqual(self.must(s, "list"), f"{owner.id}  owner@example.com\n")
            s.restart()
            owner.client.close()
            self.assertTrue(self.may_operate(owner, other), "for good")
            self.assertIn("is no operator any more", self.must(s, "remove", "owner@example.com"))
            self.assertIn("is no operator", self.must(s, "remove", "owner@example.com"))
            self.assertFalse(self.may_operate(owner, other))
            self.assertEqual(self.must(s, "list"), "")
        self.verified(s)

    def test_while_it_does_not_run(self):
        with server.Server("offline") as s:
            owner, other = (Person(s, f"{name}@example.com", name) for name in ("owner", "other"))
            head = s.head()
            s.stop()
            self.assertIn("is an operator now", self.must(s, "add", owner.id))
            self.assertEqual(self.must(s, "list"), f"{owner.id}  owner@example.com\n")
            self.verified(s)
            s.start()
            self.assertEqual(s.head(), head + 1)
            for one in (owner, other):
                one.client.close()
            self.assertTrue(self.may_operate(owner, other))
            s.stop()
            self.must(s, "remove", owner.id)
            self.verified(s)
            s.start()
            owner.client.close()
            self.assertFalse(self.may_operate(owner, other))
            s.kill()  # leaves its socket behind
            self.must(s, "add", other.id)
            s.start()
            other.client.close()
            self.assertTrue(self.may_operate(other, owner))

    def test_who_cannot_be_one(self):
        with server.Server("cannot") as s:
            gone = Person(s, "gone@example.com", "Gone")
            self.must(s, "add", gone.id)
            gone.client.must("DELETE", f"/api/v1/users/{gone.id}/personal-data")
            self.assertEqual(self.must(s, "list"), "", "an erased person is no operator any more")
            for who in (gone.id, "gone@example.com", "nobody@example.com", "0" * 36, gone.client.token, ""):
                with self.subTest(who):
                    done = operator(s, "add", who)
                    self.assertIn(done.returncode, (1, 2), done.stdout)
                    self.assertEqual(done.stdout, "")
            self.assertEqual(operator(s, "add").returncode, 2)
        empty = server.run_program("operator", "add", "a@example.com", settings={"DATA_DIR": s.folder.parent / "absent"})
        self.assertEqual(empty.returncode, 1)
        self.assertIn("no store", empty.stderr)
        self.assertFalse((s.folder.parent / "absent").exists())

    def test_the_socket_is_its_users_alone(self):
        with server.Server("private") as s:
            path = s.folder / "control.sock"
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
            for frame in (b"", b"nonsense\n", b"{}\n", b"x" * 100_000, b'{"command":"operator.add","arguments":[]}\n',
                          b'{"command":"operator.add","arguments":["a","b"]}\n', b'{"command":"stop","arguments":[]}\n'):
                with socket.socket(socket.AF_UNIX) as one:
                    one.connect(str(path))
                    try:
                        one.sendall(frame)
                        one.shutdown(socket.SHUT_WR)
                    except BrokenPipeError:
                        pass
                    self.assertNotIn(b'"done"', one.recv(65536))
            idle = socket.socket(socket.AF_UNIX)  # who says nothing holds up nobody for long
            idle.connect(str(path))
            self.must(s, "list")
            idle.close()
            if os.getuid() == 0:
                s.folder.chmod(0o711)
                path.chmod(0o666)
                self.assertEqual(self.as_nobody(str(path)), b"")
        self.assertFalse(path.exists())

    def as_nobody(self, path):
        """What another user of the machine is answered where the files' modes let them through."""
        read, write = os.pipe()
        if os.fork() == 0:
            try:
                os.setgid(65534)
                os.setuid(65534)
                with socket.socket(socket.AF_UNIX) as one:
                    one.connect(path)
                    one.sendall(b'{"command":"operator.list","arguments":[]}\n')
                    os.write(write, one.recv(65536))
            except ConnectionError:
                pass
            finally:
                os._exit(0)
        os.close(write)
        os.wait()
        with os.fdopen(read, "rb") as told:
            return told.read()

    def test_a_folder_with_a_long_path(self):
        with server.Server("/".join(["d" * 60] * 3)) as s:
            owner = Person(s, "owner@example.com", "Olga")
            self.assertIn("is an operator now", self.must(s, "add", "owner@example.com"))
            self.assertEqual(self.must(s, "list"), f"{owner.id}  owner@example.com\n")
            backup = s.folder.parent / "backup"
            done = server.run_program("backup", "create", str(backup), settings={"DATA_DIR": s.folder})
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_many_at_once(self):
        with server.Server("many") as s:
            people = [Person(s, f"p{n}@example.com", "P") for n in range(6)]
            self.assertEqual([done.returncode for done in together(lambda i: operator(s, "add", people[i].id), 6)], [0] * 6)
            self.assertEqual(self.must(s, "list").count("@example.com"), 6)

    def test_a_restored_backup_has_the_same_operators(self):
        with server.Server("saved") as s:
            owner = Person(s, "owner@example.com", "Olga")
            self.must(s, "add", owner.id)
            backup, restored = s.folder.parent / "backup", s.folder.parent / "restored"
            for words, folder in ((("create", str(backup)), s.folder), (("restore", str(backup)), restored)):
                done = server.run_program("backup", *words, settings={"DATA_DIR": folder})
                self.assertEqual(done.returncode, 0, done.stderr)
        listed = server.run_program("operator", "list", settings={"DATA_DIR": restored})
        self.assertEqual(listed.stdout, f"{owner.id}  owner@example.com\n")

    def test_an_operator_is_not_a_member(self):
        """Being an operator opens no organization."""
        with server.Server("bounds") as s:
            owner, op = Person(s, "owner@example.com", "Olga", founds=("Acme", "acme")), Person(s, "op@example.com", "Op")
            self.must(s, "add", op.id)
            op.client.ask("GET", f"/api/v1/orgs/{owner.org}", statuses={404})
            join(owner, owner.org, op, "Viewer")
            op.client.ask("PATCH", f"/api/v1/orgs/{owner.org}", {"name": "Mine"}, statuses={403})


if __name__ == "__main__":
    server.main()
