"""Does reading get slower as a project grows? Two stores, one with a small project and one with a large; both servers
run, and one connection asks each in turn, so that a slow minute of the machine slows both."""
import random
import statistics

from harness.alloy import KEY
from harness.phases import random_tickets
from harness.programs import Failed

SMALL = 1_000
LIMIT = 50


def cursor_in_the_middle(alloy, count):
    """Walk the list page by page to its middle; every ticket on the way must come once, in order."""
    path = f"/projects/{alloy.project}/tickets?limit={LIMIT}"
    cursor, seen = None, 0
    while seen < count // 2:
        page = alloy.call("GET", path + (f"&cursor={cursor}" if cursor else ""))
        numbers = [ticket["ticket_number"] for ticket in page["items"]]
        if numbers != list(range(seen + 1, seen + 1 + len(numbers))) or not page["next_cursor"]:
            raise Failed(f"the list has a gap or a double after {seen} tickets: {numbers[:5]}...")
        seen += len(numbers)
        cursor = page["next_cursor"]
        alloy.headers()
    return cursor


def questions(alloy, count):
    """Name of the question -> file of paths."""
    dice = random.Random(2)
    by_id = random_tickets(alloy, count, 2_000)
    by_reference = [f"/api/v1/tickets/{KEY}-{dice.randint(1, count)}" for _ in range(2_000)]
    lists = alloy.tickets_path()
    asked = {
        "GET by id": by_id,
        "GET by reference": by_reference,
        "list of 50 by status, first page": [f"{lists}?status=InProgress&limit={LIMIT}"],
        "list of 50, first page": [f"{lists}?limit={LIMIT}"],
        "list of 50, page in the middle": [f"{lists}?limit={LIMIT}&cursor={cursor_in_the_middle(alloy, count)}"],
        "list of 50, newest first": [f"{lists}?limit={LIMIT}&sort=-created_at"],
    }
    return {name: alloy.file_of_paths(f"question-{number}", paths)
            for number, (name, paths) in enumerate(asked.items())}


def growth(run, scale):
    seconds, rounds = (1, 1) if run.quick else (2, 5)
    with run.alloy("small") as small, run.alloy("large") as large:
        for store, count in ((small, SMALL), (large, scale)):
            run.note(f"growth: loading {count:,} tickets")
            store.start()
            store.prepare()
            store.load_tickets(count, run.note if count > SMALL else lambda text: None)
            store.program.settle()
        run.note("growth: asking")
        asked_small, asked_large = questions(small, SMALL), questions(large, scale)
        run.raw["growth"] = {"scale": scale, "large_memory_mib": large.program.memory_mib(), "p50_us": {}}
        for name in asked_small:
            found = {"small": [], "large": []}
            for turn in range(rounds + 1):
                for size, store, asked in (("small", small, asked_small), ("large", large, asked_large)):
                    one = store.get(f"{name}, {size}", 1, seconds, paths=asked[name])
                    if turn > 0:  # the first turn only warms
                        found[size].append(one["p50_us"])
            run.raw["growth"]["p50_us"][name] = found
            run.table.compare(f"{name}, {scale:,} tickets, median us", statistics.median(found["large"]),
                              f"alloy with {SMALL:,} tickets", statistics.median(found["small"]), at_most=1.5)
        run.table.show(f"resident memory with {scale:,} tickets, MiB", large.program.memory_mib())
        small.stop()
        large.stop()
