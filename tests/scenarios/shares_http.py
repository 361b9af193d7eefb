"""What one address may take of the door that all share: pages end at so many bytes, bytes that wait to be sent are bounded for
each address, slow readers are cut, and long work lets others be served in between."""
import gzip
import json
import socket
import threading
import unittest

import server
from server import wait_until
from workshop import Workshop
from world import DATE, Person

PAGE_BYTES = 8192
FRAME_BYTES = 1200  # of a page beside its items: the cursor, which may hold the weights of words, and the members' names
TEXT = "a longish description that says much " * 40  # some 1.5 kB


def metric(s, name):
    with s.client() as one:
        for line in one.ask("GET", "/metrics").body.decode().splitlines():
            if line.startswith(name + " "):
                return float(line.split()[1])
    return 0.0


class Pages(Workshop):
    SETTINGS = {"PAGE_MAX_BYTES": PAGE_BYTES}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.project = cls.owner.post("/api/v1/projects", {"org_id": cls.org, "key": "LONG", "name": "P", "description": "d"})["id"]
        sprint = cls.owner.post(f"/api/v1/projects/{cls.project}/sprints", {"name": "S", "start_date": DATE, "end_date": DATE})["id"]
        cls.sprint = sprint
        cls.tickets = [cls.owner.post(f"/api/v1/projects/{cls.project}/tickets", {"title": f"Wordy {n}", "description": TEXT, "sprint_id": sprint})
                       for n in range(14)]
        cls.first = cls.tickets[0]["id"]
        for n in range(12):
            cls.owner.post(f"/api/v1/tickets/{cls.first}/comments", {"body": f"{n} " + TEXT})
            cls.owner.patch(f"/api/v1/tickets/{cls.first}", {"description": f"{n} " + TEXT})
            cls.owner.post(f"/api/v1/tickets/{cls.first}/time-entries", {"date": DATE, "minutes": 10, "description": "much was done " * 20})
            cls.owner.post(f"/api/v1/orgs/{cls.org}/webhooks", {"url": "https://hooks.example.com/" + "x" * 900, "event_types": ["label.created"]})

    def walk(self, path):
        """All items by pages as large as they may be; each page is within the bytes or a single item."""
        items, cursor, pages = [], "", 0
        joint = "&" if "?" in path else "?"
        while True:
            answer = self.owner.ask("GET", f"{path}{joint}limit=200" + (f"&cursor={cursor}" if cursor else ""), statuses={200})
            page, pages = answer.json, pages + 1
            self.assertTrue(page["items"])
            if len(page["items"]) > 1:
                self.assertLessEqual(len(answer.body), PAGE_BYTES + FRAME_BYTES)
            self.assertEqual(page["has_more"], page["next_cursor"] is not None)
            items += page["items"]
            if not page["has_more"]:
                return items, pages
            cursor = page["next_cursor"]

    def keys_of(self, items):
        return [one.get("id") or json.dumps(one, sort_keys=True) for one in items]

    def test_a_page_ends_at_its_bytes_and_goes_on_by_its_cursor(self):
        tickets = f"/api/v1/projects/{self.project}/tickets"
        as_of = self.server.head()
        orders = ("created_at", "updated_at", "priority", "number")
        lists = [f"{tickets}?sort={down}{order}" for order in orders for down in ("", "-")]
        lists += [tickets, "/api/v1/tickets", "/api/v1/tickets?q=wordy", f"{tickets}?q=wordy&sort=created_at",
                  f"{tickets}?as_of={as_of}", f"{tickets}?as_of={as_of}&sort=-created_at",
                  f"/api/v1/tickets/{self.first}/comments", f"/api/v1/tickets/{self.first}/comments?as_of={as_of}",
                  f"/api/v1/tickets/{self.first}/activity", "/api/v1/time-entries", f"/api/v1/orgs/{self.org}/webhooks",
                  f"/api/v1/orgs/{self.org}/events"]
        for path in lists:
            with self.subTest(path=path):
                items, pages = self.walk(path)
                self.assertGreater(pages, 1)
                found = self.keys_of(items)
                self.assertEqual(len(found), len(set(found)), "an item came twice")
                few = self.keys_of(self.owner.pages(path, 3)[0])
                self.assertEqual(sorted(found) if "updated_at" in path else found, sorted(few) if "updated_at" in path else few)

    def test_one_item_that_is_larger_than_a_page_is_a_page(self):
        project = self.new_project()
        made = [self.new_ticket(project, description="long " * 3000)["id"] for _ in range(3)]
        items, pages = self.walk(f"/api/v1/projects/{project}/tickets?sort=created_at")
        self.assertEqual(([one["id"] for one in items], pages), (made, 3))

    def test_the_columns_of_a_board_are_one_answer(self):
        answer = self.owner.ask("GET", f"/api/v1/projects/{self.project}/board?limit=200", statuses={200})
        self.assertLessEqual(len(answer.body), PAGE_BYTES * 2)
        column = next(one for one in answer.json["columns"] if one["has_more"])
        rest = self.owner.get(f"/api/v1/projects/{self.project}/board?limit=200&status={column['status']}&cursor={column['next_cursor']}")
        self.assertTrue(rest["columns"][0]["tickets"])

    def test_a_list_over_several_organizations_ends_within_each(self):
        other = self.new_org()["id"]
        project = self.owner.post("/api/v1/projects", {"org_id": other, "key": "OTHER", "name": "P"})["id"]
        for n in range(6):
            self.new_ticket(project, title=f"There {n}", description=TEXT)
        items, pages = self.walk("/api/v1/tickets?sort=created_at")
        self.assertGreater(pages, 3)
        self.assertGreaterEqual({one["id"] for one in items}, {one["id"] for one in self.tickets})
        self.assertEqual(len(items), len({one["id"] for one in items}))


class Deaf:
    """Connections that ask and read nothing."""

    def __init__(self, port, request, count, source="127.0.0.1", window=4096):
        self.all = []
        for _ in range(count):
            one = socket.socket()
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
            one.bind((source, 0))
            one.settimeout(server.PATIENCE_S)
            one.connect(("127.0.0.1", port))
            one.sendall(request)
            self.all.append(one)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for one in self.all:
            one.close()


def asked(path, token, *fields):
    lines = [f"GET {path} HTTP/1.1", "Host: h", f"Authorization: Bearer {token}", *fields]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class Unsent(Workshop):
    SETTINGS = {"UNSENT_PER_ADDRESS_MAX_BYTES": 4 << 20, "PAGE_MAX_BYTES": 4 << 20, "WRITE_TIMEOUT_MS": 600_000}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        project = cls.owner.post("/api/v1/projects", {"org_id": cls.org, "key": "LARGE", "name": "P"})["id"]
        for n in range(40):
            cls.owner.post(f"/api/v1/projects/{project}/tickets", {"title": f"T{n}", "description": "large " * 8000})
        cls.path = f"/api/v1/projects/{project}/tickets?limit=200"

    def test_bytes_that_wait_for_an_address_are_bounded_and_others_are_served(self):
        s, token = self.server, self.owner.token
        other = self.member().client
        size = len(other.ask("GET", self.path, statuses={200}).body)
        self.assertGreater(size, 1 << 20)
        with Deaf(s.port, asked(self.path, token) * 4, 30, "127.0.0.9"):
            wait_until(lambda: metric(s, "alloy_http_unsent_refused_total") > 0, "a large answer to be refused")
            self.assertLessEqual(metric(s, "alloy_http_unsent_bytes"), (4 << 20) + 2 * size)
            same = s.client(token)
            same.http.source_address = ("127.0.0.9", 0)
            refused = wait_until(lambda: (a := same.ask("GET", self.path, statuses={200, 503})).status == 503 and a, "a refusal")
            self.assertEqual((refused.code, refused.headers["Retry-After"]), ("overloaded", "1"))
            self.assertEqual(same.ask("GET", "/api/v1/auth/me").status, 200)
            for _ in range(20):
                self.assertEqual(len(other.ask("GET", self.path, statuses={200}).body), size)
            # The user has as much from all addresses as from one.
            self.assertEqual(self.owner.ask("GET", self.path, statuses={503}).code, "overloaded")
        wait_until(lambda: metric(s, "alloy_http_unsent_bytes") == 0, "all to be given back")
        self.assertEqual(same.ask("GET", self.path).status, 200)


class Slow(unittest.TestCase):
    def test_who_takes_some_bytes_now_and_then_is_cut(self):
        with server.Server("slow", WRITE_TIMEOUT_MS=800, ANSWER_BYTES_PER_SECOND_MIN=50_000_000, PAGE_MAX_BYTES=64 << 20, PAGE_LIMIT_MAX=1000) as s:
            ada = Person(s, "ada@example.com", "Ada", founds=("Acme", "acme"))
            project = ada.client.post("/api/v1/projects", {"org_id": ada.org, "key": "PP", "name": "P"})["id"]
            for n in range(60):
                ada.client.post(f"/api/v1/projects/{project}/tickets", {"title": f"T{n}", "description": "large " * 8000})
            request = asked(f"/api/v1/projects/{project}/tickets?limit=200", ada.client.token)
            with Deaf(s.port, request * 200, 1, window=1 << 20) as deaf:
                ended, taken = threading.Event(), 0

                def drip():
                    nonlocal taken
                    try:
                        while got := deaf.all[0].recv(1 << 17):
                            taken += len(got)
                            ended.wait(0.05)
                    except ConnectionError:
                        pass
                    ended.set()

                threading.Thread(target=drip, daemon=True).start()
                wait_until(lambda: metric(s, 'alloy_http_refused_total{reason="slow_reader"}') == 1, "the connection to be cut")
                self.assertLess(taken, 200 << 20)
                wait_until(lambda: metric(s, "alloy_http_unsent_bytes") == 0, "its bytes to be given back")


class Steps(Workshop):
    """Long work on a thread that serves others, too."""
    SETTINGS = {"IO_THREADS": 1, "GZIP_AT_ONCE_MAX_BYTES": 16_384}

    def test_a_large_answer_that_is_compressed_is_what_it_was(self):
        plain = self.owner.ask("GET", "/openapi.json", statuses={200})
        zipped = self.owner.ask("GET", "/openapi.json", headers={"Accept-Encoding": "gzip"}, statuses={200})
        self.assertEqual(zipped.headers["Content-Encoding"], "gzip")
        self.assertEqual(int(zipped.headers["Content-Length"]), len(zipped.body))
        self.assertEqual(gzip.decompress(zipped.body), plain.body)

    def test_a_feed_whose_filter_matches_nothing_ends_or_waits_and_others_are_served(self):
        project = self.new_project()
        for n in range(30):
            self.new_ticket(project, title=f"T{n}")
        path = f"/api/v1/orgs/{self.org}/events?after=0&types=invite.revoked"
        nothing = self.owner.ask("GET", path, headers={"Accept": "application/x-ndjson"}, statuses={200})
        self.assertEqual(nothing.body, b"")
        with Deaf(self.server.port, asked(path, self.owner.token, "Accept: application/x-ndjson") * 200, 8, window=65536):
            for _ in range(50):
                self.assertEqual(self.owner.ask("GET", "/livez").status, 200)
        with Deaf(self.server.port, asked(path, self.owner.token, "Accept: text/event-stream"), 8):
            for _ in range(50):
                self.assertEqual(self.owner.ask("GET", "/livez").status, 200)

    def test_what_a_stream_left_out_does_not_keep_it_from_what_it_wants(self):
        project = self.new_project()
        for n in range(300):
            self.new_ticket(project, title=f"T{n}")
        self.owner.post(f"/api/v1/orgs/{self.org}/labels", {"name": self.fresh("needle"), "color": "#00ff00"})
        lines = self.owner.ask("GET", f"/api/v1/orgs/{self.org}/events?after=0&types=label.created", headers={"Accept": "application/x-ndjson"}, statuses={200})
        names = [json.loads(line)["data"]["name"] for line in lines.body.splitlines()]
        self.assertTrue(any(name.startswith("needle") for name in names))


class Origins(unittest.TestCase):
    def test_pages_of_an_allowed_origin_may_send_what_mcp_needs(self):
        with server.Server("cors", CORS_ALLOWED_ORIGINS="https://app.example.com") as s, s.client() as c:
            answer = c.ask("OPTIONS", "/mcp", headers={"Origin": "https://app.example.com", "Access-Control-Request-Method": "POST",
                                                       "Access-Control-Request-Headers": "mcp-method,mcp-name"}, statuses={204})
            allowed = {name.strip().lower() for name in answer.headers["Access-Control-Allow-Headers"].split(",")}
            self.assertGreaterEqual(allowed, {"mcp-method", "mcp-name", "mcp-protocol-version", "mcp-session-id", "authorization", "content-type", "accept", "last-event-id"})
            seen = c.ask("GET", "/livez", headers={"Origin": "https://app.example.com"})
            exposed = {name.strip().lower() for name in seen.headers["Access-Control-Expose-Headers"].split(",")}
            self.assertGreaterEqual(exposed, {"mcp-session-id", "www-authenticate", "retry-after"})


if __name__ == "__main__":
    server.main()
