"""People of every role in an organization that has one of everything, and an outsider whose own organization has, too."""
import uuid

from server import wait_until

PASSWORD = "a long enough passphrase 4711"
ROLES = ("Owner", "Admin", "Member", "Reporter", "Viewer")  # from the highest to the lowest
DATE = "2026-03-02"


def random_id():
    return str(uuid.uuid4())


class Person:
    """`founds`, name and slug: the first person of a server, who has the organization `org` from the beginning."""

    def __init__(self, server, email, name, invite_code=None, founds=None):
        self.email, self.name = email, name
        self.client = server.client()
        body = {"email": email, "password": PASSWORD, "display_name": name}
        if invite_code:
            body["invite_code"] = invite_code
        if founds:
            body["org_name"], body["org_slug"] = founds
        session = self.client.post("/api/v1/onboard" if founds else "/api/v1/auth/register", body)
        self.org = session.get("org_id")
        self.id, self.refresh_token = session["user_id"], session["refresh_token"]
        self.client.token = session["access_token"]


def invite(inviter, org, email, role):
    return inviter.client.post(f"/api/v1/orgs/{org}/invites", {"email": email, "role": role})


def join(inviter, org, person, role):
    code = invite(inviter, org, person.email, role)["invite_code"]
    person.client.must("POST", f"/api/v1/invites/{code}/accept")


def furnish(owner, org, key, helper):
    """One of everything in an organization, where the helper is a member, too; the ids by the names of path parameters.
    `spares` has, by operation, what it is to be tried on instead: what can be deleted, a sprint that runs."""
    ask = owner.client
    project = ask.post("/api/v1/projects", {"org_id": org, "key": key, "name": "Project " + key})["id"]
    label = ask.post(f"/api/v1/orgs/{org}/labels", {"name": "bug", "color": "#ff0000"})["id"]
    ticket = ask.post(f"/api/v1/projects/{project}/tickets", {"title": "The first", "labels": [label]})
    sprint = ask.post(f"/api/v1/projects/{project}/sprints", {"name": "One", "start_date": DATE, "end_date": "2026-03-16"})["id"]
    workflow = ask.post(f"/api/v1/orgs/{org}/workflows", {"name": "Short", "statuses": [{"name": "Open", "category": "todo"}]})["id"]
    webhook = ask.post(f"/api/v1/orgs/{org}/webhooks", {"url": "https://hooks.example.com/in", "event_types": ["*"]})["id"]
    delivery = ask.ask("POST", f"/api/v1/webhooks/{webhook}/ping").json["delivery_id"]
    wait_until(lambda: ask.ask("GET", f"/api/v1/deliveries/{delivery}").status == 200, "the ping to be on its way")
    comment = helper.client.post(f"/api/v1/tickets/{ticket['id']}/comments", {"body": "Seen it, too."})["id"]
    ask.post(f"/api/v1/projects/{project}/members", {"user_id": helper.id})
    team = ask.post(f"/api/v1/orgs/{org}/teams", {"name": "Core"})["id"]
    ask.post(f"/api/v1/teams/{team}/members", {"user_id": helper.id})
    ask.must("PUT", f"/api/v1/tags/ticket/{ticket['id']}", {"color": "red"})
    worked = [who.client.post(f"/api/v1/tickets/{ticket['id']}/time-entries", {"date": DATE, "minutes": 30})["id"]
              for who in (owner, owner, helper, helper, helper)]  # two Drafts, two that are submitted, one that is approved
    for entry in worked[2:]:
        helper.client.post(f"/api/v1/time-entries/{entry}/submit")
    ask.post(f"/api/v1/time-entries/{worked[4]}/approve")
    ask.post(f"/api/v1/orgs/{org}/periods/2025-12/close")
    empty = ask.post("/api/v1/projects", {"org_id": org, "key": key + "E", "name": "Empty"})["id"]
    idle = ask.post(f"/api/v1/projects/{project}/tickets", {"title": "Nobody worked on it"})["id"]
    free = ask.post(f"/api/v1/orgs/{org}/labels", {"name": "free", "color": "#00ff00"})["id"]
    later, running = (ask.post(f"/api/v1/projects/{project}/sprints", {"name": name, "start_date": DATE, "end_date": DATE})["id"]
                      for name in ("Later", "Running"))
    ask.post(f"/api/v1/sprints/{running}/start")
    spares = {"delete_consumer": {"reader": "spare-reader"}, "delete_project": {project: empty, key: key + "E"}, "delete_label": {label: free}, "delete_sprint": {sprint: later},
              "complete_sprint": {sprint: running}, "delete_time_entry": {worked[0]: worked[1]}, "approve_time_entry": {worked[0]: worked[2]},
              "reject_time_entry": {worked[0]: worked[3]}, "reopen_time_entry": {worked[0]: worked[4]}, "reopen_period": {"2026-01": "2025-12"}, "get_period_report": {"2026-01": "2025-12"}, "delete_ticket": {ticket["id"]: idle}}
    for name in ("reader", "spare-reader"):
        ask.must("PUT", f"/api/v1/orgs/{org}/consumers/{name}", {"position": 1})
    undoable = ask.ask("POST", f"/api/v1/orgs/{org}/labels", {"name": "rash", "color": "#0000ff"}).headers["Alloy-Position"]
    pending = invite(owner, org, f"pending-{key.lower()}@example.com", "Viewer")
    return {"org_id": org, "project_id": project, "ticket_id": ticket["id"], "sprint_id": sprint, "label_id": label,
            "workflow_id": workflow, "comment_id": comment, "webhook_id": webhook, "delivery_id": delivery, "invite_id": pending["id"],
            "invite_code": pending["invite_code"], "user_id": helper.id, "team_id": team, "entity_type": "ticket",
            "entity_id": ticket["id"], "reference": ticket["id"], "key": "color", "position": undoable, "name": "reader", "time_entry_id": worked[0], "period": "2026-01",
            "spares": spares}


class World:
    """`ids` of organization A, `foreign` of the outsider's organization B; `people` by role, and "outsider"."""

    def __init__(self, server):
        self.server = server
        owner = Person(server, "owner@example.com", "Olga Owner", founds=("Org A", "org-a"))
        self.people = {"Owner": owner}
        org = owner.org
        for role in ROLES[1:]:
            email = role.lower() + "@example.com"
            code = invite(owner, org, email, role)["invite_code"]
            self.people[role] = Person(server, email, f"Any {role}", code)
        outsider = self.people["outsider"] = Person(server, "outsider@example.com", "Otto Outsider")
        other = outsider.client.post("/api/v1/orgs", {"name": "Org B", "slug": "org-b"})["id"]
        helper = Person(server, "helper@example.com", "Hedy Helper")
        join(outsider, other, helper, "Member")
        self.ids = furnish(owner, org, "AAA", self.people["Member"])
        self.foreign = furnish(outsider, other, "BBB", helper)
        self.ids["spares"]["delete_org"] = self.spare_org(owner, org, "org-a")
        self.foreign["spares"]["delete_org"] = self.spare_org(outsider, other, "org-b")
        for role in ROLES[1:]:
            join(owner, self.ids["spares"]["delete_org"][org], self.people[role], role)
        owner.client.post(f"/api/v1/projects/{self.ids['project_id']}/members", {"user_id": self.people["Reporter"].id})
        # A second project, in which the Reporter has no part.
        self.closed_project = owner.client.post("/api/v1/projects", {"org_id": org, "key": "CLOSED", "name": "Closed"})["id"]
        for who in self.people.values():
            made = who.client.post("/api/v1/api-keys", {"name": "a key", "scopes": ["*"] if who.name != "Any Viewer" else ["read"]})
            who.key, who.key_id = made.get("key"), made["id"]
            who.client.post("/api/v1/auth/login", {"email": who.email, "password": PASSWORD})
        self.ids["api_key_id"] = owner.key_id
        self.foreign["api_key_id"] = outsider.key_id

    def spare_org(self, owner, org, slug):
        return {org: owner.client.post("/api/v1/orgs", {"name": "Spare", "slug": slug + "-spare"})["id"], slug: slug + "-spare"}

    @property
    def owner(self):
        return self.people["Owner"].client

    @property
    def outsider(self):
        return self.people["outsider"].client
