"""The real program as a process: started on a data folder, asked over HTTP, killed."""
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import time


class Broken(Exception):
    """The server broke its word, or did what no server may do."""


class Connection:
    """One keep-alive connection. Any failure of it leaves the fate of the request open."""

    def __init__(self, port, token=None):
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.token = token

    def ask(self, method, path, body=None, key=None):
        headers = {}
        if self.token:
            headers["Authorization"] = "Bearer " + self.token
        if key:
            headers["Idempotency-Key"] = key
        raw = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            raw = json.dumps(body)
        self.http.request(method, path, raw, headers)
        answer = self.http.getresponse()
        text = answer.read()
        return answer.status, (json.loads(text) if text else None)

    def must(self, method, path, body=None, key=None, statuses=(200, 201)):
        status, answer = self.ask(method, path, body, key)
        if status not in statuses:
            raise Broken(f"{method} {path} answered {status}: {answer}")
        return answer

    def pages(self, path):
        items, cursor = [], None
        while True:
            page = self.must("GET", path + "?limit=200" + (f"&cursor={cursor}" if cursor else ""))
            items += page["items"]
            if not page["has_more"]:
                return items
            cursor = page["next_cursor"]

    def close(self):
        self.http.close()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    def __init__(self, program, folder):
        self.program, self.folder, self.process = program, pathlib.Path(folder), None
        self.port = free_port()
        self.log = self.folder.with_suffix(".log")
        self.starts, self.slowest_start = 0, 0.0

    def start(self, crash_point=None, crash_after=1, timeout=120):
        """False if it died before it was ready, which only a crash point may cause."""
        env = dict(os.environ, PORT=str(self.port), ALLOY_DATA_DIR=str(self.folder), ALLOY_FREE_SPACE_MIN_BYTES="0")
        for what in ("CREDENTIAL", "USER", "ORG", "ADDRESS"):  # all comes from one user, far faster than the limits allow
            env[f"ALLOY_RATE_LIMIT_{what}_REQUESTS"] = "0"
        if crash_point:
            env.update(ALLOY_CRASH_POINT=crash_point, ALLOY_CRASH_AFTER=str(crash_after))
        self.starts += 1
        began = time.monotonic()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([self.program, "serve"], env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        while time.monotonic() - began < timeout:
            if self.process.poll() is not None:
                if crash_point:
                    return False
                raise Broken(f"the server ended with {self.process.returncode} instead of getting ready\n{self.log_tail()}")
            try:
                connection = Connection(self.port)
                status, _ = connection.ask("GET", "/readyz")
                connection.close()
                if status == 200:
                    self.slowest_start = max(self.slowest_start, time.monotonic() - began)
                    return True
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.01)
        raise Broken(f"not ready within {timeout} s\n{self.log_tail()}")

    def is_alive(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        if self.is_alive():
            self.process.send_signal(signal.SIGKILL)
        if self.process is not None:
            self.process.wait()

    def stop(self, timeout=120):
        """Politely; it must end well."""
        self.process.terminate()
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Broken(f"SIGTERM did not end it within {timeout} s\n{self.log_tail()}") from None
        if code != 0:
            raise Broken(f"after SIGTERM it ended with {code}\n{self.log_tail()}")

    def verify(self, timeout=600):
        """State equals the replay of the log. The server must not run."""
        done = subprocess.run([self.program, "verify", "--data-dir", str(self.folder)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout, check=False)
        if done.returncode != 0:
            raise Broken(f"alloy verify ended with {done.returncode}:\n{done.stdout.decode(errors='replace')}")

    def log_tail(self, lines=20):
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""
