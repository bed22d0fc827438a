#!/usr/bin/env python3
"""34 - a rolling upgrade, and the way back: workers of the release before share every stage with those of this one."""
import os, shutil, signal, subprocess
import fault, stack
from fault import row
from stack import STAGES, check, same, short, until

# The last commit before schema 5 and what came with it; it knows schema 4.
BEFORE = "ce7528f2a3bd90d757dc3392039c257abf8f1a18"


def git(*what):
    return subprocess.run(["git", *what], capture_output=True)


def older():
    """Where the programs of the release before are, built once, and what they are. A clone without that history fetches the commit; where
    that cannot be, the sources of today are built as another release: it shows the hand-over, and nothing of the difference."""
    have = git("cat-file", "-e", BEFORE).returncode == 0 or git("fetch", "--depth=1", "origin", BEFORE).returncode == 0
    version = BEFORE[:7] if have else "release-before"
    folder = os.path.join(stack.STATE, "previous", version)
    if have and not os.path.exists(folder + "/Makefile"):
        shutil.rmtree(folder + ".new", ignore_errors=True)
        os.makedirs(folder + ".new")
        subprocess.run(["tar", "-x", "-C", folder + ".new"], input=git("archive", BEFORE).stdout, check=True)
        os.rename(folder + ".new", folder)
    made = subprocess.run(["make", "-s", "-j2", "-C", folder if have else stack.ROOT, f"BUILD={folder}/build", "VERSION=" + version,
                           *[f"{folder}/build/bin/dossier-{s}" for s in STAGES]], capture_output=True, text=True, timeout=600 * stack.SLOW)
    check(made.returncode == 0, f"the release before does not build: {short(made.stdout[-300:] + made.stderr[-600:])}")
    return folder + "/build", version, version if have else "the same sources under another name (this clone has no history)"


def owners(w):
    """{stage: {release that owns lanes of it}}."""
    found = {}
    for r in w.sql.rows("select s.name, l.owner_version, count(*) from core.lane l join core.stage s using (stage) where l.owner is not null group by 1, 2"):
        found.setdefault(r["name"], {})[r["owner_version"]] = r["count"]
    return found


def owned(w, by, why):
    until(lambda: all(set(owners(w).get(s, {})) == by and sum(owners(w)[s].values()) == w.lanes for s in STAGES), 60,
          lambda: f"{why}: {owners(w)}; {w.troubles()}", 0.2)


def away(w, names, number):
    """All of them at once: told to end, or killed."""
    for name in names:
        w.workers[name].stopped = True
        w.workers[name].signal(number)
    for name in names:
        check(w.workers[name].process.wait(20 * stack.SLOW) == (-number if number == signal.SIGKILL else 0), f"{name}: {w.workers[name].tail(3)}")
        del w.workers[name]


def some_end(w, what):
    """New dossiers of every kind of way end, on every lane."""
    some = [w.submit(t, id=f"row-{w.load_number()}", partition=n % w.lanes, **c) for n, (t, c) in enumerate(fault.TEMPLATES * 2)]
    until(lambda: w.ended(some) == len(some), 60, lambda: f"{what}: {w.ended(some)} of {len(some)} ended: {w.troubles()}", 0.2)
    return len(some)


@row(34, "A8", "of every stage a worker of the release before stands beside one of this one; then the new ones are killed, come back, and the "
     "old ones are killed; the same again with orderly ends",
     "stages go on, lanes pass in both directions, every entry of either release is taken by the other", load=5)
def upgraded(w):
    build, before, said = older()
    now = next(iter(owners(w)["intake"]))
    check(now != before, f"the release before calls itself {now} too")
    ended = 0
    for number in (signal.SIGKILL, signal.SIGTERM):
        for worker in [w.start_worker(s, s + "-old", build=build) for s in STAGES]:
            w.wait_up(worker)
        owned(w, {before, now}, "lanes are not shared")
        ended += some_end(w, "side by side")
        away(w, STAGES, number)
        owned(w, {before}, "lanes have not gone back to the release before")
        ended += some_end(w, "the release before alone")
        for worker in [w.start_worker(s) for s in STAGES]:
            w.wait_up(worker)
        owned(w, {before, now}, "lanes are not shared again")
        away(w, [s + "-old" for s in STAGES], number)
        owned(w, {now}, "lanes have not gone to this release")
        ended += some_end(w, "this release alone")
    schema = w.sql.value("select max(version) from dossier_meta.migration")
    return (f"{now} beside {said}; schema {schema}; all 56 lanes passed twice from each to the other, killed and in order; {ended} dossiers ended side by "
            "side and with either alone")


fault.main(__file__, globals())
