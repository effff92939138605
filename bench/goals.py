"""Every goal of speed with what is reached: ratios of CPU, each against its floor or peer in the same run.

    python bench/goals.py [plan hand export put company fleet size kept map others company-items shared check …]

Needs the extra `bench` for the rows against octoDNS and a YAML reader in Rust, and hledger for the row against it.
"""

from __future__ import annotations

import argparse

import goals_check
import goals_fleet
import goals_kept
import goals_map
import goals_plan
import goals_size
import goals_start

ROWS = {
    **goals_start.ROWS,
    **goals_plan.ROWS,
    **goals_fleet.ROWS,
    **goals_size.ROWS,
    **goals_kept.ROWS,
    **goals_map.ROWS,
    **goals_check.ROWS,
}


def main() -> None:
    """Print the table, or the rows that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", help=f"of {', '.join(ROWS)}; all without")
    asked = parser.parse_args().rows
    missed = 0
    for name in asked or ROWS:
        for result in ROWS[name]():
            print(result, flush=True)
            missed += not result.reached
    print(f"{missed} goals missed" if missed else "every goal reached")


if __name__ == "__main__":
    main()
