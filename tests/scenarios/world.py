"""People of every role in an organization that has one of everything, and an outsider whose own organization has, too."""
import uuid

PASSWORD = "a long enough passphrase 4711"
ROLES = ("Owner", "Admin", "Member", "Reporter", "Viewer")  # from the highest to the lowest
DATE = "2026-03-02"


def random_id():
    return str(uuid.uuid4())


class Person:
    def __init__(self, server, email, name, invite_code=None):
        self.email, self.name = email, name
        self.client = server.client()
        body = {"email": email, "password": PASSWORD, "display_name": name}
        if invite_code:
            body["invite_code"] = invite_code
        session = self.client.post("/api/v1/auth/register", body)
        self.id, self.refresh_token = session["user_id"], session["refresh_token"]
        self.client.token = session["access_token"]


def invite(inviter, org, email, role):
    return inviter.client.post(f"/api/v1/orgs/{org}/invites", {"email": email, "role": role})


def furnish(owner, org, key, helper=None):
    """One of everything in an organization; the ids by the names of path parameters."""
    ask = owner.client
    project = ask.post("/api/v1/projects", {"org_id": org, "key": key, "name": "Project " + key})["id"]
    label = ask.post(f"/api/v1/orgs/{org}/labels", {"name": "bug", "color": "#ff0000"})["id"]
    ticket = ask.post(f"/api/v1/projects/{project}/tickets", {"title": "The first", "labels": [label]})
    sprint = ask.post(f"/api/v1/projects/{project}/sprints", {"name": "One", "start_date": DATE, "end_date": "2026-03-16"})["id"]
    workflow = ask.post(f"/api/v1/orgs/{org}/workflows", {"name": "Short", "statuses": [{"name": "Open", "category": "todo"}]})["id"]
    webhook = ask.post(f"/api/v1/orgs/{org}/webhooks", {"url": "https://hooks.example.com/in", "event_types": ["*"]})["id"]
    author = helper or owner
    comment = author.client.post(f"/api/v1/tickets/{ticket['id']}/comments", {"body": "Seen it, too."})["id"]
    ask.post(f"/api/v1/projects/{project}/members", {"user_id": author.id})
    pending = invite(owner, org, f"pending-{key.lower()}@example.com", "Viewer")
    return {"org_id": org, "project_id": project, "ticket_id": ticket["id"], "sprint_id": sprint, "label_id": label,
            "workflow_id": workflow, "comment_id": comment, "webhook_id": webhook, "invite_id": pending["id"],
            "invite_code": pending["invite_code"], "user_id": author.id}


class World:
    """`ids` of organization A, `foreign` of the outsider's organization B; `people` by role, and "outsider"."""

    def __init__(self, server):
        self.server = server
        owner = Person(server, "owner@example.com", "Olga Owner")
        self.people = {"Owner": owner}
        org = owner.client.post("/api/v1/orgs", {"name": "Org A", "slug": "org-a"})["id"]
        for role in ROLES[1:]:
            email = role.lower() + "@example.com"
            code = invite(owner, org, email, role)["invite_code"]
            self.people[role] = Person(server, email, f"Any {role}", code)
        outsider = self.people["outsider"] = Person(server, "outsider@example.com", "Otto Outsider")
        other = outsider.client.post("/api/v1/orgs", {"name": "Org B", "slug": "org-b"})["id"]
        self.ids = furnish(owner, org, "AAA", self.people["Member"])
        self.foreign = furnish(outsider, other, "BBB")
        owner.client.post(f"/api/v1/projects/{self.ids['project_id']}/members", {"user_id": self.people["Reporter"].id})
        # A second project, in which the Reporter has no part.
        self.closed_project = owner.client.post("/api/v1/projects", {"org_id": org, "key": "CLOSED", "name": "Closed"})["id"]
        for who in self.people.values():
            made = who.client.post("/api/v1/api-keys", {"name": "a key", "scopes": ["*"] if who.name != "Any Viewer" else ["read"]})
            who.key, who.key_id = made.get("key"), made["id"]
            who.client.post("/api/v1/auth/login", {"email": who.email, "password": PASSWORD})
        self.ids["api_key_id"] = owner.key_id
        self.foreign["api_key_id"] = outsider.key_id

    @property
    def owner(self):
        return self.people["Owner"].client

    @property
    def outsider(self):
        return self.people["outsider"].client
