"""hardening.py PROGRAM: the program that ships was built and linked so that a fault in it is hard to make use of: addresses
that change with each start, tables of the linker that nobody writes to, guarded stacks, checked buffers."""
import re
import subprocess
import sys


def readelf(program, *what):
    return subprocess.run(["readelf", "--wide", *what, program], check=True, capture_output=True, text=True).stdout


def faults(program):
    segments, dynamic = readelf(program, "--program-headers"), readelf(program, "--dynamic")
    header, symbols = readelf(program, "--file-header"), readelf(program, "--dyn-syms")
    if not re.search(r"Type:\s+DYN\b", header) or not re.search(r"FLAGS_1\).*\bPIE\b", dynamic):
        yield "it is linked to a fixed address (no PIE)"
    if "GNU_RELRO" not in segments:
        yield "the linker's tables can be written to (no GNU_RELRO)"
    if not re.search(r"\(FLAGS\).*BIND_NOW|\(FLAGS_1\).*\bNOW\b|\(BIND_NOW\)", dynamic):
        yield "functions are bound when they are first called, so their table stays writable (no BIND_NOW)"
    stack = re.search(r"GNU_STACK.*", segments)
    if not stack or "RWE" in stack[0]:
        yield "the stack can be executed"
    if any(line.split()[0] == "LOAD" and "RWE" in line for line in segments.splitlines() if line.strip()):
        yield "a segment can be written to and executed"
    if "__stack_chk_fail" not in symbols:
        yield "stacks are not guarded (no __stack_chk_fail)"
    if not re.search(r"\b__\w+_chk\b", symbols.replace("__stack_chk_fail", "")):
        yield "buffers are not checked (_FORTIFY_SOURCE, no __*_chk)"
    if re.search(r"\((RPATH|RUNPATH)\)", dynamic):
        yield "libraries are looked for in a folder that the build named (RPATH)"


def main():
    found = list(faults(sys.argv[1]))
    for one in found:
        print("FAULT: " + one)
    print(f"{len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
