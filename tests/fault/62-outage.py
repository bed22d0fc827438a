#!/usr/bin/env python3
"""62 - the wall clock of a whole world, broker and database too: an outage of two hours over the ends of terms; New Year."""
import datetime, signal
import fault, stack
from clock import WorldClock
from fault import row
from stack import check, same, until

clock = WorldClock("62-outage")
HOURS = datetime.timedelta(hours=1)
DOWN = ("intake", "fee", "casework")
HANOI = datetime.timezone(datetime.timedelta(hours=7))
NEW_YEAR = datetime.datetime(2027, 1, 1, tzinfo=HANOI)


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def made(w, template, service, number, **changes):
    """So many, for whom nobody does anything by himself: nobody pays, or nobody supplies."""
    ids = [f"row-{w.load_number()}" for _ in range(number)]
    for id in ids:
        w.rule(service=service, match={"dossier": stack.dossier_id("/portal/test", id)}, do="never")
    return [w.submit(template, id=id, partition=n % w.lanes, **changes) for n, id in enumerate(ids)]


def all_are(w, dossiers, why, seconds=60, **wanted):
    for d in dossiers:
        try:
            d.wait(seconds, **wanted)
        except stack.Failure as e:
            raise stack.Failure(f"{why}: {e}")


def counted(w, dossiers, column):
    found = {}
    for d in dossiers:
        value = d.row()[column]
        found[value] = found.get(value, 0) + 1
    return found


@row(62, "issue", "intake, fee and casework are down for two hours, in which the terms of 32 payments and 32 supplements end; 24 of each "
     "had been sent half an hour before their end and wait unread",
     "what was sent in time is taken as in time, whatever the clock says when it is read; what was not sent expires", load=2)
def outage(w):
    asked = made(w, "birth-missing-component", "citizen", 32)
    all_are(w, asked, "asked", casework="supplement")
    ends = sorted(instant(d.row()["expires_at"]) for d in asked)
    # The terms of payments are shorter: those are ordered later, so that all terms end in the same hour.
    first = made(w, "birth-late-exempt", "payment", 1, exemption=None)[0]
    first.wait(30, fee="owed")
    term = instant(first.order()["expires_at"]) - clock.now()
    clock.go(ends[0] - term - HOURS / 4)
    check(term > HOURS / 2, f"term {term}")
    owing = made(w, "birth-late-exempt", "payment", 32, exemption=None)
    all_are(w, owing, "ordered", fee="owed")
    until(lambda: w.sql.value("select count(*) from fee.order where state = 'placed' and dossier in (%s)"
                              % ",".join(f"'{d.id}'" for d in owing)) == 32, 30, "not placed")
    clock.go(ends[0] - HOURS * 3 / 4)
    for stage in DOWN:
        w.workers[stage].signal(signal.SIGTERM)
    for stage in DOWN:
        same(w.workers[stage].end(), 0, f"end of {stage}")
    for d in owing[:24]:
        w.http("POST", "/pay", {"order": d.order()["order_id"]})
    for d in asked[:24]:
        d.request("supplemented", {"components": [stack.component("TP01")]})
    paid_for = {d.id for d in owing[:24]}
    until(lambda: paid_for <= {m["key"] for m in w.read("payment.results")}, 30, "payments are not told")
    sent = clock.now()
    check(all(instant(d.order()["expires_at"]) > sent for d in owing) and ends[0] > sent, "not in time")
    clock.go(max(ends[-1], *[instant(d.order()["expires_at"]) for d in owing], sent + HOURS) + HOURS)
    dark = clock.now() - sent
    for worker in [w.start_worker(stage) for stage in DOWN]:
        w.wait_up(worker)
    w.healed()
    yield
    all_are(w, owing[:24], "paid in time", fee="paid", casework=("decided",))
    all_are(w, owing[24:], "never paid", fee="expired", casework="stopped", reason="payment_expired")
    all_are(w, asked[:24], "supplied in time", casework="decided")
    all_are(w, asked[24:], "never supplied", casework="stopped")
    same(counted(w, asked[24:], "reason"), {"supplement_expired": 8}, "reasons")
    ids = ",".join(f"'{d.id}'" for d in owing[:24])
    same(w.sql.value(f"select count(*) from fee.order where dossier in ({ids}) and refund_id is not null"), 0, "refunds")
    return (f"{dark.total_seconds() / 3600:.1f} h dark, {clock.now():%d %B %H:%M} at the end: 24 payments and 24 supplements taken as in time, "
            f"8 and 8 that nobody sent expired; 0 refunds")


def arrived(w):
    """{dossier: when the broker took its submission}."""
    return {stack.dossier_id(m["headers"]["ce_source"], m["headers"]["ce_id"]): datetime.datetime.fromtimestamp(m["ts"] / 1000, HANOI)
            for m in w.read("dossier.submissions") if m["type"] == "vn.dossier.submitted.v1"}


@row(64, "issue", "dossiers arrive from ten seconds before midnight of 31 December in Hanoi to ten seconds after",
     "codes bear the day and the year of the broker's arrival, deadlines skip the holiday, journals and versions keep their order", load=8)
def new_year(w):
    clock.go(NEW_YEAR - datetime.timedelta(seconds=10))
    begin = clock.now()
    until(lambda: clock.now() > NEW_YEAR + datetime.timedelta(seconds=10), 40)
    yield
    at = {id: when for id, when in arrived(w).items() if when >= begin}
    codes = {r["id"]: r["code"] for r in w.sql.rows("select id, code from core.dossier where code is not null")}
    wrong = [(codes[id], str(when)) for id, when in at.items() if id in codes and f"-{when:%y%m%d}-" not in codes[id]]
    same(wrong, [], "codes of another day")
    old = [id for id, when in at.items() if when < NEW_YEAR and id in codes]
    new = [id for id, when in at.items() if when >= NEW_YEAR and id in codes]
    check(len(old) >= 20 and len(new) >= 20, f"{len(old)} before, {len(new)} after")
    due = {e["data"]["due_at"] for e in w.read("dossier.casework") if e["type"].endswith(".opened.v1") and e["key"] in at}
    # Received after hours on a Thursday, or on the first of January: both days' first working day is Monday the fourth.
    same(sorted(due), ["2027-01-04T10:00:00.000000Z"], "first answers due")
    same(backwards(w), [], "journals whose times go back")
    return f"{len(old)} codes of {codes[old[0]].rsplit('-', 1)[0]}, {len(new)} of {codes[new[0]].rsplit('-', 1)[0]}; first answers due on Monday, 4 January, 17:00 for both"


def backwards(w):
    """Places in journals where an entry is older than the one before it."""
    found, last = [], {}
    for topic in stack.JOURNALS.values():
        for m in w.read(topic):
            place, at = (topic, m["partition"]), instant(m["headers"]["ce_time"])
            if at < last.get(place, at):
                found.append((*place, m["offset"], str(at)))
            last[place] = at
    return found


fault.main(__file__, globals())
