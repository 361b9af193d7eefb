"""policy.json, and what follows from it: what an operation answers to a caller, who is somebody with a credential."""
import json
import pathlib
import re

from world import ROLES

RULES = json.loads((pathlib.Path(__file__).parent / "policy.json").read_text())
RULES.pop("_")
NAMES, PLACES, BOUND = RULES.pop("_names"), RULES.pop("_places"), RULES.pop("_bound")
SCOPES = ("read", "write", "admin")
VARYING = {"date", "x-request-id", "ratelimit", "content-length"}


class Caller:
    """`role` in the organization of `ids`; None: in none but his own, of which there are no ids. `scope` and `reach` of
    his credential; reach: all, here (the project of `ids`), elsewhere (another one there), abroad (another organization)."""

    def __init__(self, name, person, role, ids, theirs, client, scope="admin", reach="all", is_key=False):
        self.name, self.person, self.role, self.ids, self.theirs = name, person, role, ids, theirs
        self.client, self.scope, self.reach, self.is_key = client, scope, reach, is_key
        self.bound_to = {"all": "none", "abroad": "org"}.get(reach, "project")

    def __repr__(self):
        return self.name


def about(op):
    return RULES[op.id].get("about", "path")


def guarded(operations):
    return [op for op in operations if op.id in RULES and about(op) != "open"]


def scope_of(op):
    rule = RULES[op.id]
    return rule.get("scope") or ("read" if not op.writes else "admin" if rule.get("least") in ("Owner", "Admin") else "write")


def bound_of(op):
    """Which bound keys may do it: none, those bound to an organization, or those bound to projects, too."""
    return next((kind for kind in ("project", "org") if op.id in BOUND[kind]), "none")


def bound_may(op, who):
    order = ("none", "org", "project")
    return order.index(bound_of(op)) >= order.index(who.bound_to)


def may(rule, role):
    return ROLES.index(role) <= ROLES.index(rule["least"]) and role not in rule.get("refused", {})


def refusal(op, who, there=True):
    """(status, code) of what is refused, of one's own things; None: it may be done. A code of None is any. What is not
    `there` cannot be refused for what it is."""
    rule, kind = RULES[op.id], about(op)
    if SCOPES.index(who.scope) < SCOPES.index(scope_of(op)):
        return 403, "scope_missing"
    if not bound_may(op, who):
        return 403, "key_not_allowed"
    if kind in ("self", "key", "code"):
        given = rule.get("reach", {})
        status = given.get(who.reach) or (given.get("key") if who.is_key else None)
        return (status, None) if status else None
    if who.role is None or who.reach == "abroad":
        return {"body": (422, "not_found"), "batch": None}.get(kind, (404, "not_found"))
    if ROLES.index(who.role) > ROLES.index(rule["least"]):
        return (422 if kind == "body" else 403), "role_too_low"
    if not in_reach(op, who):
        return 403, "project_not_allowed"
    if there and who.role in rule.get("refused", {}):
        return 403, rule["refused"][who.role]
    return None


def in_reach(op, who):
    """Whether a key that is bound to projects gets there: it changes what is in one of them, and sees what is in no other."""
    if who.reach == "all" or about(op) == "query":
        return True
    if about(op) == "body" or RULES[op.id].get("whole"):
        return False
    place = RULES[op.id].get("place") or ("project" if about(op) == "batch" else PLACES[op.path_names[0]])
    return who.reach == "here" if place == "project" else not op.writes


def code_of(answer):
    """The code of a refusal; where one fault is all there is, of that."""
    faults = answer.faults
    return next(iter(faults.values())) if len(faults) == 1 else answer.code


def told(answer, one):
    """What an answer tells but for its request and the id `one`, to the byte."""
    text = answer.body.replace(answer.headers["X-Request-Id"].encode(), b"REQUEST").replace(one.encode(), b"ID")
    assert int(answer.headers["Content-Length"]) == len(answer.body)
    return answer.status, {k.lower(): v for k, v in answer.headers.items() if k.lower() not in VARYING}, text


def role_of_document(op):
    named = re.search(r"role (\w+) or above", op.row["description"])
    return named[1] if named else "Viewer"


def scope_of_document(op):
    return re.search(r"scope `(\w+)`", op.row["description"])[1]
