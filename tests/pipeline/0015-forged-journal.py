#!/usr/bin/env python3
"""0015 - what nobody of ours has written into a journal is not taken: strangers, repeats, gaps and broken chains."""
import stack
from stack import check, same, until

LANE = 2
got = {}


def entry(w, stage, number):
    """A copy of one of our own, as produce takes it."""
    e = next(e for e in w.read(stack.JOURNALS[stage]) if e["partition"] == LANE and int(e["headers"]["ce_sequence"]) == number)
    return {"topic": stack.JOURNALS[stage], "partition": LANE, "key": e["key"],
            "headers": [[k, v] for k, v in e["headers"].items()], "value": e["payload"]}


def changed(message, **changes):
    headers = [[k, changes.get(k, v)] for k, v in message["headers"]]
    return {**message, "headers": headers, "value": changes.get("value", message["value"])}


def taken(w, stage):
    return w.lane(stage, LANE)["seen"][0]


def test_1_honest(w):
    """three honest dossiers of one lane"""
    for d in w.submit_all(["birth-in-time"] * 3, partition=LANE):
        d.wait(casework="open")
    w.quiet()
    got["seen"] = taken(w, "verification")


def test_2_forged(w):
    """garbage, repeats, a number to come and a broken chain are dropped and counted as repeated"""
    real = entry(w, "intake", 3)
    before = w.lane("verification", LANE)["repeated"]
    w.produce([{"topic": "dossier.intake", "partition": LANE, "key": "x", "headers": [], "value": "garbage"},
               real, real,
               changed(real, ce_sequence="900"),
               changed(real, ce_sequence="4"),
               changed(real, ce_sequence="4", value=real["value"].replace("online", "postal")),
               changed(real, ce_sequence="-1"),
               changed(real, ce_sequence="99999999999999999999"),
               changed(real, ce_chain="no hash")])
    until(lambda: w.lane("verification", LANE)["repeated"] == before + 9, 30,
          lambda: f"repeated {w.lane('verification', LANE)['repeated'] - before} of 9; {w.troubles()}")
    same(taken(w, "verification"), got["seen"], "seen")


def test_3_goes_on(w):
    """the next honest one fits, and is taken by every reader"""
    for d in w.submit_all(["birth-in-time"] * 3, partition=LANE):
        d.wait(casework="open")
        d.wait_status(state=1, fee={"state": "waived", "order": None})


def test_4_restart(w):
    """readers that start anew read on as if nothing had been there"""
    for name in ("verification", "tracking", "casework"):
        same(w.workers[name].end(), 0, name)
        w.wait_up(w.start_worker(name))
    d = w.submit("birth-in-time", partition=LANE)
    d.wait(casework="open")
    d.wait_status(state=1, fee={"state": "waived", "order": None})


stack.main(__file__, globals(), allowed_errors=["chain_broken"], forged=True)
