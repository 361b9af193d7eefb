"""Programs under measurement: start one, read its CPU time and memory, end it by its own process id."""
import json
import os
import pathlib
import signal
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


class Failed(Exception):
    """Something did not run. Never a measured value: a timing decides nothing."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Program:
    """One child process, its output in a log file."""

    def __init__(self, command, log, env=None, user=None, cwd=None):
        self.name = pathlib.Path(command[0]).name
        self.log = pathlib.Path(log)
        with open(self.log, "ab") as out:
            group = {"user": user, "group": user, "extra_groups": []} if user else {}
            self.started = time.perf_counter()
            self.process = subprocess.Popen(
                [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                env=env, cwd=cwd, **group)
        self.pid = self.process.pid

    def check_alive(self):
        if self.process.poll() is not None:
            tail = self.log.read_text(errors="replace")[-2000:]
            raise Failed(f"{self.name} ended by itself with status {self.process.returncode}; its last words:\n{tail}")

    def cpu_seconds(self):
        """User and system time of all its threads so far."""
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND

    def memory_mib(self, what="VmRSS"):
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(what + ":"):
                return int(line.split()[1]) / 1024
        raise Failed(f"/proc says nothing about {what} of {self.name}")

    def settle(self, seconds_max=120):
        """Wait until it is idle (compactions after a load), so that what follows is measured alone."""
        deadline = time.monotonic() + seconds_max
        before = self.cpu_seconds()
        while time.monotonic() < deadline:
            time.sleep(1)
            now = self.cpu_seconds()
            if now - before <= 0.02:
                return
            before = now

    def stop(self, how=signal.SIGTERM, seconds_max=60):
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            status = self.process.wait(seconds_max)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Failed(f"{self.name} did not end within {seconds_max} s of {how.name}") from None
        if how != signal.SIGKILL and status != 0:
            tail = self.log.read_text(errors="replace")[-2000:]
            raise Failed(f"{self.name} ended with status {status} after {how.name}; its last words:\n{tail}")

    def kill(self):
        self.stop(signal.SIGKILL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def run_json(command, what):
    """Run a measuring program to its end; the JSON line it prints."""
    done = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(f"{what}: {pathlib.Path(command[0]).name} ended with {done.returncode}\n"
                     f"{done.stdout[-1000:]}{done.stderr[-3000:]}")
    return json.loads(done.stdout)


class Tools:
    """The three programs of benchmarks/CMakeLists.txt in a build folder."""

    def __init__(self, build):
        self.build = pathlib.Path(build)

    def path(self, name):
        path = self.build / "benchmarks" / name
        if not path.exists():
            raise Failed(f"{path} is not there: build it, or run without --no-build")
        return path

    def load(self, port, what, connections, seconds=3600, requests=None, method="GET", expect=200, first=0,
             headers=(), path=None, paths=None, bodies=None, of=None):
        """http_load against 127.0.0.1:port. `of` is the server's Program: its CPU is put beside the answer."""
        command = [self.path("http_load"), "--port", port, "--connections", connections, "--seconds", seconds,
                   "--method", method, "--expect", expect, "--first", first]
        command += ["--requests", requests] if requests else []
        command += ["--path", path] if path else ["--paths", paths]
        command += ["--bodies", bodies] if bodies else []
        for header in headers:
            command += ["--header", header]
        before = of.cpu_seconds() if of else 0
        result = run_json(command, what)
        if of:
            of.check_alive()
            result["cpu_us"] = (of.cpu_seconds() - before) * 1e6 / result["requests"]
        return result

    def fdatasync(self, directory, size, seconds):
        return run_json([self.path("fdatasync_rate"), "--directory", directory, "--bytes", size, "--seconds", seconds],
                        f"fdatasync of {size} bytes")

    def bare_server(self, size, log):
        port = free_port()
        program = Program([self.path("bare_server"), "--port", port, "--size", size], log)
        program.port = port
        wait_until_it_accepts(program, port)
        return program


def wait_until_it_accepts(program, port, seconds_max=10):
    deadline = time.monotonic() + seconds_max
    while True:
        program.check_alive()
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise Failed(f"{program.name} does not accept connections on port {port}") from None
            time.sleep(0.01)
