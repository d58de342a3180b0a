"""A year of a desk of which the truth is known: are automatic links as precise as promised, alarms true?

    python benchmarks/simulated_year.py [--seed 7] [--days 364] [--scale 1.0] [--words] [--json]

The year and its people are those of ``portal.sample.truth``; a test asserts what a shorter one prints.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from portal.cli.demo import settings_for
from portal.cli.place import opened, opened_index
from portal.sample.truth.alarmed import raised_in
from portal.sample.truth.measures import figures_of
from portal.sample.truth.plan import planned
from portal.sample.truth.play import Player


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seed", type=int, default=7)
    asked.add_argument("--days", type=int, default=364)
    asked.add_argument("--scale", type=float, default=1.0)
    asked.add_argument("--words", action="store_true", help="by words alone, without the encoder")
    asked.add_argument("--json", action="store_true")
    options = asked.parse_args()
    year = planned(seed=options.seed, days=options.days, scale=options.scale)
    with tempfile.TemporaryDirectory(prefix="tierdesk-year-") as folder:
        settings = settings_for(Path(folder), {"TIERDESK_ENCODER": "none"} if options.words else {})
        with opened(settings) as place, opened_index(settings, patient=True) as index:
            dice = random.Random(options.seed)
            played = Player(place.maker, index, year, dice, tell=_tell).play()
            with place.maker() as session:
                figures = figures_of(played, raised_in(session, played))
    sys.stdout.write(
        json.dumps(asdict(figures), ensure_ascii=False, indent=None if options.json else 1) + "\n"
    )


def _tell(done: int, total: int) -> None:
    if done % 100 == 0 or done == total:
        sys.stderr.write(f"{done} of {total}\n")


if __name__ == "__main__":
    main()
