#!/usr/bin/env python3
"""tidy.py ROOT: holds the tree against the rules of rules.py, after holding the rules against their own probes.

A probe is a file of probes/ that says in its first line which path it stands for (`// as: src/http/x.cpp`) and marks
every line that must be found with `// expect: rule` (in the first line: for the file's beginning); anything found
elsewhere is a fault of the rule.
Exit status 1 where something is wrong; files over 300 lines are only named.
"""
import pathlib
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import rules  # noqa: E402

EXPECT = re.compile(r"//\s*expect:\s*([\w-]+(?:\s*,\s*[\w-]+)*)\s*$")


def findings(path, text):
    every = list(rules.ANY_FILE_RULES)
    if path.startswith("src/") and path.endswith((".cpp", ".hpp")):
        every += rules.SOURCE_RULES
    for rule in every:
        try:
            yield from rule(path, text)
        except ValueError as error:
            yield 1, "unreadable", str(error)


def probe_faults(folder):
    probes = sorted(folder.glob("*.txt"))
    expected_rules = set()
    for probe in probes:
        text = probe.read_text()
        first, _, body = text.partition("\n")
        path = re.match(r"// as: (\S+)", first)[1]
        expected = {(1, rule) for rule in re.findall(r"expect: ([\w-]+)$", first)}
        for number, line in enumerate(body.splitlines(), 1):
            if match := EXPECT.search(line):
                expected |= {(number, rule.strip()) for rule in match[1].split(",")}
        found = {(line, rule) for line, rule, _ in findings(path, body)}
        expected_rules |= {rule for _, rule in expected}
        for line, rule in sorted(expected - found):
            yield f"{probe.name}:{line + 1}: {rule} was not found"
        for line, rule in sorted(found - expected):
            yield f"{probe.name}:{line + 1}: {rule} was found where nothing is wrong"
    wanted = {"arrow", "library", "co-await", "file-size", "function-size", "line-length", "beginning", "unfinished", "table", "place",
              "architecture"}
    for rule in sorted(wanted - expected_rules):
        yield f"no probe shows that {rule} finds anything"


LINK = re.compile(r"\]\(([^)\s#]+)(?:#[^)]*)?\)")


def broken_links(root, path, text):
    """Links of a document to files of the tree."""
    for number, line in enumerate(text.splitlines(), 1):
        for target in LINK.findall(line):
            if "://" not in target and not target.startswith("mailto:") and not (root / path).parent.joinpath(target).exists():
                yield number, "link", f"{target} is not there"


def tracked(root):
    """What git knows or would take; without git, all but what is built."""
    done = subprocess.run(["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                          capture_output=True, text=True)
    if done.returncode == 0:
        return sorted(path for path in done.stdout.split("\0") if path)
    away = {"build", ".git", "node_modules", "alloy-data"}
    return sorted(str(path.relative_to(root)) for path in root.rglob("*")
                  if path.is_file() and not away & set(path.relative_to(root).parts))


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    faults = list(probe_faults(root / "tests" / "tidy" / "probes"))
    files = 0
    for path in tracked(root):
        file = root / path
        if not file.is_file() or path.startswith("tests/tidy/probes/"):
            continue
        raw = file.read_bytes()
        if b"\0" in raw:
            continue
        text = raw.decode(errors="replace")
        files += 1
        faults += [f"{path}:{line}: {rule}: {what}" for line, rule, what in findings(path, text)]
        if path.endswith(".md"):
            faults += [f"{path}:{line}: {rule}: {what}" for line, rule, what in broken_links(root, path, text)]
        lines = text.count("\n")
        if path.startswith("src/") and rules.FILE_LINES_SMELL < lines <= rules.FILE_LINES_MAX:
            print(f"warning: {path} has {lines} lines; over {rules.FILE_LINES_SMELL} is a smell")
    for fault in faults:
        print(fault)
    print(f"{files} files read, {len(faults)} faults")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
