"""What a flood is tried with: somebody who floods, a watch on what they hold, and all operations of the table for everybody
whom it is nothing to, in the quiet and while it goes on."""
import collections
import contextlib
import itertools
import json
import re
import socket
import threading
import time
import unittest

import server
from catalogue import VERBS, Operation, good_body
from client import Client, numbers, together
from policy import RULES, Caller, about, refusal
from world import Person, World, join

LINES = {"Content-Type": "application/x-ndjson"}
MCP = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
BREATH_S = 0.1  # of a flooder that was refused: what a flood is to fill are the server's queues, not this machine
TELLING = ("AAA-1", "Project AAA", "The first", "Org A", "Seen it, too")  # of organization A to who has no part in it
TRIES = 9
HEAD = re.compile(rb"HTTP/1\.1 (\d{3}) [^\r]*\r\n(?:[^\r]+\r\n)+\r\n")
NO = {401, 403, 404}


def metrics(s):
    with s.client() as one:
        lines = one.ask("GET", "/metrics").body.decode().splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line[:1] != "#")}


def come_from(client, address):
    client.http.source_address = (address, 0)
    return client


def served(s, begin, last_id):
    """The requests of the server's log behind its first `begin` bytes, in the order in which they were answered."""
    def text():
        with s.log.open("rb") as log:
            log.seek(begin)
            found = log.read()
        return found if b'"%s"' % last_id.encode() in found else None

    lines = server.wait_until(text, "the log to have the last request").decode().splitlines()
    return [json.loads(line) for line in lines if '"msg":"request"' in line and line.endswith("}")]


def in_a_row(client, method, path, body=None, count=TRIES):
    """The same request so many times on one connection, sent at once, so that how fast this machine is to ask does not count: ids,
    statuses, and all that came."""
    ids, raw = [f"row-{next(numbers)}" for _ in range(count)], "" if body is None else json.dumps(body)
    kind = LINES["Content-Type"] if path.endswith("/import") else "application/json"
    sent = "".join(f"{method} {path} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {client.token}\r\nX-Request-Id: {one}\r\n"
                   f"Content-Type: {kind}\r\nContent-Length: {len(raw)}\r\n\r\n{raw}" for one in ids)
    with socket.create_connection(("127.0.0.1", client.http.port), server.PATIENCE_S, client.http.source_address) as one:
        one.sendall(sent.encode())
        got = b""
        while len(heads := HEAD.findall(got)) < count:
            piece = one.recv(65536)
            assert piece, got[-600:]
            got += piece
    return ids, [int(status) for status in heads], got


def between(s, of_flooder, client, *request, status, in_row=in_a_row):
    """How many answers of the flooder's the server gave between two of somebody else's, the one in the middle."""
    begin = s.log.stat().st_size
    ids, statuses, _ = in_row(client, *request)
    assert set(statuses) == {status}, statuses
    counts, now = [], None
    for one in served(s, begin, ids[-1]):
        if one["request_id"] in ids:
            counts, now = counts + ([] if now is None else [now]), 0
        elif now is not None and of_flooder(one):
            now += 1
    return sorted(counts)[len(counts) // 2]


def one_by_one(client, *request):
    """In a row, each once the one before is answered: for what waits for the thread that reads the sockets."""
    answers = [client.ask(*request) for _ in range(TRIES * 3)]
    return [one.headers["X-Request-Id"] for one in answers], [one.status for one in answers], b""


def between_seen(flood, ask):
    """The same for what the log has no line of: as the flooder and who asks saw it."""
    counts = []
    for _ in range(TRIES):
        before = flood.count(200)
        ask()
        counts.append(flood.count(200) - before)
    return sorted(counts)[TRIES // 2]


class Flood:
    """with Flood(s, sends, addresses): each send(client) of the list is called again and again on a connection of its own until
    the end. `wake()` is called then, for those who wait. Refusals are answers as any other."""

    def __init__(self, s, sends, addresses=("127.0.9.9",), wake=lambda: None):
        self.going, self.answers, self.wake, self.failed, self.refusal, self.told = True, [], wake, [], None, set()
        self.threads = [threading.Thread(target=self.run, args=(s, send, addresses[n % len(addresses)]), daemon=True) for n, send in enumerate(sends)]

    def run(self, s, send, address):
        with come_from(s.client(), address) as one:
            while self.going:
                try:
                    answer = send(one)
                except BaseException as failed:  # noqa: BLE001  it is raised again at the end
                    self.failed.append(failed)
                    return
                self.answers.append((answer.status, answer.code if answer.status >= 400 else ""))
                if answer.status in (429, 503):
                    if answer.status == 503 or not self.refusal or self.refusal.status != 503:
                        self.refusal = answer
                    self.told.update(re.findall('"[a-z]+"', answer.json["detail"]) if "detail" in answer.json else ())
                    time.sleep(BREATH_S)

    def codes(self):
        return {code or status for status, code in list(self.answers)}

    def count(self, *statuses):
        return sum(status in statuses for status, _ in list(self.answers))

    def __enter__(self):
        for one in self.threads:
            one.start()
        return self

    def __exit__(self, kind, *_):
        self.going = False
        while any(one.is_alive() for one in self.threads):
            self.wake()
            for one in self.threads:
                one.join(0.02)
        if self.failed and kind is None:
            raise self.failed[0]


class Watch:
    """The most that each gauge of the server showed while it looked, and by how much each counter grew."""

    def __init__(self, s):
        self.s, self.most, self.over = s, {}, threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        while True:
            most = self.most
            for name, value in metrics(self.s).items():
                most[name] = max(value, most.get(name, value))
            if self.over.wait(0.1):
                return

    def grown(self, name):
        return self.after[name] - self.before[name]

    def __enter__(self):
        self.before = metrics(self.s)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()
        self.after = metrics(self.s)


def mcp_call(client, name, token=None, **arguments):
    """A tool's answer, with whether it is an error as its code. Refusals of this door are JSON-RPC's."""
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": arguments}}
    client.http.request("POST", "/mcp", json.dumps(message), dict(MCP, Authorization="Bearer " + (token or client.token)))
    got = client.http.getresponse()
    answer = Told(got.status, got.headers, got.read())
    answer.said = "isError" if b'"isError":true' in answer.body else "result" if b'"result"' in answer.body else "refused"
    return answer


class Told(collections.namedtuple("Told", "status headers body")):
    said = ""

    @property
    def code(self):
        return self.said

    @property
    def json(self):
        return json.loads(self.body)


class Everybody:
    """The people of a world whom a flood is nothing to, and each thing that each of them tries."""

    def __init__(self, world):
        self.world, s = world, world.server
        ids, owner = world.ids, world.people["Owner"]
        removed = Person(s, "removed@example.com", "Rolf Removed")
        join(owner, ids["org_id"], removed, "Member")
        removed.client.get(f"/api/v1/projects/{ids['project_id']}/tickets")
        owner.client.must("DELETE", f"/api/v1/orgs/{ids['org_id']}/members/{removed.id}")
        other = Person(s, "other@example.com", "Odo Other")
        join(world.people["outsider"], world.foreign["org_id"], other, "Member")
        member = world.people["Member"]
        bound = member.client.post("/api/v1/api-keys", {"name": "bound", "scopes": ["*"], "project_ids": [ids["project_id"]]})["key"]
        self.callers = [self.caller("the admin", world.people["Admin"], "Admin", 11),
                        self.caller("the bound key", member, "Member", 12, bound, reach="here"),
                        self.caller("the removed member", removed, None, 13),
                        self.caller("the other tenant", other, None, 14)]
        document = s.operations()
        self.operations = [Operation(document, path, method, row) for path, methods in document["paths"].items()
                           for method, row in methods.items() if method in VERBS]
        self.as_of = s.head()
        self.tried = collections.Counter()

    def caller(self, name, person, role, address, key=None, **more):
        """Everybody comes from an address of their own, as a flooder does."""
        client = come_from(Client(self.world.server.port, key or person.client.token), f"127.0.0.{address}")
        return Caller(name, person, role, dict(self.world.ids, api_key_id=getattr(person, "key_id", self.world.ids["api_key_id"])),
                      None, client, is_key=key is not None, **more)

    def ways(self, who):
        """(name, what is expected by policy.json or None, how it is asked): each operation as it is, and those that can be asked of
        the past or searched, too, for then they wait elsewhere. What may be done is done dry."""
        for op in self.operations:
            expected = refusal(op, who) if op.id in RULES and about(op) != "open" else None
            query = f"org_id={who.ids['org_id']}" if op.id in RULES and about(op) == "query" else ""
            yield op.id, expected, self.way(op, who, expected, query)
            for name, value in (("as_of", self.as_of), ("q", "first")):
                if name in op.query_names():
                    yield f"{op.id} with {name}", expected, self.way(op, who, expected, f"{query}&{name}={value}".strip("&"))
        yield "a call of MCP", None, lambda: mcp_call(who.client, "get_ticket", ticket_id=who.ids["ticket_id"])

    def way(self, op, who, expected, query):
        if op.takes_lines:
            return lambda: who.client.ask(op.method, op.url(who.ids), raw=b"", headers=LINES, statuses=None)
        if expected is None and "dry_run" in op.query_names():
            query = f"{query}&dry_run=true".strip("&")
        return lambda: who.client.ask(op.method, op.url(who.ids, query), good_body(op, who.ids), statuses=None)

    def table(self, check=lambda *_: None):
        """{(who, what): (status, code)} of all that each of them tries, all four at once."""
        found = {}

        def run(n):
            who = self.callers[n]
            for name, expected, ask in self.ways(who):
                answer = ask()
                self.tried[who.name] += 1
                found[who.name, name] = answer.status, answer.code if answer.status >= 400 or isinstance(answer, Told) else ""
                check(who, name, expected, answer)

        together(run, len(self.callers))
        return found

    def told_too_much(self, who, name, answer):
        """What an answer has that this caller is not to see."""
        if who.role is None and name not in ("openapi", "docs"):
            return [one for one in TELLING if one.encode() in answer.body]
        if who.is_key and name != "list_api_keys":
            return [one for one in (self.world.closed_project, "CLOSED") if one.encode() in answer.body]
        return []


class Floods(unittest.TestCase):
    """A server with two tenants, of whom one floods, and what everybody else is answered in the quiet."""
    SETTINGS = {}
    # Counters that grow where somebody is refused for what others hold, or where something breaks.
    FOR_ALL = [f'alloy_{what}_refused_total{{by="server"}}' for what in
               ("sequencer", "hashing", "reading", "transfer", "mcp", "event_streams", "position_waits", "search_waits")]

    @classmethod
    def setUpClass(cls):
        cls.server = s = server.Server(cls.__name__.lower(), **cls.SETTINGS).start()
        cls.world = World(s)
        cls.owner, cls.flooder, cls.org = cls.world.people["Owner"], cls.world.people["outsider"], cls.world.foreign["org_id"]
        cls.everybody, cls.numbers, cls.quiet, cls.spoilt = Everybody(cls.world), itertools.count(1), {}, []
        cls.admin = cls.everybody.callers[0].client
        cls.keys = [cls.flooder.client.post("/api/v1/api-keys", {"name": "k", "scopes": ["*"]})["key"] for _ in range(4)]
        cls.people = [cls.flooder]
        for n in range(5):
            cls.people.append(Person(s, f"f{n}@example.com", "Of the flood"))
            join(cls.flooder, cls.org, cls.people[-1], "Admin")

    @classmethod
    def tearDownClass(cls):
        """What was written meanwhile is what the log says, to the byte."""
        cls.server.stop()
        done = server.run_program("verify", settings={"DATA_DIR": cls.server.folder})
        assert done.returncode == 0, done.stdout + done.stderr
        print(f"\ntried: {dict(cls.everybody.tried)}")

    def in_the_quiet(self):
        """What each operation answers each of them while nobody floods, held against policy.json."""
        if not self.quiet:
            head = self.server.head()
            self.quiet.update(self.everybody.table(self.check))
            self.assertEqual(self.server.head(), head, "something was written")
        return self.quiet

    def check(self, who, name, expected, answer):
        if expected and answer.status != expected[0]:
            self.spoilt.append((who, name, "policy.json has", expected, answer))
        if found := self.everybody.told_too_much(who, name, answer):
            self.spoilt.append((who, name, "it tells", found, answer))

    def all_is_as_in_the_quiet(self):
        quiet, now = self.in_the_quiet(), self.everybody.table(self.check)
        self.assertEqual({key: (quiet[key], now[key]) for key in quiet if quiet[key] != now.get(key)}, {}, "(in the quiet, now)")
        self.assertEqual(self.spoilt, [])

    @contextlib.contextmanager
    def flood(self, sends, begun, what, **more):
        """Everything is tried once the flood has `begun(flood)`. In the block it still goes on."""
        self.in_the_quiet()
        with Watch(self.server) as watch:
            with Flood(self.server, sends, **more) as flood:
                server.wait_until(lambda: begun(flood) or flood.failed, what)
                before = len(flood.answers)
                watch.most = metrics(self.server)  # what was before the flood had all that it is to have does not count
                self.all_is_as_in_the_quiet()
                yield flood, watch
                after = len(flood.answers)
                server.wait_until(lambda: not sends or len(flood.answers) > after or flood.failed, "it to go on")
                self.assertTrue(not sends or after > before, "it went on all the time")
        for name in self.FOR_ALL + [name for name in watch.after if name.startswith("alloy_exceptions_total")]:
            self.assertEqual(watch.grown(name), 0, name)
