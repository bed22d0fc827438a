#!/usr/bin/env python3
"""0019 - an entry that the topic does not show: named, sent again, taken once; and a number that nobody of ours has given."""
import json

import stack
from stack import check, same, until

LANE = 2
got = {}


def doctor(w):
    done = w.ctl("doctor", "-o", "json")
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()][:-1]


def named_by(w, finding, **wanted):
    def look():
        return next((r for r in doctor(w)[1] if r["finding"] == finding and all(r[k] == v for k, v in wanted.items())), None)
    return until(look, 45, lambda: f"no {finding} in {doctor(w)}; {w.troubles()}", step=0.5)


def test_1_gap(w):
    """one that was lost before its reader had read it: the doctor names reader, entry and command"""
    w.submit("birth-in-time", partition=LANE).wait(casework="open")
    w.quiet()
    same(doctor(w), (0, []), "healthy")
    same(w.workers["verification"].end(), 0, "verification")
    d = w.submit("birth-in-time", partition=LANE)
    d.wait(intake="registered")
    until(lambda: w.lane("intake", LANE)["acked"] == w.lane("intake", LANE)["given"], 30)
    # The reader stands behind it, as if the broker had lost it.
    w.sql.run(f"update core.lane set next_offset[1] = next_offset[1] + 1 where stage = 1 and lane = {LANE}")
    w.wait_up(w.start_worker("verification"))
    w.wait_lanes("verification")
    row = named_by(w, "gap", stage="verification", lanes=[LANE])
    wanted = w.lane("verification", LANE)["seen"][0] + 1
    same(row["count"], wanted, "entry")
    check(f"journal resend intake {LANE} --from {wanted}" in row["do"], row)
    same(d.row()["verification"], "none")
    got.update(d=d, wanted=wanted)


def test_2_filled(w):
    """sent again: it goes on, and the others drop it"""
    dropped = {s: w.lane(s, LANE)["repeated"] for s in ("casework", "dispatch", "tracking")}
    done = w.ctl("journal", "resend", "intake", str(LANE), "--from", str(got["wanted"]), "--yes", "--why", "gap", "--wait", "40")
    check(done.returncode == 0 and "all readers have them" in done.stdout, f"{done.stdout} {done.stderr}")
    got["d"].wait(60, casework="open")
    same(len(got["d"].events("verification")), 1, "verified")
    for stage, n in dropped.items():
        until(lambda: w.lane(stage, LANE)["repeated"] > n, 30, lambda: f"{stage} has not read it")
    w.quiet()
    same(doctor(w), (0, []), "healthy again")


def test_3_torn(w):
    """what does not fit its own chain is not sent"""
    given = w.lane("intake", LANE)["given"]
    where = f"stage = 0 and lane = {LANE} and last = {given}"
    w.sql.run(f"create temp table kept as select entries from core.journal where {where}")
    w.sql.run(f"update core.journal set entries = set_byte(entries, length(entries) - 3, get_byte(entries, length(entries) - 3) # 1) "
              f"where {where}")
    before = len(w.read("dossier.intake"))
    done = w.ctl("journal", "resend", "intake", str(LANE), "--from", "1", "--yes", "--why", "test")
    check(done.returncode == 2 and "chain" in done.stderr, f"{done.returncode} {done.stderr}")
    same(len(w.read("dossier.intake")), before, "sent all the same")
    w.sql.run(f"update core.journal set entries = (select entries from kept) where {where}")


def test_4_foreign(w):
    """a number that was never given is not taken for a gap: nothing is to be sent, somebody writes who must not"""
    given = w.lane("intake", LANE)["given"]
    last = next(e for e in w.read("dossier.intake") if e["partition"] == LANE and int(e["headers"]["ce_sequence"]) == given)
    w.produce([{"topic": "dossier.intake", "partition": LANE, "key": last["key"], "value": last["payload"],
                "headers": [[k, str(given + 5) if k == "ce_sequence" else v] for k, v in last["headers"].items()]}])
    row = named_by(w, "foreign_entry", stage="verification", lanes=[LANE])
    check("who may write" in row["do"] and "resend" not in row["do"], row)
    w.submit("birth-in-time", partition=LANE).wait(60, casework="open")
    until(lambda: doctor(w) == (0, []), 45, lambda: f"{doctor(w)}", step=0.5)


stack.main(__file__, globals(), forged=True, allowed_errors=["chain_broken", "journal_stands"])
