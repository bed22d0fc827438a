#!/usr/bin/env python3
"""01 - the database goes away and comes back: stopped, killed, its sessions ended, the power cut."""
import os, signal, time
import fault, postgres
from fault import row
from stack import STAGES, check, same, until


def told(log):
    return f"{log.unsure_told()}; {log.codes()}"


@row(1, "A24", "the database is stopped in good order under load and started again, three times",
     "every worker says that it has no database and waits; none ends")
def stopped(w):
    log = postgres.Log(w)
    for _ in range(3):
        here = postgres.Log(w)
        w.flood(100)
        postgres.working(w)
        w.server("database", "stop")
        here.all_say("code=08001")
        w.server("database", "start")
        w.sql_again()
        w.healed()
        postgres.working(w)
    return told(log)


@row(2, "A24", "the database is killed in the midst of commits, six times: at once with all its sessions, or only its first process",
     "what was committed is there, what was not is done again")
def killed(w):
    log = postgres.Log(w)
    for i in range(6):
        w.flood(60)
        postgres.working(w)
        first = w.server_pid("database")
        if i % 2:
            postgres.kill([first], signal.SIGQUIT)
        else:
            postgres.kill([first], signal.SIGKILL)
        postgres.start_again(w)
        w.healed()
    return told(log)


@row(3, "A23", "all sessions of workers are ended by the administrator, every 50 ms for 5 s",
     "each worker connects again and asks what became of its commit")
def sessions_ended(w):
    log = postgres.Log(w)
    w.flood(200)
    postgres.working(w)
    ended, end = 0, time.monotonic() + 5
    while time.monotonic() < end:
        ended += w.sql.value(f"select count(pg_terminate_backend(pid)) from pg_stat_activity where {postgres.WORKERS}")
        time.sleep(0.05)
    w.healed()
    check(ended >= 40, f"only {ended} sessions ended")
    log.all_say("code=(57P01|08006|08001)")
    return f"{ended} sessions ended; {told(log)}"


@row(18, "A27", "the power is cut: every process of the database is killed at one instant under load, its pid file removed",
     "every submission that the broker acknowledged and every entry that was published is there")
def power_cut(w):
    log = postgres.Log(w)
    for _ in range(3):
        w.flood(150)
        postgres.working(w, 40)
        postgres.kill(postgres.children(w.server_pid("database")))
        published = {stage: postgres.last_numbers(w, stage) for stage in STAGES}
        pid_file = f"{w.servers}/database/data/postmaster.pid"
        if os.path.exists(pid_file):
            os.remove(pid_file)
        postgres.start_again(w)
        w.healed()
        for stage, last in published.items():
            for lane, number in last.items():
                given = w.lane(stage, lane)["given"]
                check(given >= number, f"{stage}/{lane}: entry {number} was published, the database ends with {given}")
    n = sum(sum(last.values()) for last in published.values())
    return f"all of {n} published entries are there after three cuts; {told(log)}"


fault.main(__file__, globals())
