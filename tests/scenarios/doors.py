"""Every event type, through every operation that causes it: in the feed as often as a rehearsal said, and once at each
webhook that asked for it. Each type's payload is kept under payloads, without ids and times
(ALLOY_WRITE_GOLDEN=1 writes those that are not there)."""
import collections
import json
import os
import pathlib
import re
import subprocess

import server
from catalogue import good_body, operations_of
from policy import about, guarded
from receiver import Receiver
from server import wait_until
from tickets_past import BEFORE
from webhooks import FAST
from workshop import Workshop

GOLDEN = pathlib.Path(__file__).parent / "payloads"
UUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
TIME = re.compile(r"^\d{4}-\d\d-\d\dT[\d:.]+Z$")
DIGEST = re.compile("^[0-9a-f]{64}$")
COUNTED = ("position", "previous_position", "version", "report_seq")
# The end of another organization; and what only one that is older than minor_digits can do (transfer.py).
NOT_HERE = {"org.deleted", "org.currency_converted"}
LAST = ("delete_team", "delete_webhook", "delete_comment", "delete_ticket", "delete_sprint", "remove_member", "delete_project", "delete_org")


def wanted(types, type_):
    return any(t in ("*", type_) or (t.endswith(".*") and type_.startswith(t[:-1])) for t in types)


def plain(value, ids, name=""):
    """Ids by the order in which they come, no times, and no numbers that depend on what else was done."""
    if isinstance(value, dict):
        return {k: plain(v, ids, k) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v, ids, name) for v in value]
    if name in COUNTED:
        return "number"
    if isinstance(value, str) and UUID.match(value):
        return f"id {ids.setdefault(value, len(ids) + 1)}"
    if isinstance(value, str) and DIGEST.match(value):
        return "digest"
    if name == "url":
        return re.sub(r"127\.0\.0\.1:\d+", "receiver", value)
    return "time" if isinstance(value, str) and TIME.match(value) else value


class Doors(Workshop):
    SETTINGS = FAST

    def hook(self, receiver, types, org=None):
        return self.owner.post(f"/api/v1/orgs/{org or self.org}/webhooks", {"url": receiver.url, "event_types": types, "from": 0})

    def feed(self, org, after=0):
        found = []
        while True:
            page = self.owner.get(f"/api/v1/orgs/{org}/events?after={after}&limit=200")
            found += page["items"]
            if not page["items"] or page["next_after"] == after:
                return found
            after = page["next_after"]

    def test_each_event_once_through_every_door(self):
        operations = {op.id: op for op in operations_of(self.server.operations())}
        public = {t for t in operations["create_webhook"].fields["event_types"]["items"]["enum"] if "*" not in t}
        filters = (["*"], ["ticket.*", "comment.created"], ["time_entry.approved", "label.created"])
        receivers = [Receiver() for _ in filters]
        for to, types in zip(receivers, filters):
            self.hook(to, types)
        tried = 0
        ordered = sorted(guarded(operations.values()), key=lambda op: (op.method == "DELETE", LAST.index(op.id) if op.id in LAST else -1))
        for op in ordered:
            if not op.writes or about(op) not in ("path", "body", "batch") or op.id == "delete_org":
                continue
            for id_ in BEFORE.get(op.id, ()):
                self.owner.ask(operations[id_].method, operations[id_].url(self.ids), good_body(operations[id_], self.ids))
            with self.subTest(op=op.id):
                self.through(op, public)
                tried += 1
        self.assertGreater(tried, 60)
        self.other_doors()
        self.gone_for_good(public)
        self.other_org_deleted(operations["delete_org"])
        self.others()
        self.everywhere_once(receivers, filters, public)

    def through(self, op, public):
        body = good_body(op, self.ids)
        rehearsed = self.owner.ask(op.method, op.url(self.ids, "dry_run=true"), body, statuses={op.dry_success}).json["events"]
        head = self.server.head()
        self.owner.ask(op.method, op.url(self.ids), body, statuses={op.success})
        told = [e["type"] for e in self.feed(self.org, head)]
        self.assertEqual(told, [e["type"] for e in rehearsed if e["type"] in public])

    def other_doors(self):
        """The terminal and MCP: the same events, once each."""
        project, head = self.new_project(), self.server.head()
        key = self.owner.post("/api/v1/api-keys", {"name": "doors", "scopes": ["*"]})["key"]
        here = {"ALLOY_API_URL": f"http://127.0.0.1:{self.server.port}", "ALLOY_API_TOKEN": key, "HOME": str(self.server.folder), "PATH": os.environ["PATH"]}
        made = subprocess.run([server.PROGRAM, "ticket", "create", project, "By hand", "-q"], env=here, capture_output=True, text=True, check=True).stdout.strip()
        subprocess.run([server.PROGRAM, "ticket", "transition", made, "Review"], env=here, stdout=subprocess.DEVNULL, check=True)
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "assign_ticket", "arguments": {"ticket_id": made, "assignee_id": self.people["Admin"].id}}}
        told = self.owner.ask("POST", "/mcp", call, token=key, headers={"Accept": "application/json"}).json
        self.assertFalse(told["result"]["isError"], told)
        self.assertEqual([(e["type"], e["subject"]["id"], e["actor"]["credential"]) for e in self.feed(self.org, head)],
                         [(type_, made, "api_key") for type_ in ("ticket.created", "ticket.status_changed", "ticket.assigned")])

    def gone_for_good(self, public):
        """Disabled by what its receiver says; it is the dispatcher's own door."""
        assert "webhook.disabled" in public
        with Receiver(lambda one, number: 410) as gone:
            hook = self.hook(gone, ["label.updated"])
            self.owner.patch(f"/api/v1/labels/{self.owner.post(f'/api/v1/orgs/{self.org}/labels', {'name': 'x', 'color': '#000000'})['id']}", {"name": "y"})
            wait_until(lambda: not self.owner.get(f"/api/v1/webhooks/{hook['id']}")["active"], "it to be disabled")

    def other_org_deleted(self, op):
        """The last event of an organization still reaches those who listened."""
        org = self.owner.post("/api/v1/orgs", {"name": "Short-lived", "slug": "short-lived"})["id"]
        with Receiver() as to:
            self.hook(to, ["*"], org)
            self.owner.must(op.method, f"/api/v1/orgs/{org}")
            wait_until(lambda: any(e["type"] == "org.deleted" for e in to.events()), "the end to be told")
            counts = collections.Counter(e["position"] for e in to.events())
            self.assertEqual(set(counts.values()), {1})
            self.golden(next(e for e in to.events() if e["type"] == "org.deleted"))

    def others(self):
        """What takes a second person, or a second command on the same thing."""
        guest = self.member("Viewer")
        self.owner.patch(f"/api/v1/orgs/{self.org}/members/{guest.id}", {"role": "Member"})
        self.owner.must("DELETE", f"/api/v1/orgs/{self.org}/members/{guest.id}")
        ticket = self.new_ticket(self.new_project(), labels=[self.owner.post(f"/api/v1/orgs/{self.org}/labels", {"name": "z", "color": "#000000"})["id"]])
        self.owner.patch(f"/api/v1/tickets/{ticket['id']}", {"labels": [], "title": "Other", "status": "Review", "assignee_id": self.people["Admin"].id})

    def everywhere_once(self, receivers, filters, public):
        feed = self.feed(self.org)
        self.assertEqual([e["position"] for e in feed], sorted({e["position"] for e in feed}))
        self.assertEqual(public - {e["type"] for e in feed} - NOT_HERE, set(), "types that nothing here caused")
        for to, types in zip(receivers, filters):
            due = {e["position"]: e for e in feed if wanted(types, e["type"])}
            wait_until(lambda: len({e["position"] for e in to.events()}) >= len(due), f"{len(due)} deliveries to {types}")
            got = [e for e in to.events() if e["type"] != "ping"]
            self.assertEqual(collections.Counter(e["position"] for e in got), collections.Counter(list(due)), types)
            for one in got:
                event = due[one["position"]]
                self.assertEqual((one["type"], one["timestamp"], one["actor"]["user_id"]), (event["type"], event["at"], event["actor"]["user_id"]))
        seen = set()
        for one in sorted(receivers[0].events(), key=lambda e: e["position"]):
            if one["type"] not in seen and one["type"] != "ping":
                seen.add(one["type"])
                self.golden(one)
        self.assertEqual(seen, public - NOT_HERE)
        left = {p.stem for p in GOLDEN.iterdir()} - public
        self.assertEqual(left, set(), "golden payloads of no type")

    def golden(self, payload):
        """As a file of every type has it: what a receiver may rely on does not change unnoticed."""
        made = json.dumps(plain(payload, {}), indent=1, ensure_ascii=False) + "\n"
        path = GOLDEN / f"{payload['type']}.json"
        if os.environ.get("ALLOY_WRITE_GOLDEN") == "1" and not path.exists():
            GOLDEN.mkdir(parents=True, exist_ok=True)
            path.write_text(made)
        self.assertEqual(made, path.read_text(), payload["type"])


if __name__ == "__main__":
    server.main()
