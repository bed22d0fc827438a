#!/usr/bin/env python3
"""04 - the database has a standby: it takes over with everything, or with less than the topics know."""
import re
import fault, postgres
from fault import row
from stack import STAGES, check, same, until


@row(4, "issue", "the primary is killed under load, its synchronous standby promoted; the workers' conninfo names both",
     "the workers go over by themselves; every commit and every published entry is there")
def failed_over(w):
    log = postgres.Log(w)
    primary, second = w.primary, w.second
    second.copy(primary)
    w.sql.run("alter system set synchronous_standby_names = '*'")
    w.sql.run("select pg_reload_conf()")
    until(lambda: w.sql.value("select count(*) from pg_stat_replication where sync_state = 'sync'") == 1, 20, "not synchronous")
    w.flood(200)
    postgres.working(w, 40)
    postgres.kill(postgres.children(primary.first_pid()))
    published = {stage: postgres.last_numbers(w, stage) for stage in STAGES}
    second.promote()
    w.primary = second
    w.sql_again()
    w.healed()
    n = 0
    for stage, last in published.items():
        for lane, number in last.items():
            n += number
            given = w.lane(stage, lane)["given"]
            check(given >= number, f"{stage}/{lane}: entry {number} was published, the standby ends with {given}")
    return f"all of {n} published entries are there; {log.unsure_told()}"


def standing(sql):
    """What is decided, as a database has it."""
    return sql.row("select sum(turns) as turns, sum(given) as given, (select count(*) from core.dossier) as dossiers, "
                   "(select sum(version) from core.dossier) as versions from core.lane")


@row(5, "A30", "a standby is promoted that lacks the last commits of one lane, while the topics have their entries; then the old primary is brought back",
     "all workers end with status 70 and name stage, lane and number; nothing at all is decided on the poorer database, of no lane; "
     "with the old primary all goes on", load=0)
def lost_commits(w):
    log = postgres.Log(w)
    primary, third = w.primary, w.third
    w.sql.run("alter system reset synchronous_standby_names")
    w.sql.run("select pg_reload_conf()")
    third.copy(primary)
    poor = third.sql()
    poor.run("alter system set primary_conninfo = ''")
    poor.run("select pg_reload_conf()")
    until(lambda: poor.value("select count(*) from pg_stat_wal_receiver") == 0, 20, "the standby still follows")
    before = standing(poor)
    w.flood(5, partition=0)
    until(lambda: w.ended(w.flooded) == 5, 60, "no end", step=0.02)
    missing = standing(w.sql)["given"] - before["given"]
    # The primary is gone, for all that anybody knows; work waits in all other lanes.
    postgres.kill(postgres.children(primary.first_pid()))
    for lane in range(1, w.lanes):
        w.flood(5, partition=lane)
    third.promote()
    for worker in w.workers.values():
        worker.stopped = True
    until(lambda: not [p for p in w.workers.values() if p.is_alive()], 40,
          lambda: f"go on: {[p.name for p in w.workers.values() if p.is_alive()]}")
    same(standing(poor), before, "decided on the poorer database")
    same({n: p.process.returncode for n, p in w.workers.items()}, {n: 70 for n in w.workers}, "exit status")
    named = [re.search(r"event=down fault=fatal .*code=lost_commits text=\"(\S+)/(\d+): the topic has entry (\d+)", l)
             for _, l in log.lines("event=down")]
    check(all(named) and len(named) == len(w.workers), f"they say {[l for _, l in log.lines('event=down')]}")
    # Started again by a supervisor, they refuse again.
    for stage in ("casework", "lookup"):
        w.workers[stage].start()
    same([w.workers[stage].process.wait(60) for stage in ("casework", "lookup")], [70, 70], "exit status of a second start")
    same(standing(poor), before, "decided on the poorer database")
    poor.close()
    # The way out: deploy/README.md, "The database has lost commits".
    third.script("stop")
    primary.script("start")
    w.sql_again()
    for worker in w.workers.values():
        worker.start()
        worker.stopped = False
    w.healed()
    return (f"{missing} entries were missing, all of lane 0; {len(named)} workers refused, the first saying "
            f"\"{named[0][1]}/{named[0][2]}: the topic has entry {named[0][3]} …\"; with the old primary all is there")


fault.main(__file__, globals(), kind=postgres.Replicated, params={"*": {"upkeep": "3000"}},      # as in production
           allowed_errors=["code=lost_commits"])
