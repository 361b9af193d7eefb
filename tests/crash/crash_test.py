#!/usr/bin/env python3
"""The server is killed while clients write, at random moments and at named points, and started again.

After each kill: every acknowledged write is there as it was answered; every write that got no answer happened or did
not, and once it is sent again with its key it is there exactly once; ticket numbers have neither gap nor repeat. Every
few cycles, and whenever a store is done with, `alloy verify` must find the state equal to a full replay of the log.

  crash_test.py --alloy build/release/alloy --folder build/crash [--cycles 200] [--seed 1]
"""
import argparse
import http.client
import pathlib
import random
import shutil
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from ledger import Ledger, Write  # noqa: E402
from server import Broken, Connection, Server  # noqa: E402

CLIENTS = 8
CYCLES_PER_STORE = 20  # then a new one, so that the lists to compare stay short
VERIFY_EVERY = 5
POINTS = ("before_batch", "before_write", "after_sync", "after_batch")
POINT_WAIT_S = 20  # for a point to be reached under load


class Client(threading.Thread):
    """Writes until it is told to stop or its connection breaks. Patches its own tickets only, so it knows their versions."""

    def __init__(self, number, port, token, ledger, seed, stop):
        super().__init__(daemon=True)
        self.number, self.ledger, self.stop = number, ledger, stop
        self.connection = Connection(port, token)
        self.dice = random.Random(seed)
        self.mine, self.complaint = [], None

    def run(self):
        try:
            while not self.stop.is_set():
                write = self.next_write()
                try:
                    status, answer = write.send(self.connection)
                except (OSError, http.client.HTTPException, ValueError):
                    self.ledger.leave_open(write)
                    return
                self.ledger.settle(write, status, answer)
                if write.kind == "ticket":
                    self.mine.append(answer["id"])
        except Exception as e:  # noqa: BLE001: whatever it is, the cycle has failed
            self.complaint = e
        finally:
            self.connection.close()

    def next_write(self):
        unique = f"{self.number}-{self.dice.getrandbits(48):012x}"
        what = self.dice.random()
        if what < 0.004:
            letters = "".join(self.dice.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ") for _ in range(9))
            return Write("project", "POST", "/api/v1/projects", {"org_id": self.ledger.org, "key": letters, "name": unique})
        if what < 0.04:
            return Write("label", "POST", f"/api/v1/orgs/{self.ledger.org}/labels", {"name": unique, "color": "#336699"})
        if what < 0.40 and self.mine:
            ticket = self.dice.choice(self.mine[-20:])
            return Write("patch", "PATCH", f"/api/v1/tickets/{ticket}",
                         {"title": "patched " + unique, "priority": self.dice.choice(["Urgent", "High", "Low", "None"]),
                          "estimate_points": self.dice.randrange(1, 100)}, ticket)
        if what < 0.60 and self.mine:
            ticket = self.dice.choice(self.mine[-20:])
            return Write("comment", "POST", f"/api/v1/tickets/{ticket}/comments", {"body": "said " + unique}, ticket)
        with self.ledger.lock:
            project = self.dice.choice(list(self.ledger.projects))
        return Write("ticket", "POST", f"/api/v1/projects/{project}/tickets",
                     {"title": "made " + unique, "description": unique + " " + "x" * self.dice.randrange(400), "priority": "Medium"})


class Store:
    """One data folder through many crashes."""

    def __init__(self, program, folder, seed):
        self.seed, self.dice = seed, random.Random(seed)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"store-{seed}-", dir=folder))
        self.server = Server(program, self.folder)
        self.token = self.ledger = None
        self.points_hit = self.retried = 0

    def prepare(self):
        self.server.start()
        connection = Connection(self.server.port)
        session = connection.must("POST", "/api/v1/auth/register",
                                  {"email": f"crash-{self.seed}@example.com", "password": "seven-kills-a-minute-4",
                                   "display_name": "Crash"})
        self.token = connection.token = session["access_token"]
        org = connection.must("POST", "/api/v1/orgs", {"name": "Crash", "slug": f"crash-{self.seed}"})
        self.ledger = Ledger(org["id"])
        for key in ("ONE", "TWO"):
            write = Write("project", "POST", "/api/v1/projects", {"org_id": org["id"], "key": key, "name": key})
            self.ledger.settle(write, *write.send(connection))
        connection.close()

    def cycle(self, number):
        point = self.dice.choice(POINTS) if self.dice.random() < 0.5 else None
        if point:
            self.server.kill()
            if not self.server.start(point, 1 + self.dice.randrange(60)):
                self.points_hit += 1
                self.server.start()
        elif not self.server.is_alive():
            self.server.start()
        self.load(number, point)
        self.server.kill()
        if number % VERIFY_EVERY == 1:
            self.server.verify()  # what the kill left, before anything else has read it
        self.server.start()
        self.check()

    def load(self, number, point):
        stop = threading.Event()
        clients = [Client(i, self.server.port, self.token, self.ledger, f"{self.seed}/{number}/{i}", stop) for i in range(CLIENTS)]
        for c in clients:
            c.start()
        if point:
            deadline = time.monotonic() + POINT_WAIT_S
            while self.server.is_alive() and time.monotonic() < deadline:
                time.sleep(0.005)
            self.points_hit += not self.server.is_alive()
        else:
            time.sleep(self.dice.uniform(0.005, 0.5))
            if not self.server.is_alive():
                raise Broken(f"the server ended by itself with {self.server.process.returncode}\n{self.server.log_tail()}")
        self.server.kill()
        stop.set()
        for c in clients:
            c.join()
        for c in clients:
            if c.complaint:
                raise Broken(f"client {c.number}: {c.complaint}")

    def check(self):
        connection = Connection(self.server.port, self.token)
        self.ledger.check(connection)
        self.retried += self.ledger.retry_open(connection)
        self.ledger.check(connection)
        connection.close()

    def finish(self):
        self.server.stop()
        self.server.verify()
        shutil.rmtree(self.folder)
        self.server.log.unlink(missing_ok=True)


def run(given):
    pathlib.Path(given.folder).mkdir(parents=True, exist_ok=True)
    totals = dict(cycles=0, acknowledged=0, retried=0, points=0, slowest_start=0.0)
    while totals["cycles"] < given.cycles:
        seed = given.seed + totals["cycles"] // CYCLES_PER_STORE
        cycles = min(CYCLES_PER_STORE, given.cycles - totals["cycles"])
        store = Store(given.alloy, given.folder, seed)
        number = 0
        try:
            store.prepare()
            for number in range(1, cycles + 1):
                store.cycle(number)
            store.finish()
        except Exception as e:  # noqa: BLE001: a broken connection while checking is a failure like any other
            store.server.kill()
            print(f"FAILED in cycle {number} of the store of seed {seed}: {type(e).__name__}: {e}\nits data: {store.folder}\n"
                  f"repeat with: {sys.argv[0]} --alloy {given.alloy} --folder {given.folder} --seed {seed} --cycles {cycles}")
            return 1
        totals["cycles"] += cycles
        totals["acknowledged"] += store.ledger.acknowledged
        totals["retried"] += store.retried
        totals["points"] += store.points_hit
        totals["slowest_start"] = max(totals["slowest_start"], store.server.slowest_start)
        print(f"{totals['cycles']} cycles, {totals['acknowledged']} acknowledged writes, {totals['retried']} unanswered and retried, "
              f"{totals['points']} named points hit, slowest start {totals['slowest_start'] * 1000:.0f} ms", flush=True)
    # A run in which hardly anything was written proves nothing.
    floor = given.cycles * given.writes_per_cycle_min
    if totals["acknowledged"] < floor:
        print(f"FAILED: {totals['acknowledged']} acknowledged writes, at least {floor} were expected")
        return 1
    if given.cycles >= 20 and totals["points"] < given.cycles / 8:
        print(f"FAILED: a named point was hit {totals['points']} times in {given.cycles} cycles")
        return 1
    return 0


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--alloy", required=True, help="the program")
    options.add_argument("--folder", required=True, help="where data folders are made; on a real disk")
    options.add_argument("--cycles", type=int, default=200)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--writes-per-cycle-min", type=int, default=20, help="the floor below which the run does not count")
    sys.exit(run(options.parse_args()))


if __name__ == "__main__":
    main()
