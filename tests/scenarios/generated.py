"""Requests made from the document alone: at least 200 to every operation (GENERATED_REQUESTS), that fit it, just fit it, or
break one rule of it. No answer may be a 5xx, of a status or shape that the document does not have for the operation, or a
success of what breaks a rule; and what fits is not refused for what a schema could have told. Once with a fixed seed and once
with a fresh one.

generated.py PROGRAM FOLDER [--seed N] [arguments of unittest]: with N in the place of the fresh one."""
import collections
import json
import os
import queue
import random
import sys
import threading
import time
import unittest
from urllib.parse import quote

import conformance
import server
from catalogue import operations_of
from generate import Generator, replaced, text
from world import PASSWORD, Person, World, furnish, invite

LEAST = int(os.environ.get("GENERATED_REQUESTS", 200))  # to each operation
WORKERS = 4
REAL_DELETES = 5  # of one operation: each needs a new organization
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"}
KINDS = ("text/plain", "application/x-www-form-urlencoded", "application/jsonx", "multipart/form-data; boundary=x", "json", "")
ODD = ["x", "0", "-1", "%00", "%01%1f%7f", "%0d%0aX:%20y", "%ff%fe", "%zz", "%", "..", "%2e%2e%2f", "%2F", ";a=b", "null", "undefined", "*",
       "a" * 2000, quote("\u00e9\u4e2d\U0001f980"), quote("\u202e"), quote("' OR 1=1--"), "A-1", "A-99999999999999999999", "{id}", "$ref"]
# Faults that a schema tells; a fault of another code needs what only the server knows.
TELLABLE = {"required", "unknown_field", "wrong_type", "null_not_allowed", "too_short", "too_long", "blank", "control_character", "out_of_range",
            "too_precise", "not_a_uuid", "not_a_date", "not_a_timestamp", "too_few"}
SUCCEEDED_MIN = 0.9  # the share of operations that answered at least once with success
BAD_BODY = {400, 422}
BAD_PARAMETER = {400, 404, 422}  # the organization that another parameter names may be looked for first
REFUSED_MAX = 0.25  # the share of requests that fit and are refused by rules that no schema tells
LEFT_OUT = {"cursor", "wait"}  # from what is made at random: one is told by the server, the other only takes time
SEED = None  # set by main()


class Case:
    """One request, and the statuses that are allowed beside being declared (None: any)."""

    def __init__(self, what, *, method=None, ids=None, query=(), headers=(), body=None, raw=None, statuses=None, fits=False):
        self.what, self.method, self.ids, self.query, self.headers = what, method, ids or {}, dict(query), dict(headers)
        self.body, self.raw, self.statuses, self.fits = body, raw, statuses, fits


class Maker:
    """The cases of one operation."""

    def __init__(self, op, dice, names, allowed):
        self.op, self.dice, self.allowed = op, dice, allowed
        self.make = Generator(dice, op.document, names)
        self.body = op.row.get("requestBody") and op.body_schema

    def parameters(self, where):
        return [p for p in self.op.parameters if p["in"] == where and p["name"] != "dry_run"]

    def written(self, parameter, value):
        schema = self.op.resolve(parameter["schema"])
        flat = ",".join if schema.get("type") == "array" else str
        return flat(value) if not isinstance(value, bool) else str(value).lower()

    def query(self):
        """What must be there, and some of what may."""
        return {p["name"]: self.written(p, self.make.valid(p["schema"], p["name"], full=True)) for p in self.parameters("query")
                if p["required"] or (self.dice.random() < 0.3 and p["name"] not in LEFT_OUT)}

    def valid(self, what="valid", **more):
        more.setdefault("query", self.query())
        if self.body and "body" not in more:
            more["body"] = self.make.valid(self.body)
            assert self.make.fits(more["body"], self.body), more["body"]
        return Case(what, fits=not more.keys() & {"ids", "headers", "statuses"}, **more)

    def systematic(self):
        """Each rule broken, each limit met, and the ways in which a request can be odd, once each."""
        if self.body:
            whole = self.make.valid(self.body, full=True)
            for at, part, _ in self.make.places(self.body, whole):
                for what, value in self.make.edges(part):
                    yield self.valid(f"{what} of {at}", body=replaced(whole, at, value))
            yield from self.broken_bodies()
            for kind in KINDS:
                yield self.valid(f"content type {kind!r}", headers={"Content-Type": kind}, statuses={415})
            yield Case("no body", raw=b"", statuses=BAD_BODY if self.op.row["requestBody"]["required"] else None)
            yield Case("cut off", raw=json.dumps(whole).encode()[:-1], statuses={400})
        for parameter in self.parameters("query"):
            yield from self.of_parameter(parameter)
        for name in self.op.path_names:
            for odd in ODD:
                yield self.valid(f"{name} is {odd[:30]}", ids={name: odd})
        for method in sorted(METHODS - self.allowed):
            yield Case("method " + method, method=method, statuses={405})
        for parameter in self.parameters("header"):
            yield from self.of_header(parameter)

    def broken_bodies(self):
        for what, at, value in self.make.broken(self.body):
            if value is None:  # the word, not the absence of a body
                yield Case(f"{what} at {at}", query=self.query(), raw=b"null", statuses=BAD_BODY)
            else:
                yield self.valid(f"{what} at {at}", body=value, statuses=BAD_BODY)

    def of_parameter(self, parameter):
        name, schema = parameter["name"], parameter["schema"]
        for what, value in self.make.edges(schema):
            yield self.valid(f"{what} of ?{name}", query=dict(self.query(), **{name: self.written(parameter, value)}))
        if parameter["required"]:
            yield self.valid(f"without ?{name}", query={n: v for n, v in self.query().items() if n != name}, statuses=BAD_PARAMETER)
        inner = self.op.resolve(schema)
        inner = self.op.resolve(inner.get("items", inner))
        if {"format", "enum", "pattern"} & set(inner) or inner.get("type") != "string":
            for bad in ("nonsense", " ", "1.5e3", "2026-13-01", text(self.dice, 30)):
                if not self.make.fits(bad, inner):
                    yield self.valid(f"?{name}={bad}", query=dict(self.query(), **{name: bad}), statuses=BAD_PARAMETER)
        for limit, step in (("minimum", -1), ("maximum", 1)):
            if limit in inner:
                yield self.valid(f"beyond the {limit} of ?{name}", query=dict(self.query(), **{name: str(inner[limit] + step)}), statuses=BAD_PARAMETER)
        if self.op.resolve(schema).get("type") != "array":  # a list may be repeated
            yield self.valid(f"?{name} twice", query=dict(self.query(), **{name: "a&" + name + "=b"}), statuses=BAD_PARAMETER)

    def of_header(self, parameter):
        name = parameter["name"]
        if name == "Alloy-Min-Position":  # what lies ahead of the log is waited for
            yield self.valid(name, headers={name: "1"})
            values = ["-1", "x", "1.5", ""]
        else:
            values = [self.dice.choice("abc\"\\ ,") * n for n in (1, 2, 255, 256)] + ["", '"1"', 'W/"1"', "*", '"1", "2"']
        for value in values:
            yield self.valid(f"{name}: {value[:20]}", headers={name: value})

    def endless(self):
        """More of what is made at random."""
        bad = []
        while True:
            yield self.valid()
            yield self.valid("unknown parameter", query=dict(self.query(), **{"x" + text(self.dice, 3): "1"}), statuses=BAD_PARAMETER)
            if self.parameters("query"):
                yield self.valid()
            if self.body:
                yield self.valid()
                bad = bad or self.dice.sample(found := list(self.broken_bodies()), len(found))
                yield bad.pop()

    def cases(self, complete):
        """All of the systematic ones where `complete`, else so many that there is room for others."""
        made = list(self.systematic())
        if not complete and len(made) > LEAST // 2:
            made = self.dice.sample(made, LEAST // 2)
        more = self.endless()
        while len(made) < LEAST:
            made.append(next(more))
        self.dice.shuffle(made)
        return made


class Worker:
    """A person, and an organization of his that has one of everything; a new one where it may have been harmed."""

    def __init__(self, run, number):
        self.run, self.number, self.stages = run, number, 0
        self.who, self.helper = (Person(run.server, f"{name}{number}-{run.seed}@example.com", name) for name in ("worker", "helper"))

    def stage(self):
        if self.who.client.ask("GET", "/api/v1/auth/me").status == 401:
            self.log_in()
        self.stages += 1
        org = self.who.client.post("/api/v1/orgs", {"name": "Stage", "slug": f"stage-{self.run.seed}-{self.number}-{self.stages}"})["id"]
        code = invite(self.who, org, self.helper.email, "Member")["invite_code"]
        self.helper.client.must("POST", f"/api/v1/invites/{code}/accept")
        self.ids = dict(self.run.world.ids, **furnish(self.who, org, f"S{self.stages}", self.helper))
        self.known = dict(self.ids, **{name: self.who.id for name in ("assignee_id", "reporter_id", "author_id", "created_by")}, status="Review",
                          email=self.who.email, password=PASSWORD)
        self.ids["api_key_id"] = self.who.client.post("/api/v1/api-keys", {"name": "k", "scopes": ["read"]})["id"]

    def log_in(self):
        self.who.client.token = self.who.client.post("/api/v1/auth/login", {"email": self.who.email, "password": PASSWORD}, token=None)["access_token"]

    def send(self, op, case, dry):
        for name in op.path_names:
            assert name in self.ids, f"world.py makes nothing that is called {name}, which {op} needs"
        path = op.url(dict(self.ids, **case.ids)).split("?")[0]
        query = dict(case.query, **({"dry_run": "true"} if dry else {}))
        if query:
            path += "?" + "&".join(f"{quote(name)}={quote(value, safe='&=' if ' twice' in case.what else '')}" for name, value in query.items())
        token = None if op.is_open else self.who.client.token
        return self.who.client.ask(case.method or op.method, path, case.body, raw=case.raw, headers=case.headers, token=token, statuses=None)


class Run:
    """All operations with one seed."""

    def __init__(self, server_, world, operations, seed, complete):
        self.server, self.world, self.operations, self.seed, self.complete = server_, world, operations, seed, complete
        self.lock = threading.Lock()
        self.sent, self.broken, self.refused = collections.Counter(), collections.Counter(), collections.Counter()
        self.succeeded = set()
        self.fitting = self.unwelcome = 0
        self.failures = []
        self.allowed = collections.defaultdict(set)
        for op in operations:
            self.allowed[op.path] |= {op.method} | ({"HEAD"} if op.method == "GET" else set())

    def go(self):
        waiting = queue.SimpleQueue()
        for op in self.operations:
            waiting.put(op)
        threads = [threading.Thread(target=self.work, args=(number, waiting)) for number in range(WORKERS)]
        begin = time.monotonic()
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        self.seconds = time.monotonic() - begin

    def work(self, number, waiting):
        try:
            worker = Worker(self, number)
            while True:
                try:
                    op = waiting.get_nowait()
                except queue.Empty:
                    return
                self.one_operation(worker, op)
        except Exception as broken:  # noqa: BLE001: a thread that dies must not pass for one that found nothing
            with self.lock:
                self.failures.append(f"worker {number} ended: {broken!r}")

    def one_operation(self, worker, op):
        dice = random.Random(f"{self.seed}:{op.id}")
        worker.stage()
        real_deletes = 0
        for number, case in enumerate(Maker(op, dice, worker.known, self.allowed[op.path]).cases(self.complete)):
            dry = op.writes and case.method is None and (number % 2 == 0 or (op.method == "DELETE" and real_deletes >= REAL_DELETES))
            try:
                answer = worker.send(op, case, dry)
                if answer.status == 401 and not op.is_open:  # an earlier request ended the session
                    worker.log_in()
                    answer = worker.send(op, case, dry)
                faults = list(self.judge(op, case, answer))
            except AssertionError as wrong:
                answer, faults = None, [str(wrong)]
            with self.lock:
                self.sent[op.id] += 1
                self.broken[op.id] += case.body is not None and case.statuses == BAD_BODY
                self.failures += [f"{op}: {case.what}: {fault}; sent {case.query} {case.ids} {json.dumps(case.body)[:300]}: {answer}" for fault in faults]
                if answer and answer.status < 300:
                    self.succeeded.add(op.id)
            if answer and answer.status < 300 and op.method == "DELETE" and not dry:
                real_deletes += 1
                worker.stage()

    def judge(self, op, case, answer):
        if answer.status >= 500:
            yield "a 5xx"
        # What only its rule refuses is looked at once the thing is found, and in an organization made up there is none.
        astray = answer.status == 404 and "org_id" in case.query
        if case.statuses and answer.status not in case.statuses and not astray:
            yield f"it must be {sorted(case.statuses)}"
        if case.method:
            if set(answer.headers.get("Allow", "").split(", ")) != self.allowed[op.path]:
                yield f"Allow is {answer.headers.get('Allow')}"
            return
        yield from conformance.faults(op, answer)
        if case.fits:
            found = answer.faults if answer.status == 422 else {}
            with self.lock:
                self.fitting += 1
                self.unwelcome += bool(found)
                self.refused.update((op.id, pointer, code) for pointer, code in found.items())
            if case.body is not None and (told := {pointer: code for pointer, code in found.items() if code in TELLABLE}):
                yield f"the body fits its schema, and yet {told}"

    def words(self):
        without = sorted(op.id for op in self.operations if op.id not in self.succeeded)
        return (f"seed {self.seed}: {sum(self.sent.values())} requests to {len(self.operations)} operations in {self.seconds:.1f} s; of {self.fitting} "
                f"that fit {self.unwelcome} were refused by rules that no schema tells; never succeeded: {without}\n"
                + "\n".join(f"  {count:5d} {' '.join(what)}" for what, count in self.refused.most_common(15)))


class Generated(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = server.Server("generated").start()
        cls.world = World(cls.server)
        cls.operations = operations_of(cls.server.operations())

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def run_with(self, seed, complete):
        run = Run(self.server, self.world, self.operations, seed, complete)
        run.go()
        print(run.words(), flush=True)
        if run.failures:
            self.fail(f"{len(run.failures)} failures; repeat them with --seed {seed}\n" + "\n".join(one[:450] for one in run.failures[:20]))
        self.assertEqual([op.id for op in self.operations if run.sent[op.id] < LEAST], [], "too few requests")
        if LEAST >= 200:  # of fewer, too many are the limits themselves
            self.assertLess(run.unwelcome, REFUSED_MAX * run.fitting)
        self.assertGreater(len(run.succeeded), SUCCEEDED_MIN * len(self.operations))
        return run

    def test_fixed_seed(self):
        """Every rule of every operation is broken, every limit met."""
        run = self.run_with(1, complete=True)
        for op in self.operations:
            if op.body_schema is not None:
                self.assertGreaterEqual(run.broken[op.id], 6 * len(op.body_schema.get("properties", {"any": 1})), f"{op}: hardly a rule was broken")

    def test_fresh_seed(self):
        self.run_with(SEED, complete=False)


def main():
    global SEED
    SEED = random.SystemRandom().randrange(10 ** 6)
    if "--seed" in sys.argv:
        at = sys.argv.index("--seed")
        SEED = int(sys.argv[at + 1])
        del sys.argv[at:at + 2]
    server.main()


if __name__ == "__main__":
    main()
