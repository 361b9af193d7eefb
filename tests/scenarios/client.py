"""A client that trusts nothing: every answer must echo the request's id, and every refusal must be a problem document."""
import http.client
import itertools
import json
import socket
import ssl
import threading

TIMEOUT_S = 180
THREADS = 16
numbers = itertools.count(1)

# Called with (method, path, request body, answer) of every answer; openapi.py holds them against the document.
observers = []


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        return self.json.get("code")

    @property
    def faults(self):
        """{pointer: code} of a problem document."""
        return {one["pointer"]: one["code"] for one in self.json.get("errors", [])}

    def __repr__(self):
        return f"<{self.status} {self.body[:600]!r}>"


def problem_faults(answer, request_id):
    """What is wrong with a refusal's form."""
    if answer.headers.get("Content-Type") != "application/problem+json":
        return f"the content type is {answer.headers.get('Content-Type')}"
    try:
        problem = answer.json
    except ValueError as bad:
        return f"it is no JSON: {bad}"
    for name in ("type", "title", "detail", "code", "request_id"):
        if not isinstance(problem.get(name), str) or not problem[name]:
            return f"it has no {name}"
    if problem["status"] != answer.status:
        return f"its status member is {problem['status']}"
    if request_id is not None and problem["request_id"] != request_id:
        return f"its request_id is {problem['request_id']}, sent was {request_id}"
    if answer.status == 401 and not answer.headers.get("WWW-Authenticate", "").startswith("Bearer"):
        return "a 401 without WWW-Authenticate: Bearer"
    if answer.status in (429, 503) and not answer.headers.get("Retry-After", "").isdigit():
        return "no Retry-After"
    return None


class Client:
    """One keep-alive connection, made anew where the server closed it after an answer."""

    def __init__(self, port, token=None, tls=None):
        self.token = token
        if tls:
            self.http = http.client.HTTPSConnection("localhost", port, timeout=TIMEOUT_S, context=tls)
        else:
            self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.http.close()

    def with_token(self, token):
        return Client(self.http.port, token, getattr(self.http, "_context", None))

    def ask(self, method, path, body=None, headers=(), raw=None, token=Ellipsis, statuses=range(200, 500)):
        """`body` goes as JSON, `raw` as it stands. Fails on a status outside `statuses` (None: any)."""
        request_id = f"scenario-{next(numbers)}"
        sent = {"X-Request-Id": request_id}
        token = self.token if token is Ellipsis else token
        if token is not None:
            sent["Authorization"] = "Bearer " + token
        if body is not None:
            raw = json.dumps(body).encode()
        if raw is not None:
            sent["Content-Type"] = "application/json"
        sent.update(headers)
        sent = {name: value for name, value in sent.items() if value is not None}
        self.http.request(method, path, raw, sent)
        got = self.http.getresponse()
        answer = Answer(got.status, got.headers, got.read())
        where = f"{method} {path} {str(raw)[:300]}: {answer}"
        # A head that is malformed is not searched for an id; a made one stands for it then.
        made = answer.status == 400 and b'"code":"malformed_request"' in answer.body
        expected = answer.headers["X-Request-Id"] if made else sent.get("X-Request-Id", answer.headers["X-Request-Id"])
        if answer.headers["X-Request-Id"] != expected:
            raise AssertionError(f"the request id was not echoed: {where}")
        if statuses is not None and answer.status not in statuses:
            raise AssertionError(f"unexpected status: {where}")
        if answer.status >= 400 and method != "HEAD" and path.split("?")[0] != "/readyz":
            if wrong := problem_faults(answer, expected):
                raise AssertionError(f"{wrong}: {where}")
        for observe in observers:
            observe(method, path, raw, answer)
        return answer

    def must(self, method, path, body=None, **more):
        """The answer's JSON, where nothing but success is expected."""
        answer = self.ask(method, path, body, statuses=(200, 201, 204), **more)
        return answer.json if answer.body else None

    def get(self, path):
        return self.must("GET", path)

    def post(self, path, body=None, **more):
        return self.must("POST", path, {} if body is None else body, **more)

    def patch(self, path, body, **more):
        return self.must("PATCH", path, body, **more)

    def pages(self, path, limit=200):
        """All items of a list, and the number of pages they came in."""
        items, cursor, count, seen = [], "", 0, set()
        joint = "&" if "?" in path else "?"
        while True:
            page = self.get(f"{path}{joint}limit={limit}" + (f"&cursor={cursor}" if cursor else ""))
            count += 1
            items += page["items"]
            assert len(page["items"]) <= limit, "more items than were asked for"
            assert page["has_more"] == (page["next_cursor"] is not None), page["next_cursor"]
            if not page["has_more"]:
                return items, count
            cursor = page["next_cursor"]
            assert cursor not in seen, f"{path}: a cursor came twice, so this list has no end"
            seen.add(cursor)

    def all(self, path, limit=200):
        return self.pages(path, limit)[0]


def together(work, count=THREADS):
    """Runs work(i) on so many threads, begun at once; the results in order. The first exception is raised again."""
    gate, results = threading.Barrier(count), [None] * count

    def run(i):
        gate.wait()
        try:
            results[i] = work(i)
        except BaseException as failed:  # noqa: BLE001  it is raised again below
            results[i] = failed

    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    for one in results:
        if isinstance(one, BaseException):
            raise one
    return results


def send_raw(port, data, tls=None):
    """Bytes as they stand on a connection of their own; everything that comes back until the server closes it."""
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S) as plain:
        connection = tls.wrap_socket(plain, server_hostname="localhost") if tls else plain
        try:
            connection.sendall(data)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            pass  # it had its answer ready before it had all
        got = b""
        try:
            while chunk := connection.recv(65536):
                got += chunk
        except ConnectionResetError:
            pass
        return got
