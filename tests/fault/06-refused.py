#!/usr/bin/env python3
"""06 - the database does not let the workers in, or not do what they want: full, read-only, another schema, no right."""
import os, re, shutil, subprocess
import fault, postgres, stack
from fault import row
from stack import STAGES, check, same, until


@row(6, "A29", "somebody takes every connection of the database, while the workers' own are ended, and while one starts",
     "each says so and waits, the one that starts too; all go on when there is room")
def crowded(w):
    log = postgres.Log(w)
    crowd = postgres.Crowd(w)
    try:
        until(lambda: crowd.refused > 3, 20, "there is still room")
        full = "too many clients|connection slots are reserved"

        def all_out():
            """A worker may be quicker than the crowd in taking what it has lost: then it loses it again."""
            w.sql.value(f"select count(pg_terminate_backend(pid)) from pg_stat_activity where {postgres.WORKERS}")
            return all(log.count(full, name) for name in w.workers)
        until(all_out, 30, lambda: f"said by {[n for n in w.workers if log.count(full, n)]} only", step=0.3)
        same(w.workers["lookup"].end(), 0, "lookup")
        w.workers["lookup"] = w.start_worker("lookup")
        w.workers["lookup"].wait_log(f"event=database_awaited .*({full})", 15)
        given = w.total("given")
        n = log.count(full)
        until(lambda: log.count(full) > n + 10, 20, "they do not try again")
        same(w.total("given"), given, "decided meanwhile")
    finally:
        crowd.end()
    w.wait_up(w.workers["lookup"])
    w.healed()
    return f"{len(crowd.taken)} connections taken; refused {log.count(full)} times; nothing was decided meanwhile, none ended"


@row(14, "A31", "the database becomes read-only (default_transaction_read_only), and writable again", "every worker says so, decides nothing and waits")
def read_only(w):
    log = postgres.Log(w)
    w.flood(50)
    postgres.working(w)
    w.sql.run("alter system set default_transaction_read_only = on")
    w.sql.run("select pg_reload_conf()")
    log.all_say("code=25006|session is read-only")
    given = w.total("given")
    here = postgres.Log(w)
    here.all_say("code=25006|session is read-only")
    same(w.total("given"), given, "decided meanwhile")
    w.sql.run("set default_transaction_read_only = off")
    w.sql.run("alter system reset default_transaction_read_only")
    w.sql.run("select pg_reload_conf()")
    w.sql.run("reset default_transaction_read_only")
    w.healed()
    return f"said {log.count('code=25006|session is read-only')} times; nothing was decided meanwhile, none ended"


def refuses(w, stage, pattern, **params):
    """A worker that does not come up: its last word."""
    worker = w.start_worker(stage, name=f"{stage}-refused", **params)
    worker.may_die = True
    status = worker.process.wait(40 * stack.SLOW)
    w.workers.pop(worker.name)
    same(status, 70, "exit status: " + worker.tail())
    said = re.search(pattern, worker.log())
    check(said, f"it says {worker.tail()}")
    return said[0]


@row(16, "issue", "workers are started on an empty database, on one whose schema is older, on one with a later migration, and on one that needs a later release",
     "refused with status 70, saying what is, what is needed and what to do; the later migration alone is no reason", load=2)
def other_schema(w):
    release = len(os.listdir("schemas/database"))
    older = os.path.join(w.folder, "older")
    shutil.copytree("schemas", older)
    os.remove(sorted(os.path.join(older, "database", f) for f in os.listdir("schemas/database"))[-1])
    said = []
    for name, schemas in (("empty", None), ("older", older)):
        w.sql.run(f"create database {w.database}_{name} owner dossier_owner")
        conninfo = w.conninfo.replace(f"dbname={w.database}", f"dbname={w.database}_{name}")
        if schemas:
            done = subprocess.run([f"{stack.BUILD}/bin/dossierctl", "db", "migrate", "--database", conninfo, "--schemas", schemas],
                                  capture_output=True, text=True, timeout=60 * stack.SLOW)
            same(done.returncode, 0, done.stderr)
        for stage in ("intake", "tracking"):
            said.append(refuses(w, stage, r'code=schema_old text="(.*needs (?:\d+|\(\d+\)): run dossierctl db migrate)', database=conninfo))
        w.sql.run(f"drop database {w.database}_{name} with (force)")
    check(f"schema is {release - 1}, this release needs {release}" in said[-1], said[-1])
    # A later migration widens: the worker of before goes on, and can be started again.
    w.sql.run("insert into dossier_meta.migration (version, name, digest) values (99, '0099_later.sql', '')")
    same(w.workers["fee"].end(), 0, "fee")
    w.workers["fee"] = w.start_worker("fee")
    w.wait_up(w.workers["fee"])
    w.sql.run("insert into dossier_meta.needs values (99)")
    said.append(refuses(w, "fee", r'code=schema_new text="(.*install a newer one)'))
    w.sql.run("delete from dossier_meta.needs where version = 99")
    w.sql.run("delete from dossier_meta.migration where version = 99")
    return "; ".join(s.split('text=')[1].strip('"') for s in (said[0], said[-2], said[-1]))


@row(17, "A44", "a worker's password is wrong at its start, its role does not exist, it may not log in, and a right is taken away under load",
     "each is said in plain words; a worker that cannot log in waits and goes on when it can; one without a right ends with 70 and works when started again with it")
def no_right(w):
    log = postgres.Log(w)
    over_tcp = f"host=127.0.0.1 port={w.port} dbname={w.database} sslmode=disable"
    same(w.workers["fee"].end(), 0, "fee")
    w.workers["fee"] = fee = w.start_worker("fee", database=over_tcp + " password=wrong")
    fee.wait_log('event=database_awaited .*password authentication failed for user ."dossier_fee', 15)
    w.sql.run("alter role dossier_fee password 'wrong'")     # the operator sets it right
    w.wait_up(fee)
    w.sql.run("alter role dossier_fee nologin")
    w.sql.value("select count(pg_terminate_backend(pid)) from pg_stat_activity where usename = 'dossier_fee'")
    fee.wait_log('event=(turn|claim)_failed .*role ."dossier_fee.. is not permitted to log in', 15)
    w.sql.run("alter role dossier_fee login")
    nobody = w.start_worker("dispatch", name="dispatch-nobody", database=w.conninfo + " user=dossier_nobody")
    nobody.wait_log('event=database_awaited .*role ."dossier_nobody.. does not exist', 15)
    nobody.kill()
    w.workers.pop("dispatch-nobody")
    # A right is taken away from a worker at work.
    casework = w.workers["casework"]
    casework.stopped = True
    w.flood(40)
    w.sql.run("revoke update on core.dossier from dossier_casework")
    same(casework.process.wait(30 * stack.SLOW), 70, "exit status: " + casework.tail())
    casework.wait_log("event=down fault=fatal .*code=42501 text=.permission denied for table dossier", 5)
    given = w.sql.value("select sum(given) from core.lane where stage = 4")
    casework.start()
    same(casework.process.wait(40 * stack.SLOW), 70, "exit status of a second start")
    same(w.sql.value("select sum(given) from core.lane where stage = 4"), given, "decided without the right")
    w.sql.run("grant update on core.dossier to dossier_casework")
    casework.start()
    casework.stopped = False
    w.healed()
    return (f"said: password authentication failed; not permitted to log in; role does not exist; permission denied for table dossier "
            f"({log.count('code=42501.*event=down|event=down .*code=42501')} ends)")


fault.main(__file__, globals(), kind=postgres.Crowded, allowed_errors=["code=42501", "code=schema_old", "code=schema_new"])
