"""A guide as steps. In docs/guides/*.md every ```bash block is run, all of a guide in one shell with `set -euo pipefail`.

What a block must print may follow it, before the next ```bash block:
  ```json   JSON: an object's fields are a subset of the answer's; lists match item by item, a last "..." stands for any
            further items; "..." alone stands for any value that is not null.
  ```text   lines: equal ones, where ... stands for anything within a line.
A block whose first line is #! and whose second is a comment that begins with a file's name is saved under that name, made
executable and not run: a later block runs it. A block that uses curl and has no answer behind it must use curl's --fail
(-f), else a refusal would pass. Fences in other languages are for the reader only.
"""
import json
import re
from dataclasses import dataclass

FENCE = re.compile(r"^```(\w*)\s*$")
SCRIPT = re.compile(r"#!.*\n# ([\w.-]+\.\w+)\b")
LENIENT_CURL = re.compile(r"\bcurl (?!(?:\\\n|[^|;\n])*?(?:-[A-Za-z]*f|--fail))")


class Malformed(Exception):
    pass


@dataclass
class Step:
    line: int
    body: str
    language: str = ""  # of the expected answer: json, text, or none
    expected: object = None
    file: str = ""  # a script that is saved, not run

    def title(self):
        lines = [line for line in self.body.splitlines() if line and not line.startswith("#!")]
        return lines[0].strip("# \\")[:90]


def fences(text):
    language, begin, body = None, 0, []
    for number, line in enumerate(text.splitlines(), 1):
        match = FENCE.match(line)
        if language is None and match:
            language, begin, body = match[1], number, []
        elif language is not None and line.rstrip() == "```":
            yield language, begin, "\n".join(body) + "\n"
            language = None
        elif language is not None:
            body.append(line)
        elif line.startswith("```"):
            raise Malformed(f"line {number}: a fence that is not understood: {line}")
    if language is not None:
        raise Malformed(f"line {begin}: a fence that is never closed")


def steps(text):
    found = []
    for language, line, body in fences(text):
        if language == "bash":
            script = SCRIPT.match(body)
            found.append(Step(line, body, file=script[1] if script else ""))
        elif language in ("json", "text"):
            if not found or found[-1].language or found[-1].file:
                raise Malformed(f"line {line}: an answer without a command before it")
            found[-1].language = language
            try:
                found[-1].expected = json.loads(body) if language == "json" else body.splitlines()
            except ValueError as error:
                raise Malformed(f"line {line}: {error}") from error
    for step in found:
        if not step.language and LENIENT_CURL.search(step.body):
            raise Malformed(f"line {step.line}: curl without --fail, and no answer to hold it against")
    return found


def mismatch(step, printed):
    """What is wrong with what a step printed, or None."""
    if step.language == "text":
        return text_mismatch(step.expected, printed.splitlines())
    if step.language == "json":
        try:
            answer = json.loads(printed)
        except ValueError:
            return f"no JSON: {printed[:300]!r}"
        found = json_mismatch(step.expected, answer, "$")
        return found and f"{found}\n     in {json.dumps(answer)[:1500]}"
    return None


def text_mismatch(expected, lines):
    for number in range(max(len(expected), len(lines))):
        wanted = expected[number] if number < len(expected) else None
        line = lines[number] if number < len(lines) else None
        pattern = ".*".join(re.escape(part) for part in (wanted or "").split("..."))
        if wanted is None or line is None or not re.fullmatch(pattern, line):
            return f"line {number + 1}: {wanted!r} expected, got {line!r}"
    return None


def json_mismatch(expected, actual, where):
    if expected == "...":
        return f"{where}: a value expected, got null" if actual is None else None
    if isinstance(expected, dict) and isinstance(actual, dict):
        for name, value in expected.items():
            if name not in actual:
                return f"{where}.{name}: missing"
            if found := json_mismatch(value, actual[name], f"{where}.{name}"):
                return found
        return None
    if isinstance(expected, list) and isinstance(actual, list):
        return list_mismatch(expected, actual, where)
    same = type(expected) is type(actual) and expected == actual
    return None if same else f"{where}: {json.dumps(expected)} expected, got {json.dumps(actual)[:200]}"


def list_mismatch(expected, actual, where):
    is_open = len(expected) > 1 and expected[-1] == "..."
    wanted = expected[:-1] if is_open else expected
    if len(actual) < len(wanted) or (len(actual) > len(wanted) and not is_open):
        return f"{where}: {len(wanted)}{' or more' if is_open else ''} items expected, got {len(actual)}"
    for i, value in enumerate(wanted):
        if found := json_mismatch(value, actual[i], f"{where}[{i}]"):
            return found
    return None
