#!/usr/bin/env python3
"""29 - the broker denies what a worker needs: to write its journal, to read a topic, to be in its group."""
import os
import fault
from fault import row
from stack import JOURNALS, check, same, until

# Who has no rule may do everything, as without an authorizer.
os.environ["KAFKA_SETTINGS"] = ("authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\n"
                                "allow.everyone.if.no.acl.found=true")


MANY, BACKLOG, BATCH = 400, 100, 200        # no more waits to be written than the backlog and a turn's worth


def ends_saying(w, name, *words):
    """It ends by itself, as one that waits would not help, and its last words name the topic or group and the right."""
    worker = w.workers[name]
    until(lambda: not worker.is_alive(), 30, lambda: f"{name} does not end: {w.troubles()}")
    last = worker.log().split("event=down")[-1]
    check(all(word in last for word in words), f"does not say {words}: {worker.tail(3)}")
    status = worker.process.returncode
    check(0 < status < 99, f"{name}: exit status {status}")
    return status


def denied(w, names, what, *words):
    """READ of a topic or group is taken away from all who need it; and a start does not get past it either. The exit statuses."""
    for name in names:
        w.workers[name].may_die = True
    w.admin("deny", what, "READ")
    first = [ends_saying(w, name, *words) for name in names]
    for name in names:
        w.start_worker(name).may_die = True
    second = [ends_saying(w, name, *words) for name in names]
    same(second, first, "exit statuses at the second time")
    w.admin("allow", what, "READ")
    for name in names:
        w.wait_up(w.start_worker(name))
        w.wait_lanes(name)
    return first


@row(29, "issue", "the right to write intake's journal is taken away; then that of reading a side topic of intake; of reading the journal of "
     "verification, which lookup and tracking read; of being in the group of fee",
     "the writer says so, waits and loses nothing; readers end and name topic or group, at their next start too; with the right given back "
     "all goes on", load=0)
def no_right(w):
    marks, alive = w.marks(), w.pids()
    w.admin("deny", JOURNALS["intake"], "WRITE")
    waiting = w.submit_all(["birth-in-time"] * MANY)
    until(lambda: w.says("intake", r"producer_spent.*TOPIC_AUTHORIZATION_FAILED.*dossier\.intake", marks) >= 3, 40,
          lambda: f"intake does not say so: {w.troubles()}")
    wait = lambda: w.sql.value("select sum(given - acked) from core.lane where stage = 0")
    until(lambda: wait() >= BACKLOG, 30, lambda: f"{wait()} entries wait")
    spent = w.says("intake", "producer_spent", marks)
    check(spent < 30, f"{spent} producers made anew: a hot loop")
    check(wait() <= BACKLOG + BATCH, f"{wait()} entries were decided, with a backlog of {BACKLOG}")
    undecided = MANY - wait()
    same(w.ended(waiting), 0, "ended without a journal")
    same(w.pids(), alive, "workers that ended")
    w.admin("allow", JOURNALS["intake"], "WRITE")
    until(lambda: w.ended(waiting) == MANY, 15, lambda: f"{w.ended(waiting)} of {MANY} ended: {w.troubles()}")
    statuses = denied(w, ["intake"], "citizen.requests", "citizen.requests", "no right to read")
    statuses += denied(w, ["lookup", "tracking"], JOURNALS["verification"], JOURNALS["verification"], "no right to read")
    statuses += denied(w, ["fee"], f"group:{w.name}-fee", f"{w.name}-fee", "no right to read as this group")
    w.healed()
    yield
    return f"{MANY - undecided} entries waited for the right to be written, {undecided} were not decided meanwhile; readers ended with {sorted(set(statuses))}, twice each; all went on when it was given back"


fault.main(__file__, globals(), params={"*": {"message.timeout": "10000"}, "intake": {"backlog": str(BACKLOG)}}, allowed_errors=["claim_failed", "turn_failed", "event=down"])
