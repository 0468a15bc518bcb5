#!/usr/bin/python3
"""Attacks the program, and says which attempt was answered otherwise than it must be.

    run.py [GROUP…]     all of them without arguments; ctest runs each by itself (security_GROUP)
    run.py --list       the table

Exit code 0: every attempt got the answer of its row.
"""
import importlib
import sys

import table

GROUPS = ("http", "paths", "flood", "tokens", "statements", "sealed", "reading", "insider", "governance", "client", "evidence",
          "store", "files", "secrets", "tls")


def load(group):
    return importlib.import_module(f"attempts.{group}")


def show(groups):
    for group in groups:
        for row in load(group).rows():
            print(f"{group:10} {'control' if row.control else 'attempt'}  {row.kind}: {row.name}  ->  {row.expected}")


def main(arguments):
    groups = [a for a in arguments if not a.startswith("-")] or GROUPS
    if unknown := set(groups) - set(GROUPS):
        print(f"no group {', '.join(unknown)}; there are {', '.join(GROUPS)}", file=sys.stderr)
        return 2
    if "--list" in arguments:
        show(groups)
        return 0
    results = [table.run_group(group, load(group)) for group in groups]
    attempts, good = (sum(r[i] for r in results) for i in (0, 1))
    print(f"{attempts} attempts, {good} refused as expected")
    return 1 if any(different for _, _, different in results) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
