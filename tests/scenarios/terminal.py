"""`alloy <noun> <verb>` as its users type it: every operation, names for ids, forms of output, exit codes, completion in real
shells, the manual."""
import csv
import io
import json
import os
import pathlib
import pty
import re
import shutil
import subprocess
import time
import unittest

import server
from catalogue import good_body, operations_of
from policy import RULES, about
from server import wait_until
from workshop import Workshop
from world import DATE, PASSWORD

# Those that no operation of a server stands behind.
LOCAL = {("backup", "create"), ("backup", "verify"), ("backup", "restore"), ("webhooks", "release"), ("operator", "add"), ("operator", "remove"), ("operator", "list"),
         ("audit", "verify"), ("config", "show"),
         ("config", "check"), ("org", "use"), ("completion", "bash"), ("completion", "zsh"), ("completion", "fish")}
ANSI = re.compile(r"\x1b\[[0-9;]*m")


class Terminal(Workshop):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.home = cls.server.folder.parent / "home"
        cls.home.mkdir(exist_ok=True)
        cls.binaries = cls.home / "bin"
        cls.binaries.mkdir(exist_ok=True)
        if not (cls.binaries / "alloy").exists():
            (cls.binaries / "alloy").symlink_to(pathlib.Path(server.PROGRAM).resolve())
        cls.base = f"http://127.0.0.1:{cls.server.port}"
        cls.operations = {op.id: op for op in operations_of(cls.server.operations())}

    def environment(self, **more):
        clean = {k: v for k, v in os.environ.items() if not k.startswith("ALLOY_") and k not in ("NO_COLOR", "XDG_CONFIG_HOME")}
        return dict(dict(clean, HOME=str(self.home), PATH=f"{self.binaries}:{os.environ['PATH']}", ALLOY_API_URL=self.base,
                         ALLOY_API_TOKEN=self.owner.token), **more)

    def alloy(self, *words, code=0, stdin="", **more):
        done = subprocess.run([self.binaries / "alloy", *words], input=stdin, capture_output=True, text=True, timeout=60,
                              env={k: v for k, v in self.environment(**more).items() if v is not None}, check=False)
        self.assertEqual(done.returncode, code, f"alloy {' '.join(words)}\n{done.stdout[-800:]}\n{done.stderr[-800:]}")
        if code:
            self.assertEqual(done.stdout, "", "errors belong to standard error")
            self.assertTrue(done.stderr.startswith(("alloy: ", "usage: ")), done.stderr)
        return done

    def json(self, *words, **more):
        return json.loads(self.alloy(*words, "-o", "json", **more).stdout)

    # ------------------------------------------------------------------------------------ the table

    def commands(self):
        """Every command of a server that completion leads to, by walking it, and its help."""
        def words(*line):
            out = self.alloy("__complete", *line, "").stdout
            return [row.split("\t")[0] for row in out.splitlines()]
        found = []
        for noun in words():
            for verb in words(noun):
                further = words(noun, verb)
                found += [(noun, verb)] if (noun, verb) != ("auth", "api-key") else [(noun, verb, one) for one in further]
        return [(words, self.alloy(*words, "--help").stdout) for words in found if words not in LOCAL]

    def test_every_operation_is_a_command(self):
        rows = {row["operationId"] for methods in self.server.operations()["paths"].values() for row in methods.values()}
        seen = {}
        for words, text in self.commands():
            id_ = re.search(r"operation (\w+)\.$", text).group(1)
            self.assertNotIn(id_, seen, "two commands for one operation")
            seen[id_] = (words, text)
        self.assertEqual(set(seen), rows)
        for op in self.operations.values():
            with self.subTest(op=op.id):
                flags = set(re.findall(r"--([a-z-]+)", seen[op.id][1]))
                names = {p["name"] for p in op.parameters if p["in"] in ("path", "query")} | set(op.fields)
                self.assertEqual({n.replace("_", "-") for n in names} - flags, set(), "what the API takes and the command does not")

    def test_the_guides_lines(self):
        email = "cora@example.com"
        done = self.alloy("auth", "register", "--email", email, "--password", PASSWORD, "--display-name", "Cora", ALLOY_API_TOKEN=None)
        self.assertNotIn("alloy_rt_", done.stdout + done.stderr)
        profile = self.home / ".config/alloy/default.json"
        self.assertEqual(profile.stat().st_mode & 0o777, 0o600)
        mine = {"ALLOY_API_TOKEN": None}
        self.alloy("auth", "login", "--email", email, "--password", PASSWORD, **mine)
        (self.home / "secret").write_text(PASSWORD + "\n")
        self.alloy("auth", "login", "--email", email, "--password-file", str(self.home / "secret"), **mine)
        self.alloy("auth", "login", "--email", email, "--password-file", "-", stdin=PASSWORD, **mine)
        self.alloy("auth", "login", "--email", email, code=2, **mine)
        self.assertIn(email, self.alloy("auth", "me", **mine).stdout)
        self.assertIn("alloy_live_", self.alloy("auth", "api-key", "create", "--name", "ci", "--scopes", "read", **mine).stdout)
        org = self.json("org", "create", "--name", "Corals", "--slug", "corals", **mine)
        self.alloy("project", "create", "--org-id", org["id"], "--key", "PROJ", "--name", "Project", **mine)
        ticket = self.json("ticket", "create", "PROJ", "The first", "--priority", "Low", **mine)
        self.assertEqual(self.json("ticket", "update", ticket["id"], "--priority", "High", **mine)["priority"], "High")
        self.assertEqual(self.json("ticket", "update", "PROJ-1", "--priority", "Urgent", **mine)["priority"], "Urgent")
        sprint = self.json("sprint", "create", "--project", "PROJ", "--name", "Sprint 1", "--goal", "Ship onboarding", "--start", "2026-04-01",
                           "--end", "2026-04-15", **mine)
        self.assertEqual((sprint["goal"], sprint["start_date"], sprint["end_date"]), ("Ship onboarding", "2026-04-01", "2026-04-15"))
        self.alloy("auth", "logout", **mine)
        self.assertIn("logged in", self.alloy("auth", "me", code=3, **mine).stderr)

    def test_a_session_that_ran_out_is_renewed(self):
        self.alloy("auth", "register", "--email", "rena@example.com", "--password", PASSWORD, "--display-name", "Rena", "--profile", "rena", ALLOY_API_TOKEN=None)
        path = self.home / ".config/alloy/rena.json"
        kept = json.loads(path.read_text())
        path.write_text(json.dumps(dict(kept, access_token="nonsense")))
        self.alloy("auth", "me", "--profile", "rena", ALLOY_API_TOKEN=None)
        self.assertNotEqual(json.loads(path.read_text())["refresh_token"], kept["refresh_token"])
        path.chmod(0o644)
        self.assertIn("chmod 600", self.alloy("auth", "me", "--profile", "rena", code=3, ALLOY_API_TOKEN=None).stderr)
        # a token goes nowhere but to the server that gave it
        path.chmod(0o600)
        self.alloy("auth", "me", "--profile", "rena", code=3, ALLOY_API_TOKEN=None, ALLOY_API_URL="http://localhost:" + str(self.server.port))

    # ------------------------------------------------------------------------------------ names and forms

    def test_names_stand_for_ids(self):
        member, label = self.people["Member"], self.fresh("label ")
        project = self.owner.get(f"/api/v1/projects/{self.new_project()}")
        self.alloy("label", "create", "--org", "org-a", "--name", label, "--color", "#00aa00")
        sprint = self.fresh("Sprint ")
        self.alloy("sprint", "create", project["key"], sprint, DATE, DATE)
        made = self.json("ticket", "create", project["key"], "--title", "Named", "--assignee", member.email, "--labels", label, "--sprint", sprint,
                         "--estimate-points", "2.5", "--description", "-", stdin="Line one\nline two")
        self.assertEqual((made["assignee_id"], len(made["labels"]), made["estimate_points"]), (member.id, 1, 2.5))
        self.assertEqual(made["description"], "Line one\nline two")
        changed = self.json("ticket", "update", made["reference"], "--assignee", "me", "--sprint", "null", "--labels", "")
        self.assertEqual((changed["assignee_id"], changed["sprint_id"], changed["labels"]), (self.people["Owner"].id, None, []))
        self.assertEqual(self.json("ticket", "transition", made["reference"], "Review")["status"], "Review")
        self.json("comment", "add", made["reference"], "Looks good")
        self.json("tag", "set", "ticket", made["reference"], "size=L", "team=core")
        self.assertEqual(self.json("tag", "get", "ticket", made["reference"]), {"size": "L", "team": "core"})
        self.assertEqual(self.json("ticket", "list", project["key"], "--assignee", "me")["items"][0]["id"], made["id"])
        self.assertIn("nobody", self.alloy("ticket", "assign", made["reference"], "nobody@example.com", code=4).stderr)
        self.assertIn("org use", self.alloy("label", "list", code=2, ALLOY_API_TOKEN=self.two_orgs()).stderr)

    def test_a_name_that_looks_like_an_address_answers_for_nobody(self):
        bob = self.member()
        eve = self.people["Owner"].__class__(self.server, self.fresh("eve-") + "@example.com", bob.email)
        code = self.owner.post(f"/api/v1/orgs/{self.org}/invites", {"email": eve.email, "role": "Member"})["invite_code"]
        eve.client.must("POST", f"/api/v1/invites/{code}/accept")
        changed = self.json("member", "update", bob.email.upper(), "--org", "org-a", "--role", "Admin")
        self.assertEqual((changed["user_id"], changed["role"]), (bob.id, "Admin"))
        self.owner.must("DELETE", f"/api/v1/orgs/{self.org}/members/{bob.id}")
        self.assertIn("nobody", self.alloy("member", "update", bob.email, "--org", "org-a", "--role", "Owner", code=4).stderr)
        twins = [self.people["Owner"].__class__(self.server, self.fresh("twin-") + "@example.com", "Same Name") for _ in range(2)]
        for one in twins:
            code = self.owner.post(f"/api/v1/orgs/{self.org}/invites", {"email": one.email, "role": "Member"})["invite_code"]
            one.client.must("POST", f"/api/v1/invites/{code}/accept")
        listed = self.alloy("member", "update", "Same Name", "--org", "org-a", "--role", "Viewer", code=2).stderr
        for one in twins:
            self.assertIn(one.id, listed)
            self.assertIn(one.email, listed)

    def test_a_slug_is_enough_wherever_an_organization_is_named(self):
        name = self.fresh("Only ")
        self.owner.post(f"/api/v1/projects/{self.new_project()}/sprints", {"name": name, "start_date": DATE, "end_date": DATE})
        found = self.json("sprint", "get", name, "--org", "org-a")
        self.assertEqual(found["name"], name)
        self.assertIn("groups", self.json("report", "time", "--from", "2026-03-01", "--to", "2026-03-31", "--org", "org-a"))

    def two_orgs(self):
        person = self.member()
        other = self.new_org()
        invited = self.owner.post(f"/api/v1/orgs/{other['id']}/invites", {"email": person.email, "role": "Viewer"})
        person.client.must("POST", f"/api/v1/invites/{invited['invite_code']}/accept")
        return person.client.token

    def test_forms_of_output(self):
        project = self.owner.get(f"/api/v1/projects/{self.new_project()}")
        for n in range(7):
            self.new_ticket(project["id"], title=f'Number {n}, "quoted"', estimate_points=0.5)
        path = f"/api/v1/projects/{project['id']}/tickets?limit=9"
        out = self.alloy("ticket", "list", project["key"], "--limit", "9", "-o", "json").stdout
        self.assertEqual(out.encode(), self.owner.ask("GET", path).body)
        every = self.json("ticket", "list", project["key"], "--limit", "3", "--all")
        self.assertEqual(every, self.owner.get(f"/api/v1/projects/{project['id']}/tickets?limit=100"))
        done = self.alloy("ticket", "list", project["key"], "--limit", "3")
        self.assertIn("--all", done.stderr)
        self.assertEqual(len(done.stdout.splitlines()), 4)
        self.assertTrue(done.stdout.startswith("REFERENCE"))
        self.assertNotRegex(done.stdout, ANSI)
        rows = list(csv.DictReader(io.StringIO(self.alloy("ticket", "list", project["key"], "--all", "-o", "csv").stdout)))
        self.assertEqual([r["title"] for r in rows], [f'Number {n}, "quoted"' for n in range(7)])
        chosen = self.alloy("ticket", "list", project["key"], "--fields", "reference,status", "--limit", "1").stdout
        self.assertRegex(chosen, r"^REFERENCE +STATUS\n" + project["key"] + r"-\d +Backlog\n$")
        self.assertEqual(len(self.alloy("ticket", "list", project["key"], "-q", "--all").stdout.split()), 7)
        rehearsed = self.alloy("ticket", "create", project["key"], "Never", "--dry-run").stdout
        self.assertIn("ticket.created", rehearsed)
        self.assertEqual(len(self.owner.all(f"/api/v1/projects/{project['id']}/tickets")), 7)
        board = self.alloy("project", "board", project["key"]).stdout
        self.assertIn("Backlog 7", board)
        sprint = self.new_sprint(project["id"], start=True)
        self.assertIn("remaining", self.alloy("sprint", "burndown", sprint).stdout)

    def test_nothing_of_others_commands_the_terminal(self):
        project = self.new_project()
        ticket = self.new_ticket(project, description="a\n\tb \u009b31m\u202e", title="\u202ered")
        for words in (("ticket", "get", ticket["id"]), ("ticket", "list", project), ("project", "board", project)):
            self.assertNotRegex(self.alloy(*words).stdout, "[\x00-\x08\x0b-\x1f\x7f\u0080-\u009f\u202e]")

    def test_everything_at_once(self):
        """Events live, an export and its check, the signed head."""
        project = self.new_project()
        reading = subprocess.Popen([self.binaries / "alloy", "event", "list", "--org", "org-a", "--types", "ticket.created", "--watch"],
                                   stdout=subprocess.PIPE, text=True, env=self.environment())
        try:
            time.sleep(0.3)
            wait_until(lambda: "alloy_event_listeners 1" in self.owner.ask("GET", "/metrics").body.decode(), "the stream")
            made = self.new_ticket(project)
            self.assertIn(made["id"], self.first_with(reading.stdout, made["id"]))
        finally:
            reading.kill()
            reading.wait()
            reading.stdout.close()
        file = self.home / "org-a.ndjson"
        self.alloy("org", "export", "--org", "org-a", "--file", str(file))
        key = self.json("audit", "head", "--org", "org-a")["verifier_key"]
        self.assertIn("verified", self.alloy("audit", "verify", str(file), "--key", key).stdout)
        every = self.json("event", "list", "--org", "org-a", "--all", "--limit", "100")
        positions = [e["position"] for e in every["items"]]
        self.assertEqual(positions, sorted(set(positions)))
        self.assertGreater(len(positions), 40)

    def first_with(self, stream, text):
        for line in stream:
            if text in line:
                return line
        self.fail("the stream ended")

    def test_export_and_import_in_pieces(self):
        file = self.home / "org-b.ndjson"
        outsider = self.people["outsider"].client.token
        project = self.foreign["project_id"]
        for n in range(40):
            self.people["outsider"].client.post(f"/api/v1/projects/{project}/tickets", {"title": f"T{n}", "description": "x" * 40_000})
        self.alloy("org", "export", "org-b", "--file", str(file), ALLOY_API_TOKEN=outsider)
        self.assertGreater(file.stat().st_size, 1 << 20)  # more than a piece
        with server.Server("terminal-import") as other:
            one = self.people["Owner"].__class__(other, "operator@example.com", "Op", founds=("Op", "op"))
            made = server.run_program("operator", "add", "operator@example.com", settings={"DATA_DIR": other.folder})
            self.assertEqual(made.returncode, 0, made.stderr)
            there = dict(ALLOY_API_URL=f"http://127.0.0.1:{other.port}", ALLOY_API_TOKEN=one.client.token)
            done = self.json("org", "import", str(file), **there)
            self.assertTrue(done["complete"] and done["digest_matches"])
            self.assertIn("T39", self.alloy("ticket", "search", "T39", "--org", "org-b", **there).stdout)

    # ------------------------------------------------------------------------------------ what goes wrong

    def test_each_failure_says_what_to_do(self):
        limited = {"ALLOY_API_TOKEN": "alloy_live_" + "x" * 38}
        read_key = self.owner.post("/api/v1/api-keys", {"name": "r", "scopes": ["read"]})["key"]
        viewer = self.people["Viewer"].client.token
        ticket = self.new_ticket(self.new_project())
        cases = [((), 2, "auth login", {}), (("ticket",), 2, "create", {}), (("tickt", "list"), 2, "did you mean alloy ticket", {}),
                 (("ticket", "lst"), 2, "did you mean alloy ticket list", {}), (("ticket", "get"), 2, "--ticket", {}),
                 (("ticket", "create", "--titel", "x"), 2, "did you mean --title", {}),
                 (("ticket", "update", ticket["reference"], "--estimate-points", "many"), 2, "takes a number", {}),
                 (("ticket", "list", "P", "-o", "xml"), 2, "-o csv", {}),
                 (("auth", "me"), 8, "alloy serve", {"ALLOY_API_URL": "http://127.0.0.1:1"}), (("auth", "me"), 3, "auth login", {"ALLOY_API_TOKEN": None, "HOME": "/nonexistent"}),
                 (("auth", "me"), 3, "log in", limited), (("ticket", "create", "AAA", "x"), 3, "scope", {"ALLOY_API_TOKEN": read_key}),
                 (("label", "create", "--org", "org-a", "--name", "n", "--color", "#ffffff"), 3, "Admin or Owner", {"ALLOY_API_TOKEN": viewer}),
                 (("ticket", "get", "NOPE-1"), 4, "spelling", {}), (("org", "create", "--name", "x", "--slug", "org-a"), 5, "already_exists", {}),
                 (("ticket", "update", ticket["reference"], "--title", "y", "--if-match", "77"), 5, "read it again", {}),
                 (("ticket", "create", "AAA", "--title", ""), 2, "/title", {}), (("auth", "me"), 2, "URL", {"ALLOY_API_URL": "nonsense"})]
        for words, code, text, more in cases:
            with self.subTest(words=words, more=more):
                done = subprocess.run([self.binaries / "alloy", *words], capture_output=True, text=True, timeout=60, check=False,
                                      env={k: v for k, v in dict(self.environment(), **more).items() if v is not None})
                self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
                self.assertIn(text, done.stderr)

    def test_too_many_requests(self):
        with server.Server("terminal-limits", RATE_LIMIT_CREDENTIAL_REQUESTS=5) as s:
            one = self.people["Owner"].__class__(s, "a@example.com", "A", founds=("A", "aa"))
            mine = dict(ALLOY_API_URL=f"http://127.0.0.1:{s.port}", ALLOY_API_TOKEN=one.client.token)
            codes = {subprocess.run([self.binaries / "alloy", "auth", "me"], capture_output=True, env=dict(self.environment(), **mine), check=False).returncode
                     for _ in range(8)}
            self.assertEqual(codes, {0, 6})

    # ------------------------------------------------------------------------------------ as others see it

    def test_isolation_through_this_door(self):
        """Thirty operations on another organization's things: the same as on what is not there."""
        outsider = self.people["outsider"].client.token
        chosen = [op for op in self.operations.values() if about(op) == "path" and op.path_names and not op.takes_lines and op.id in RULES][:60:2]
        self.assertGreaterEqual(len(chosen), 30)
        words = {re.search(r"operation (\w+)\.$", text).group(1): w for w, text in self.commands()}
        for op in chosen:
            with self.subTest(op=op.id):
                told, body = [], good_body(op, self.ids)
                for ids in (self.ids, dict(self.ids, **{n: "01890000-0000-7000-8000-000000000000" for n in op.path_names if n.endswith("_id")})):
                    line = [*words[op.id], *[f"--{n.replace('_', '-')}={ids[n]}" for n in op.path_names], *(["--dry-run"] if op.writes else []),
                            *(["--data", json.dumps(body)] if body is not None else [])]
                    done = subprocess.run([self.binaries / "alloy", *line], capture_output=True, text=True, check=False,
                                          env=dict(self.environment(), ALLOY_API_TOKEN=outsider))
                    told.append((done.returncode, done.stdout, done.stderr.replace(ids[op.path_names[0]], "ID")))
                self.assertEqual(told[0], told[1])
                self.assertEqual(told[0][0], 4, told[0])

    def test_at_a_terminal(self):
        """Colors and widths where somebody looks, and none with NO_COLOR; a password is asked for and not shown."""
        project = self.new_project()
        self.new_ticket(project, title="wide " * 60, priority="Urgent")
        shown = self.typed(["project", "board", project])
        self.assertRegex(shown, ANSI)
        self.assertTrue(all(len(ANSI.sub("", line).rstrip()) <= 80 for line in shown.splitlines()), shown)
        self.assertNotRegex(self.typed(["project", "board", project], NO_COLOR="1"), ANSI)
        self.assertNotRegex(self.typed(["ticket", "list", project, "--no-color"]), ANSI)
        asked = self.typed(["auth", "login", "--email", "viewer@example.com", "--profile", "typed"], answer=PASSWORD)
        self.assertIn("password:", asked)
        self.assertNotIn(PASSWORD, asked)
        self.assertIn("logged in", asked)

    def typed(self, words, answer=None, **more):
        master, slave = pty.openpty()
        process = subprocess.Popen([self.binaries / "alloy", *words], stdin=slave, stdout=slave, stderr=slave, close_fds=True,
                                   env=dict(self.environment(), TERM="xterm", **more))
        os.close(slave)
        out = b""
        try:
            while True:
                try:
                    part = os.read(master, 65536)
                except OSError:
                    break
                if not part:
                    break
                out += part
                if answer and b"password:" in out:
                    time.sleep(0.2)
                    os.write(master, answer.encode() + b"\n")
                    answer = None
        finally:
            process.wait(30)
            os.close(master)
        return out.decode().replace("\r\n", "\n")

    def test_completion_in_real_shells(self):
        key = self.owner.get(f"/api/v1/projects/{self.new_project()}")["key"]
        cases = [("alloy tick", "ticket"), ("alloy ticket tran", "transition"), ("alloy auth api-key cr", "create"), ("alloy ticket update X --prio", "--priority"),
                 ("alloy ticket update X --priority Ur", "Urgent"), (f"alloy ticket list {key[:-1]}", key), ("alloy ticket transition X In", "InProgress"),
                 ("alloy backup re", "restore"), ("alloy org get org-", "org-a")]
        env = self.environment()
        for shell in ("bash", "zsh", "fish"):
            script = self.home / f"alloy.{shell}"
            script.write_text(self.alloy("completion", shell).stdout)
            if not shutil.which(shell):
                continue
            for line, word in cases:
                with self.subTest(shell=shell, line=line):
                    done = subprocess.run(self.asking(shell, script, line), capture_output=True, text=True, env=env, timeout=60, check=False)
                    self.assertIn(word, done.stdout.split(), done.stderr[-500:])
        if shutil.which("shellcheck"):
            done = subprocess.run(["shellcheck", "-s", "bash", self.home / "alloy.bash"], capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stdout), (0, ""))

    def asking(self, shell, script, line):
        words = line.split()
        if shell == "bash":
            quoted = " ".join(f"'{w}'" for w in words)
            return ["bash", "--norc", "-c", f"source {script}; COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; _alloy; printf '%s\\n' \"${{COMPREPLY[@]}}\""]
        if shell == "fish":
            return ["fish", "--no-config", "-c", f"source {script}; complete -C '{line}' | string split -f1 \\t"]
        quoted = " ".join(f"'{w}'" for w in words)  # what zsh's completion hands to the function
        return ["zsh", "-f", "-c", f"compdef() {{ :; }}; source {script}; words=({quoted}); CURRENT={len(words)}; "
                "_describe() { shift 2; print -l -- ${(P)1%%:*}; }; _files() { :; }; _alloy"]

    def test_the_manual(self):
        page = self.home / "alloy.1"
        page.write_text(self.alloy("man").stdout)
        for op in ("ticket create", "sprint burndown", "audit verify", "backup restore"):
            self.assertIn(f".It Cm {op}", page.read_text())
        if not shutil.which("mandoc"):
            self.skipTest("mandoc is not installed")
        done = subprocess.run(["mandoc", "-T", "lint", page], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, ""))


if __name__ == "__main__":
    server.main()
