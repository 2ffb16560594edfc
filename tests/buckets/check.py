"""Publishes to stores on this machine: `check.py PROGRAM FOLDER AZURITE [CASE ...]`. See run.sh."""

import contextlib
import signal
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# Each has its cases.
import delivery  # noqa: F401
import faults  # noqa: F401
import keys  # noqa: F401
import stores
import together  # noqa: F401
from cases import CASES
from place import Place, Wrong

# Most of a case is waiting for others.
AT_A_TIME = 6


def tried(store, function):
    begun = time.monotonic()
    try:
        function(store)
        wrong = None
    except Wrong as error:
        wrong = str(error)
    except Exception:
        wrong = traceback.format_exc()
    return f"{store.scheme}: {function.__name__.replace('_', ' ')}", time.monotonic() - begun, wrong


def secrets_told():
    """Which secrets were printed, or left in a report, in all that was tried."""
    told = "\n".join(Place.told)
    found = [name for name, secret in stores.SECRETS.items() if secret in told]
    return found + [f"signature {signature[:8]}…" for signature in Place.signatures if signature in told]


def main(program, folder, azurite, wanted):
    Place.program, Place.folder = program, Path(folder)
    with contextlib.ExitStack() as stack:
        def started(make, *arguments):
            log = stack.enter_context(open(Path(folder) / f"{make.__name__}.log", "wb"))
            store = make(*arguments, log) if make is not stores.Gcs else make()
            stack.callback(store.stop)
            return store

        known = [started(stores.S3), started(stores.Gcs)]
        if azurite:
            known.append(started(stores.Azure, azurite))
        by_scheme = {store.scheme: store for store in known}
        cases = [(by_scheme[scheme], function) for scheme, function in CASES
                 if scheme in by_scheme and (not wanted or any(word in f"{scheme} {function.__name__}" for word in wanted))]
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            outcomes = list(pool.map(lambda one: tried(*one), cases))
    for name, took, wrong in outcomes:
        if wrong:
            print(f"{name}: not good\n  {wrong}", file=sys.stderr)
        elif wanted:
            print(f"{name}: {took:.1f} s")
    told = secrets_told()
    if told:
        print(f"printed, or in a report: {', '.join(told)}", file=sys.stderr)
    bad = sum(1 for _, _, wrong in outcomes if wrong)
    for store in known:
        mine = [wrong for name, _, wrong in outcomes if name.startswith(store.scheme)]
        print(f"{store.scheme}: {len(mine) - sum(map(bool, mine))} of {len(mine)} cases good")
    return 1 if bad or told else 0


if __name__ == "__main__":
    program, folder, azurite, *wanted = sys.argv[1:]
    # Servers are stopped then too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(main(program, folder, azurite, wanted))
