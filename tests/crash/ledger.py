"""What clients were promised, and what the server must therefore hold. Every write is acknowledged, or open: sent, but
never answered. An open one may have happened or not; once it is tried again it must have happened exactly once."""
import threading
import uuid

from server import Broken

COMPARED = ("title", "description", "priority", "estimate_points", "ticket_number", "project_id", "version")


class Write:
    """One write a client wants: how to send it, and what its answer means for the ledger."""

    def __init__(self, kind, method, path, body, about=None):
        self.kind, self.method, self.path, self.body, self.about = kind, method, path, body, about
        self.key = str(uuid.uuid4()) if method == "POST" else None

    def send(self, connection):
        return connection.ask(self.method, self.path, self.body, self.key)


def need(holds, complaint):
    if not holds:
        raise Broken(complaint)


class Ledger:
    def __init__(self, org):
        self.org, self.lock = org, threading.Lock()
        self.projects, self.labels, self.tickets = {}, {}, {}  # by id: as last answered
        self.comments = {}  # ticket id -> {comment id: body}
        self.open = []
        self.touched = set()  # tickets written since the last check
        self.acknowledged = 0

    # Writing

    def settle(self, write, status, answer):
        """An answer has come. Anything but success is a broken promise: no client here asks for what is not allowed."""
        need(status in (200, 201), f"{write.method} {write.path} answered {status}: {answer}")
        for field, value in write.body.items():
            need(answer.get(field) == value, f"{write.path}: asked for {field} = {value!r}, was answered {answer.get(field)!r}")
        with self.lock:
            self.acknowledged += 1
            if write.kind == "comment":
                self.comments.setdefault(write.about, {})[answer["id"]] = answer["body"]
                self.touched.add(write.about)
                return
            where = {"project": self.projects, "label": self.labels, "ticket": self.tickets, "patch": self.tickets}[write.kind]
            if write.kind == "patch":
                before = where[write.about]["version"]
                need(answer["version"] in (before, before + 1) and answer["id"] == write.about,
                     f"a patch took version {before} to {answer['version']}")
            else:
                need(answer["id"] not in where, f"two creations answered the same id {answer['id']}")
            if write.kind in ("ticket", "patch"):
                self.touched.add(answer["id"])
            where[answer["id"]] = answer

    def leave_open(self, write):
        with self.lock:
            self.open.append(write)
            if write.kind == "comment":
                self.touched.add(write.about)

    # Checking

    def retry_open(self, connection):
        count = len(self.open)
        for write in self.open:
            status, answer = write.send(connection)
            self.settle(write, status, answer)
            again_status, again = write.send(connection)  # and a second time: the same answer
            if write.key:
                need((again_status, again) == (status, answer), f"{write.path}: a second retry was answered differently")
        self.open = []
        return count

    def check(self, connection):
        """Everything acknowledged is there as it was answered, and nothing is there that nobody asked for."""
        self.check_list(connection, f"/api/v1/orgs/{self.org}/labels", self.labels, "label", "name")
        self.check_list(connection, "/api/v1/projects", self.projects, "project", "key", f"&org_id={self.org}")
        for project in list(self.projects):
            self.check_tickets(connection, project)
        for ticket in sorted(self.touched):
            self.check_ticket(connection, ticket)
        if not self.open:
            self.touched.clear()

    def opened(self, kind, field, value, path=None):
        return any(w.kind == kind and w.body.get(field) == value and path in (None, w.path) for w in self.open)

    def check_list(self, connection, path, known, kind, name, query=""):
        found = {}
        cursor = None
        while True:
            page = connection.must("GET", f"{path}?limit=200{query}" + (f"&cursor={cursor}" if cursor else ""))
            for item in page["items"]:
                need(item["id"] not in found, f"{kind} {item['id']} is listed twice")
                found[item["id"]] = item
            if not page["has_more"]:
                break
            cursor = page["next_cursor"]
        for id_, promised in known.items():
            need(id_ in found, f"{kind} {id_} was acknowledged and is gone")
            need(found[id_][name] == promised[name], f"{kind} {id_} was {promised[name]!r}, is {found[id_][name]!r}")
        names = [item[name] for item in found.values()]
        need(len(names) == len(set(names)), f"a {kind} is there twice")
        for id_, item in found.items():
            need(id_ in known or self.opened(kind, name, item[name]), f"{kind} {item[name]!r} came from nowhere")

    def check_tickets(self, connection, project):
        path = f"/api/v1/projects/{project}/tickets"
        found = connection.pages(path)
        numbers = sorted(t["ticket_number"] for t in found)
        need(numbers == list(range(1, len(found) + 1)), f"ticket numbers of {project} have gaps or repeats: {numbers}")
        counter = connection.must("GET", f"/api/v1/projects/{project}")["ticket_counter"]
        need(counter == len(found), f"project {project} counts {counter} tickets and has {len(found)}")
        there = {t["id"]: t for t in found}
        for id_, promised in self.tickets.items():
            if promised["project_id"] == project:
                need(id_ in there, f"ticket {promised['reference']} was acknowledged and is gone")
                self.compare(promised, there[id_])
        for id_, ticket in there.items():
            need(id_ in self.tickets or self.opened("ticket", "title", ticket["title"], path),
                 f"ticket {ticket['reference']} {ticket['title']!r} came from nowhere")
        made = [t["description"] for t in found]  # never patched, one per creation
        need(len(made) == len(set(made)), f"a ticket of {project} was created twice")

    def compare(self, promised, found):
        if all(found[f] == promised[f] for f in COMPARED):
            return
        for write in self.open:
            if write.kind == "patch" and write.about == promised["id"]:
                after = dict(promised, **write.body, version=promised["version"] + 1)
                if all(found[f] == after[f] for f in COMPARED):
                    return
        raise Broken(f"ticket {promised['reference']} was answered as { {f: promised[f] for f in COMPARED} }, "
                     f"is { {f: found[f] for f in COMPARED} }")

    def check_ticket(self, connection, ticket):
        if ticket in self.tickets:
            self.compare(self.tickets[ticket], connection.must("GET", f"/api/v1/tickets/{ticket}"))
        found = {c["id"]: c["body"] for c in connection.pages(f"/api/v1/tickets/{ticket}/comments")}
        promised = self.comments.get(ticket, {})
        for id_, body in promised.items():
            need(found.get(id_) == body, f"comment {id_} was {body!r}, is {found.get(id_)!r}")
        need(len(found) == len(set(found.values())), f"a comment of {ticket} is there twice")
        for id_, body in found.items():
            need(id_ in promised or self.opened("comment", "body", body), f"comment {body!r} came from nowhere")
