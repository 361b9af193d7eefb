"""The phases of a run. Ours and the peer take turns within each round, and the table shows medians over the rounds:
the machine is shared, and what disturbs one should disturb the other."""
import random
import shutil
import statistics
import subprocess

from harness.alloy import KEY, Alloy
from harness.programs import Failed
from harness.table import median_of

CONNECTIONS = 64
SAMPLE = 20_000  # different tickets asked for, so that no single one is served from a cache line


class Run:
    """What the phases share: where things are, how long each measurement takes, and what was found."""

    def __init__(self, tools, binary, folder, settings, quick, table, note):
        self.tools, self.binary, self.folder, self.settings = tools, binary, folder, settings
        self.rounds = 1 if quick else 5
        self.seconds = 2 if quick else 10
        self.tickets = 2_000 if quick else 100_000
        self.restarts = 2 if quick else 5
        self.quick, self.table, self.note = quick, table, note
        self.raw = {}
        self.doubts = []  # a run with doubts has printed its table and failed all the same

    def alloy(self, name):
        return Alloy(self.tools, self.binary, self.folder / name, self.folder / f"{name}.log", self.settings)


def databases(run, postgres):
    """One round of durable INSERTs."""
    with postgres.running():
        postgres.inserts(CONNECTIONS, 1)
        return {"pgbench_64": postgres.inserts(CONNECTIONS, run.seconds),
                "pgbench_64_tcp": postgres.inserts(CONNECTIONS, run.seconds, "127.0.0.1"),
                "pgbench_1": postgres.inserts(1, max(run.seconds // 2, 2))}


def disk(run):
    return {f"fdatasync_{size}": run.tools.fdatasync(run.folder, size, 2) for size in (4096, 512)}


def creates(run, alloy):
    alloy.create("warm-up", CONNECTIONS, 1)
    return {"create_64": alloy.create("create, 64 connections", CONNECTIONS, run.seconds),
            "create_1": alloy.create("create, 1 connection", 1, max(run.seconds // 2, 2))}


def random_tickets(alloy, count, sample):
    """Paths of tickets by id, spread over all there are; each id is read through its reference first."""
    chosen = random.Random(1).sample(range(1, count + 1), min(count, sample))
    return [f"/api/v1/tickets/{alloy.call('GET', f'/tickets/{KEY}-{number}')['id']}" for number in chosen]


def reads(run, alloy, list_path, paths):
    """One round of GET and list, each followed by the bare server with bodies of the mean size Alloy answered."""
    found = {}
    seconds = max(run.seconds // 2, 2)
    for name, target in (("get", {"paths": paths}), ("list", {"path": list_path})):
        alloy.get(f"{name}, warm-up", CONNECTIONS, 1, **target)
        ours = found[name] = alloy.get(name, CONNECTIONS, seconds, **target)
        size = round(ours["body_bytes_mean"])
        with run.tools.bare_server(size, run.folder / "bare.log") as bare:
            run.tools.load(bare.port, "bare, warm-up", CONNECTIONS, 1, headers=alloy.headers(), **target)
            found["bare_" + name] = run.tools.load(bare.port, f"bare {name}", CONNECTIONS, seconds,
                                                   headers=alloy.headers(), of=bare, **target)
            bare.stop()
        if round(found["bare_" + name]["body_bytes_mean"]) != size:
            raise Failed(f"the bare server answered bodies of another size than alloy's {size} bytes")
        found[name]["size"] = size
    return found


def check_list(alloy, list_path):
    page = alloy.call("GET", list_path.removeprefix("/api/v1"))
    statuses = {ticket["status"] for ticket in page["items"]}
    if len(page["items"]) != 50 or statuses != {"InProgress"}:
        raise Failed(f"the list of 50 by status answered {len(page['items'])} tickets of {statuses or 'none'}")


def turns(run, alloy, postgres):
    """All rounds: disk, PostgreSQL, Alloy's creates, Alloy's reads against the bare server."""
    list_path = alloy.tickets_path() + "?status=InProgress&limit=50"
    alloy.start()
    check_list(alloy, list_path)
    paths = alloy.file_of_paths("get", random_tickets(alloy, alloy.tickets, SAMPLE if not run.quick else 500))
    alloy.stop()
    rounds = []
    for number in range(run.rounds):
        run.note(f"round {number + 1} of {run.rounds}")
        found = {**disk(run), **databases(run, postgres)}
        alloy.start()
        found |= creates(run, alloy)
        alloy.program.settle(30)
        found |= reads(run, alloy, list_path, paths)
        alloy.stop()
        rounds.append(found)
    run.raw["rounds"] = rounds
    report_turns(run, {name: [found[name] for found in rounds] for name in rounds[0]})


def report_turns(run, found):
    def rate(name):
        return median_of(found[name], "rate")

    table = run.table
    table.compare("durable create, 64 connections, per second", rate("create_64"),
                  "PostgreSQL, pgbench -c 64, Unix socket", rate("pgbench_64"), at_least=1.0)
    table.compare("the same", rate("create_64"),
                  "PostgreSQL, pgbench -c 64, loopback TCP as ours", rate("pgbench_64_tcp"), at_least=1.0)
    table.bound("its p99, ms", median_of(found["create_64"], "p99_us") / 1000, 20)
    table.show("its CPU, us per request", median_of(found["create_64"], "cpu_us"))
    table.compare("durable create, 1 connection, per second", rate("create_1"),
                  "append of 4 KiB + fdatasync", rate("fdatasync_4096"), at_least=0.4)
    table.show("the same", rate("create_1"), "append of 512 B + fdatasync", rate("fdatasync_512"))
    table.show("the same", rate("create_1"), "PostgreSQL, pgbench -c 1", rate("pgbench_1"))
    table.show("its median, us", median_of(found["create_1"], "p50_us"))
    for name, title, bar in (("get", "GET of a ticket", 0.6), ("list", "list of 50 by status", 0.12)):
        size = median_of(found[name], "size")
        table.compare(f"{title}, 64 connections, per second", rate(name),
                      f"bare Beast, bodies of {size:,.0f} bytes", rate("bare_" + name), at_least=bar)
        table.show("its p99, ms", median_of(found[name], "p99_us") / 1000, "the same",
                   median_of(found["bare_" + name], "p99_us") / 1000)
        table.show("its CPU, us per request", median_of(found[name], "cpu_us"), "the same",
                   median_of(found["bare_" + name], "cpu_us"))
    # One writer cannot be durable more often than the disk syncs: such a figure would mean that it answers first.
    if rate("create_1") > 1.2 * max(rate("fdatasync_512"), rate("fdatasync_4096")):
        run.doubts.append("one connection creates faster than the disk syncs: is it answered before it is durable?")


def report_peers(run, postgres):
    """The peers alone, for a machine where there is no alloy to be measured yet."""
    found = [{**disk(run), **databases(run, postgres)} for _ in range(run.rounds)]
    titles = {"fdatasync_4096": "append of 4 KiB + fdatasync", "fdatasync_512": "append of 512 B + fdatasync",
              "pgbench_64": "PostgreSQL, pgbench -c 64, Unix socket",
              "pgbench_64_tcp": "PostgreSQL, pgbench -c 64, loopback TCP", "pgbench_1": "PostgreSQL, pgbench -c 1"}
    for name, title in titles.items():
        run.table.show("-", None, f"{title}, per second", statistics.median(one[name]["rate"] for one in found))
    for size in (600, 30_000):
        rates, costs = [], []
        for _ in range(run.rounds):
            with run.tools.bare_server(size, run.folder / "bare.log") as bare:
                run.tools.load(bare.port, "bare, warm-up", CONNECTIONS, 1, path="/")
                one = run.tools.load(bare.port, "bare", CONNECTIONS, max(run.seconds // 2, 2), path="/", of=bare)
                bare.stop()
            rates.append(one["rate"])
            costs.append(one["cpu_us"])
        run.table.show("-", None, f"bare Beast, {size:,} bytes, per second", statistics.median(rates))
        run.table.show("-", None, f"bare Beast, {size:,} bytes, CPU us per request", statistics.median(costs))
    run.raw["peers"] = found


def fill(run, alloy):
    """The store that everything is measured on; memory is read in the process that wrote it all."""
    run.note(f"loading {run.tickets:,} tickets")
    run.folder.mkdir(parents=True, exist_ok=True)
    alloy.start()
    alloy.prepare()
    alloy.load_tickets(run.tickets)
    alloy.program.settle()
    run.raw["memory_mib"] = {"resident": alloy.program.memory_mib(), "peak": alloy.program.memory_mib("VmHWM")}
    run.table.bound(f"resident memory after {run.tickets:,} tickets, MiB", run.raw["memory_mib"]["resident"], 120)
    run.table.show("its peak, MiB", run.raw["memory_mib"]["peak"])


def restarts(run, alloy):
    """From exec to the first 200 of /readyz. Each start after a kill has the same log to recover: a fresh copy of the
    folder as the kill left it."""
    run.note("restarts")
    alloy.kill()
    copy = alloy.folder.with_name(alloy.folder.name + "-killed")
    after_kill, after_stop = [], []
    for number in range(run.restarts):
        subprocess.run(["cp", "-a", "--reflink=auto", alloy.folder, copy], check=True)
        after_kill.append(alloy.start(copy) * 1000)
        if number == 0:
            alloy.check_count()
        alloy.stop()
        shutil.rmtree(copy)
    alloy.start()
    alloy.stop()
    for _ in range(run.restarts):
        after_stop.append(alloy.start() * 1000)
        alloy.stop()
    run.raw["restart_ms"] = {"after_kill": after_kill, "after_stop": after_stop}
    for title, took in (("kill -9", after_kill), ("a clean stop", after_stop)):
        run.table.bound(f"start to ready after {title}, ms (slowest of {len(took)}: {max(took):.0f})",
                        statistics.median(took), 300)
