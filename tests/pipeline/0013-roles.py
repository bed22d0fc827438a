#!/usr/bin/env python3
"""0013 - each database role may do its own and nothing else."""
import stack
from stack import STAGES, check, same

seen, sent = {}, {}


def attempt(w, role, statement):
    """What the database says to a role; nothing of it stays."""
    if role not in seen:
        seen[role] = stack.Sql(f"{w.conninfo} user=dossier_{role}")
    said = seen[role].run("begin;\n" + statement)
    seen[role].run("rollback")
    return said


def forbidden(w, role, statement):
    said = attempt(w, role, statement)
    check("permission denied" in said or "row-level security" in said, f"dossier_{role} may: {statement} {said[:200]}")


def untouched(w, role, statement):
    """Allowed, but row policies show it nothing to change."""
    said = attempt(w, role, statement + " returning 1")
    check("ERROR" in said or said.strip() == "", f"dossier_{role} may: {statement}: {said[:200]}")


def allowed(w, role, statement):
    said = attempt(w, role, statement)
    check("ERROR" not in said, f"dossier_{role} may not: {statement} {said[:300]}")


def test_0_something_is_there(w):
    """a dossier at its end, with contents, evidence and money"""
    d = w.submit("birth-late-exempt", exemption=None)
    d.wait(casework="open")
    sent["d"] = d


def test_1_lanes(w):
    """a worker changes the lanes of its own stage only"""
    for n, role in enumerate(STAGES):
        allowed(w, role, f"update core.lane set epoch = epoch where stage = {n}")
        untouched(w, role, f"update core.lane set epoch = epoch + 1 where stage = {(n + 1) % 7}")
        forbidden(w, role, "insert into core.lane (stage, lane, next_offset, read_to, seen, seen_hash) "
                           "values (0, 99, '{}', '{}', '{}', '')")
        forbidden(w, role, "delete from core.lane")


def test_2_jobs(w):
    """a worker sees and writes the jobs of its own stage only"""
    for n, role in enumerate(STAGES):
        other = (n + 1) % 7
        row = "values ({}, 0, 0, -1, 0, '')"
        allowed(w, role, "insert into core.job (stage, lane, origin, ord, kind, message) " + row.format(n))
        forbidden(w, role, "insert into core.job (stage, lane, origin, ord, kind, message) " + row.format(other))
        untouched(w, role, f"delete from core.job where stage <> {n}")


def test_3_journal(w):
    """a worker writes its own journal, nobody changes or deletes an entry"""
    for n, role in enumerate(STAGES):
        row = "insert into core.journal values ({}, 0, 900, 900, now(), '', '')"
        allowed(w, role, row.format(n))
        forbidden(w, role, row.format((n + 1) % 7))
    for role in [*STAGES, "operator", "auditor", "agency"]:
        forbidden(w, role, "update core.journal set entries = ''")
        forbidden(w, role, "delete from core.journal")
        forbidden(w, role, "truncate core.journal")


def test_4_dossiers(w):
    """only intake makes dossiers and contents; nobody deletes them"""
    for role in STAGES:
        (allowed if role == "intake" else forbidden)(w, role, "insert into core.serial values ('X', now(), 1)")
        forbidden(w, role, "delete from core.dossier")
        forbidden(w, role, "delete from core.content")
        forbidden(w, role, "update core.content set body = ''")
        if role != "intake":
            forbidden(w, role, "insert into core.dossier select * from core.dossier")
        if role not in ("intake", "casework"):
            forbidden(w, role, "insert into core.content select * from core.content")


def test_5_own_schemas(w):
    """rows of money, parcels and evidence belong to one stage each"""
    owners = {'fee."order"': "fee", "dispatch.parcel": "dispatch", "lookup.evidence": "lookup"}
    for table, owner in owners.items():
        for role in STAGES:
            if role == owner:
                allowed(w, role, f"select * from {table}")
            else:
                forbidden(w, role, f"select * from {table}")
            forbidden(w, role, f"delete from {table}")


def test_6_contents(w):
    """contents are closed to auditors and operators, open to the agency, who may write nothing"""
    for role in ("auditor", "operator"):
        forbidden(w, role, "select body from core.content")
    allowed(w, "agency", "select body from core.content")
    for role in ("agency", "auditor"):
        for table in ("core.dossier", "core.job", "core.lane", "core.journal", "core.content", "core.deadletter"):
            forbidden(w, role, f"delete from {table}")
        forbidden(w, role, "update core.dossier set code = code")


def test_7_operator(w):
    """an operator mends jobs, and nothing else"""
    allowed(w, "operator", "update core.job set due_at = now() where ord < 0")
    forbidden(w, "operator", "update core.job set message = ''")
    forbidden(w, "operator", "delete from core.job")
    forbidden(w, "operator", "update core.dossier set code = code")
    forbidden(w, "operator", "update core.lane set epoch = 0")
    forbidden(w, "operator", "update core.deadletter set message = ''")
    allowed(w, "operator", "update core.deadletter set redrive_at = now() where \"offset\" < 0")


def test_7_recorded(w):
    """what an operator does is recorded, paused and resumed by operators only, and what is recorded is never altered"""
    row = ("insert into core.operation (who, account, what, why, arguments, planned) "
           "values ('a', 'a@b', 'pause', 'because', '{}', 1)")
    allowed(w, "operator", row + "; update core.operation set done = 1, ended_at = now()")
    untouched(w, "operator", row + "; update core.operation set done = 1, ended_at = now(); "
                                   "update core.operation set done = 2")
    for column in ("who", "why", "what", "at", "role"):
        forbidden(w, "operator", f"update core.operation set {column} = default")
    forbidden(w, "operator", "delete from core.operation")
    forbidden(w, "operator", "delete from core.operation_item")
    forbidden(w, "operator", "update core.operation_item set reason = ''")
    for role in [*STAGES, "auditor", "agency"]:
        forbidden(w, role, row)
        forbidden(w, role, "delete from core.pause")
        forbidden(w, role, "insert into core.pause (stage, operation) values (0, 1)")
    for role in STAGES:
        allowed(w, role, "select * from core.pause")
        forbidden(w, role, "select * from core.operation")
    allowed(w, "auditor", "select * from core.operation, core.operation_item, core.pause")


def test_8_law(w):
    """no worker changes the law"""
    for role in [*STAGES, "operator", "auditor", "agency"]:
        for table in ("core.catalogue", "core.calendar", "core.state", "core.stage"):
            forbidden(w, role, f"delete from {table}")
        forbidden(w, role, "create table core.mine (n int)")
        forbidden(w, role, "create schema mine")
        forbidden(w, role, "create role mine")


def test_9_casefile(w):
    """dossierctl casefile shows contents under the agency's role, list shows none"""
    d = sent["d"]
    name = d.data["applicant"]["name"]
    check(name in w.ctl("casefile", d.id).stdout, "casefile without the name")
    check(name not in w.ctl("list").stdout + w.ctl("show", d.id).stdout + w.ctl("timeline", d.id).stdout, "a name in a list")
    for sql in seen.values():
        sql.close()


stack.main(__file__, globals())
