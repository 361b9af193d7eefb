"""The operations as GET /openapi.json has them, and one good body for each that takes one."""
import itertools

from world import DATE, PASSWORD

VERBS = ("get", "post", "put", "patch", "delete")
numbers = itertools.count(1)


class Operation:
    def __init__(self, document, path, method, row):
        self.document, self.path, self.method, self.row = document, path, method.upper(), row
        self.id = row["operationId"]
        self.is_open = row.get("security") == []
        self.success = max(int(s) for s in row["responses"] if s.startswith("2"))  # 200 beside 204 is of dry runs
        self.parameters = row.get("parameters", [])

    @property
    def dry_success(self):
        """A rehearsed write shows its events, also where it has no other answer."""
        return 200 if self.success == 204 else self.success

    @property
    def writes(self):
        return self.method != "GET"

    @property
    def path_names(self):
        return [p["name"] for p in self.parameters if p["in"] == "path"]

    def query_names(self):
        return {p["name"]: p for p in self.parameters if p["in"] == "query"}

    def has_header(self, name):
        return any(p["in"] == "header" and p["name"] == name for p in self.parameters)

    @property
    def body_schema(self):
        body = self.row.get("requestBody")
        return self.resolve(body["content"]["application/json"]["schema"]) if body else None

    @property
    def takes_lines(self):
        """Its body is no JSON document; transfer.py tries it."""
        return "application/x-ndjson" in self.row.get("requestBody", {}).get("content", {})

    @property
    def fields(self):
        """{name: schema} of the body's fields; nothing where it has no body, or one of any names."""
        return (self.body_schema or {}).get("properties", {})

    def answer_content(self, status):
        row = self.row["responses"].get(str(status))
        return None if row is None else self.resolve(row).get("content", {})

    def resolve(self, schema):
        while "$ref" in schema:
            at = self.document
            for step in schema["$ref"].removeprefix("#/").split("/"):
                at = at[step]
            schema = at
        return schema

    def url(self, ids, query=""):
        """The path with its parameters, and the query parameters that must be there."""
        path, spares = self.path, ids["spares"].get(self.id, {})
        for name in self.path_names:
            path = path.replace("{" + name + "}", spares.get(ids[name], ids[name]))
        given = {part.split("=")[0] for part in query.split("&")}
        needed = "&".join(f"{n}={QUERY[n]}" for n, p in self.query_names().items() if p["required"] and n not in given)
        query = "&".join(part for part in (needed, query) if part)
        return path + ("?" + query if query else "")

    def __repr__(self):
        return f"{self.id} ({self.method} {self.path})"


ELSEWHERE = {"erase_personal_data", "cancel_import"}  # ends somebody; is for operators: organization.py and imports.py try them
QUERY = {"period": "2026-03", "key": "color", "from": "2026-03-01", "to": "2026-03-31"}  # values of query parameters that are required


def operations_of(document):
    all_of_them = [Operation(document, path, method, row) for path, methods in document["paths"].items()
                   for method, row in methods.items() if method in VERBS]
    return [op for op in all_of_them if not op.takes_lines and op.id not in ELSEWHERE]


def fresh(prefix):
    return f"{prefix}{next(numbers)}"


# One good body per operation, made anew each time; `ids` are those of world.furnish.
BODIES = {
    "register": lambda ids: {"email": fresh("new") + "@example.com", "password": PASSWORD, "display_name": "New"},
    "onboard": lambda ids: {"email": fresh("first") + "@example.com", "password": PASSWORD, "display_name": "First", "org_name": "First",
                            "org_slug": fresh("first-")},
    "login": lambda ids: {"email": "owner@example.com", "password": PASSWORD},
    "refresh": lambda ids: {"refresh_token": "alloy_rt_" + "a" * 48},
    "logout": lambda ids: {},
    "change_password": lambda ids: {"current_password": PASSWORD, "new_password": PASSWORD + " new"},
    "confirm": lambda ids: {"password": PASSWORD},
    "create_api_key": lambda ids: {"name": "key", "scopes": ["read"], "org_id": ids["org_id"], "project_ids": [ids["project_id"]]},
    "create_org": lambda ids: {"name": "Another", "slug": fresh("another-")},
    "update_org": lambda ids: {"name": fresh("Renamed ")},
    "update_member": lambda ids: {"can_view_finance": True},
    "create_team": lambda ids: {"name": fresh("Team ")},
    "update_team": lambda ids: {"name": fresh("Team ")},
    "add_team_member": lambda ids: {"user_id": ids["user_id"]},
    "create_invite": lambda ids: {"email": fresh("invited") + "@example.com", "role": "Viewer"},
    "create_workflow": lambda ids: {"name": fresh("Flow "), "statuses": [{"name": "Open", "category": "todo"},
                                                                         {"name": "Shut", "category": "done"}],
                                    "transitions": [{"from": "Open", "to": "Shut"}], "enforcement": "strict"},
    "update_workflow": lambda ids: {"name": fresh("Flow ")},
    "create_label": lambda ids: {"name": fresh("label "), "color": "#00ff00"},
    "update_label": lambda ids: {"color": f"#{next(numbers):06x}"},
    "create_project": lambda ids: {"org_id": ids["org_id"], "key": fresh("K"), "name": "New"},
    "update_project": lambda ids: {"name": fresh("Renamed ")},
    "add_project_member": lambda ids: {"user_id": ids["user_id"]},
    "create_sprint": lambda ids: {"name": fresh("Sprint "), "start_date": DATE, "end_date": DATE},
    "update_sprint": lambda ids: {"goal": fresh("Goal ")},
    "complete_sprint": lambda ids: {},
    "set_tags": lambda ids: {"color": fresh("red")},
    "create_ticket": lambda ids: {"title": fresh("Ticket "), "assignee_id": ids["user_id"], "sprint_id": ids["sprint_id"],
                                  "labels": [ids["label_id"]]},
    "update_ticket": lambda ids: {"title": fresh("Ticket "), "assignee_id": ids["user_id"], "sprint_id": ids["sprint_id"],
                                  "labels": [ids["label_id"]], "reporter_id": ids["user_id"]},
    "transition_ticket": lambda ids: {"status": "Review", "comment": "Look at it"},
    "assign_ticket": lambda ids: {"assignee_id": ids["user_id"]},
    "batch_update_tickets": lambda ids: {"ticket_ids": [ids["ticket_id"]], "changes": {"title": fresh("Ticket ")}},
    "batch_transition": lambda ids: {"ticket_ids": [ids["ticket_id"]], "status": "Review"},
    "add_ticket_label": lambda ids: {"label_id": ids["label_id"]},
    "add_comment": lambda ids: {"body": fresh("Comment ")},
    "update_comment": lambda ids: {"body": fresh("Comment ")},
    "log_time": lambda ids: {"date": DATE, "minutes": 1, "description": fresh("Worked "), "activity": "coding"},
    "update_time_entry": lambda ids: {"description": fresh("Worked ")},
    "reject_time_entry": lambda ids: {"reason": fresh("Too much ")},
    "reopen_time_entry": lambda ids: {"reason": fresh("Wrong ticket ")},
    "batch_time_entries": lambda ids: {"ids": [ids["time_entry_id"]], "action": "submit"},
    "create_labor_rate": lambda ids: {"hourly_rate_cents": 5000 + next(numbers), "effective_from": "2026-02-01"},
    "reopen_period": lambda ids: {"reason": fresh("A slip ")},
    "create_webhook": lambda ids: {"url": "https://hooks.example.com/" + fresh("h"), "event_types": ["ticket.*"]},
    "rotate_webhook_secret": lambda ids: {"overlap_seconds": 60},
    "replay_webhook": lambda ids: {"from": 1, "to": 1},
    "put_consumer": lambda ids: {"position": next(numbers) % 7 + 1},
    "update_webhook": lambda ids: {"url": "https://hooks.example.com/" + fresh("h")},
}


def good_body(op, ids):
    if op.body_schema is None:
        return None
    assert op.id in BODIES, f"catalogue.py has no good body for {op.id}"
    return BODIES[op.id](ids)
