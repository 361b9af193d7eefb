"""What a server answers about all that one person reaches, in a form that later versions can be held against: every GET of
the table over every thing there is, lists whole, and of each answer what must not change."""
import csv
import io
import json
import re

# What says when it was read, or what waits and is tried again, is not what was stored.
UNSTEADY = {"last_used_at", "next_attempt_at", "attempts", "attempt_count", "next_cursor", "has_more", "exported_at", "overdue", "hours_this_month"}
NOT_ASKED = {"get_log_head", "get_project_flow", "export_data", "whoami", "list_api_keys", "health", "livez", "readyz", "metrics", "openapi", "docs", "get_onboarding"}
OF_TODAY = {"/api/v1/reports/time"}  # of the month that it is, where no days are named
ITEMS_KEPT = 60  # of a list, so that a fixture stays small


def steady(value):
    if isinstance(value, dict):
        return {k: steady(v) for k, v in value.items() if k not in UNSTEADY}
    return [steady(one) for one in value] if isinstance(value, list) else value


def held(client, path):
    """Status and steady body of one GET; text of what is no JSON."""
    answer = client.ask("GET", path, statuses=range(200, 500))
    kind = answer.headers.get("Content-Type", "")
    if answer.status != 200:
        return {"status": answer.status}
    if "json" not in kind or "ndjson" in kind:
        return {"status": 200, "text": answer.body.decode()}
    return {"status": 200, "body": steady(json.loads(answer.body))}


def everything(client):
    """The ids there are, by the name that paths give them."""
    found = {"org_id": [one["id"] for one in client.all("/api/v1/orgs")]}
    ticket_ids, sprint_ids, project_ids = [], [], []
    for org in found["org_id"]:
        project_ids += [one["id"] for one in client.all(f"/api/v1/projects?org_id={org}")]
    for project in project_ids:
        ticket_ids += [one["id"] for one in client.all(f"/api/v1/projects/{project}/tickets")]
        sprint_ids += [one["id"] for one in client.all(f"/api/v1/projects/{project}/sprints")]
    found.update(project_id=project_ids, ticket_id=ticket_ids, sprint_id=sprint_ids)
    for name, place in (("team_id", "teams"), ("label_id", "labels"), ("workflow_id", "workflows"), ("webhook_id", "webhooks")):
        found[name] = [one["id"] for org in found["org_id"] for one in client.all(f"/api/v1/orgs/{org}/{place}")]
    found["time_entry_id"] = [one["id"] for org in found["org_id"] for one in client.all(f"/api/v1/time-entries?org_id={org}")]
    found["comment_id"] = [one["id"] for ticket in ticket_ids for one in client.all(f"/api/v1/tickets/{ticket}/comments")]
    found["delivery_id"] = [one["id"] for hook in found["webhook_id"] for one in client.all(f"/api/v1/webhooks/{hook}/deliveries")]
    return found


def asked_of(client, document):
    """The paths to ask: each GET of the document whose path has one parameter or none, over all ids; reports and lists of
    every organization; and what stood at some positions of the log."""
    ids, paths = everything(client), []
    for template, methods in document["paths"].items():
        row = methods.get("get")
        names = re.findall(r"{(\w+)}", template)
        if not row or row["operationId"] in NOT_ASKED or not template.startswith("/api/v1/"):
            continue
        if any(p["in"] == "query" and p.get("required") for p in row.get("parameters", [])):
            continue
        if not names and template not in OF_TODAY:
            paths.append(template)
        elif len(names) == 1 and names[0] in ids:
            for one in ids[names[0]][:ITEMS_KEPT]:
                paths.append(template.replace("{" + names[0] + "}", one))
    for org in ids["org_id"]:
        paths += [f"/api/v1/{place}?org_id={org}" for place in ("projects", "time-entries", "tickets")]
        paths += [f"/api/v1/tickets?org_id={org}&sort={order}" for order in ("-updated_at", "priority", "number")]
        paths += [f"/api/v1/reports/time?org_id={org}&from=2026-03-01&to=2026-04-30&group_by={by}" for by in ("user", "project", "ticket", "team", "activity")]
        for period in ("2026-03", "2026-04", "2026-Q1", "2026-Q2"):
            paths += [f"/api/v1/reports/capitalization?org_id={org}&period={period}&group_by={by}&include_budget=true"
                      for by in ("team", "project", "user", "cost_center")]
            paths.append(f"/api/v1/reports/capitalization/export?org_id={org}&period={period}&group_by=project")
        for closed in client.all(f"/api/v1/orgs/{org}/periods"):
            if closed.get("report_position"):
                paths.append(f"/api/v1/reports/capitalization?org_id={org}&period={closed['period']}&group_by=team&as_of={closed['report_position']}")
        seen, after = 0, 0
        while seen < 2000:  # the feed, page by page
            paths.append(f"/api/v1/orgs/{org}/events?after={after}&limit=200")
            page = client.get(paths[-1])
            seen += len(page["items"])
            if not page["items"] or page["next_after"] == after:
                break
            after = page["next_after"]
    for ticket in ids["ticket_id"]:
        activity = client.all(f"/api/v1/tickets/{ticket}/activity")
        paths += [f"/api/v1/tickets/{ticket}?as_of={one['position']}" for one in activity[:4]]
    return list(dict.fromkeys(paths))


def differs(was, now, where=""):
    """What was answered must be answered still; further members of objects are no difference. None, or where it differs."""
    if isinstance(was, dict) and isinstance(now, dict):
        for name, value in was.items():
            if name == "schema" and now.get(name, 0) >= value:
                continue  # events are shown in the newest shape of their type
            if name == "digest" and "minor_digits" not in was and "minor_digits" in now:
                continue  # of a report: it leaves the position out now; months that are closed keep theirs (imports.py)
            if name not in now:
                return f"{where}/{name} is gone"
            if name == "text" and value != now[name]:  # CSV: what stands in the cells counts, not which are in quotes
                was_rows, now_rows = (list(csv.reader(io.StringIO(text, newline=""))) for text in (value, now[name]))
                if found := differs(was_rows, now_rows, f"{where}/{name}"):
                    return found
                continue
            if found := differs(value, now[name], f"{where}/{name}"):
                return found
        return None
    if isinstance(was, list) and isinstance(now, list):
        if len(was) != len(now):
            return f"{where} has {len(now)} items, had {len(was)}"
        for i, (a, b) in enumerate(zip(was, now)):
            if found := differs(a, b, f"{where}/{i}"):
                return found
        return None
    return None if was == now else f"{where} is {json.dumps(now)[:120]}, was {json.dumps(was)[:120]}"
