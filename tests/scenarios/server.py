"""The real program as a process: started on a data folder of its own and a free port, stopped and killed by its pid."""
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time
import unittest

from client import Client

PATIENCE_S = 180  # a sanitizer on a loaded machine is slow; what hangs longer than this is broken

PROGRAM = FOLDER = None  # set by main()

# So that no test meets a limit it does not mean, nor depends on how full the disk is. All of a test comes from one address, and
# much of it from one user: far more than the rate limits let through, and more things of a kind than the quotas do.
DEFAULTS = {"RATE_LIMIT_CREDENTIAL_REQUESTS": "2000000", "RATE_LIMIT_USER_REQUESTS": "2000000", "RATE_LIMIT_ORG_REQUESTS": "2000000",
            "RATE_LIMIT_ADDRESS_REQUESTS": "4000000", "RATE_LIMIT_BURST": "2000000",
            "FREE_SPACE_MIN_BYTES": "0", "LOGIN_FAILURES_PER_ACCOUNT": "100000", "LOGIN_FAILURES_PER_ACCOUNT_TOTAL": "1000000", "CONFIRM_SECONDS": "86400", "LOGIN_FAILURES_PER_ADDRESS": "1000000",
            "REGISTRATIONS_PER_ADDRESS": "1000000", "ORGS_PER_USER_MAX": "10000", "PROJECTS_PER_ORG_MAX": "10000", "WEBHOOKS_PER_ORG_MAX": "10000",
            "API_KEYS_PER_USER_MAX": "10000", "SESSIONS_PER_USER_MAX": "10000", "SHUTDOWN_DELAY_MS": "0", "LOG_LEVEL": "debug", "HASHING_QUEUE_MAX": "1000", "HASHING_QUEUE_PER_ADDRESS_MAX": "1000"}


def main():
    """scenario.py PROGRAM FOLDER [arguments of unittest]"""
    here = sys.modules["server"]  # this module, of which the scenario sees these names
    if len(sys.argv) < 3:
        sys.exit("usage: " + sys.argv[0] + " PROGRAM FOLDER [arguments of unittest]")
    here.PROGRAM = os.path.abspath(sys.argv[1])
    here.FOLDER = pathlib.Path(sys.argv[2]).absolute() / pathlib.Path(sys.argv[0]).stem
    shutil.rmtree(here.FOLDER, ignore_errors=True)
    here.FOLDER.mkdir(parents=True)
    unittest.main(module="__main__", argv=[sys.argv[0]] + sys.argv[3:], verbosity=2, warnings="ignore")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def environment(settings):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ALLOY_") and name != "PORT"}
    for name, value in settings.items():
        clean["PORT" if name == "PORT" else "ALLOY_" + name] = str(value)
    return clean


def run_program(*arguments, settings=(), **more):
    """A command that ends by itself, as `alloy verify`."""
    return subprocess.run([PROGRAM, *arguments], env=environment(dict(settings)), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE_S, text=True, check=False, **more)


def wait_until(holds, what):
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        found = holds()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("waited in vain for: " + what)


class Server:
    """with Server("name", JWT_TTL_SECONDS=1) as s: s.client().ask(...). Settings are those of ALLOY_*."""

    def __init__(self, name, **settings):
        self.folder = FOLDER / name / "data"
        self.settings = dict(DEFAULTS, DATA_DIR=self.folder, PORT=free_port(), **{k: str(v) for k, v in settings.items()})
        self.port = int(self.settings["PORT"])
        self.log = FOLDER / name / "log"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.process = self.tls = None

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        if self.process and self.process.poll() is None:
            if kind is None:
                self.stop()
            else:
                self.kill()

    def start(self, **changed):
        assert self.process is None or self.process.poll() is not None, "it runs already"
        self.settings.update({k: str(v) for k, v in changed.items()})
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([PROGRAM, "serve"], env=environment(self.settings), stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)
        wait_until(self.answers, "the server to answer; its log ends:\n" + self.log_tail())
        return self

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the server ended with {self.process.returncode} at its start:\n{self.log_tail()}")
        try:
            with self.client() as one:
                return one.ask("GET", "/livez", statuses=None).status == 200
        except (OSError, ValueError):
            return False

    def stop(self):
        """As an operator does. Must end well."""
        self.process.send_signal(signal.SIGTERM)
        code = self.wait()
        if code != 0:
            raise AssertionError(f"after SIGTERM the server ended with {code}:\n{self.log_tail()}")

    def wait(self):
        try:
            return self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("the server did not end:\n" + self.log_tail()) from None

    def kill(self):
        self.process.kill()
        self.process.wait()

    def restart(self, **changed):
        self.stop()
        return self.start(**changed)

    def make_operator(self, email):
        """As its operator does on its machine."""
        made = run_program("operator", "add", email, settings={"DATA_DIR": self.folder})
        assert made.returncode == 0, made.stdout + made.stderr

    def client(self, token=None):
        return Client(self.port, token, self.tls)

    def log_text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def log_tail(self):
        return "\n".join(self.log_text().splitlines()[-20:])

    def head(self):
        """The position of the newest event."""
        with self.client() as one:
            text = one.ask("GET", "/metrics").body.decode()
        for line in text.splitlines():
            if line.startswith("alloy_log_head_position "):
                return int(float(line.split()[1]))
        raise AssertionError("there is no metric alloy_log_head_position")

    def operations(self):
        with self.client() as one:
            return json.loads(one.ask("GET", "/openapi.json").body)
