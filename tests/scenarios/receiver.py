"""A receiver of webhooks on a port of its own: keeps what it gets and answers as it is told to."""
import base64
import collections
import hashlib
import hmac
import http.server
import json
import socket
import ssl
import threading
import time

Delivered = collections.namedtuple("Delivered", "headers body raw at path")


def standard_signature(secret, headers, raw):
    key = base64.b64decode(secret.removeprefix("whsec_"))
    text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + raw
    return "v1," + base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()


def alloy_signature(secret, raw):
    return "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


class Receiver:
    """With `certificate`, files of a chain and its key, it speaks TLS. Without `keeps` nothing is kept of what comes. `answer(delivered, number)` gives a status, or (status, headers), or one of "hang", "reset"."""

    def __init__(self, answer=lambda delivered, number: 200, certificate=None, keeps=True, hangs_s=60):
        self.answer, self.got, self.lock, self.stopping = answer, [], threading.Lock(), threading.Event()
        self.keeps, self.hangs_s, self.count = keeps, hangs_s, 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1

            def do_POST(self):
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                outer.take(self, raw)

            def log_message(self, *_):
                pass

        class Door(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_):  # who was killed or cut off says no good-bye
                pass

        self.door = Door(("127.0.0.1", 0), Handler)
        self.port = self.door.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/in"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.door.socket = context.wrap_socket(self.door.socket, server_side=True, do_handshake_on_connect=False)
            self.url = f"https://localhost:{self.port}/in"
        threading.Thread(target=self.door.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def take(self, at, raw):
        one = Delivered(at.headers, json.loads(raw), raw, time.monotonic(), at.path)
        with self.lock:
            if self.keeps:
                self.got.append(one)
            self.count += 1
            number = self.count
        said = self.answer(one, number)
        if said == "hang":
            self.stopping.wait(self.hangs_s)
            at.close_connection = True
            return
        if said == "reset":
            at.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            at.connection.close()
            at.close_connection = True
            return
        status, headers = said if isinstance(said, tuple) else (said, {})
        at.send_response(status)
        for name, value in headers.items():
            at.send_header(name, value)
        at.send_header("Content-Length", "2")
        at.end_headers()
        at.wfile.write(b"ok")

    def events(self):
        with self.lock:
            return [one.body for one in self.got]

    def ids(self):
        return [one.headers["webhook-id"] for one in list(self.got)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.door.shutdown()
        self.door.server_close()
