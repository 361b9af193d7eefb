"""What an operator meets: probes, metrics, TLS, signals, settings, a full disk, the store's commands, and what must not
be found in logs and files."""
import gzip
import http.client
import json
import os
import shutil
import signal
import ssl
import stat
import subprocess
import threading
import unittest

import server
from catalogue import good_body, operations_of
from tokens import openssl
from world import PASSWORD, Person, World, random_id


def series(one):
    """Names and labels of every time series."""
    text = one.ask("GET", "/metrics", statuses={200}).body.decode()
    return {line.rsplit(" ", 1)[0] for line in text.splitlines() if line and not line.startswith("#")}, text


class Probes(unittest.TestCase):
    def test_probes(self):
        with server.Server("probes") as s, s.client() as one:
            health = one.get("/health")
            self.assertEqual((health["status"], health["db_healthy"], health["service"]), ("ok", True, "alloy"))
            self.assertIn(health["version"], server.run_program("version").stdout)
            self.assertEqual(one.get("/livez")["status"], "alive")
            self.assertEqual(one.get("/readyz"), {"status": "ready"})
            checks = one.get("/readyz?verbose")["checks"]
            self.assertTrue({"store", "disk", "queue"} <= {c["name"] for c in checks})
            self.assertTrue(all(c["ok"] for c in checks))
            for path in ("/health", "/livez", "/readyz", "/metrics", "/openapi.json", "/docs"):
                head = one.ask("HEAD", path, statuses={200})
                self.assertEqual(head.body, b"")
                self.assertGreater(int(head.headers["Content-Length"]), 0)

    def test_metrics_after_everything(self):
        with server.Server("metrics") as s:
            world = World(s)
            for op in operations_of(s.operations()):
                for headers in ({}, {"Authorization": "Bearer x"}):
                    query = "dry_run=true" if op.writes else ""
                    world.owner.ask(op.method, op.url(world.ids, query), good_body(op, world.ids), headers=headers)
            world.owner.ask("GET", "/nowhere/" + random_id())
            world.owner.ask("BREW", "/api/v1/orgs")
            found, text = series(world.owner)
            done = subprocess.run(["promtool", "check", "metrics"], input=text, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
            self.assertEqual((done.returncode, done.stdout), (0, ""))
            for name, id_ in list(world.ids.items()) + list(world.foreign.items()):
                if name.endswith("_id"):
                    self.assertNotIn(id_, text, "an id is a label")
            self.assertNotIn("BREW", text, "a client invents labels")
            self.assertLess(len(found), 2000)

    def test_series_do_not_grow_with_tenants(self):
        with server.Server("tenants") as s:
            owner = Person(s, "owner@example.com", "Olga").client

            def tenant(i):
                org = owner.post("/api/v1/orgs", {"name": f"Org {i}", "slug": f"org-{i}"})["id"]
                project = owner.post("/api/v1/projects", {"org_id": org, "key": "KEY", "name": "x"})["id"]
                owner.post(f"/api/v1/projects/{project}/tickets", {"title": "x"})
                owner.get(f"/api/v1/orgs/{org}/members")
                owner.ask("GET", f"/api/v1/tickets/{random_id()}", statuses={404})

            tenant(0)
            series(owner)
            one = series(owner)[0]
            for i in range(1, 50):
                tenant(i)
            self.assertEqual(series(owner)[0], one)

    def test_metrics_on_a_port_of_their_own(self):
        port = server.free_port()
        with server.Server("apart", METRICS_PORT=port) as s, s.client() as one:
            one.ask("GET", "/metrics", statuses={404})
            other = http.client.HTTPConnection("127.0.0.1", port, timeout=server.PATIENCE_S)
            for path, status in (("/metrics", 200), ("/health", 404), ("/api/v1/orgs", 404)):
                other.request("GET", path)
                answer = other.getresponse()
                self.assertEqual((answer.status, b"alloy_log_head_position" in answer.read()), (status, status == 200))
            other.close()


class Signals(unittest.TestCase):
    def test_sigterm_under_load(self):
        s = server.Server("sigterm", SHUTDOWN_DELAY_MS=1500).start()
        world = World(s)
        path = f"/api/v1/projects/{world.ids['project_id']}/tickets"
        kept, truncated, unexpected, seen_503 = [], [], [], threading.Event()

        def write(i):
            client, n = s.client(world.owner.token), 0
            while True:
                n += 1
                try:
                    answer = client.ask("POST", path, {"title": f"{i}-{n}"}, statuses={201, 503})
                    if answer.status == 201:
                        kept.append(answer.json)
                except http.client.IncompleteRead as cut:
                    truncated.append(cut)
                except (OSError, http.client.HTTPException):
                    if s.process.poll() is not None:
                        return
                except Exception as other:  # noqa: BLE001  reported below
                    unexpected.append(other)
                    return

        def probe():
            while s.process.poll() is None:
                try:
                    with s.client() as one:
                        answer = one.ask("GET", "/readyz?verbose", statuses={200, 503})
                        if answer.status == 503:
                            seen_503.set()
                            self.assertFalse(all(c["ok"] for c in answer.json["checks"]))
                            return
                except (OSError, http.client.HTTPException):
                    pass

        threads = [threading.Thread(target=write, args=(i,)) for i in range(8)]
        for one in threads:
            one.start()
        server.wait_until(lambda: len(kept) >= 50, "writes to be acknowledged")
        prober = threading.Thread(target=probe)
        s.process.send_signal(signal.SIGTERM)
        prober.start()
        code = s.wait()
        for one in threads + [prober]:
            one.join()
        self.assertEqual((code, truncated, unexpected), (0, [], []))
        self.assertTrue(seen_503.is_set(), "readyz never said no before the end")
        ended = json.loads(s.log_text().splitlines()[-1])
        self.assertEqual((ended["msg"], ended["all_answered"]), ("stopped", True))
        s.start()
        with s.client(world.owner.token) as one:
            there = {t["id"]: t for t in one.all(path)}
        for ticket in kept:
            self.assertEqual(there.get(ticket["id"]), ticket)
        self.assertEqual(sorted(t["ticket_number"] for t in there.values()), list(range(1, len(there) + 1)))
        s.stop()

    def test_sigint_ends_it_as_well(self):
        s = server.Server("sigint").start()
        s.process.send_signal(signal.SIGINT)
        self.assertEqual(s.wait(), 0)

    def test_tls(self):
        folder = server.FOLDER / "tls"
        folder.mkdir()

        def certificate(name):
            openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=" + name,
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", folder / (name + ".key"), "-out", folder / (name + ".pem"))
            return folder / (name + ".pem"), folder / (name + ".key")

        def install(pair):
            shutil.copy(pair[0], folder / "server.pem")
            shutil.copy(pair[1], folder / "server.key")

        first, second = certificate("first"), certificate("second")
        install(first)
        trust = {}
        for name, pair in (("first", first), ("second", second)):
            trust[name] = ssl.create_default_context(cafile=str(pair[0]))
        s = server.Server("tls", TLS_CERTIFICATE_FILE=folder / "server.pem", TLS_KEY_FILE=folder / "server.key")
        s.tls = trust["first"]
        with s:
            old = s.client()
            answer = old.ask("GET", "/livez", statuses={200})
            self.assertIn("Strict-Transport-Security", answer.headers)
            self.assertIn(old.http.sock.version(), ("TLSv1.2", "TLSv1.3"))
            with self.assertRaises(ssl.SSLError):
                s.tls = trust["second"]
                s.client().ask("GET", "/livez")
            old_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            old_tls.check_hostname, old_tls.verify_mode = False, ssl.CERT_NONE
            old_tls.set_ciphers("ALL:@SECLEVEL=0")
            old_tls.minimum_version = old_tls.maximum_version = ssl.TLSVersion.TLSv1_1
            with self.assertRaises((ssl.SSLError, OSError)):
                s.tls = old_tls
                s.client().ask("GET", "/livez")
            with self.assertRaises((OSError, http.client.HTTPException)):
                s.tls = None
                s.client().ask("GET", "/livez")
            install(second)
            s.process.send_signal(signal.SIGHUP)

            def reloaded(name):
                try:
                    s.tls = trust[name]
                    with s.client() as one:
                        return one.ask("GET", "/livez").status == 200
                except ssl.SSLError:
                    return False

            server.wait_until(lambda: reloaded("second"), "the new certificate")
            self.assertEqual(old.ask("GET", "/livez").status, 200, "a connection outlives the reload")
            (folder / "server.pem").write_text("nonsense")
            s.process.send_signal(signal.SIGHUP)
            server.wait_until(lambda: "the certificate was not reloaded" in s.log_text(), "the complaint in the log")
            self.assertTrue(reloaded("second"), "a bad file leaves the old certificate")


class Settings(unittest.TestCase):
    def test_config_show(self):
        folder = server.FOLDER / "config"
        folder.mkdir()
        openssl("genpkey", "-algorithm", "ed25519", "-out", folder / "jwt.pem")
        (folder / "alloy.conf").write_text("# a comment\npage_limit_default = 40\nlog_level = warn\n")
        pem = (folder / "jwt.pem").read_text()
        done = server.run_program("config", "show", "--jwt-ttl-seconds", "77", settings={
            "DATA_DIR": folder, "LOG_LEVEL": "error", "JWT_PRIVATE_KEY": pem, "PORT": "4321"})
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = {line.split()[0]: line for line in done.stdout.splitlines()}
        for key, value, source in (("page_limit_default", "40", "file "), ("log_level", "error", "environment ALLOY_LOG_LEVEL"),
                                   ("jwt_ttl_seconds", "77", "flag --jwt-ttl-seconds"), ("port", "4321", "environment PORT"),
                                   ("queue_max", "10000", "default"), ("jwt_private_key", "****", "environment ALLOY_JWT_PRIVATE_KEY")):
            with self.subTest(key=key):
                self.assertIn(value, rows[key])
                self.assertIn(source, rows[key])
        self.assertNotIn(pem.splitlines()[1], done.stdout + done.stderr)

    def test_wrong_settings(self):
        for what, arguments, settings, hint in (
                ("a mistyped variable", ["config", "check"], {"JWT_TTL_SECOND": "1"}, "ALLOY_JWT_TTL_SECONDS"),
                ("a mistyped variable, serving", ["serve"], {"REGISTRATON": "open"}, "ALLOY_REGISTRATION"),
                ("a mistyped flag", ["config", "check", "--prot", "1"], {}, "--port"),
                ("a value out of range", ["config", "check"], {"PAGE_LIMIT_MAX": "0"}, "PAGE_LIMIT_MAX"),
                ("no number", ["config", "check"], {"QUEUE_MAX": "many"}, "whole number"),
                ("no choice", ["config", "check"], {"REGISTRATION": "maybe"}, "invite_only"),
                ("half of a pair", ["config", "check"], {"TLS_KEY_FILE": "x"}, "tls_certificate_file"),
                ("two faults at once", ["config", "check"], {"QUEUE_MAX": "many", "BATCH_MAX": "few"}, "BATCH_MAX"),
                ("a secret as a flag", ["config", "check", "--jwt-private-key", "x"], {}, "--jwt-private-key-file"),
                ("no command", [], {}, "usage"), ("an unknown command", ["sevre"], {}, "sevre")):
            with self.subTest(what):
                done = server.run_program(*arguments, settings=dict({"DATA_DIR": server.FOLDER / "nowhere"}, **settings))
                self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
                self.assertIn(hint, done.stderr)
                self.assertFalse((server.FOLDER / "nowhere").exists())
        self.assertEqual(server.run_program("config", "check").returncode, 0)
        self.assertEqual(server.run_program("help").returncode, 0)


class Store(unittest.TestCase):
    def test_verify_and_rebuild(self):
        s = server.Server("store").start()
        world = World(s)
        for op in operations_of(s.operations()):
            if op.writes and op.id not in ("logout", "refresh", "accept_invite", "change_password") and op.method != "DELETE":
                world.owner.ask(op.method, op.url(world.ids), good_body(op, world.ids), token=None if op.is_open else world.owner.token)
        for op in reversed(operations_of(s.operations())):
            if op.method == "DELETE":
                world.owner.ask(op.method, op.url(world.ids), statuses={op.success})
        org = world.owner.ask("GET", f"/api/v1/orgs/{world.ids['org_id']}", statuses={200}).body
        head = s.head()
        at = {"DATA_DIR": s.folder}
        s.stop()
        done = server.run_program("verify", settings=at)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn(f"{head} events, head {head}", done.stdout)
        digest = lambda text, word: next(line.split()[1] for line in text.splitlines() if line.startswith(word))  # noqa: E731
        state = digest(done.stdout, "state")
        self.assertEqual(state, digest(done.stdout, "replay"))
        done = server.run_program("rebuild", settings=at)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual([digest(done.stdout, word) for word in ("before", "after")], [state, state])
        self.assertEqual(server.run_program("verify", settings=at).returncode, 0)
        self.assertEqual(sorted(os.listdir(s.folder)), ["keys", "store", "webhooks"], "a scratch folder was left behind")
        with s:
            self.assertEqual(s.client(world.owner.token).ask("GET", f"/api/v1/orgs/{world.ids['org_id']}").body, org)
            for command in ("rebuild", "serve"):
                with self.subTest("not beside a server", command=command):
                    beside = server.run_program(command, settings=dict(at, PORT=server.free_port()))
                    self.assertEqual(beside.returncode, 1, beside.stdout + beside.stderr)
                    self.assertRegex(beside.stderr, r"(?i)lock|in use|another|already")
                    self.assertEqual(s.client(world.owner.token).ask("GET", "/api/v1/auth/me").status, 200)

    def test_full_disk(self):
        with server.Server("full") as s:
            world = World(s)
            operations = operations_of(s.operations())
            head = s.head()
            s.restart(FREE_SPACE_MIN_BYTES=2 ** 62)
            owner = s.client(world.owner.token)
            for op in operations:
                with self.subTest(op=op.id):
                    if not op.writes:
                        statuses = {200} if op.id != "readyz" else {503}
                        owner.ask(op.method, op.url(world.ids), statuses=statuses, token=None if op.is_open else owner.token)
                    elif op.id not in ("refresh", "accept_invite", "onboard", "add_project_member", "add_team_member", "add_ticket_label",
                                       "convert_currency"):
                        # refused for other reasons, or changing nothing
                        answer = owner.ask(op.method, op.url(world.ids), good_body(op, world.ids), statuses={507}, token=None if op.is_open else owner.token)
                        self.assertEqual(answer.code, "insufficient_storage")
            self.assertFalse(owner.get("/health")["db_healthy"])
            self.assertEqual(s.head(), head)
            checks = {c["name"]: c["ok"] for c in owner.ask("GET", "/readyz?verbose", statuses={503}).json["checks"]}
            self.assertEqual(checks["disk"], False)
            s.restart(FREE_SPACE_MIN_BYTES=0)
            s.client(world.owner.token).post("/api/v1/orgs", {"name": "x", "slug": "again"})

    def test_files(self):
        with server.Server("files") as s:
            Person(s, "ada@example.com", "Ada")
            mode = lambda path: stat.S_IMODE(path.stat().st_mode)  # noqa: E731
            self.assertEqual(mode(s.folder), 0o700)
            keys = list((s.folder / "keys").iterdir())
            self.assertEqual((mode(s.folder / "keys"), {mode(k) for k in keys}), (0o700, {0o600}))
            self.assertEqual(len(keys), 3)
            s.stop()
            keys[0].chmod(0o644)
            refused = server.run_program("serve", settings=s.settings)
            self.assertEqual(refused.returncode, 1)
            self.assertIn("chmod 600", refused.stderr)
            keys[0].chmod(0o600)
            s.start()

    def test_nothing_secret_is_found(self):
        """Neither in the log at its most talkative, nor in the store's files."""
        with server.Server("secrets", LOG_LEVEL="debug") as s:
            world = World(s)
            secrets, personal = {PASSWORD}, set()
            for who in world.people.values():
                secrets |= {who.client.token, who.refresh_token, who.key}
                personal |= {who.email, who.name}
            owner = world.owner
            hook = owner.post(f"/api/v1/orgs/{world.ids['org_id']}/webhooks", {"url": "https://a.example.com/b", "event_types": ["*"]},
                              headers={"Idempotency-Key": "hook"})
            key = owner.post("/api/v1/api-keys", {"name": "kept", "scopes": ["read"]}, headers={"Idempotency-Key": "key"})
            session = owner.post("/api/v1/auth/login", {"email": "owner@example.com", "password": PASSWORD}, token=None, headers={"Idempotency-Key": "login"})
            renewed = owner.post("/api/v1/auth/refresh", {"refresh_token": session["refresh_token"]}, token=None)
            secrets |= {hook["secret"], key["key"], world.ids["invite_code"]}
            secrets |= {one[name] for one in (session, renewed) for name in ("access_token", "refresh_token")}
            personal.add("pending-aaa@example.com")
            owner.ask("POST", "/api/v1/auth/login", {"email": "owner@example.com", "password": "a wrong secret word"}, token=None, statuses={401})
            owner.ask("POST", "/api/v1/auth/register", {"email": "owner@example.com", "password": "a wrong secret word", "display_name": "x"},
                      token=None, statuses={409})
            owner.ask("GET", "/api/v1/auth/me", token="mistyped-" + key["key"], statuses={401})
            owner.ask("GET", "/api/v1/auth/me?token=" + key["key"], statuses={422})
            owner.ask("POST", f"/api/v1/invites/{world.ids['invite_code']}/accept", statuses={403})
            secrets.add("a wrong secret word")
            s.kill()  # what a clean end would fold into compressed files still lies in the store's own log as it was written
            log = s.log.read_bytes()
            with self.subTest("debug has a line per request, with its id"):
                self.assertIn(b'"level":"debug"', log)
                self.assertRegex(log, rb"scenario-\d+")
            for one in secrets | personal:
                with self.subTest("in the log", secret=one[:12]):
                    self.assertNotIn(one.encode(), log)
            everything = {path: path.read_bytes() for path in s.folder.rglob("*") if path.is_file()}
            self.assertTrue(any(b"The first" in data for data in everything.values()), "a title is not found, so this search finds nothing")
            for one in secrets | personal:
                for path, data in everything.items():
                    if one.encode() in data:
                        with self.subTest("in a file", secret=one[:12], file=path.name):
                            self.fail("found")
            s.start()


class Wire(unittest.TestCase):
    def test_gzip(self):
        with server.Server("gzip") as s, s.client() as one:
            plain = one.ask("GET", "/openapi.json")
            self.assertNotIn("Content-Encoding", plain.headers)
            self.assertIn("Accept-Encoding", plain.headers["Vary"])
            for accept, encoded in (("gzip", True), ("br, gzip;q=0.5", True), ("*", True), ("gzip;q=0", False), ("identity", False), ("br", False)):
                with self.subTest(accept):
                    answer = one.ask("GET", "/openapi.json", headers={"Accept-Encoding": accept})
                    self.assertEqual(answer.headers["Content-Encoding"], "gzip" if encoded else None)
                    self.assertEqual(gzip.decompress(answer.body) if encoded else answer.body, plain.body)
            self.assertIsNone(one.ask("GET", "/livez", headers={"Accept-Encoding": "gzip"}).headers["Content-Encoding"], "too short to gain")

    def test_cors(self):
        origin, preflight = {"Origin": "https://app.example.com"}, {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "authorization"}
        with server.Server("cors") as s, s.client() as one:
            self.assertFalse([h for h in one.ask("GET", "/livez", headers=origin).headers if h.lower().startswith("access-control")])
            one.ask("OPTIONS", "/api/v1/orgs", headers=dict(origin, **preflight), statuses={405})
        with server.Server("cors-on", CORS_ALLOWED_ORIGINS="https://app.example.com,https://b.example.com") as s, s.client() as one:
            for path in ("/livez", "/api/v1/orgs"):
                answer = one.ask("GET", path, headers=origin)
                self.assertEqual(answer.headers["Access-Control-Allow-Origin"], origin["Origin"])
                self.assertIn("Alloy-Position", answer.headers["Access-Control-Expose-Headers"])
                self.assertIsNone(answer.headers["Access-Control-Allow-Credentials"])
            answer = one.ask("OPTIONS", "/api/v1/orgs", headers=dict(origin, **preflight), statuses={204})
            self.assertIn("PATCH", answer.headers["Access-Control-Allow-Methods"])
            self.assertIn("authorization", answer.headers["Access-Control-Allow-Headers"].lower())
            for other in ("https://evil.example.com", "null", "http://app.example.com", "https://app.example.com.evil.com"):
                answer = one.ask("GET", "/livez", headers={"Origin": other})
                self.assertIsNone(answer.headers["Access-Control-Allow-Origin"], other)
                self.assertIn("Origin", answer.headers["Vary"])
            exposed = {h.strip().lower() for h in one.ask("GET", "/livez", headers=origin).headers["Access-Control-Expose-Headers"].split(",")}
            wanted = {"alloy-position", "etag", "location", "retry-after", "x-request-id", "idempotency-replayed", "alloy-dry-run", "warning"}
            self.assertEqual(wanted - exposed, set())


if __name__ == "__main__":
    server.main()
