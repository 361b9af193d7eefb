"""The rules of tests/tidy, each a function of one file that yields (line, rule, what is wrong)."""
import re

import cpp

# Which rooms a room may include; a room may always include itself. docs/ARCHITECTURE.md gives the reasons.
ALL = {"core", "storage", "events", "domain", "commands", "search", "projections", "reports", "auth", "api", "http", "webhooks", "client", "mcp", "cli"}
ARROWS = {
    "core": set(),
    "storage": {"core"},
    "events": {"core"},
    "domain": {"core", "events"},
    "commands": {"core", "events", "domain", "storage"},
    "search": {"core", "events", "storage", "domain"},
    "projections": {"core", "events", "storage", "domain", "search"},
    "reports": {"core", "events", "domain", "projections"},
    "auth": {"core", "domain"},
    "api": ALL - {"http", "client", "mcp", "cli"},
    "http": {"core", "auth", "api"},
    "webhooks": {"core", "events", "storage"},
    "client": {"core"},
    "mcp": {"core", "auth", "api"},
    "cli": {"core", "events", "projections", "api", "client"},
    "main": ALL | {"app"},
    "app": ALL,
}
# Layers within `api`, from below: what an operation is, who may use it, how it is carried out, documents about all of
# them, and the operations themselves, whose groups (tickets, planning, ...) do not know each other.
API_LAYERS = {
    "table": set(),
    "access": {"table"},
    "pipeline": {"table", "access"},
    "documents": {"table"},
    "operations": {"table", "access", "pipeline", "documents"},
}
# Of the events, the rules may know the structs, never how they are stored.
DOMAIN_FORBIDDEN = {"events/log.hpp", "events/codec.hpp", "events/record.hpp"}
# Single headers beyond the arrows: the values of events (roles, scopes) are what permissions are made of.
EXTRA = {"auth": {"events/values.hpp", "events/envelope.hpp"}}

# Libraries whose types end in a room: prefix of the header, rooms or files that may include it.
LIBRARIES = [
    ("rocksdb/", {"storage"}),
    ("boost/beast", {"http", "webhooks", "client"}),
    ("boost/asio", {"http", "webhooks", "client"}),
    ("boost/json", {"client/boost_json.cpp", "cli", "mcp", "app/mcp_wiring.cpp"}),
    ("CLI/", {"cli/arguments.cpp"}),
    ("simdjson.h", {"core/json.cpp", "auth/token.cpp"}),
    ("openssl/", {"core", "auth", "http"}),
    ("argon2.h", {"auth"}),
    ("utf8proc.h", {"core/characters.cpp", "search/words.cpp", "search/word_points.cpp", "cli/width.cpp"}),
]

FILE_LINES_MAX, FILE_LINES_SMELL = 600, 300
FUNCTION_LINES_MAX = 70
LINE_CHARACTERS_MAX = 160

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def room_of(path):
    """"events" for src/events/log.hpp, "main" for what lies in src itself."""
    parts = path.split("/")
    return parts[1] if len(parts) > 2 else "main"


def arrows(path, text):
    room = room_of(path)
    if room not in ARROWS:
        yield 1, "arrow", f"'{room}' is no room that tests/tidy/rules.py knows"
        return
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        header = match[2]
        if match[1] == "<":
            yield from library(path, room, number, header)
            continue
        target = header.split("/")[0]
        if "/" not in header or target not in ARROWS:
            yield number, "arrow", f'"{header}" names no room: write "room/file.hpp"'
        elif target != room and target not in ARROWS[room] and not is_extra(path, room, target, header):
            yield number, "arrow", f"{room} may not include {target}"
        elif room == "domain" and header in DOMAIN_FORBIDDEN:
            yield number, "arrow", f"the rules may not know how events are stored ({header})"


def layers(path, text):
    """Of the folder `api`: who includes whom within it."""
    me = path.split("/")[2:-1]
    if room_of(path) != "api" or not me or me[0] not in API_LAYERS:
        if room_of(path) == "api":
            yield 1, "arrow", "a file of api stands in one of its layers, which tests/tidy/rules.py names"
        return
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if not match or not match[2].startswith("api/"):
            continue
        target = match[2].split("/")[1:-1]
        if target[:1] != me[:1] and (not target or target[0] not in API_LAYERS[me[0]]):
            yield number, "arrow", f"api/{me[0]} may not include {match[2]}"
        elif len(me) > 1 and len(target) > 1 and target != me and me[0] == target[0] == "operations":
            yield number, "arrow", f"a group of operations may not include another one's {match[2]}"


def is_extra(path, room, target, header):
    if room == "events" and target == "storage":
        return "log" in path.rsplit("/", 1)[1]
    return header in EXTRA.get(room, ())


def library(path, room, number, header):
    for prefix, allowed in LIBRARIES:
        if header.startswith(prefix) and room not in allowed and path.removeprefix("src/") not in allowed:
            yield number, "library", f"<{header}> is for {', '.join(sorted(allowed))} only"


def sizes(path, text):
    lines = text.splitlines()
    if len(lines) > FILE_LINES_MAX:
        yield len(lines), "file-size", f"{len(lines)} lines, the most is {FILE_LINES_MAX}"
    for number, line in enumerate(lines, 1):
        if len(line) > LINE_CHARACTERS_MAX:
            yield number, "line-length", f"{len(line)} characters, the most is {LINE_CHARACTERS_MAX}"


def functions(path, text):
    """Bodies at namespace or class level; what they hold, lambdas included, counts as theirs."""
    yield from functions_in(cpp.tree(text))


def functions_in(block):
    for statement in cpp.statements(block):
        for body in statement.blocks:
            heads = {item.text for item in statement.items}
            # A describing macro takes no semicolon, so it runs on into the namespace behind it.
            if "namespace" in heads or ("(" not in heads and heads & (cpp.TYPE_HEADS | {"enum"})):
                yield from functions_in(body)
                continue
            first = statement.items[0].line if statement.items else body.line
            size = body.last_line - first + 1
            if size > FUNCTION_LINES_MAX:
                yield first, "function-size", f"{size} lines, the most is {FUNCTION_LINES_MAX}"


def coroutines(path, text):
    """g++ 12 destroys an aggregate temporary twice where the expression that makes it contains co_await (GCC 107288
    and kin), and lambdas with captures are aggregates. So no such temporary shares a statement with co_await."""
    yield from coroutines_in(cpp.tree(text))


def coroutines_in(block):
    for statement in cpp.statements(block):
        nodes = list(cpp.flat(statement.items))
        texts = [items[i].text for items, i in nodes]
        if "co_await" in texts:
            yield from awaiting(statement, nodes)
        elif "awaitable" in texts or "task" in texts:
            yield from defaults(nodes)
        for body in statement.blocks:
            yield from coroutines_in(body)


def awaiting(statement, nodes):
    for items, i in nodes:
        item = items[i]
        if isinstance(item, cpp.Group) and item.text == "{":
            yield item.line, "co-await", "a {...} in a statement with co_await: make the value first, on its own line"
        elif cpp.is_capture(items, i) and not harmless(item):
            yield item.line, "co-await", "a lambda with captures in a statement with co_await: name the lambda first"
        elif item.text == "?":
            yield item.line, "co-await", "?: in a statement with co_await: write if and else"


def harmless(captures):
    return "".join(item.text for item in captures.items) in ("", "&", "this", "&,this")


def defaults(nodes):
    """`awaitable<T> f(options o = {})`: the default is an aggregate temporary in every statement that awaits f()."""
    for items, i in nodes:
        if items[i].text == "{" and isinstance(items[i], cpp.Group) and i >= 1 and inside_default(items, i):
            yield items[i].line, "co-await", "an aggregate default on a coroutine's parameter: overload instead"


def inside_default(items, i):
    before = [item.text for item in items[:i]]
    return before[-1] == "=" or ("=" in before and "," not in before[len(before) - before[::-1].index("=") :])


def beginnings(path, text):
    lines = text.splitlines()
    if path.endswith(".hpp"):
        if not lines or lines[0] != "#pragma once":
            yield 1, "beginning", "a header's first line is #pragma once"
        if not any(line.lstrip().startswith(("//", "/*")) for line in lines[:5]):
            yield 1, "beginning", "a header says within its first 5 lines what it is for"
    elif path.endswith(".cpp") and not any(line.strip() for line in lines):
        yield 1, "beginning", "the file is empty"


UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


def unfinished(path, text):
    for number, line in enumerate(text.splitlines(), 1):
        if match := UNFINISHED.search(line):
            yield number, "unfinished", f"{match[1]}: finish it, or file it where it is seen"


TABLES = re.compile(r"enum\s+class\s+table\b[^{]*\{(.*?)\};", re.DOTALL)
ROW = re.compile(r"^\s*(\w+)\s*=\s*(0[xX][0-9a-fA-F]+|\d+)\s*,?", re.MULTILINE)


def tables(path, text):
    """The compiler takes two enumerators of one value; two tables of one byte would read each other's keys."""
    if path != "src/core/key.hpp":
        return
    body = TABLES.search(text)
    seen = {}
    for match in ROW.finditer(body[1]) if body else ():
        value = int(match[2], 0)
        line = text.count("\n", 0, body.start(1) + match.start(1)) + 1
        if value in seen:
            yield line, "table", f"{match[1]} has the byte of {seen[value]}: {value}"
        seen.setdefault(value, match[1])
    if not seen:
        yield 1, "table", "no `enum class table` with numbers was found"


# Written so that no rule's own text is an instance of it.
MACHINE_PATH = re.compile(r"(?<![\w.:/$}~-])/(work|root|home|Users)/[A-Za-z0-9_.]")
REGISTRY = re.compile(r"\b(?:registry|proxy|static|index|repo1?|deb|files|security)\.(?!example\b)[\w-]+(?:\.[\w-]+)*\."
                      r"(?:org|com|io|net|dev)\b|\b(?:pypi|npmjs|crates)\.(?:org|com|io)\b", re.IGNORECASE)


def places(path, text):
    for number, line in enumerate(text.splitlines(), 1):
        if match := MACHINE_PATH.search(line):
            yield number, "place", f"a path of one machine: {match[0]}..."
        if match := REGISTRY.search(line):
            yield number, "place", f"the host of a package registry: {match[0]}"


MODULE = re.compile(r"^\| `(\w+)` \| ([^|;]*)")
ARCHITECTURE_WORDS_MAX = 2000


def architecture(path, text):
    """The page that is read first stays short, and its table of modules says what ARROWS says."""
    if path != "docs/ARCHITECTURE.md":
        return
    if (words := len(text.split())) > ARCHITECTURE_WORDS_MAX:
        yield 1, "architecture", f"{words} words, the most is {ARCHITECTURE_WORDS_MAX}"
    missing = set(ARROWS) - {"main"}
    for number, line in enumerate(text.splitlines(), 1):
        if not (match := MODULE.match(line)) or match[1] not in ARROWS:
            continue
        missing.discard(match[1])
        listed = set(re.findall(r"\w+", match[2])) - {"nothing"}
        allowed = ARROWS[match[1]] - {match[1]}
        if (ALL if listed == {"all"} else listed) != allowed:
            yield number, "architecture", f"{match[1]} may include {', '.join(sorted(allowed)) or 'nothing'}"
    for module in sorted(missing):
        yield 1, "architecture", f"the table of modules has no row of {module}"


SOURCE_RULES = [arrows, layers, sizes, functions, coroutines, beginnings, unfinished, tables]
ANY_FILE_RULES = [places, architecture]
