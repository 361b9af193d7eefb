#!/usr/bin/env python3
"""make.py PROGRAM VERSION: writes tests/upgrade/VERSION/ with a store that this program wrote, and what it answered.

The store has every type of event, two closed months, webhooks, and a person who was erased. It is made once by each
released version and never again: from then on every later version must open it, verify it and answer the same
(upgrade.py). `store.tar.gz` is the data folder without the search index; `answers.json` says what was answered."""
import json
import pathlib
import shutil
import sys
import tarfile
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "scenarios"))

import server  # noqa: E402
from catalogue import good_body, operations_of  # noqa: E402
from doors import LAST  # noqa: E402
from policy import about, guarded  # noqa: E402
from tickets_past import BEFORE  # noqa: E402
from world import PASSWORD, Person, World, join  # noqa: E402
from answers import asked_of, held  # noqa: E402

SIZE_MAX = 2_000_000
TYPES = sorted({p.name.split(".v")[0] for p in (HERE.parent / "golden").glob("*.json")})


def every_write(world, document):
    """Each operation of the table once, so that nearly every type of event is there."""
    operations = {op.id: op for op in operations_of(document)}
    for op in sorted(guarded(operations.values()), key=lambda op: (op.method == "DELETE", LAST.index(op.id) if op.id in LAST else -1)):
        if not op.writes or about(op) not in ("path", "body", "batch") or op.id == "delete_org":
            continue
        for id_ in BEFORE.get(op.id, ()):
            world.owner.ask(operations[id_].method, operations[id_].url(world.ids), good_body(operations[id_], world.ids))
        world.owner.ask(op.method, op.url(world.ids), good_body(op, world.ids))


def two_closed_months(world, people):
    """An organization whose March and April are priced, approved and closed, with somebody in it who is erased later."""
    owner = people["owner"].client
    org = owner.post("/api/v1/orgs", {"name": "Ledger", "slug": "ledger", "time_zone": "Europe/Berlin", "currency": "EUR"})["id"]
    for name, role in (("worker", "Member"), ("gone", "Member"), ("second", "Admin")):
        join(people["owner"], org, people[name], role)
    built = owner.post("/api/v1/projects", {"org_id": org, "key": "BUILD", "name": "The platform", "capitalization_type": "Capex",
                                            "development_phase": "AppDevelopment", "budget_cents": 5000000, "budget_period": "Monthly"})["id"]
    kept = owner.post("/api/v1/projects", {"org_id": org, "key": "KEEP", "name": "Upkeep", "capitalization_type": "Opex", "cost_center_id": "CC-7"})["id"]
    team = owner.post(f"/api/v1/orgs/{org}/teams", {"name": "Builders"})["id"]
    for name in ("worker", "gone"):
        owner.post(f"/api/v1/teams/{team}/members", {"user_id": people[name].id})
        for cents, since in ((9050, "2026-01-01"), (9995, "2026-04-01")):
            owner.post(f"/api/v1/users/{people[name].id}/orgs/{org}/labor-rates", {"hourly_rate_cents": cents, "effective_from": since})
    for project, minutes in ((built, 95), (kept, 50)):
        ticket = owner.post(f"/api/v1/projects/{project}/tickets", {"title": "Größe «prüfen» 工事", "description": "Über alles", "priority": "High"})["id"]
        for name in ("worker", "gone"):
            for day in ("2026-03-04", "2026-03-31", "2026-04-01", "2026-04-17"):
                entry = people[name].client.post(f"/api/v1/tickets/{ticket}/time-entries", {"date": day, "minutes": minutes, "activity": "coding"})["id"]
                people[name].client.post(f"/api/v1/time-entries/{entry}/submit")
                owner.post(f"/api/v1/time-entries/{entry}/approve")
    for month in ("2026-03", "2026-04"):
        owner.post(f"/api/v1/orgs/{org}/periods/{month}/close")
    return org


def the_rest(world, people, data):
    """What takes a second person, a session of its own, or a way of its own."""
    owner = world.owner
    guest = people["gone"]
    join(world.people["Owner"], world.ids["org_id"], people["second"], "Viewer")
    owner.patch(f"/api/v1/orgs/{world.ids['org_id']}/members/{people['second'].id}", {"role": "Member"})
    owner.must("DELETE", f"/api/v1/orgs/{world.ids['org_id']}/members/{people['second'].id}")
    short = owner.post("/api/v1/orgs", {"name": "Short-lived", "slug": "short-lived"})["id"]
    owner.must("DELETE", f"/api/v1/orgs/{short}")
    project = owner.post("/api/v1/projects", {"org_id": world.ids["org_id"], "key": "UNDO", "name": "Taken back"})["id"]
    label = owner.post(f"/api/v1/orgs/{world.ids['org_id']}/labels", {"name": "z", "color": "#000000"})["id"]
    ticket = owner.post(f"/api/v1/projects/{project}/tickets", {"title": "First words", "labels": [label]})["id"]
    owner.patch(f"/api/v1/tickets/{ticket}", {"labels": [], "title": "Other words", "status": "Review", "assignee_id": world.people["Admin"].id})
    gone = owner.ask("DELETE", f"/api/v1/tickets/{ticket}", statuses={204}).headers["Alloy-Position"]
    owner.post(f"/api/v1/orgs/{world.ids['org_id']}/events/{gone}/undo")
    # Sessions: refreshed, refreshed with a used token (revoked), logged out, password changed, key deleted.
    spare = guest.client.post("/api/v1/auth/login", {"email": guest.email, "password": PASSWORD})
    owner.post("/api/v1/auth/refresh", {"refresh_token": spare["refresh_token"]}, token=None)
    owner.ask("POST", "/api/v1/auth/refresh", {"refresh_token": spare["refresh_token"]}, token=None, statuses={401})
    other = people["second"].client.post("/api/v1/auth/login", {"email": people["second"].email, "password": PASSWORD})
    owner.must("POST", "/api/v1/auth/logout", {}, token=other["access_token"])
    people["second"].client.must("POST", "/api/v1/auth/password", {"current_password": PASSWORD, "new_password": PASSWORD + " new"})
    key = people["second"].client.post("/api/v1/api-keys", {"name": "short", "scopes": ["read"]})["id"]
    people["second"].client.must("DELETE", f"/api/v1/api-keys/{key}")
    guest.client.must("DELETE", f"/api/v1/users/{guest.id}/personal-data")
    # Switched off by its receiver's 410 in life; an imported organization's webhooks are switched off the same way.
    webhook_disabled_by_import(world, people, data)


def webhook_disabled_by_import(world, people, data):
    other = server.Server("elsewhere", OPERATORS="operator@example.com").start()
    try:
        operator = Person(other, "operator@example.com", "Operator")
        org = operator.client.post("/api/v1/orgs", {"name": "From elsewhere", "slug": "elsewhere"})["id"]
        operator.client.post(f"/api/v1/orgs/{org}/webhooks", {"url": "https://hooks.example.com/far", "event_types": ["ticket.*"]})
        project = operator.client.post("/api/v1/projects", {"org_id": org, "key": "FAR", "name": "Far away"})["id"]
        operator.client.post(f"/api/v1/projects/{project}/tickets", {"title": "Came along"})
        lines = operator.client.ask("GET", f"/api/v1/orgs/{org}/export", statuses={200}).body
    finally:
        other.stop()
    world.owner.ask("POST", f"/api/v1/orgs/{org}/import", raw=lines, headers={"Content-Type": "application/x-ndjson"}, statuses={200})


def present(folder):
    """The types of events whose name stands in the stored records."""
    bytes_ = b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file())
    return [t for t in TYPES if f'"type":"{t}"'.encode() in bytes_]


def a_line_each(said):
    """JSON with a line for each answer, so that a difference can be read."""
    lines = ",\n".join(f"{json.dumps(path)}: {json.dumps(answer, ensure_ascii=False)}" for path, answer in sorted(said.pop("answers").items()))
    return json.dumps(said, ensure_ascii=False)[:-1] + ',\n"answers": {\n' + lines + "\n}}\n"


def main():
    program, version = sys.argv[1:3]
    target = HERE / version
    if target.exists():
        sys.exit(f"{target} is there already; a fixture is never made again")
    with tempfile.TemporaryDirectory() as scratch:
        server.PROGRAM, server.FOLDER = str(pathlib.Path(program).resolve()), pathlib.Path(scratch)
        running = server.Server("upgrade", OPERATORS="owner@example.com")
        running.folder.mkdir(parents=True)
        (running.folder / "webhooks.held").write_text("alloy webhooks release\n")  # nothing is sent from it, now or later
        running.start()
        world = World(running)
        people = {name: Person(running, name + "@example.com", name.title() + " Person") for name in ("worker", "gone", "second")}
        people["owner"] = world.people["Owner"]
        every_write(world, running.operations())
        ledger = two_closed_months(world, people)
        the_rest(world, people, running.folder)
        key = world.owner.post("/api/v1/api-keys", {"name": "upgrade", "scopes": ["*"]})["key"]
        reader = running.client(key)
        asked = asked_of(reader, running.operations())
        answers = {path: held(reader, path) for path in asked}
        # While the server runs all records stand uncompressed in the write-ahead log.
        missing = set(TYPES) - set(present(running.folder / "store")) - {"record"}
        assert not missing, f"types of events that are not there: {sorted(missing)}"
        running.stop()
        done = server.run_program("verify", settings={"DATA_DIR": running.folder})
        assert done.returncode == 0, done.stdout + done.stderr
        for name in ("search", "serve.pid"):
            path = running.folder / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        for path in (running.folder / "store").glob("LOG*"):
            path.unlink()  # RocksDB's own diary
        for path in (running.folder / "webhooks").glob("LOG*"):
            path.unlink()
        target.mkdir()
        with tarfile.open(target / "store.tar.gz", "w:gz") as out:
            out.add(running.folder, arcname="data")
        said = {"version": version, "key": key, "owner": {"email": "owner@example.com", "password": PASSWORD}, "ledger": ledger,
                "events": TYPES, "answers": answers}
        (target / "answers.json").write_text(a_line_each(said))
    size = sum(p.stat().st_size for p in target.iterdir())
    assert size < SIZE_MAX, f"{size} bytes"
    print(f"{target}: {size} bytes, {len(answers)} answers")


if __name__ == "__main__":
    main()
