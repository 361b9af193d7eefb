#!/usr/bin/env python3
"""Runs docs/guides/*.md as they stand against the real program, each on a server of its own. See guide.py for the form.

usage: run_guides.py ROOT --list            the steps of every guide, without running them
       run_guides.py ROOT BINARY [NAME...]  all guides, or those whose names are given

Where ../shared holds older guides and their checker beside the checkout, these are run, too, on a fresh server.
The last line is `N passed, M failed`; exit status 1 where something failed.
"""
import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import guide  # noqa: E402

# Generous on purpose: they only end what hangs, and sanitizers make everything slow.
START_SECONDS_MAX, GUIDE_SECONDS_MAX, STOP_SECONDS_MAX = 120, 600, 60

DELIVERS_HERE = {"ALLOY_WEBHOOK_ALLOWED_TARGETS": "127.0.0.0/8", "ALLOY_WEBHOOK_SCHEMES": "https,http"}  # as events.md says


def clean_environment():
    """The caller's, without what would configure the server or the guides."""
    return {name: value for name, value in os.environ.items()
            if not name.startswith("ALLOY_") and name not in ("PORT", "BASE_URL") and not name.lower().endswith("_proxy")}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_ready(base):
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(base + "/readyz", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


@contextlib.contextmanager
def server(binary, folder):
    """A server with its store in `folder`; gives its base URL. It must end well when it is asked to."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    log = folder / "server.log"
    environment = clean_environment() | {"PORT": str(port), "ALLOY_DATA_DIR": str(folder / "data")} | DELIVERS_HERE
    with open(log, "wb") as out:
        process = subprocess.Popen([binary, "serve"], stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment, cwd=folder)
    try:
        deadline = time.monotonic() + START_SECONDS_MAX
        while not is_ready(base):
            if process.poll() is not None or time.monotonic() > deadline:
                tail = log.read_text(errors="replace")[-3000:]
                raise RuntimeError(f"the server is not ready (exit status {process.poll()}); it said:\n{tail}")
            time.sleep(0.02)
        yield base
        process.send_signal(signal.SIGTERM)
        if status := process.wait(STOP_SECONDS_MAX):
            raise RuntimeError(f"the server ended with {status}; it said:\n{log.read_text(errors='replace')[-3000:]}")
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def program_of(steps, folder):
    """One bash program of all steps: each with its own output files, and a line in `done` once it is through."""
    lines = ["set -euo pipefail"]
    for number, step in enumerate(steps):
        if step.file:
            script = folder / step.file
            script.write_text(step.body)
            script.chmod(0o755)
            continue
        (folder / f".step{number}.sh").write_text(step.body)
        lines.append(f". ./.step{number}.sh >.step{number}.out 2>.step{number}.err </dev/null")
        lines.append(f"echo {number} >>.done")
    return "\n".join(lines) + "\n"


def run_steps(steps, base, folder, binary):
    """Yields (step, what is wrong or None). A step that ends the shell leaves those after it undone, and they fail."""
    environment = clean_environment() | {"ALLOY_URL": base, "BASE_URL": base, "ALLOY_DATA_DIR": str(folder.parent / "data"),
                                         "PATH": f"{binary.parent}:{os.environ['PATH']}"}
    (folder / ".done").touch()
    try:
        status = subprocess.run(["bash", "-c", program_of(steps, folder)], cwd=folder, env=environment,
                                stdin=subprocess.DEVNULL, timeout=GUIDE_SECONDS_MAX).returncode
    except subprocess.TimeoutExpired:
        status = "timeout"
    done = set((folder / ".done").read_text().split())
    has_ended = False
    for number, step in enumerate(steps):
        if step.file:
            yield step, None
            continue
        printed = folder / f".step{number}.out"
        if str(number) in done:
            yield step, guide.mismatch(step, printed.read_text(errors="replace"))
        elif has_ended:
            yield step, "not reached"
        else:
            has_ended = True
            words = (folder / f".step{number}.err").read_text(errors="replace")[-600:].strip()
            yield step, f"ended with {status}: {words}\n     printed {printed.read_text(errors='replace')[-1200:]!r}"


def run_guide(path, binary):
    failed = 0
    steps = guide.steps(path.read_text())
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        folder = pathlib.Path(folder)
        (folder / "work").mkdir()
        base = stack.enter_context(server(binary, folder))
        for step, problem in run_steps(steps, base, folder / "work", binary):
            failed += problem is not None
            print(f"{'FAIL' if problem else 'ok  '} {path.name}:{step.line} {step.title()}")
            if problem:
                print(f"     {problem}")
    return len(steps) - failed, failed


def run_older_guides(root, binary):
    checker, docs = root.parent / "shared/tools/doccheck", root.parent / "shared/docs"
    texts = sorted(docs.glob("*.txt")) if docs.is_dir() else []
    if not checker.is_file() or not texts:
        print("skip ../shared/tools/doccheck or ../shared/docs is not beside this checkout: its guides were not run")
        return 0, 0
    with tempfile.TemporaryDirectory() as folder, server(binary, pathlib.Path(folder)) as base:
        done = subprocess.run([sys.executable, checker, base, *texts], env=clean_environment(), cwd=folder,
                              capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=GUIDE_SECONDS_MAX)
    print(done.stdout.rstrip() or done.stderr)
    words = (done.stdout.splitlines() or [""])[-1].replace(",", "").split()
    if len(words) != 4 or words[1::2] != ["passed", "failed"] or done.returncode not in (0, 1):
        return 0, 1
    passed, failed = int(words[0]), int(words[2])
    return passed, max(failed, done.returncode, passed == 0)


def counted(what, run):
    try:
        return run()
    except (RuntimeError, OSError, guide.Malformed, subprocess.SubprocessError) as error:
        print(f"FAIL {what}: {error}")
        return 0, 1


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    root = pathlib.Path(sys.argv[1]).resolve()
    wanted = sys.argv[3:]
    guides = [path for path in [root / "README.md", *sorted((root / "docs/guides").glob("*.md"))] if not wanted or path.stem in wanted]
    if not guides:
        sys.exit(f"no guide {' '.join(wanted)} in {root / 'docs/guides'}")
    if sys.argv[2] == "--list":
        for path in guides:
            for step in guide.steps(path.read_text()):
                print(f"{path.name}:{step.line} {step.language or ('saved as ' + step.file if step.file else '-'):5} {step.title()}")
        return
    binary = pathlib.Path(sys.argv[2]).resolve()
    results = [counted(path.name, lambda path=path: run_guide(path, binary)) for path in guides]
    if not wanted:
        results.append(counted("older guides", lambda: run_older_guides(root, binary)))
    passed, failed = (sum(column) for column in zip(*results))
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
