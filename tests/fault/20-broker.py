#!/usr/bin/env python3
"""20 - the broker goes away and comes back: in good order, killed, frozen; and what it remembered of our groups is gone."""
import os, signal, time
import fault, stack
from fault import row
from stack import STAGES, check, same, until

# The two times; the second is longer than message.timeout, so that every producer with something to say is spent.
FROZEN = [20, 25]


def says(w, marks, pattern, seconds=20):
    """Every worker has said so since the marks."""
    silent = lambda: [name for name in STAGES if not w.says(name, pattern, marks)]
    until(lambda: not silent(), seconds, lambda: f"{silent()} do not say {pattern}; {w.troubles()}")


@row(20, "issue", "the broker is stopped in good order under load, and started again 3 s later",
     "every worker says that it is away and waits; none ends; nothing is published twice")
def restarted(w):
    marks, pids, repeats = w.marks(), w.pids(), w.repeats()
    w.server("broker", "stop")
    begin = time.monotonic()
    says(w, marks, r"level=warn.*event=kafka.*(refused|disconnected|down)")
    until(lambda: time.monotonic() - begin > 3, 10)
    w.server("broker", "start")
    yield
    same(w.pids(), pids, "workers that ended")
    same(w.repeats() - repeats, 0, "entries published twice")
    return f"7 workers said so and stayed; 0 entries twice"


@row(21, "A10", "the broker is killed with SIGKILL under load, and started again",
     "what it had acknowledged is there; every lane's journal goes on where it was")
def killed(w):
    pids, ends = w.pids(), w.ends()
    os.kill(w.server_pid("broker"), signal.SIGKILL)
    w.server("broker", "start")
    yield
    same(w.pids(), pids, "workers that ended")
    now = w.ends()
    same([p for p, end in ends.items() if now[p] < end], [], "partitions that have become shorter")
    return f"7 workers stayed; no partition of {len(ends)} became shorter"


@row(22, "A11", f"the broker is frozen for {FROZEN[0]} s, goes on, and is frozen again for {FROZEN[1]} s",
     "workers keep alive; groups come together again; no gaps, and each entry is taken once", load=3)
def frozen(w):
    pids, epochs, repeats = w.pids(), w.total("epoch"), w.repeats()
    for seconds in FROZEN:
        marks = w.marks()
        os.kill(w.server_pid("broker"), signal.SIGSTOP)
        begin = time.monotonic()
        try:
            until(lambda: time.monotonic() - begin > seconds, seconds + 5)
        finally:
            os.kill(w.server_pid("broker"), signal.SIGCONT)
        if seconds != FROZEN[-1]:
            w.recovered(time.monotonic(), fault.RECOVERY)
    yield
    same(w.pids(), pids, "workers that ended")
    spent = sum(w.says(name, "producer_spent", marks) for name in STAGES)
    return (f"7 workers stayed; {w.total('epoch') - epochs} claims; {spent} producers renewed; "
            f"{w.repeats() - repeats} entries published twice, none taken twice")


@row(33, "A16", "all groups are deleted in the broker and given wrong offsets, while submissions wait",
     "every lane goes on from PostgreSQL's position; nothing is read again")
def groups_gone(w):
    for name in STAGES:
        same(w.workers[name].end(), 0, name)
    w.submit_all(["birth-in-time"] * 24)
    for name in STAGES:
        w.admin("delete-group", f"{w.name}-{name}")
    for lane in range(w.lanes):     # what a group says is for lag tools only: the beginning, and the end
        w.admin("commit", f"{w.name}-intake", "dossier.submissions", lane, 0 if lane % 2 else 1000000)
    positions = {(r["stage"], r["lane"]): r["at"] for r in w.sql.rows("select stage, lane, next_offset[1] as at from core.lane")}
    repeated, epochs = w.total("repeated"), w.total("epoch")
    for name in STAGES:
        w.wait_up(w.start_worker(name))
    yield
    claimed = w.claims()
    wrong = [(stage, lane) for (stage, lane), at in positions.items() if claimed[STAGES[stage], lane][0] != at]
    same(wrong, [], "lanes claimed at another position than PostgreSQL's")
    same(w.total("repeated") - repeated, 0, "messages read again")
    return f"{len(claimed)} lanes went on where PostgreSQL had them; 0 messages read again"


fault.main(__file__, globals(), params={"*": {"message.timeout": "10000"}}, allowed_errors=["claim_failed", "turn_failed"])
