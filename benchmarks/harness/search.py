"""How long does the first page of a search take, where a hundred organizations share a large store? One connection asks
each question in many organizations, for other words and other people each time."""
import json
import random
import statistics
import time
import urllib.parse

from harness.alloy import STATUSES
from harness.programs import Failed

ORGS = 100
BODIES = 2_000  # different tickets; each comes again in every organization
FIRST_PAGE_MS_MAX = 20
LIMIT = 50
WORDS = 5_000
PRIORITIES = ("Urgent", "High", "Medium", "Low", "None")


def words_of(dice, count):
    """As texts have them: a few words often, most of them seldom."""
    return [f"word{min(int(dice.paretovariate(0.6)), WORDS)}" for _ in range(count)]


def bodies(dice, labels):
    rows = []
    for _ in range(BODIES):
        row = {"title": " ".join(words_of(dice, 8)), "description": " ".join(words_of(dice, 40)),
               "priority": dice.choice(PRIORITIES), "labels": [dice.choice(labels)]}
        if dice.random() < 0.3:
            row["due_date"] = f"2026-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}"
        rows.append(json.dumps(row))
    return "\n".join(rows) + "\n"


def fill(run, alloy, scale):
    """One organization after the other, each through a key of its own."""
    session_headers = alloy.headers()
    orgs, dice, each = [], random.Random(7), scale // ORGS
    moves = alloy.lists / "search-moves"
    moves.write_text("".join(json.dumps({"status": status}) + "\n" for status in STATUSES))
    for number in range(ORGS):
        key = f"S{number}"
        org = alloy.call("POST", "/orgs", {"name": key, "slug": f"search-{number}"})["id"]
        project = alloy.call("POST", "/projects", {"org_id": org, "key": key, "name": key})["id"]
        labels = [alloy.call("POST", f"/orgs/{org}/labels", {"name": f"label{n}", "color": "#123456"})["id"] for n in range(20)]
        secret = alloy.call("POST", "/api-keys", {"name": key, "scopes": ["write"], "org_id": org})["key"]
        headers = ("Authorization: Bearer " + secret, *session_headers[1:])
        rows = alloy.lists / "search-bodies"
        rows.write_text(bodies(dice, labels))
        alloy.tools.load(alloy.port, "search load", 64, requests=each, method="POST", expect=201, first=1,
                         headers=headers, path=f"/api/v1/projects/{project}/tickets", bodies=rows, of=alloy.program)
        alloy.tools.load(alloy.port, "search moves", 64, requests=each, method="PATCH", first=1, headers=headers,
                         path=f"/api/v1/tickets/{key}-{{n}}", bodies=moves, of=alloy.program)
        orgs.append({"id": org, "labels": labels})
        if number % 10 == 9:
            run.note(f"search: {(number + 1) * each:,} tickets")
    return orgs


def wait_until_searchable(alloy, seconds_max=1800):
    begin = time.monotonic()
    while time.monotonic() - begin < seconds_max:
        alloy.connection or alloy.call("GET", "/auth/me")
        alloy.connection.request("GET", "/metrics")
        text = alloy.connection.getresponse().read().decode()
        if "alloy_search_lag_events 0\n" in text:
            return time.monotonic() - begin
        time.sleep(0.2)
    raise Failed("the search index did not come to the log's head")


def questions(alloy, orgs):
    dice = random.Random(8)

    def paths(query):
        all_paths = []
        for _ in range(300):
            org = dice.choice(orgs)
            values = {"org_id": org["id"], "limit": LIMIT, **query(org)}
            all_paths.append("/api/v1/tickets?" + urllib.parse.urlencode(values))
        return all_paths

    def word():
        return words_of(dice, 1)[0]
    asked = {
        "q of one word": lambda org: {"q": word()},
        "q of two words": lambda org: {"q": f"{word()} {word()}"},
        "q of a beginning": lambda org: {"q": word()[:5]},
        "q of a phrase": lambda org: {"q": f'"{word()} {word()}"'},
        "q, status and priority, newest first": lambda org: {"q": word(), "status": "InProgress", "priority": "High", "sort": "-updated_at"},
        "label and status": lambda org: {"label": dice.choice(org["labels"]), "status": "Review"},
        "label, priority and due date, by update": lambda org: {"label": dice.choice(org["labels"]), "priority": "Low", "due_before": "2026-06-01",
                                                                "sort": "-updated_at"},
        "status, nobody assigned, by priority": lambda org: {"status": "Ready,Review", "assignee_id": "none", "sort": "priority"},
        "everything, latest update first": lambda org: {"sort": "-updated_at"},
    }
    return {name: alloy.file_of_paths(f"search-{n}", paths(query)) for n, (name, query) in enumerate(asked.items())}


def search(run, scale):
    seconds, rounds = (1, 1) if run.quick else (3, 3)
    with run.alloy("search") as alloy:
        alloy.start()
        alloy.prepare()
        orgs = fill(run, alloy, scale)
        behind = wait_until_searchable(alloy)
        alloy.program.settle()
        run.raw["search"] = {"scale": scale, "index_behind_s": behind, "p50_us": {}}
        for name, asked in questions(alloy, orgs).items():
            found = [alloy.get(name, 1, seconds, paths=asked)["p50_us"] for _ in range(rounds + 1)][1:]
            run.raw["search"]["p50_us"][name] = found
            run.table.bound(f"search of {scale:,} tickets, {ORGS} organizations: {name}, median ms",
                            statistics.median(found) / 1000, FIRST_PAGE_MS_MAX)
        run.table.show("index of texts behind the last write, s", behind)
        run.table.show(f"resident memory with {scale:,} tickets and their index, MiB", alloy.program.memory_mib())
        alloy.stop()
