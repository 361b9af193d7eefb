"""A throw-away PostgreSQL cluster as the peer of durable creates.

Every setting is PostgreSQL's default (fsync on, synchronous_commit on, wal_sync_method of the platform, 128 MB of
shared buffers). pgbench speaks to it through its Unix socket, which is its fastest door, and over loopback TCP, which
is the door that Alloy's clients use.
"""
import contextlib
import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time

from harness.programs import Failed, Program, free_port


def find_programs():
    """The folder with initdb, postgres and pgbench: 15 if it is there, else what PATH or Debian's place offers."""
    debian = pathlib.Path("/usr/lib/postgresql")
    for folder in [debian / "15" / "bin", *sorted(debian.glob("*/bin"))]:
        if (folder / "pgbench").exists() and (folder / "initdb").exists():
            return folder
    initdb = shutil.which("initdb")
    if not initdb:
        raise Failed("PostgreSQL is not installed: apt install postgresql")
    return pathlib.Path(initdb).parent


def postgres_version():
    try:
        done = subprocess.run([find_programs() / "postgres", "--version"], capture_output=True, text=True)
        return done.stdout.strip()
    except Failed:
        return "no PostgreSQL"


class Postgres:
    """PostgreSQL refuses to run as root, so root hands it to the user `postgres`."""

    def __init__(self, folder, row):
        self.programs = find_programs()
        self.folder = pathlib.Path(folder)
        self.user = "postgres" if os.geteuid() == 0 else None
        self.role = self.user or pwd.getpwuid(os.geteuid()).pw_name
        self.row = row
        self.port = free_port()
        # A Unix socket's path is at most 107 bytes long, and the repository may lie deep.
        self.sockets = pathlib.Path(tempfile.mkdtemp(prefix="alloy-bench-pg-"))
        if self.user:
            shutil.chown(self.sockets, self.user)

    def command(self, *parts):
        group = {"user": self.user, "group": self.user, "extra_groups": []} if self.user else {}
        env = {**os.environ, "PGHOST": str(self.sockets), "PGPORT": str(self.port), "PGUSER": self.role}
        done = subprocess.run([str(part) for part in parts], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              cwd="/", env=env, **group)
        if done.returncode != 0:
            raise Failed(f"{pathlib.Path(parts[0]).name} ended with {done.returncode}: {done.stderr[-2000:]}")
        return done.stdout

    def create(self):
        self.folder.mkdir(parents=True)
        if self.user:
            shutil.chown(self.folder, self.user)
        self.command(self.programs / "initdb", "-D", self.folder / "data", "-A", "trust", "-U", self.role)
        script = self.folder / "insert.sql"
        script.write_text("insert into ticket (row) values (:row);\n")
        with self.running():
            # As bare as a table with a key can be: one index, one column of the row's bytes.
            self.psql("create table ticket (id bigint generated always as identity primary key, row text not null)")

    def psql(self, sql):
        return self.command(self.programs / "psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-d", "postgres", "-c", sql)

    @contextlib.contextmanager
    def running(self):
        with Program([self.programs / "postgres", "-D", self.folder / "data", "-p", self.port,
                      "-k", self.sockets, "-c", "listen_addresses=127.0.0.1"],
                     self.folder.parent / "postgres.log", user=self.user, cwd="/") as server:
            deadline = time.monotonic() + 30
            while True:
                server.check_alive()
                try:
                    self.psql("select 1")
                    break
                except Failed:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.1)
            yield server
            server.stop(signal.SIGINT)

    def inserts(self, clients, seconds, host=None):
        """pgbench: durable INSERTs of the row, one a transaction; the rate and the mean latency. Without a host
        through the Unix socket."""
        out = self.command(self.programs / "pgbench", "-n", "-M", "prepared", "-c", clients, "-j", min(clients, 2),
                           "-T", seconds, "-h", host or self.sockets, "-D", "row=" + self.row,
                           "-f", self.folder / "insert.sql", "postgres")
        rate = re.search(r"tps = ([0-9.]+) \(without", out)
        latency = re.search(r"latency average = ([0-9.]+) ms", out)
        if not rate or not latency:
            raise Failed(f"pgbench printed no rate:\n{out}")
        failed = re.search(r"failed transactions: (\d+)", out)
        if failed and failed[1] != "0":
            raise Failed(f"pgbench: transactions failed:\n{out}")
        newest = self.psql("select octet_length(row) from ticket order by id desc limit 1").strip()
        if newest != str(len(self.row.encode())):
            raise Failed(f"pgbench inserted rows of {newest} bytes instead of {len(self.row.encode())}")
        return {"rate": float(rate[1]), "latency_ms": float(latency[1])}

    def check_durability_settings(self):
        """A peer that does not sync would be no peer."""
        found = {name: self.psql(f"show {name}").strip() for name in ("fsync", "synchronous_commit", "wal_sync_method")}
        if found["fsync"] != "on" or found["synchronous_commit"] != "on":
            raise Failed(f"PostgreSQL does not sync: {found}")
        return found

    def remove(self):
        shutil.rmtree(self.sockets, ignore_errors=True)
