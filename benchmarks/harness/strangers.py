"""What others feel while one organization floods what all share, one shared thing after the other. Measured is a tenant who
asks for little, in even steps; the flooder is an organization of five users, each with a key and a network of its own."""
import itertools
import json
import math
import os
import secrets
import socket
import subprocess
import threading
import time

from harness.alloy import Alloy, settings_of_file, ticket_body
from harness.events import Clocked, Hanging, metric, wait_for
from harness.flooder import Flood, Line
from harness.programs import Failed

BAR = 5.0
FLOODED = {"200", "201", "409", "429", "503"}  # what a flood is answered; else it was none, and nobody has felt anything
FLOODERS = 5  # their quotas together are about the one of their organization
PASSWORD = "a long enough passphrase 4711"
PACE = {"read": 50, "write": 20, "login": 4}  # per second; below the quota of one credential, which is 100
EXPECTED = {"read": 200, "write": 201, "login": 200}
PAST = 300  # tickets of the board that is asked for as of then: what has been asked for is worked off also when nobody waits
REST_S = 0.05  # of a connection that was refused
DEAD_WEBHOOKS = 50  # webhooks_per_org_max
IMPORT_BYTES = 1_000_000  # less than body_max_bytes
NEVER = "invite.revoked"  # an event that does not happen here
# All limits are those of the program. Raised is what keeps a server from calling itself, for the receivers are on this machine.
SETTINGS = {"ALLOY_WEBHOOK_ALLOWED_TARGETS": "127.0.0.1", "ALLOY_WEBHOOK_SCHEMES": "https,http"}


def request(method, path, token=None, body=None, **headers):
    head = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    head += [f"Authorization: Bearer {token}"] if token else []
    head += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body is None:
        return ("\r\n".join(head) + "\r\n\r\n").encode()
    text = body if isinstance(body, str) else json.dumps(body)
    length = len(text.encode()) + 7 * text.count("{N}")  # which becomes ten digits
    head += [f"Content-Length: {length}", "" if "Content_Type" in headers else "Content-Type: application/json"]
    return ("\r\n".join(filter(None, head)) + "\r\n\r\n" + text).encode()


class Person:
    """A user, who has registered here, with a key; `joins` is the owner of the organization that they become an Admin of."""

    def __init__(self, alloy, name, network, joins=None):
        self.alloy, self.email, self.address = alloy, f"{name}@example.com", f"127.0.{network}.1"
        made = alloy.call("POST", "/auth/register", {"email": self.email, "password": PASSWORD, "display_name": name}, token=False)
        self.credential = made["access_token"]
        if joins:
            self.org = joins.org
            code = joins.call("POST", f"/orgs/{joins.org}/invites", {"email": self.email, "role": "Admin"})["invite_code"]
            self.call("POST", f"/invites/{code}/accept")
        else:
            self.org = self.call("POST", "/orgs", {"name": name, "slug": name})["id"]
        # A session would end once there are as many newer ones as a user may have.
        self.key = self.credential = self.call("POST", "/api-keys", {"name": "bench", "scopes": ["*"]})["key"]

    def call(self, *args, **more):
        self.alloy.disconnect()  # the last call may be longer ago than a connection may idle
        self.alloy.access_token = self.credential
        return self.alloy.call(*args, **more)

    def login(self):
        return request("POST", "/api/v1/auth/login", body={"email": self.email, "password": PASSWORD})

    def project(self, key, count, body):
        """So many tickets, of which each is written by a command of its own."""
        made = self.call("POST", "/projects", {"org_id": self.org, "key": key, "name": key})["id"]
        rows = self.alloy.lists / key
        rows.write_text(body + "\n")
        self.alloy.tools.load(self.alloy.port, f"tickets of {key}", 64, requests=count, method="POST", expect=201, first=1, bodies=rows,
                              headers=(f"Authorization: Bearer {self.key}", "Content-Type: application/json"), path=f"/api/v1/projects/{made}/tickets")
        return made


class World:
    def __init__(self, alloy, scale):
        self.alloy = alloy
        self.victim = Person(alloy, "victim", 0)
        self.mine = self.victim.project("MINE", scale, ticket_body())
        owner = Person(alloy, "flooder0", 10)
        self.flooders = [owner] + [Person(alloy, f"flooder{n}", 10 + n, owner) for n in range(1, FLOODERS)]
        self.tickets = owner.project("FLOOD", max(scale, 1000), ticket_body())
        self.past = owner.project("PAST", PAST, ticket_body())
        self.large = owner.project("LARGE", 200, json.dumps({"title": "Large {N}", "description": "a longish description that says much " * 140}))
        self.owner, self.org = owner, owner.org
        self.filled = self.head()
        done = subprocess.run([alloy.binary, "operator", "add", owner.email], capture_output=True, text=True,
                              env=dict(os.environ, ALLOY_DATA_DIR=str(alloy.folder)))
        if done.returncode != 0:
            raise Failed(f"alloy operator add: {done.stdout}{done.stderr}")

    def head(self):
        self.alloy.disconnect()
        return int(metric(self.alloy, "alloy_log_head_position"))

    def lines(self, each, requests_of, **more):
        """So many connections of each of the flooders."""
        return [Line(one.address, requests_of(one), **more) for one in self.flooders for _ in range(each)]


def foreign_export(run, scale):
    """The beginning of another server's export, as much as one request may import."""
    with Alloy(run.tools, run.binary, run.folder / "elsewhere", run.folder / "elsewhere.log", run.settings) as alloy:
        alloy.start()
        somebody = Person(alloy, "somebody", 0)
        somebody.project("ELSE", min(scale, 2000), ticket_body())
        alloy.connection.request("GET", f"/api/v1/orgs/{somebody.org}/export", headers={"Authorization": "Bearer " + somebody.key})
        text = alloy.connection.getresponse().read().decode()
        alloy.stop()
    lines = text.splitlines(keepends=True)[:-2]  # without the last record and the seal, so that the import is not complete
    size = kept = 0
    while kept < len(lines) and size + len(lines[kept]) < IMPORT_BYTES:
        size += len(lines[kept])
        kept += 1
    return somebody.org, "".join(lines[:kept])


# --------------------------------------------------------------------------------- floods


def floods(world, imported):
    """(shared thing, how its connections are made, rest after a refusal in seconds). Those that read come before those that
    make more to be read."""
    api, org, flood = "/api/v1", world.org, f"/api/v1/projects/{world.tickets}"
    events, page = f"{api}/orgs/{org}/events", f"{api}/projects/{world.large}/tickets?limit=200"
    imported_org, text = imported
    register = {"email": "r{N}@example.com", "password": PASSWORD, "display_name": "R"}
    tool = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "list_tickets", "arguments": {"project_id": world.tickets, "limit": 50}}}
    batch = {"ticket_ids": [f"FLOOD-{n}" for n in range(1, 1001)], "changes": {"description": "Changed for the {N}th time"}}
    lines, sse, nothing = world.lines, "text/event-stream", f"{events}?types={NEVER}&after="

    def get(path, **headers):
        return lambda who: [request("GET", path, who.key, **headers)]

    def create(who):
        return [request("POST", f"{flood}/tickets", who.key, ticket_body())]

    def password(who):
        return [who.login(), request("POST", f"{api}/auth/register", body=register)]

    def post(path, body):
        return lambda who: [request("POST", path, who.key, body, Accept="application/json")]

    def imports():
        return [Line(world.owner.address, [request("POST", f"{api}/orgs/{imported_org}/import?dry_run=true", world.owner.key, text,
                                                   Content_Type="application/x-ndjson")]) for _ in range(8)]

    yield "GETs beyond the rate limit", lambda: lines(16, get(f"{api}/tickets/FLOOD-1")), REST_S / 5
    yield "logins and registrations", lambda: lines(40, password), REST_S
    yield "boards as_of", lambda: lines(16, get(f"{api}/projects/{world.past}/board?limit=200&as_of={world.filled}")), REST_S
    yield "project summaries", lambda: lines(8, get(f"{flood}/summary")), REST_S
    yield "searches, none found", lambda: lines(8, get(f"{api}/tickets?org_id={org}&q=benchmark&priority=Urgent")), REST_S
    yield "exports", lambda: lines(8, get(f"{api}/orgs/{org}/export")), REST_S
    yield "MCP calls", lambda: lines(16, post("/mcp", tool)), REST_S
    yield "large pages, unread", lambda: lines(40, get(page), held_s=0.5, reads=False), REST_S
    yield "large pages, gzip", lambda: lines(8, get(page, Accept_Encoding="gzip")), REST_S
    yield "event pages, none found", lambda: lines(8, get(nothing + "0")), REST_S
    yield "NDJSON, none found", lambda: lines(8, get(nothing + "0", Accept="application/x-ndjson")), REST_S
    yield "event streams, none found", lambda: lines(8, get(nothing + "0", Accept=sse), held_s=0.5), REST_S
    yield "waits for a position", lambda: lines(120, get(f"{api}/tickets/FLOOD-1", Alloy_Min_Position=10**12)), REST_S
    yield "imports", imports, REST_S
    yield "event streams beside writes", lambda: lines(110, get(events, Accept=sse)) + lines(2, create), REST_S
    yield "long polls beside writes", lambda: lines(110, get(f"{nothing}{world.head()}&wait=30")) + lines(2, create), REST_S
    yield "single creates", lambda: lines(16, create), REST_S
    yield "batches of 1,000", lambda: lines(6, post(f"{api}/tickets/batch", batch)), REST_S
    yield "dead webhooks", lambda: lines(8, create), REST_S


class Deliveries:
    """A webhook of the victim's, and later all that the flooder may have, to a receiver that never answers."""

    def __init__(self, world):
        self.world, self.dead, self.well = world, Hanging(), Clocked()
        self.hook(world.victim, self.well.port)

    def hook(self, who, port):
        who.call("POST", f"/orgs/{who.org}/webhooks", {"url": f"http://127.0.0.1:{port}/in", "event_types": ["ticket.created"]})

    def flood(self):
        for _ in range(DEAD_WEBHOOKS):
            self.hook(self.world.owner, self.dead.port)

    def waits_ms(self, answered):
        """From a write's answer to its delivery."""
        wait_for("the victim's deliveries", lambda: answered.keys() <= self.well.came.keys(), 60)
        return [1000 * max(0, self.well.came[one] - at) for one, at in answered.items()]


# --------------------------------------------------------------------------------- the victim


class Victim:
    """Three connections: reads (a ticket and a list of 50 by turns), durable creates, logins. Measured is from the request to
    the answer's last byte; one that takes longer than the pace counts for those, too, that would have come meanwhile."""

    def __init__(self, world):
        who = world.victim
        path = f"/api/v1/projects/{world.mine}/tickets"
        self.port, self.address = world.alloy.port, who.address
        self.requests = {"read": [request("GET", "/api/v1/tickets/MINE-7", who.key), request("GET", path + "?limit=50", who.key)],
                         "write": [request("POST", path, who.key, ticket_body().replace("{N}", "0000000001"))],
                         "login": [who.login()]}
        self.faults = []

    def window(self, seconds):
        """{kind: milliseconds}; `answered` has the tickets that were created, and when."""
        self.took, self.answered = {kind: [] for kind in PACE}, {}
        threads = [threading.Thread(target=self.go, args=(kind, seconds)) for kind in PACE]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        return self.took

    def go(self, kind, seconds):
        try:
            with socket.create_connection(("127.0.0.1", self.port), 30, (self.address, 0)) as connection, connection.makefile("rb") as stream:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.ask(kind, seconds, connection, stream)
        except (OSError, ValueError, IndexError) as error:
            self.faults.append(f"{kind}: {error!r}")

    def ask(self, kind, seconds, connection, stream):
        due, pace = time.perf_counter(), 1 / PACE[kind]
        until = due + seconds
        for asked in itertools.cycle(self.requests[kind]):
            if due >= until:
                return
            time.sleep(max(0, due - time.perf_counter()))
            begin = time.perf_counter()
            connection.sendall(asked)
            status, body = answer_of(stream)
            answered = time.perf_counter()
            self.took[kind] += [1000 * (answered - at) for at in steps(begin, answered, pace)]
            due = max(due + pace, answered)
            if status != EXPECTED[kind]:
                self.faults.append(f"{kind}: {status} {body[:300].decode(errors='replace')}")
            elif kind == "write":
                self.answered[json.loads(body)["id"]] = answered


def steps(begin, end, step):
    """begin, begin + step, ... before end; the first in any case."""
    return [begin] + [begin + n * step for n in range(1, math.ceil((end - begin) / step))]


def answer_of(stream):
    status, length = int(stream.readline().split()[1]), 0
    while (line := stream.readline()) not in (b"\r\n", b""):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return status, stream.read(length)


def p99(took):
    return sorted(took)[len(took) * 99 // 100] if took else float("nan")


# --------------------------------------------------------------------------------- the phase


def alternately(run, alloy, victim, lines_of, rest_s, deliveries=None):
    """Quiet and flooded windows in turn: the milliseconds of both by kind, and what the flooder was answered. What waits for
    dead webhooks stays when the flood is over, so that there is one turn then."""
    seconds, rounds = (2, 1) if run.quick else (12, 1) if deliveries else (6, 2)
    found = {"quiet": {}, "during": {}, "answered": {}}

    def window(when):
        for kind, took in victim.window(seconds).items():
            found[when].setdefault(kind, []).extend(took)
        if deliveries:
            found[when]["delivery"] = deliveries.waits_ms(victim.answered)

    for _ in range(rounds):
        alloy.program.settle(60)
        window("quiet")
        if deliveries:
            deliveries.flood()
        with Flood(alloy.port, lines_of(), rest_s) as flood:
            window("during")
        alloy.program.check_alive()
        for status, count in flood.answered.items():
            found["answered"][str(status)] = found["answered"].get(str(status), 0) + count
    return found


def report(run, thing, found):
    done = sum(count for status, count in found["answered"].items() if status < "4")
    refused = sum(found["answered"].values()) - done
    names = {"read": "a read", "write": "a durable create", "login": "a login", "delivery": "from a write to its delivery"}
    for n, kind in enumerate(found["quiet"]):
        said = f"{thing} ({done:,} done, {refused:,} refused)" if n == 0 else "the same"
        run.table.compare(f"{said}: {names[kind]}, p99 ms", p99(found["during"][kind]), "quiet", p99(found["quiet"][kind]), at_most=BAR)


def strangers(run, only=""):
    scale = 1_000 if run.quick else 5_000
    raised = settings_of_file()
    with run.alloy("strangers") as alloy:
        alloy.start()
        world = World(alloy, scale)
        alloy.stop()
        imported = foreign_export(run, scale)
        alloy.settings = {name: value for name, value in run.settings.items() if raised.get(name) != value} | SETTINGS
        alloy.start()
        victim = Victim(world)
        victim.window(1)
        run.raw["strangers"] = {}
        for thing, lines_of, rest_s in (flood for flood in floods(world, imported) if only in flood[0]):
            run.note(f"flood: {thing}")
            found = alternately(run, alloy, victim, lines_of, rest_s, Deliveries(world) if thing == "dead webhooks" else None)
            run.raw["strangers"][thing] = found
            report(run, thing, found)
            if not found["answered"] or set(found["answered"]) - FLOODED:
                run.doubts.append(f"{thing}: the flood was answered {found['answered']}")
            run.doubts += [f"while {thing}: {fault}" for fault in victim.faults[:3]]
            victim.faults.clear()
        alloy.stop()
