"""Alloy under measurement: start it on a data folder, speak its REST, prepare a project, load tickets."""
import http.client
import json
import os
import pathlib
import secrets
import socket
import subprocess
import time

from harness.programs import Failed, Program, free_port

STATUSES = ("Backlog", "Ready", "InProgress", "Review", "Done")
KEY = "BENCH"
BODY_BYTES = 400
SETTINGS_FILE = pathlib.Path(__file__).resolve().parent.parent / "alloy.env"


def ticket_body():
    """A create body of exactly BODY_BYTES bytes once {N}, the ticket's number in ten digits, is put in."""
    def with_text(text):
        return json.dumps({"title": "Benchmark ticket {N}", "description": text, "priority": "High"})
    words = "A durable create: authenticated, checked, decided, appended to the log, folded and synced. "
    missing = BODY_BYTES - len(with_text("")) - (10 - len("{N}"))
    return with_text((words * 10)[:missing])


def settings_of_file():
    lines = SETTINGS_FILE.read_text().splitlines() if SETTINGS_FILE.exists() else []
    return dict(line.strip().split("=", 1) for line in lines if "=" in line and not line.lstrip().startswith("#"))


class Alloy:
    """One data folder of Alloy, and the server on it while it runs."""

    def __init__(self, tools, binary, folder, log, settings):
        self.tools, self.binary = tools, pathlib.Path(binary)
        self.folder, self.log = pathlib.Path(folder), log
        self.settings = settings
        self.port = free_port()
        self.program = None
        self.connection = None
        self.tickets = 0
        self.lists = self.folder.parent / (self.folder.name + "-requests")
        self.lists.mkdir(parents=True, exist_ok=True)
        (self.lists / "create").write_text(ticket_body() + "\n")

    # --- the process ---

    def start(self, folder=None):
        """Start, wait for readiness; seconds from exec to the first 200 of /readyz."""
        if not self.binary.exists():
            raise Failed(f"{self.binary} is not there: build it, or run without --no-build")
        env = {name: value for name, value in os.environ.items() if not name.startswith("ALLOY_")}
        env.update({"PORT": str(self.port), "ALLOY_DATA_DIR": str(folder or self.folder), **self.settings})
        # The log stays beside the data: a server that writes none would be measured too well.
        self.program = Program([self.binary, "serve"], self.log, env=env, cwd=self.folder.parent)
        return self.wait_until_ready()

    def wait_until_ready(self, seconds_max=120):
        ask = b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        while time.perf_counter() - self.program.started < seconds_max:
            self.program.check_alive()
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as ready:
                    ready.sendall(ask)
                    if ready.recv(64).startswith(b"HTTP/1.1 200"):
                        return time.perf_counter() - self.program.started
            except OSError:
                pass
            time.sleep(0.001)
        raise Failed(f"alloy was not ready within {seconds_max} s")

    def stop(self):
        self.disconnect()
        self.program.stop()

    def kill(self):
        self.disconnect()
        self.program.kill()

    def disconnect(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.disconnect()
        if self.program:
            self.program.__exit__()

    # --- REST ---

    def call(self, method, path, body=None, expect=(200, 201), token=True):
        if not self.connection:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if token:
            headers["Authorization"] = "Bearer " + self.access_token
        try:
            self.connection.request(method, "/api/v1" + path, json.dumps(body) if body is not None else None, headers)
            answer = self.connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.program.check_alive()
            raise Failed(f"{method} {path}: {error!r}") from error
        if answer.status not in expect:
            hint = f" (raise the limit in {SETTINGS_FILE.name})" if answer.status == 429 else ""
            raise Failed(f"{method} {path} answered {answer.status}{hint}: {text[:1000].decode(errors='replace')}")
        self.answered_bytes = len(text)
        return json.loads(text) if text else None

    def take_tokens(self, session):
        self.access_token, self.refresh_token = session["access_token"], session["refresh_token"]
        self.renew_at = time.monotonic() + session["expires_in"] / 2

    def headers(self):
        """What a client sends with each request; the token is renewed long before it ends."""
        if time.monotonic() > self.renew_at:
            self.take_tokens(self.call("POST", "/auth/refresh", {"refresh_token": self.refresh_token}, token=False))
        return ("Authorization: Bearer " + self.access_token, "Content-Type: application/json",
                "Accept: application/json")

    def prepare(self):
        """A user, an organization and a project, as any client would make them."""
        self.take_tokens(self.call("POST", "/auth/register", {
            "email": "bench@example.com", "password": secrets.token_urlsafe(24), "display_name": "Bench"}, token=False))
        self.org = self.call("POST", "/orgs", {"name": "Benchmark", "slug": "benchmark"})["id"]
        self.project = self.call("POST", "/projects", {"org_id": self.org, "key": KEY, "name": "Benchmark"})["id"]

    def tickets_path(self):
        return f"/api/v1/projects/{self.project}/tickets"

    # --- load ---

    def create(self, what, connections, seconds=3600, requests=None):
        """Durable creates; every one is acknowledged with 201, or the run fails."""
        result = self.tools.load(self.port, what, connections, seconds, requests, "POST", 201, self.tickets + 1,
                                 self.headers(), path=self.tickets_path(), bodies=self.lists / "create",
                                 of=self.program)
        self.tickets += result["requests"]
        return result

    def load_tickets(self, count, note=lambda text: None):
        """Create up to `count` tickets and move them so that each of the five statuses holds a fifth."""
        while self.tickets < count:
            first = self.tickets + 1
            portion = min(count - self.tickets, 100_000)
            self.create("load", 64, requests=portion)
            self.spread(first, portion)
            note(f"{self.tickets} tickets")

    def spread(self, first, count):
        moves = self.lists / "moves"
        moves.write_text("".join(json.dumps({"status": status}) + "\n" for status in STATUSES))
        self.tools.load(self.port, "moves", 64, requests=count, method="PATCH", first=first, headers=self.headers(),
                        path=f"/api/v1/tickets/{KEY}-{{n}}", bodies=moves)

    def get(self, what, connections, seconds, path=None, paths=None, requests=None):
        return self.tools.load(self.port, what, connections, seconds, requests, headers=self.headers(), path=path,
                               paths=paths, of=self.program)

    def file_of_paths(self, name, paths):
        file = self.lists / name
        file.write_text("\n".join(paths) + "\n")
        return file

    def check_count(self):
        """Every acknowledged ticket is there: the last has its number, and the next number is not given."""
        last = self.call("GET", f"/tickets/{KEY}-{self.tickets}")
        if last["ticket_number"] != self.tickets:
            raise Failed(f"{KEY}-{self.tickets} answered ticket {last['ticket_number']}")
        self.call("GET", f"/tickets/{KEY}-{self.tickets + 1}", expect=(404,))


def commit():
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True,
                          cwd=pathlib.Path(__file__).parent)
    return done.stdout.strip() or "no commit"
