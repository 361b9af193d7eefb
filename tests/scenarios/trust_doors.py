"""What the doors tell whom: headers of pages and pictures, details of the machine, files and words that others could read."""
import base64
import hashlib
import json
import os
import pty
import re
import stat
import subprocess
import unittest

import server
from client import Client
from server import Server
from tokens import openssl
from workshop import Workshop
from world import PASSWORD, Person

STEERING = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
ELSEWHERE = {"DETAILS_NETWORKS": "192.0.2.0/24"}  # this machine is then a stranger


class Headers(Workshop):
    def policy(self, answer):
        return {d.split()[0]: d.split()[1:] for d in answer.headers["Content-Security-Policy"].split("; ")}

    def test_everything_says_what_it_is_and_for_whom(self):
        for path in ("/health", "/docs", "/openapi.json", "/metrics", "/nowhere", "/api/v1/orgs", "/mcp"):
            connection = self.server.client().http
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff", path)
            self.assertEqual(answer.headers["Cross-Origin-Resource-Policy"], "same-origin", path)

    def test_the_documents_page_shows_itself_and_loads_nothing(self):
        page = self.owner.ask("GET", "/docs", token=None)
        text, allowed = page.body.decode(), self.policy(page)
        self.assertEqual((allowed["default-src"], allowed["frame-ancestors"], allowed["base-uri"], allowed["form-action"]), (["'none'"],) * 4)
        self.assertEqual(page.headers["Referrer-Policy"], "no-referrer")
        styles = re.findall(r"<style>(.*?)</style>", text, re.S)
        self.assertEqual(allowed["style-src"], ["'sha256-" + base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() + "'" for s in styles], "the page's own style is let in, and no other")
        self.assertEqual(len(styles), 1)
        self.assertNotRegex(text, r"<(script|link|img|iframe|form|object)\b|\sstyle=|\son\w+=", "nothing that the policy would keep from working")

    def test_a_picture_runs_and_loads_nothing(self):
        sprint = self.new_sprint(self.new_project(), start=True)
        picture = self.owner.ask("GET", f"/api/v1/sprints/{sprint}/burndown", headers={"Accept": "image/svg+xml"})
        self.assertEqual(picture.headers["Content-Type"], "image/svg+xml")
        allowed = self.policy(picture)
        self.assertEqual((allowed["default-src"], allowed["frame-ancestors"]), (["'none'"],) * 2)
        self.assertNotIn("script-src", allowed)
        self.assertIn("<style>", picture.body.decode())
        self.assertEqual(allowed["style-src"], ["'unsafe-inline'"], "its own style, which is within it")
        self.assertEqual(picture.headers["Referrer-Policy"], "no-referrer")
        plain = self.owner.ask("GET", f"/api/v1/sprints/{sprint}/burndown")
        self.assertIsNone(plain.headers["Content-Security-Policy"], "JSON is no document")


class Details(unittest.TestCase):
    def test_details_are_for_this_machine(self):
        with Server("loopback") as s, s.client() as one:
            self.assertTrue(one.get("/readyz?verbose")["checks"])
            self.assertEqual(one.ask("GET", "/metrics").status, 200)
            for name in ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via", "X-Forwarded-Host", "X-Forwarded-Proto", "CF-Connecting-IP", "True-Client-IP"):
                passed_on = {name: "for=192.0.2.7"}
                self.assertNotIn("checks", one.must("GET", "/readyz?verbose", headers=passed_on), "a proxy's address is not the client's")
                one.ask("GET", "/metrics", headers=passed_on, statuses={403})

    def test_strangers_get_the_short_answer(self):
        with Server("stranger", **ELSEWHERE) as s, s.client() as one:
            self.assertEqual(one.get("/readyz?verbose"), {"status": "ready"})
            refused = one.ask("GET", "/metrics", statuses={403})
            self.assertNotIn(b"alloy_", refused.body)
            health = one.get("/health")
            self.assertEqual(set(health), {"status", "service", "version", "database", "db_healthy", "migration_version", "uptime_seconds"})
            who = Person(s, "ada@example.com", "Ada")
            who.client.ask("GET", "/metrics", statuses={403})
            self.assertEqual(who.client.get("/readyz?verbose"), {"status": "ready"})
            one.ask("GET", "/metrics", token="nonsense", statuses={401})
            self.assertEqual(one.must("GET", "/readyz?verbose", token="nonsense"), {"status": "ready"})

    def test_networks_and_a_port_of_their_own_open_them(self):
        port = server.free_port()
        with Server("opened", DETAILS_NETWORKS="10.0.0.0/8,127.0.0.1", METRICS_PORT=port) as s, s.client() as one:
            self.assertTrue(one.get("/readyz?verbose")["checks"])
            self.assertIn(b"alloy_", Client(port).ask("GET", "/metrics").body)
        done = server.run_program("config", "check", settings={"DETAILS_NETWORKS": "everybody"})
        self.assertEqual(done.returncode, 2)

    def test_operators_see_them_from_anywhere(self):
        with Server("operator", **ELSEWHERE) as s:
            ada, bob = (Person(s, f"{name}@example.com", name) for name in ("ada", "bob"))
            done = server.run_program("operator", "add", ada.email, settings={"DATA_DIR": s.folder})
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(b"alloy_", ada.client.ask("GET", "/metrics", statuses={200}).body)
            self.assertTrue(ada.client.get("/readyz?verbose")["checks"])
            bob.client.ask("GET", "/metrics", statuses={403})
            self.assertNotIn("checks", bob.client.get("/readyz?verbose"))


class Files(unittest.TestCase):
    def modes(self, folder):
        return {path: stat.S_IMODE(os.lstat(path).st_mode) for path in [folder, *folder.rglob("*")] if not path.is_symlink()}

    def test_nothing_that_is_written_is_for_others(self):
        before = os.umask(0)
        try:
            with Server("private") as s:
                who = Person(s, "ada@example.com", "Ada", founds=("Acme", "acme"))
                backup = s.folder.parent / "backup"
                self.assertEqual(server.run_program("backup", "create", str(backup), settings={"DATA_DIR": s.folder}).returncode, 0)
                file = s.folder.parent / "acme.ndjson"
                done = server.run_program("org", "export", "--org", "acme", "--file", str(file),
                                          settings={"API_URL": f"http://127.0.0.1:{s.port}", "API_TOKEN": who.client.token})
                self.assertEqual(done.returncode, 0, done.stderr)
                exposed = {str(p): oct(mode) for folder in (s.folder, backup) for p, mode in self.modes(folder).items() if mode & 0o077}
                self.assertEqual(exposed, {})
                self.assertEqual(stat.S_IMODE(file.stat().st_mode) & 0o077, 0)
            restored = s.folder.parent / "restored"
            self.assertEqual(server.run_program("backup", "restore", str(backup), settings={"DATA_DIR": restored}).returncode, 0)
            self.assertEqual({str(p): oct(mode) for p, mode in self.modes(restored).items() if mode & 0o077}, {})
        finally:
            os.umask(before)

    def test_a_key_that_others_may_read_is_refused(self):
        folder = server.FOLDER / "exposed"
        folder.mkdir()
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                "-keyout", folder / "tls.key", "-out", folder / "tls.pem")
        openssl("genpkey", "-algorithm", "ed25519", "-out", folder / "jwt.pem")
        tls = {"TLS_CERTIFICATE_FILE": folder / "tls.pem", "TLS_KEY_FILE": folder / "tls.key"}
        for settings, path in ((tls, folder / "tls.key"), ({"JWT_PRIVATE_KEY_FILE": folder / "jwt.pem"}, folder / "jwt.pem")):
            for mode in (0o640, 0o604):
                with self.subTest(path=path.name, mode=oct(mode)):
                    path.chmod(mode)
                    done = server.run_program("serve", settings=dict({"DATA_DIR": folder / "data", "PORT": server.free_port()}, **settings))
                    self.assertNotEqual(done.returncode, 0)
                    self.assertIn(str(path), done.stderr)
                    self.assertIn("chmod 600", done.stderr)
            path.chmod(0o600)
        (folder / "data/keys").chmod(0o755)
        done = server.run_program("serve", settings={"DATA_DIR": folder / "data", "PORT": server.free_port()})
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("chmod 700", done.stderr)


class Words(Workshop):
    """What is shown at a terminal, and what is typed there."""

    def at_terminal(self, *words):
        """All that a terminal would be sent, standard error included."""
        there, ours = pty.openpty()
        home = self.server.folder.parent / "home"
        home.mkdir(exist_ok=True)
        env = dict({k: v for k, v in os.environ.items() if not k.startswith("ALLOY_")}, HOME=str(home), TERM="dumb", LANG="C.UTF-8",
                   ALLOY_API_URL=f"http://127.0.0.1:{self.server.port}", ALLOY_API_TOKEN=self.owner.token)
        process = subprocess.Popen([server.PROGRAM, *words], stdin=subprocess.DEVNULL, stdout=ours, stderr=ours, env=env)
        os.close(ours)
        shown = b""
        try:
            while piece := os.read(there, 65536):
                shown += piece
        except OSError:
            pass  # the end of a terminal
        os.close(there)
        process.wait(60)
        return shown.decode().replace("\r\n", "\n")

    def test_nothing_of_others_steers_a_terminal(self):
        project = self.new_project()
        bait = "\u202eevil\u2066 \u061c\u200f end"
        ticket = self.new_ticket(project, title=bait, description="a\n\tb \u009b31mred " + bait)
        for words in (("ticket", "get", ticket["id"]), ("ticket", "list", project), ("project", "board", project), ("ticket", "list", project, "-o", "csv"),
                      ("event", "list", "--org", "org-a", "--subject-id", ticket["id"]), ("ticket", "get", ticket["id"], "-o", "json"),
                      ("ticket", "list", project, "-o", "json"), ("event", "list", "--org", "org-a", "-o", "json", "--all"), ("org", "export", "--org", "org-a")):
            with self.subTest(words=words):
                shown = self.at_terminal(*words)
                self.assertNotRegex(shown, f"[{STEERING}]")
                if words[0] == "ticket":
                    self.assertIn("\\u202e", shown)
        one = json.loads(self.at_terminal("ticket", "get", ticket["id"], "-o", "json"))
        self.assertEqual((one["title"], one["description"]), (ticket["title"], ticket["description"]), "it is the same JSON")

    def test_what_is_piped_is_what_the_server_said(self):
        project = self.new_project()
        ticket = self.new_ticket(project, title="\u202eevil")
        done = server.run_program("ticket", "get", ticket["id"], "-o", "json",
                                  settings={"API_URL": f"http://127.0.0.1:{self.server.port}", "API_TOKEN": self.owner.token})
        self.assertIn("\u202eevil", done.stdout)

    def test_an_error_steers_no_terminal_either(self):
        for words in (("ticket", "get", "\u202eABC-1"), ("ticket", "list", "\x1b[31mno"), ("\u202enoun", "list"), ("ticket", "\x9bverb")):
            shown = self.at_terminal(*words)
            self.assertNotRegex(shown, f"[{STEERING}]", words)
            self.assertTrue(shown.strip(), words)

    def test_a_secret_in_the_words_of_a_command_is_warned_of(self):
        base = {"API_URL": f"http://127.0.0.1:{self.server.port}"}
        home = self.server.folder.parent / "secrets"
        home.mkdir(exist_ok=True)
        file = home / "password"
        file.write_text(PASSWORD + "\n")
        email = self.people["Member"].email

        def run(*words, stdin=""):
            env = dict(server.environment(base), HOME=str(home))
            return subprocess.run([server.PROGRAM, *words], env=env, input=stdin, capture_output=True, text=True, timeout=60, check=False)

        flagged = run("auth", "login", "--email", email, "--password", PASSWORD)
        self.assertEqual(flagged.returncode, 0, flagged.stderr)
        self.assertIn("others on this machine can read", flagged.stderr)
        self.assertIn("--password-file", flagged.stderr)
        self.assertNotIn(PASSWORD, flagged.stderr)
        data = run("auth", "login", "--data", json.dumps({"email": email, "password": PASSWORD}))
        self.assertIn("--data @FILE", data.stderr)
        for words, stdin in ((("--password-file", str(file)), ""), (("--password-file", "-"), PASSWORD + "\n")):
            fine = run("auth", "login", "--email", email, *words, stdin=stdin)
            self.assertEqual(fine.returncode, 0, fine.stderr)
            self.assertNotIn("others on this machine", fine.stderr)
        fresh = self.server.client().post("/api/v1/auth/login", {"email": email, "password": PASSWORD})
        told = run("auth", "refresh", "--refresh-token", fresh["refresh_token"])
        self.assertEqual(told.returncode, 0, told.stderr)
        self.assertIn("--refresh-token-file", told.stderr)
        changed = run("auth", "password", "--current-password", PASSWORD, "--new-password", PASSWORD + " 2")
        self.assertEqual(changed.stderr.count("others on this machine can read"), 2, changed.stderr)


class Logs(unittest.TestCase):
    def test_what_a_caller_sends_steers_no_log(self):
        with Server("logs", LOG_LEVEL="debug") as s, s.client() as one:
            who = Person(s, "ada@example.com", "Ada")
            who.client.ask("POST", "/api/v1/orgs", {"name": "\u202eevil\u2066", "slug": "evil"})
            one.ask("GET", "/api/v1/orgs/%E2%80%AEevil", statuses=None)
            self.assertNotRegex(s.log_text(), f"[{STEERING}]")


if __name__ == "__main__":
    server.main()
