"""A process that floods a server on this machine: many connections of many loopback addresses, requests that are made once.
It stands back behind the server and whoever is measured; what is refused comes again after a rest."""
import collections
import multiprocessing
import os
import selectors
import socket
import time

READ_BYTES = 1 << 18
PATIENCE_S = 30


class Line:
    """One connection: sends one of its requests after the other, each once the one before is answered. `held_s`: it is
    dropped after so long, whatever has come, and made anew. One that does not read has a small window."""

    def __init__(self, address, requests, held_s=None, reads=True):
        self.address, self.requests, self.held_s, self.reads = address, requests, held_s, reads
        self.sent, self.socket, self.refused = 0, None, False

    def connect(self, port):
        self.close()
        self.socket = socket.socket()
        if not self.reads:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(PATIENCE_S)
        self.socket.bind((self.address, 0))
        self.socket.connect(("127.0.0.1", port))
        self.socket.settimeout(None)

    def close(self):
        if self.socket:
            self.socket.close()
        self.socket = None

    def send(self, number):
        """{N} in a request is the number, in ten digits."""
        self.head, self.left, self.tail = b"", None, None
        request = self.requests[self.sent % len(self.requests)]
        self.sent += 1
        self.socket.sendall(request.replace(b"{N}", b"%010d" % number))

    def take(self, got):
        """A part of the answer: (its status, where it has just become known; whether this is its end)."""
        status = None
        if self.left is None and self.tail is None:
            self.head += got
            head, ends, got = self.head.partition(b"\r\n\r\n")
            if not ends:
                return None, False
            status, head = int(head[9:12]), head.lower()
            length = head.partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0]
            self.left = int(length) if length else None
            self.tail = b"\r\n" if b"\r\ntransfer-encoding: chunked" in head else None
        if self.tail is not None:
            self.tail = (self.tail + got)[-7:]
            return status, self.tail == b"\r\n0\r\n\r\n"
        self.left = (self.left or 0) - len(got)
        return status, self.left <= 0


class Flooder:
    """What the process does. `answered` counts statuses."""

    def __init__(self, port, lines, rest_s):
        self.port, self.lines, self.rest_s = port, lines, rest_s
        self.select, self.answered, self.number = selectors.DefaultSelector(), collections.Counter(), 0
        self.resting, self.held = collections.deque(), collections.deque()  # (when it goes on, line), the next in front

    def run(self, end):
        # In life a flooder has a machine of its own; here it has what all others leave.
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        for line in self.lines:
            self.anew(line)
        while not end.is_set():
            for key, _ in self.select.select(0.005 if self.resting or self.held else 0.05):
                self.read(key.data)
            now = time.monotonic()
            while self.held and self.held[0][0] <= now:
                self.drop(self.held.popleft()[1])
            while self.resting and self.resting[0][0] <= now:
                line = self.resting.popleft()[1]
                self.next(line) if line.socket else self.anew(line)
        for line in self.lines:
            line.close()

    def next(self, line):
        self.number += 1
        try:
            line.send(self.number)
        except OSError:
            self.rest(line, close=True)

    def anew(self, line):
        try:
            line.connect(self.port)
        except OSError:
            return self.rest(line, close=True)
        if line.reads:
            self.select.register(line.socket, selectors.EVENT_READ, line)
        if line.held_s:
            self.held.append((time.monotonic() + line.held_s, line))
        return self.next(line)

    def drop(self, line):
        """Of one that does not read, the status is all that is looked at."""
        if line.socket and not line.reads:
            try:
                if got := line.socket.recv(12, socket.MSG_DONTWAIT):
                    self.answered[int(got[9:12])] += 1
            except OSError:
                pass
        if line.socket:
            self.forget(line)
            self.anew(line)

    def forget(self, line):
        if line.socket and line.reads:
            self.select.unregister(line.socket)
        line.close()

    def rest(self, line, close=False):
        if close:
            self.answered["cut"] += 1
            self.forget(line)
        self.resting.append((time.monotonic() + max(self.rest_s, 0.02 if close else 0), line))

    def read(self, line):
        try:
            got = line.socket.recv(READ_BYTES, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            got = b""
        if not got:
            return self.rest(line, close=True)
        status, ends = line.take(got)
        if status:
            self.answered[status] += 1
            line.refused = status >= 400
        if not ends or line.held_s:
            return None
        return self.rest(line) if line.refused and self.rest_s else self.next(line)


def work(port, lines, rest_s, begun, end, said):
    flooder = Flooder(port, lines, rest_s)
    begun.set()
    flooder.run(end)
    said.send(dict(flooder.answered))


class Flood:
    """with Flood(port, lines): ... ; afterwards `answered`, how many answers of which status."""

    def __init__(self, port, lines, rest_s=0.05):
        fork = multiprocessing.get_context("fork")
        self.begun, self.end = fork.Event(), fork.Event()
        self.hears, said = fork.Pipe(duplex=False)
        self.process = fork.Process(target=work, args=(port, lines, rest_s, self.begun, self.end, said), daemon=True)

    def __enter__(self):
        self.process.start()
        self.begun.wait()
        return self

    def __exit__(self, *_):
        self.end.set()
        self.answered = self.hears.recv() if self.hears.poll(PATIENCE_S) else {}
        self.process.join(PATIENCE_S)
        if self.process.is_alive():
            self.process.kill()
