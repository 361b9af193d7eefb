"""Whatever is sent, for every operation of the document: a problem document, never a 5xx, and nothing is written."""
import json
import re
import unittest
from urllib.parse import quote

import schema
import server
from catalogue import good_body, operations_of
from client import Answer, problem_faults, send_raw
from world import World

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get")

MALFORMED = [b"{", b"}", b"{\"a\":}", b"{\"a\" 1}", b"{'a': 1}", b"{\"a\": 1,}", b"nul", b"{\"a\": NaN}", b"{\"a\": 01}", b"{\"a\": +1}",
             b"{\"a\": 1} x", b"{\"a\": 1}{\"a\": 1}", b"{\"a\": \"\x01\"}", b"{\"a\": \"\xff\"}", b"{\"a\": \"\\x\"}",
             b"{\"a\": \"\\ud800\"}", b"{\"a\": \"\\u12\"}", b"\xff\xfe{\x00}\x00", b"\xef\xbb\xbf{", b"{\"a\": \"", b"\x00", b" ", b"// no\n{}",
             b"[" * 100000, b"{\"a\":" * 5000]
NO_OBJECT = [b"[]", b"[{}]", b"\"text\"", b"12", b"true", b"null"]
DEEP = b'{"a":' + b"[" * 33 + b"]" * 33 + b"}"

BAD_IDS = ["x", "0", "-1", "123", "01a20307-c171-7000-aa6a-630eb05961cg", "01a20307c1717000aa6a630eb05961c6", "%7b01a20307%7d",
           "00000000-0000-0000-0000-000000000000", "AAA-", "AAA-0", "AAA--1", "AAA-1x", "AAA-99999999999999999999", "-1-1", "no-such-slug",
           "..", "%2e%2e%2f", "a%2fb", "%00", "a%00b", "%ff%fe", "%20", "'%20OR%201=1--", "a" * 1000, quote("\u00e9\u4e2d"), "*", "null"]
BAD_QUERIES = ["limit=0", "limit=201", "limit=-1", "limit=abc", "limit=", "limit=1.5", "limit=99999999999999999999", "limit=5&limit=5",
               "cursor=", "cursor=x", "cursor=AAAA", "cursor=" + "A" * 200, "cursor=!!!", "no_such_parameter=1", "sort=nonsense",
               "limit=5&no_such_parameter=1", "dry_run=perhaps", "%6cimit=0", "limit=%35%31%30%30"]
BAD_ENCODING = ["limit=%zz", "limit=%", "limit=%4", "%=1", "cursor=%ff", "cursor=%00", "a=%c3%28"]
BAD_HEADERS = [("Idempotency-Key", ""), ("Idempotency-Key", "k" * 256), ("If-Match", ""), ("If-Match", "1"), ("If-Match", "\"1"),
               ("If-Match", "nonsense")]
BAD_POSITIONS = ["", "abc", "-1", "1.5", "0x10", "1 2", "18446744073709551616", "99999999999999999999"]
NO_PATHS = ["/", "/api", "/api/v1", "/api/v1/", "/api/v2/orgs", "/api/v1/orgs/", "/api/v1//orgs", "/api/v1/Orgs", "/api/v1/orgs/x/y/z",
            "/api/v1/nonsense", "/health/", "/healthz", "/.env", "/api/v1/orgs;a=b", "/%61pi/v1/orgs", "/api/v1/../v1/orgs", "/admin"]


class BadInput(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = server.Server("bad").start()
        cls.world = World(cls.server)
        cls.operations = operations_of(cls.server.operations())
        cls.head = cls.server.head()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def tearDown(self):
        self.assertEqual(self.server.head(), type(self).head, "something was written")
        type(self).head = self.server.head()

    def ask(self, op, statuses, *, ids=None, query="", **more):
        token = None if op.is_open else self.world.owner.token
        return self.world.owner.ask(op.method, op.url(ids or self.world.ids, query), token=token, statuses=statuses, **more)

    def with_bodies(self):
        return [op for op in self.operations if op.body_schema is not None]

    def with_fields(self):
        return [op for op in self.operations if op.fields]

    def writing(self):
        return [op for op in self.operations if op.writes]

    def test_malformed_json(self):
        for op in self.writing():
            for raw in MALFORMED:
                with self.subTest(op=op.id, raw=raw[:40]):
                    self.assertEqual(self.ask(op, {400}, raw=raw).code, "invalid_json")

    def test_no_object(self):
        for op in self.writing():
            for raw in NO_OBJECT:
                with self.subTest(op=op.id, raw=raw):
                    self.ask(op, {422}, raw=raw)

    def test_empty_body_where_one_is_needed(self):
        for op in self.with_bodies():
            with self.subTest(op=op.id):
                if op.row["requestBody"]["required"]:
                    self.ask(op, {400}, raw=b"")
                else:  # as if it were {}; rehearsed, as logging out would end this test
                    with_none, with_empty = (self.ask(op, range(200, 500), query="dry_run=true", raw=raw) for raw in (b"", b"{}"))
                    self.assertEqual((with_none.status, with_none.code), (with_empty.status, with_empty.code))

    def test_nesting_and_duplicates(self):
        for op in self.writing():
            with self.subTest(op=op.id, what="depth 33"):
                self.assertEqual(self.ask(op, {400}, raw=DEEP).code, "invalid_json")
            with self.subTest(op=op.id, what="duplicate"):
                self.assertEqual(self.ask(op, {400}, raw=b'{"a": 1, "a": 2}').code, "invalid_json")
        for op in self.with_fields():
            name = next(iter(op.fields))
            with self.subTest(op=op.id, what="duplicate of a field that is there", name=name):
                self.ask(op, {400}, raw=f'{{"{name}": null, "\\u{ord(name[0]):04x}{name[1:]}": null}}'.encode())

    def test_unknown_field(self):
        for op in self.with_fields():
            with self.subTest(op=op.id):
                answer = self.ask(op, {422}, body=dict(good_body(op, self.world.ids), no_such_field=1))
                self.assertEqual(answer.faults, {"/no_such_field": "unknown_field"})
            with self.subTest(op=op.id, what="a pointer's own characters"):
                answer = self.ask(op, {422}, body=dict(good_body(op, self.world.ids), **{"a/b~c": 1}))
                self.assertEqual(answer.faults, {"/a~1b~0c": "unknown_field"})

    def test_all_missing_fields_at_once(self):
        for op in self.with_bodies():
            if required := op.body_schema.get("required"):
                with self.subTest(op=op.id):
                    self.assertEqual(self.ask(op, {422}, body={}).faults, {"/" + name: "required" for name in required})

    def test_every_field(self):
        for op in self.with_fields():
            for name, one in op.fields.items():
                for what, value in schema.misfits(name, one, op.document):
                    with self.subTest(op=op.id, field=name, what=what):
                        # A parser may take a number that no 64 bits hold for malformed: then there is no pointer.
                        answer = self.ask(op, {400, 422} if what == "more than 64 bits" else {422},
                                          body=dict(good_body(op, self.world.ids), **{name: value}))
                        if answer.status == 400:
                            continue
                        pointers = [p for p in answer.faults if p == "/" + name or p.startswith(f"/{name}/")]
                        self.assertTrue(pointers, f"{answer.faults} does not name /{name}")

    def test_passwords(self):
        register = {"email": "weak@example.com", "display_name": "Weak"}
        for what, password in (("7 characters", "a1b2c3d"), ("129 characters", "a1" * 64 + "b"), ("common", "password123"), ("empty", "")):
            with self.subTest(what):
                answer = self.world.owner.ask("POST", "/api/v1/auth/register", dict(register, password=password), statuses={422})
                self.assertIn("/password", answer.faults)
            with self.subTest(what, op="change_password"):
                answer = self.world.owner.ask("POST", "/api/v1/auth/password",
                                              {"current_password": "wrong", "new_password": password}, statuses={422})
                self.assertIn("/new_password", answer.faults)

    def test_content_type(self):
        for op in self.with_bodies():
            raw = json.dumps(good_body(op, self.world.ids)).encode()
            for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", "json", "", None,
                         "application/jsonx", "application/json2; charset=utf-8") + (("application/merge-patch+json",) if op.method != "PATCH" else ()):
                with self.subTest(op=op.id, kind=kind):
                    self.ask(op, {415}, raw=raw, headers={"Content-Type": kind})

    def test_too_large(self):
        """One byte more than the limit, announced and in chunks. The server may end the connection, so raw sockets."""
        size = 1024 * 1024 + 1
        for op in self.with_bodies():
            for framing in ("announced", "chunked"):
                with self.subTest(op=op.id, framing=framing):
                    head = f"{op.method} {op.url(self.world.ids)} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" \
                           f"Authorization: Bearer {self.world.owner.token}\r\nX-Request-Id: large-1\r\nConnection: close\r\n"
                    body = b'{"a":"' + b"x" * (size - 8) + b'"}'
                    if framing == "announced":
                        data = f"{head}Content-Length: {size}\r\n\r\n".encode() + body
                    else:
                        data = f"{head}Transfer-Encoding: chunked\r\n\r\n{size:x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
                    self.check_raw(send_raw(self.server.port, data), 413, "large-1")

    def check_raw(self, got, status, request_id=None):
        head, _, body = got.partition(b"\r\n\r\n")
        self.assertTrue(head.startswith(b"HTTP/1.1 %d " % status), got[:300])
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        self.assertIsNone(problem_faults(Answer(status, headers, body), request_id), got[:600])

    def test_malformed_requests(self):
        for what, data, status in (
                ("no request", b"nonsense\r\n\r\n", 400), ("no host", b"GET /livez HTTP/1.1\r\n\r\n", 400),
                ("bad version", b"GET /livez HTTP/9.9\r\nHost: a\r\n\r\n", 400),
                ("control character in a header", b"GET /livez HTTP/1.1\r\nHost: a\r\nA: b\x01\r\n\r\n", 400),
                ("two lengths", b"POST /api/v1/orgs HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}", 400),
                ("length and chunked", b"POST /api/v1/orgs HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}", 400),
                ("bad length", b"POST /api/v1/orgs HTTP/1.1\r\nHost: a\r\nContent-Length: -2\r\n\r\n{}", 400),
                ("long line", b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
                ("large header", b"GET /livez HTTP/1.1\r\nHost: a\r\n" + b"".join(b"A%d: %s\r\n" % (i, b"b" * 800) for i in range(30)) + b"\r\n", 431),
                ("many fields", b"GET /livez HTTP/1.1\r\nHost: a\r\n" + b"A: b\r\n" * 200 + b"\r\n", 431)):
            with self.subTest(what):
                self.check_raw(send_raw(self.server.port, data), status)

    def test_malformed_ids(self):
        for op in self.operations:
            for name in op.path_names:
                for bad in BAD_IDS:
                    with self.subTest(op=op.id, name=name, id=bad):
                        if op.id.endswith("_consumer") and name == "name":  # it names what is made
                            statuses = {200, 204, 400, 404, 422}
                        else:
                            statuses = {404} if "%" not in bad else {400, 404}
                        self.ask(op, statuses, ids=dict(self.world.ids, **{name: bad}),
                                 body=good_body(op, self.world.ids))

    def test_queries(self):
        for op in self.operations:
            known = op.query_names()
            for query in BAD_QUERIES:
                name = query.split("=")[0].replace("%6c", "l")
                if name == "cursor" and name in known:
                    expected = {400}
                elif query.count("limit=") == 2:
                    expected = {400}
                else:
                    expected = {422}
                with self.subTest(op=op.id, query=query):
                    # As a dry run where it writes: what is taken for good must not end a session, say.
                    dry = "&dry_run=true" if op.writes and name != "dry_run" else ""
                    answer = self.ask(op, expected, query=query + dry, body=good_body(op, self.world.ids))
                    if name not in known:
                        self.assertTrue(answer.status == 400 or "unknown_parameter" in answer.faults.values(), answer)
            for query in BAD_ENCODING:
                with self.subTest(op=op.id, query=query):
                    self.ask(op, {400}, query=query, body=good_body(op, self.world.ids))

    def test_typed_query_parameters(self):
        for op in self.operations:
            for name, parameter in op.query_names().items():
                kind = op.resolve(parameter["schema"])
                kind = kind.get("items", kind)
                if name in ("limit", "cursor", "dry_run") or not ({"format", "enum"} & set(kind) or kind.get("type") == "boolean"):
                    continue
                for value in ("", "nonsense", "%20", "1,,2"):
                    if name == "org_id" and value == "nonsense" and "org_id" not in op.path_names and kind.get("format") != "uuid":
                        continue  # a slug may be so: there is no such organization, but the value is well
                    with self.subTest(op=op.id, name=name, value=value):
                        answer = self.ask(op, {422}, query=f"{name}={value}", body=good_body(op, self.world.ids))
                        self.assertTrue(any(re.match(rf"/{name}(/|$)", p) for p in answer.faults), answer)

    def test_foreign_cursors(self):
        listing = [op for op in self.operations if "cursor" in op.query_names()]
        self.assertGreater(len(listing), 5)
        owner, org = self.world.owner, self.world.ids["org_id"]
        cursor = owner.get(f"/api/v1/orgs/{org}/members?limit=1")["next_cursor"]
        for op in listing:
            for what, one in (("of another list", cursor if op.id != "list_members" else None), ("shortened", cursor[:-2]), ("longer", cursor + "AA"),
                              ("changed", cursor[:-1] + ("A" if cursor[-1] != "A" else "B"))):
                if one:
                    with self.subTest(op=op.id, what=what):
                        self.assertEqual(self.ask(op, {400}, query="cursor=" + one).code, "bad_cursor")
        with self.subTest("of another person"):
            self.assertEqual(self.world.people["Member"].client.ask("GET", f"/api/v1/orgs/{org}/members?limit=1&cursor={cursor}").code, "bad_cursor")
        with self.subTest("of another organization's list"):
            self.assertEqual(owner.ask("GET", f"/api/v1/orgs/{owner_org(owner, org)}/members?limit=1&cursor={cursor}").code, "bad_cursor")

    def test_headers(self):
        """As dry runs: what is taken for good must not write either."""
        for op in self.operations:
            for name, value in BAD_HEADERS:
                if op.has_header(name) and (name != "If-Match" or self.has_version(op)):
                    with self.subTest(op=op.id, header=name, value=value[:20]):
                        expected = {400, 412} if name == "If-Match" and value else {400}
                        self.ask(op, expected, query="dry_run=true", headers={name: value}, body=good_body(op, self.world.ids))
            if op.has_header("Alloy-Min-Position"):
                for value in BAD_POSITIONS:
                    with self.subTest(op=op.id, header="Alloy-Min-Position", value=value):
                        self.assertEqual(self.ask(op, {400}, headers={"Alloy-Min-Position": value}).code, "malformed_header")

    def has_version(self, op):
        return op.path_names and op.path_names[0] not in ("invite_code", "api_key_id")

    def test_request_ids(self):
        for bad in ("", "with blanks in it", "x" * 129, "\u00e9", "a\"b<c>"):
            with self.subTest(bad):
                answer = self.world.owner.ask("GET", "/api/v1/nonsense", headers={"X-Request-Id": None})
                self.assertRegex(answer.headers["X-Request-Id"], r"^[0-9a-f]{32}$")
                raw = send_raw(self.server.port, f"GET /nonsense HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Request-Id: {bad}\r\n\r\n".encode("latin-1"))
                self.assertRegex(raw, rb"X-Request-Id: [0-9a-f]{32}\r\n")
                self.check_raw(raw, 404)

    def test_methods(self):
        paths = {}
        for op in self.operations:
            paths.setdefault(op.path, []).append(op)
        for path, ops in paths.items():
            allowed = {op.method for op in ops} | ({"HEAD"} if any(op.method == "GET" for op in ops) else set())
            for method in METHODS:
                if method in allowed:
                    continue
                with self.subTest(path=path, method=method):
                    answer = self.world.owner.ask(method, ops[0].url(self.world.ids), statuses={405})
                    self.assertEqual(set(answer.headers["Allow"].split(", ")), allowed)

    def test_unknown_paths(self):
        for path in NO_PATHS:
            for method in ("GET", "POST", "DELETE"):
                for token in (None, self.world.owner.token):
                    with self.subTest(path=path, method=method, token=bool(token)):
                        self.world.owner.ask(method, path, token=token, statuses={404})

    def test_accept(self):
        for op in self.operations:
            if op.answer_content(op.success):
                with self.subTest(op=op.id):
                    self.ask(op, {406}, headers={"Accept": "image/png"}, query="dry_run=true" if op.writes else "",
                             body=good_body(op, self.world.ids))


def owner_org(client, not_this):
    """Another organization of the same person."""
    return next(o["org_id"] for o in client.get("/api/v1/auth/me")["orgs"] if o["org_id"] != not_this)


if __name__ == "__main__":
    server.main()
