#!/usr/bin/env python3
"""0002 - bad input of every sort through the real broker: no crash, the lane goes on, nothing lost, all of it counted and shown."""
import json

import stack
from stack import Raw, as_json, check, component, headers, now_text, same, short, submission, until

SOURCE = "/portal/bad"
TYPE = "vn.dossier.submitted.v1"


def good_text():
    return as_json(submission())


def nested(depth):
    """The outermost bracket is level 1."""
    d = submission()
    inner = "x"
    for _ in range(depth - 2):
        inner = [inner]
    d["form"] = {"deep": inner}
    return as_json(d)


def with_birth(**changes):
    return as_json(submission(form={"child": changes}))


def with_copies(number):
    return as_json(submission(form={"copies": "NUMBER"})).replace('"NUMBER"', number)


def sized(n):
    d = submission(form={"padding": ""})
    d["form"]["padding"] = "x" * (n - len(as_json(d).encode()))
    return as_json(d)


# --- what cannot be read at all: a dead letter --------------------------------------------------------------------------
# name: (topic, headers, value, rule)

def envelope(topic="dossier.submissions", type=TYPE, subject=None, id="ok", source=SOURCE, **changes):
    return topic, headers(type, source, id, subject, **changes)


ANY = "0b5f1c5e-0000-8000-8000-000000000001"
WITHDRAW = "vn.dossier.withdrawal_requested.v1"
DEAD = {
    "no headers": ("dossier.submissions", [], "envelope.specversion"),
    "no ce_specversion": (*envelope(ce_specversion=None), "envelope.specversion"),
    "ce_specversion 0.3": (*envelope(ce_specversion="0.3"), "envelope.specversion"),
    "no ce_id": (*envelope(ce_id=None), "envelope.id"),
    "empty ce_id": (*envelope(ce_id=""), "envelope.id"),
    "ce_id without a value": ("dossier.submissions", [h if h[0] != "ce_id" else ["ce_id", None] for h in envelope()[1]],
                              "envelope.id"),
    "ce_id of 129 characters": (*envelope(id="x" * 129), "envelope.id"),
    "ce_id with a line end": (*envelope(id="a\nb"), "envelope.id"),
    "ce_id with NUL": ("dossier.submissions", [h if h[0] != "ce_id" else ["ce_id", Raw(b"a\0b")] for h in envelope()[1]],
                       "envelope.id"),
    "ce_id that is no UTF-8": ("dossier.submissions", [h if h[0] != "ce_id" else ["ce_id", Raw(b"a\xff")]
                                                       for h in envelope()[1]], "envelope.id"),
    "no ce_source": (*envelope(ce_source=None), "envelope.source"),
    "ce_source of 257 characters": (*envelope(source="x" * 257), "envelope.source"),
    "no ce_type": (*envelope(ce_type=None), "envelope.type"),
    "unknown ce_type": (*envelope(type="vn.dossier.submitted.v9"), "envelope.type"),
    "a type of another topic": (*envelope(type=WITHDRAW, subject=ANY), "envelope.type"),
    "a journal's type": (*envelope(type="vn.dossier.intake.registered.v1", subject=ANY), "envelope.type"),
    "no content-type": (*envelope(**{"content-type": None}), "envelope.content_type"),
    "content-type text/plain": (*envelope(**{"content-type": "text/plain"}), "envelope.content_type"),
    "ce_time that is no time": (*envelope(ce_time="yesterday"), "envelope.time"),
    "ce_id twice": ("dossier.submissions", [*envelope()[1], ["ce_id", "another"]], "envelope.duplicate"),
    "forty headers": ("dossier.submissions", [*envelope()[1], *[[f"x{i}", "y"] for i in range(40)]], "envelope.headers"),
    "a request without ce_subject": (*envelope("citizen.requests", WITHDRAW), "envelope.subject"),
    "a request with a wrong ce_subject": (*envelope("citizen.requests", WITHDRAW, "H55.242-1"), "envelope.subject"),
    "an action of unknown type": (*envelope("agency.actions", "vn.dossier.action.burn.v1", ANY), "envelope.type"),
    "a payment without headers": ("payment.results", [], "envelope.specversion"),
    "a postal update without ce_subject": (*envelope("postal.updates", "vn.dossier.postal.update.v1"), "envelope.subject"),
}
STAGE_OF = {"dossier.submissions": 0, "citizen.requests": 0, "payment.results": 3, "agency.actions": 4, "postal.updates": 5}

# --- what can be answered: rejected, with place and rule ------------------------------------------------------------------
# name: (value, pointer, rule); pointer None: not looked at
REJECTED = {
    "no value": (None, "", "json.empty"),
    "nothing": ("", "", "json.empty"),
    "no JSON": ("<hồ sơ/>", "", "json.syntax"),
    "half of it": (lambda: good_text()[:300], None, "json.syntax"),
    "random bytes": (Raw(bytes(range(128, 256))), None, "json.encoding"),
    "something after it": (lambda: good_text() + " {}", None, "json.trailing"),
    "33 levels": (lambda: nested(33), None, "json.depth"),
    "10 000 levels": ("[" * 10000, None, "json.depth"),
    "a key twice": (lambda: good_text()[:-1] + ',"case":"default"}', None, "json.duplicate_key"),
    "a key twice, escaped": (lambda: good_text()[:-1] + ',"c\\u0061se":"default"}', None, "json.duplicate_key"),
    "invalid UTF-8": (lambda: Raw(good_text().encode().replace(b"default", b"def\xff\xfeult")), None, "json.encoding"),
    "a surrogate half": (lambda: good_text().replace("default", "def\\ud800ault"), None, "json.encoding"),
    "a byte order mark": (lambda: Raw(b"\xef\xbb\xbf" + good_text().encode()), None, "json.encoding"),
    "NUL, escaped": (lambda: good_text().replace("default", "def\\u0000ault"), None, "json.nul"),
    "NUL, raw": (lambda: Raw(good_text().encode().replace(b"default", b"def\0ault")), None, "json.nul"),
    "a control character": (lambda: Raw(good_text().encode().replace(b"default", b"def\x01ault")), None, "json.control"),
    "a number beyond 64 bits": (lambda: with_copies("18446744073709551616"), None, "json.number"),
    "a number below 64 bits": (lambda: with_copies("-9223372036854775809"), None, "json.number"),
    "a number of 100 digits": (lambda: with_copies("1." + "1" * 100), None, "json.number"),
    "a number that is infinite": (lambda: with_copies("1e999"), None, "json.number"),
    "one byte too much": (lambda: sized(1000001), "", "json.size"),
    "an array": ("[]", "", "type"),
    "unknown field": (lambda: as_json({**submission(), "loai": 1}), "/loai", "additionalProperties"),
    "unknown field in the form": (lambda: as_json(submission(form={"loai": 1})), "/form/loai", "additionalProperties"),
    "form field of the wrong type": (lambda: as_json(submission(form={"copies": "one"})), "/form/copies", "type"),
    "no form field": (lambda: as_json(submission(form={"child": {"name": None}})), "/form/child/name", "required"),
    "a form that is a list": (lambda: as_json({**submission(), "form": []}), "/form", "type"),
    "unknown procedure": (lambda: as_json(submission(procedure="1.999999")), "/procedure", "procedure.unknown"),
    "closed procedure": (lambda: as_json(submission(procedure="9.000101")), "/procedure", "procedure.closed"),
    "procedure not yet in force": (lambda: as_json(submission(procedure="9.000102")), "/procedure", "procedure.not_yet"),
    "unknown agency": (lambda: as_json(submission(agency="H99.999")), "/agency", "agency.unknown"),
    "agency that does not offer it": (lambda: as_json(submission(agency="H55.01")), "/agency", "agency.not_offered"),
    "unknown case": (lambda: as_json(submission(case="other")), "/case", "case.unknown"),
    "a component twice": (lambda: as_json({**submission(), "components": [component("TP01"), component("TP01")]}),
                          "/components/1/code", ("component.duplicate", "component.twice")),
    "unknown component": (lambda: as_json({**submission(), "components": [component("TP99")]}), "/components/0/code",
                          "component.unknown"),
    "a birth in the future": (lambda: with_birth(birth_date="2031-01-01"), "/form/child/birth_date", "date.future"),
    "a birth in 1815": (lambda: with_birth(birth_date="1815-02-01"), "/form/child/birth_date", "date.ancient"),
    "a birth on 30 February": (lambda: with_birth(birth_date="2026-02-30"), "/form/child/birth_date", "format"),
    "declared tomorrow": (lambda: as_json(submission(declared={"at": now_text(86400)})), "/declared/at", "date.future"),
    "declared ten years ago": (lambda: as_json(submission(declared={"at": now_text(-10 * 366 * 86400)})), "/declared/at",
                               "date.ancient"),
    "an exemption that is none": (lambda: as_json(submission(exemption="rich_household")), "/exemption", "exemption.unknown"),
    "not for businesses": (lambda: as_json(submission(applicant={"kind": "business", "tax_code": "0100109106"})),
                           "/applicant/kind", "applicant.kind"),
    "a tax code with a wrong check digit": (lambda: as_json(submission("enterprise-address",
                                            applicant={"tax_code": "0100109107"})), "/applicant/tax_code", "format"),
    "postal delivery without an address": (lambda: as_json({**submission(), "delivery": {"method": "postal"}}), None,
                                           "required"),
}
sent, neighbours, living = {}, {}, {}


def send(w, name, n, message):
    """The bad one, and behind it in the same partition a good one."""
    partition = n % w.lanes
    message["partition"] = partition
    w.produce([message])
    neighbours[name] = w.submit(partition=partition)


def test_00_send(w):
    """all of it is published, each with a good dossier behind it in the same partition"""
    for n, (name, (topic, all, _)) in enumerate(DEAD.items()):
        send(w, name, n, {"topic": topic, "key": "bad", "headers": all, "value": good_text()})
    for n, (name, (value, _, _)) in enumerate(REJECTED.items()):
        value = value() if callable(value) else value
        id = f"rejected-{n}"
        sent[name] = stack.Dossier(w, SOURCE, id, {}, (n % w.lanes, 0))
        send(w, name, n, w.message(value, SOURCE, id))
    until(lambda: all_registered(w), 60, lambda: f"good dossiers are missing; {w.troubles()}")


def all_registered(w):
    ids = ",".join(f"'{d.id}'" for d in neighbours.values())
    return w.sql.value(f"select count(*) from core.dossier where id in ({ids}) and intake = 1") == len(neighbours)


def dead_test(name, topic, rule):
    def test(w):
        d = neighbours[name].row()
        check(d["intake"] == "registered", "the dossier behind it was not registered")
        partition = list(DEAD).index(name) % w.lanes
        found = w.sql.rows(f"select reason, length(message) as n from core.deadletter where topic = '{topic}' "
                           f"and partition = {partition} and stage = {STAGE_OF[topic]}")
        wanted = [r for r in found if r["reason"].startswith(rule)]
        check(wanted, f"no dead letter {topic}/{partition} with {rule}: {short(found)}")
        check(wanted[0]["n"] > 500, "the bytes are not kept")
    test.__doc__ = f"dead letter: {name}: {rule}"
    return test


def rejected_test(name, pointer, rule):
    def test(w):
        d = sent[name]
        row = d.wait(intake="rejected")
        errors = json.loads(row["errors"])
        rules = rule if isinstance(rule, tuple) else (rule,)
        hits = [e for e in errors if e["rule"] in rules and pointer in (None, e["pointer"])]
        check(hits, f"errors {short(errors)}, expected {pointer} {rule}")
        check(hits[0]["message_vi"] and hits[0]["message_en"], "no texts")
        s = d.wait_status(state=0)
        same(s["errors"], errors, "errors on the status")
        same(w.sql.value(f"select length(body) > 0 from core.content where dossier = '{d.id}'"),
             True if REJECTED[name][0] not in (None, "") else False, "the original is kept")
    test.__doc__ = f"rejected: {name}: {rule if isinstance(rule, str) else rule[0]}"
    return test


for i, (name, (topic, _, rule)) in enumerate(DEAD.items()):
    globals()[f"test_1{i:03d}"] = dead_test(name, topic, rule)
for i, (name, (_, pointer, rule)) in enumerate(REJECTED.items()):
    globals()[f"test_2{i:03d}"] = rejected_test(name, pointer, rule)


def test_30_counted(w):
    """dead letters: rows, counters of the lanes, dossierctl and the topic agree"""
    rows = w.sql.value("select count(*) from core.deadletter")
    same(rows, len(DEAD), "rows")
    same(w.sql.value("select sum(dead) from core.lane"), rows, "counters")
    same(len(w.ctl_rows("deadletter", "list", "--limit", "500")), rows, "dossierctl deadletter list")
    until(lambda: w.sql.value("select count(*) from core.deadletter where not announced") == 0, why="not announced")
    told = {(e["data"]["topic"], e["data"]["partition"], e["data"]["offset"]) for e in w.read("dossier.deadletter")}
    same(len(told), rows, "on dossier.deadletter")
    taken = w.sql.value("select sum(taken) from core.lane where stage = 0")
    published = sum(len(w.read(t)) for t in ("dossier.submissions", "citizen.requests"))
    same(taken, published, "taken by intake and published")


def test_31_show(w):
    """dossierctl deadletter show gives headers, and the value byte for byte when asked"""
    row = w.ctl_rows("deadletter", "list", "--limit", "500")[0]
    place = f"{row['topic']}/{row['partition']}/{row['offset']}" if "topic" in row else row["place"]
    done = w.ctl("deadletter", "show", place, "--value")
    same(done.returncode, 0, done.stderr)
    check('"procedure"' in done.stdout, f"no value: {short(done.stdout)}")


def test_32_timeline(w):
    """a rejected submission stands in dossierctl timeline"""
    d = sent["unknown procedure"]
    done = w.ctl("timeline", d.id)
    same(done.returncode, 0, done.stderr)
    check("rejected" in done.stdout, short(done.stdout))


# --- requests, actions, payments and parcels of a living dossier that break their contract -------------------------------

def test_40_living(w):
    """a dossier that is open, for what follows"""
    living["d"] = w.submit("birth-in-time", partition=3)
    living["d"].wait(casework="open")
    w.quiet()        # a notice still on its way would be a version more


BROKEN = {
    "a withdrawal with an unknown field": (WITHDRAW, {"why": "x"}, "intake", "additionalProperties"),
    "a withdrawal that is no JSON": (WITHDRAW, "{", "intake", "json.syntax"),
    "a supplement with components that are no list": ("vn.dossier.supplemented.v1", {"components": {}}, "intake", "type"),
    "an action without an officer": ("vn.dossier.action.accept.v1", {}, "casework", "required"),
    "an action with a key twice": ("vn.dossier.action.accept.v1", '{"officer":{"id":"a","id":"b"}}', "casework",
                                   "json.duplicate_key"),
    "a payment of half a dong": ("vn.dossier.payment.result.v1", {"order": ANY + ".F2", "amount": 0.5, "currency": "VND",
                                 "outcome": "paid", "transaction": "x", "paid_at": "2026-11-22T00:00:00Z"}, "fee", "type"),
    "a postal update of an unknown state": ("vn.dossier.postal.update.v1", {"parcel": ANY + ".P2",
                                            "item_code": "EA123456785VN", "state": "eaten", "at": "2026-11-22T00:00:00Z"},
                                            "dispatch", "enum"),
}


def broken_test(name, type, data, stage, rule):
    def test(w):
        d = living["d"]
        before = d.row()
        input = d.say(type, data)
        answer = d.wait_answer(input, answer="refused")
        check(rule in [e["rule"] for e in answer["errors"]], f"errors {short(answer['errors'])}")
        row = d.row()
        same([row[s] for s in stack.STAGES], [before[s] for s in stack.STAGES], "states")
        same(row["version"], before["version"] + 1, "a refusal is a version and nothing else")
        steps = w.ctl("timeline", d.id).stdout
        check("refused" in steps, "not in the timeline")
    test.__doc__ = f"refused: {name}: {rule}"
    return test


for i, (name, (type, data, stage, rule)) in enumerate(BROKEN.items()):
    globals()[f"test_5{i:03d}"] = broken_test(name, type, data, stage, rule)


def test_60_goes_on(w):
    """and it can still be accepted and decided"""
    d = living["d"]
    d.act("accept")
    d.wait(casework="accepted")
    d.act("decide", result="granted")
    d.wait(dispatch="released")


def test_61_limits(w):
    """exactly at the limits: 1 000 000 bytes and 32 levels are read"""
    size, deep = sized(1000000), nested(32)
    same(len(size.encode()), 1000000)
    for id, text in (("size", size), ("deep", deep)):
        w.produce([w.message(text, SOURCE, "limit-" + id, 0)])
        d = stack.Dossier(w, SOURCE, "limit-" + id, {}, (0, 0))
        errors = json.loads(d.wait(intake="rejected")["errors"])
        check(not [e for e in errors if e["rule"].startswith("json.")], short(errors))


stack.main(__file__, globals(), allowed_errors=["end=dead"])
