"""Events on their way out: webhooks to a receiver that only answers, streams to a thousand readers, the whole feed as lines.
The receiver and the readers run on the same cores."""
import collections
import http.client
import json
import selectors
import socket
import statistics
import threading
import time

from harness.programs import Failed

DISPATCHED_PER_SECOND = 3_000
ENDPOINTS = 10_000
SLOWED_MAX = 1.10  # how much longer writes may take beside so many endpoints
STREAMS, STREAMS_MIB, STREAM_MS = 1_000, 200, 100
LINES_PER_SECOND = 100_000
TARGETS = {"ALLOY_WEBHOOK_ALLOWED_TARGETS": "127.0.0.1", "ALLOY_WEBHOOK_SCHEMES": "https,http"}


def events(run):
    run.settings.update(TARGETS)
    dispatch(run)
    endpoints(run)
    healthy_beside_hanging(run)
    streams(run)
    lines(run)


def metric(alloy, name):
    alloy.connection or alloy.call("GET", "/auth/me")
    alloy.connection.request("GET", "/metrics")
    text = alloy.connection.getresponse().read().decode()
    return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(name))


def delivered(alloy):
    return metric(alloy, 'alloy_webhook_attempts_total{outcome="delivered"}')


def wait_for(what, holds, seconds_max=600):
    deadline = time.monotonic() + seconds_max
    while not holds():
        if time.monotonic() > deadline:
            raise Failed(f"waited in vain for {what}")
        time.sleep(0.02)


def dispatch(run):
    """How fast what has piled up is told to one endpoint."""
    count = 5_000 if run.quick else 60_000
    with run.alloy("dispatch") as alloy, run.tools.bare_server(2, run.folder / "receiver.log") as receiver:
        alloy.start()
        alloy.prepare()
        alloy.create("load", 64, requests=count)
        hook = {"url": f"http://127.0.0.1:{receiver.port}/in", "event_types": ["ticket.created"], "from": 0}
        begin = time.perf_counter()
        alloy.call("POST", f"/orgs/{alloy.org}/webhooks", hook)
        wait_for("all deliveries", lambda: delivered(alloy) >= count)
        rate = count / (time.perf_counter() - begin)
        run.raw["dispatch_per_second"] = rate
        run.table.reach("webhook deliveries of a backlog to one endpoint, per second", rate, DISPATCHED_PER_SECOND)
        ordered = dict(hook, ordered=True)
        begin, before = time.perf_counter(), delivered(alloy)
        alloy.call("POST", f"/orgs/{alloy.org}/webhooks", ordered)
        wait_for("all deliveries", lambda: delivered(alloy) >= before + count)
        run.table.show("the same, ordered (one under way), per second", count / (time.perf_counter() - begin))
        alloy.stop()


def endpoints(run):
    """Creates of one organization with and without ten thousand endpoints that want other events."""
    seconds, rounds = (2, 1) if run.quick else (8, 3)
    count = 500 if run.quick else ENDPOINTS
    with run.alloy("endpoints") as alloy:
        alloy.start()
        alloy.prepare()
        alloy.create("warm-up", 64, seconds=2)
        plain = [alloy.create("creates", 64, seconds=seconds)["p50_us"] for _ in range(rounds)]
        for n in range(count):
            alloy.call("POST", f"/orgs/{alloy.org}/webhooks", {"url": f"https://hooks.example.com/{n}", "event_types": ["sprint.completed"]})
        beside = [alloy.create("creates", 64, seconds=seconds)["p50_us"] for _ in range(rounds)]
        run.raw["endpoints"] = {"count": count, "without_p50_us": plain, "with_p50_us": beside}
        run.table.compare(f"durable create beside {count:,} endpoints in the organization, 64 connections, median us",
                          statistics.median(beside), "without endpoints", statistics.median(plain), at_most=SLOWED_MAX)
        alloy.stop()


class Clocked:
    """A receiver that answers at once and notes when each ticket's event came."""

    def __init__(self):
        self.came = {}
        self.door = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.door.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.door.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.answer, args=(connection,), daemon=True).start()

    def answer(self, connection):
        with connection, connection.makefile("rb") as stream:
            while stream.readline():
                length = 0
                while (line := stream.readline()) not in (b"\r\n", b""):
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                body = stream.read(length)
                now = time.perf_counter()
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                self.came[json.loads(body)["data"]["subject"]["id"]] = now


class Hanging:
    """Accepts and never answers."""

    def __init__(self):
        self.door = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.door.getsockname()[1]
        self.held = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            self.held.append(self.door.accept()[0])


def healthy_beside_hanging(run):
    """From the write's answer to the delivery, with and without an endpoint that hangs; writes come evenly."""
    count = 100 if run.quick else 1_000

    def round_of(alloy, receiver):
        answered = {}
        for n in range(count):
            begin = time.perf_counter()
            made = alloy.call("POST", f"/projects/{alloy.project}/tickets", {"title": f"T{n}"})["id"]
            answered[made] = begin
            time.sleep(max(0, 0.005 - (time.perf_counter() - begin)))
        wait_for("all deliveries", lambda: answered.keys() <= receiver.came.keys())
        took = sorted(receiver.came[one] - answered[one] for one in answered)
        return 1000 * took[len(took) * 99 // 100]

    with run.alloy("hanging") as alloy:
        alloy.start()
        alloy.prepare()
        receiver, hanging = Clocked(), Hanging()
        hook = {"url": f"http://127.0.0.1:{receiver.port}/in", "event_types": ["ticket.created"]}
        alloy.call("POST", f"/orgs/{alloy.org}/webhooks", hook)
        round_of(alloy, receiver)
        alone = round_of(alloy, receiver)
        alloy.call("POST", f"/orgs/{alloy.org}/webhooks", dict(hook, url=f"http://127.0.0.1:{hanging.port}/in"))
        beside = round_of(alloy, receiver)
        run.raw["hanging"] = {"alone_p99_ms": alone, "beside_p99_ms": beside}
        run.table.compare("write to delivery beside an endpoint that hangs, p99 ms", beside, "without it", alone, at_most=2.0)
        alloy.stop()


def streams(run):
    """A thousand open streams: what they cost, and how long an event takes to all of them."""
    count, writes = (50, 5) if run.quick else (STREAMS, 40)
    with run.alloy("streams") as alloy:
        alloy.start()
        alloy.prepare()
        before = alloy.program.memory_mib()
        ask = (f"GET /api/v1/orgs/{alloy.org}/events?types=ticket.created HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n"
               f"Authorization: Bearer {alloy.access_token}\r\n\r\n").encode()
        waiting, open_streams = selectors.DefaultSelector(), []
        for _ in range(count):
            one = socket.create_connection(("127.0.0.1", alloy.port))
            one.sendall(ask)
            one.setblocking(False)
            waiting.register(one, selectors.EVENT_READ)
            open_streams.append(one)
        wait_for("the streams", lambda: metric(alloy, "alloy_event_listeners") >= count)
        drain(waiting, 1)
        took = []
        for n in range(writes):
            sent = time.perf_counter()
            alloy.call("POST", f"/projects/{alloy.project}/tickets", {"title": f"T{n}"})
            arrived = gather(waiting, count)
            took += [1000 * (at - sent) for at in arrived]
        memory = alloy.program.memory_mib()
        run.raw["streams"] = {"count": count, "mib_before": before, "mib": memory, "ms": statistics.quantiles(took, n=100)}
        run.table.bound(f"resident memory with {count:,} open streams, MiB", memory, STREAMS_MIB)
        run.table.bound(f"from the request of a write to each of {count:,} streams, median ms", statistics.median(took), STREAM_MS)
        run.table.show("the same, p99 ms", statistics.quantiles(took, n=100)[98])
        for one in open_streams:
            one.close()
        alloy.stop()


def drain(waiting, seconds):
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        for key, _ in waiting.select(left):
            key.fileobj.recv(65536)


def gather(waiting, count):
    """When each stream got its event."""
    arrived, parts = {}, collections.defaultdict(bytes)
    deadline = time.monotonic() + 30
    while len(arrived) < count:
        if time.monotonic() > deadline:
            raise Failed(f"{count - len(arrived)} streams were told nothing")
        for key, _ in waiting.select(1):
            got = key.fileobj.recv(65536)
            if not got:
                raise Failed("a stream was cut")
            parts[key.fd] += got
            if b"event: ticket.created" in parts[key.fd] and parts[key.fd].rstrip(b"\r\n").endswith(b"}"):
                arrived.setdefault(key.fd, time.perf_counter())
    return arrived.values()


def lines(run):
    """All events of an organization as NDJSON."""
    count = 5_000 if run.quick else 300_000
    with run.alloy("lines") as alloy:
        alloy.start()
        alloy.prepare()
        alloy.create("load", 64, requests=count)
        alloy.program.settle()
        rates = []
        for _ in range(3):
            one = http.client.HTTPConnection("127.0.0.1", alloy.port, timeout=120)
            begin = time.perf_counter()
            one.request("GET", f"/api/v1/orgs/{alloy.org}/events", headers={"Authorization": "Bearer " + alloy.access_token,
                                                                           "Accept": "application/x-ndjson"})
            answer, seen, size = one.getresponse(), 0, 0
            while part := answer.read1(1 << 20):
                seen += part.count(b"\n")
                size += len(part)
            rates.append(seen / (time.perf_counter() - begin))
            if seen < count:
                raise Failed(f"{seen} lines for {count} tickets")
            one.close()
        run.raw["lines_per_second"] = rates
        run.table.reach("events as NDJSON, per second", statistics.median(rates), LINES_PER_SECOND)
        alloy.stop()
