"""How often the interval of the causal effect holds the truth, in made-up desks where the truth is known.

    python benchmarks/holdout_coverage.py [--runs 1000] [--seed 6] [--json]

The worlds and the estimate are those of ``portal.insight``; a test asserts what this prints.
"""

from __future__ import annotations

import argparse
import json
from statistics import fmean

from portal.insight.made_up_worlds import WORLDS, Coverage, coverage

HEAD = "world | truth | told | covered | mean width | every question counted"


def line(found: Coverage) -> dict[str, object]:
    return {
        "world": found.world.name,
        "people": found.world.people,
        "rounds": found.world.rounds,
        "held": found.world.held,
        "truth": round(found.world.truth, 4),
        "runs": found.runs,
        "told": found.told,
        "covered": round(found.share, 4),
        "width": round(fmean(found.widths), 4) if found.widths else None,
        "naive": round(fmean(found.naive), 4),
    }


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--runs", type=int, default=1000)
    asked.add_argument("--seed", type=int, default=6)
    asked.add_argument("--json", action="store_true")
    options = asked.parse_args()
    lines = [line(coverage(world, runs=options.runs, seed=options.seed)) for world in WORLDS]
    if options.json:
        print(json.dumps(lines, ensure_ascii=False, indent=1))
        return
    print(HEAD)
    for row in lines:
        print(
            f"{row['world']}, {row['people']} people, {row['held']:.0%} held back | {row['truth']} | "
            f"{row['told']} of {row['runs']} | {row['covered']} | {row['width']} | {row['naive']}"
        )


if __name__ == "__main__":
    main()
