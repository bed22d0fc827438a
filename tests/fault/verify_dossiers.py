"""verify_dossiers - each dossier as people see it: it moves or somebody is to act, it is shown as it is, it stays private (5 6 8 13)."""
import collections, glob, json, os, re

from verify_fold import apply, fresh
from verify_format import micros, parse, text
from verify_replay import fold_all
from verify_rule import rule
from verify_states import ROOT, STAGES

MESSAGE, EFFECT, TIMER, HANDOVER = range(4)
LATE = 30 * 1000000             # µs by which a timer may be late
RESEND = 130 * 1000000          # µs after a claim until which a predecessor's late snapshot may lie last


# --- nobody waits in vain ------------------------------------------------------------------------------------------------

@rule("wakes-answered", "every round is answered once by every stage, and every event that asks for an answer has it [5]")
def wakes(w, say):
    rows = fold_all(w)[0]
    for id, events in w.by_dossier.items():
        row = rows[id]
        say.count(dossiers=1)
        rounds(w, say, id, events, is_finished(w, row))
        if not is_finished(w, row) or row["fee"] in ("owed", "refunding"):
            for stage, what in owed(row, events):
                if not w.waiting(id, STAGES.index(stage)):
                    say.wrong(f"{id}: {what}; {stage} has not answered, and no job of it waits there")


def is_finished(w, row):
    return any(row[s] in w.moves[s].final for s in ("intake", "casework", "dispatch"))


# Who answers an event with one of its own.
ANSWERED = {("intake", "registered"): "verification", ("intake", "supplemented"): "verification",
            ("verification", "passed"): "lookup", ("verification", "lacking"): "lookup", ("lookup", "answered"): "fee"}


def rounds(w, say, id, events, finished):
    """One event each of verification, lookup and fee for every round; none may be missing but where the dossier has ended."""
    fee_over = any(STAGES[e.stage] == "fee" and e.kind in ("expired", "cancelled", "refund_ordered") for e in events)
    found = collections.Counter()
    for e in events:
        stage = STAGES[e.stage]
        if stage in ("verification", "lookup"):
            found[stage, e.data.get("round")] += 1
            if found[stage, e.data.get("round")] == 2:
                say.wrong(f"{id}: {stage} has answered round {e.data.get('round')} twice: {e}")
        answerer = ANSWERED.get((stage, e.kind))
        if answerer is None or finished or (answerer == "fee" and fee_over):
            continue
        say.count(wakes=1)
        answers = w.by_cause.get((STAGES.index(answerer), e.name), [])
        if not answers and not w.waiting(id, STAGES.index(answerer)):
            say.wrong(f"{id}: {e} has no answer of {answerer}, and no job of it waits there")


def owed(row, events):
    """[(stage, what it has not answered)] that the states tell."""
    found, fee, casework, dispatch = [], row["fee"], row["casework"], row["dispatch"]
    if row["intake"] == "registered":
        if casework == "none" and fee in ("deferred", "waived", "paid", "expired"):
            found.append(("casework", f"fee is {fee}, casework none"))
        if casework in ("open", "supplement") and fee == "expired":
            found.append(("casework", f"fee is expired, casework {casework}"))
        if casework == "supplement" and row["round"] >= row["supplements"] and answered_round(row, events):
            found.append(("casework", f"round {row['round']} is through fee, casework is still in supplement"))
    if row["intake"] == "withdrawn" and casework in ("none", "open", "supplement", "accepted", "processing"):
        found.append(("casework", f"withdrawn, casework {casework}"))
    if casework == "decided" and dispatch == "none":
        found.append(("dispatch", "decided, dispatch none"))
    if dispatch == "counter" and any(STAGES[e.stage] == "casework" and e.kind == "handed_over" for e in events):
        found.append(("dispatch", "handed over, dispatch still at the counter"))
    if casework in ("refused", "stopped", "withdrawn") and fee == "owed":
        found.append(("fee", f"casework is {casework}, fee owed"))
    return found


def answered_round(row, events):
    """Has the fee stage answered this round with what lets casework go on?"""
    return row["fee"] in ("waived", "paid", "deferred") and any(
        STAGES[e.stage] == "fee" and e.kind in ("deferred", "waived", "unchanged") and e.data.get("round") == row["round"]
        for e in events)


@rule("nobody-stuck", "no dossier rests without a reason and somebody who wakes it: a timer, a job, or a person outside [5 8]")
def stuck(w, say):
    rows = fold_all(w)[0]
    outside = {s: {state for state, waits in w.moves[s].waits.items() if any(
        t.split("@")[-1] in ("agency.actions", "citizen.requests", "payment.results", "postal.updates") for t in waits)}
        for s in STAGES}
    for id, row in rows.items():
        say.count(dossiers=1)
        jobs = w.waiting(id)
        say.count(parked=any(j["parked"] for j in jobs), unsure=is_unsure(w, row))
        for kind, stage, what in needs(w, row):
            if not any(j["kind"] == kind and j["stage"] == STAGES.index(stage) for j in jobs):
                say.wrong(f"{id}: {what}, and {stage} has no {'timer' if kind == TIMER else 'effect'} for it")
        if is_finished(w, row):
            say.count(finished=1)
        elif not jobs and not rests(row, outside):
            say.wrong(f"{id}: nobody wakes it: " + ", ".join(f"{s} {row[s]}" for s in STAGES[:6]))
        else:
            say.count(waiting=1)
    late_timers(w, say)


def is_unsure(w, row):
    """Nobody knows whether it happened outside, and somebody has to find out."""
    return any(own and own["unsure"] for own in (w.orders.get(row["fee_order"]), w.parcels.get(row["parcel"])))


def needs(w, row):
    """[(kind of job, stage, why)] that must be there for a state to be left some day."""
    found = []
    if row["fee"] == "owed" and not is_finished(w, row):
        found.append((TIMER, "fee", "fee is owed until " + str(row["expires_at"])))
    if row["intake"] == "registered" and row["casework"] == "supplement":
        found.append((TIMER, "casework", "a supplement is waited for"))
    if row["intake"] == "registered" and row["casework"] in ("accepted", "processing") and not row["overdue"]:
        found.append((TIMER, "casework", f"casework is {row['casework']}"))
    order, parcel = w.orders.get(row["fee_order"]), w.parcels.get(row["parcel"])
    if order and order["state"] in ("ordered", "refunding") and not order["unsure"]:
        found.append((EFFECT, "fee", f"order {order['order_id']} is {order['state']}"))
    if parcel and parcel["state"] == "ordering" and not parcel["unsure"]:
        found.append((EFFECT, "dispatch", f"parcel {parcel['parcel_id']} is ordering"))
    return found


def rests(row, outside):
    """Is somebody outside to act?"""
    if row["casework"] == "decided":
        return row["dispatch"] in outside["dispatch"] | {"counter", "ordering"}
    return row["casework"] in outside["casework"] or row["fee"] == "owed" and row["fee"] in outside["fee"]


def late_timers(w, say):
    """Timers that all lanes have read past, and that did not fire."""
    least = {}
    for (stage, _), row in w.lane_rows.items():
        least[stage] = min([least.get(stage, row["read_to"][0]), *row["read_to"]])
    alive = {stage for (stage, _), row in w.lane_rows.items() if row["owner"] is not None}
    for j in w.jobs:
        if j["kind"] != TIMER or j["due_at"] is None:
            continue
        say.count(timers=1)
        if j["due_at"] < min(w.now, least[j["stage"]], least[0]) - LATE and j["stage"] in alive and not any(
                o["kind"] in (MESSAGE, HANDOVER) for o in w.waiting(j["dossier"], j["stage"], 0)):
            say.wrong(f"{j['dossier']}: a timer of {STAGES[j['stage']]} is {(w.now - j['due_at']) // 1000000} s late")


# --- terms ---------------------------------------------------------------------------------------------------------------

@rule("terms-kept", "nothing runs out before its time, nor in spite of a payment or a supplement that the broker had in time [8]")
def terms(w, say):
    for id, events in w.by_dossier.items():
        row, asked = fresh(), None
        for e in events:
            kind = f"{STAGES[e.stage]}.{e.kind}"
            if kind in ("fee.expired", "casework.overdue") or kind == "casework.stopped" and e.data.get("reason") == "supplement_expired":
                say.count(ends=1)
                term = row["due_at"] if kind == "casework.overdue" else row["expires_at"]
                if e.cause == "timer" and term is not None and e.at < term:
                    say.wrong(f"{id}: {e} at {e.at} µs, the term ends at {term}")
                if kind == "fee.expired" and term is not None:
                    paid_in_time(w, say, id, e, row["fee_order"], term)
                if kind == "casework.stopped" and term is not None and asked is not None:
                    supplied_in_time(w, say, id, e, asked, term)
            asked = e if kind == "casework.supplement_requested" else asked
            apply(row, e, w.moves)


def paid_in_time(w, say, id, e, order, term):
    for m in w.about[id]:
        if m.topic == "payment.results" and m.at <= term and isinstance(m.data, dict) and m.data.get("order") == order and \
                m.data.get("outcome") == "paid" and m.data.get("currency") == "VND" and m.fault is None and \
                m.data.get("amount") == (w.orders.get(order) or {}).get("amount"):
            say.wrong(f"{id}: {e}, though the broker had the payment {m.place} {(term - m.at) // 1000000} s before the term's end")


# What a supplement is refused for when the dossier was stopped before it was read.
TOO_LATE = {"request.late", "request.finished_dossier", "request.not_allowed"}


def supplied_in_time(w, say, id, e, asked, term):
    for m in w.about[id]:
        if m.type != b"vn.dossier.supplemented.v1" or not asked.at <= m.at <= term:
            continue
        for answer in w.by_cause.get((0, m.place), []):
            if TOO_LATE & {error.get("rule") for error in answer.data.get("errors") or []}:
                say.wrong(f"{id}: {e}, though the broker had the supplement {m.place} {(term - m.at) // 1000000} s before the term's end")


# --- shown as it is ------------------------------------------------------------------------------------------------------

NAMES = [("Không hợp lệ", "Rejected"), ("Mới đăng ký", "Submitted"), ("Được tiếp nhận", "Accepted"),
         ("Không được tiếp nhận", "Not accepted"), ("Đang xử lý", "In process"),
         ("Yêu cầu bổ sung giấy tờ", "Supplement requested"), ("Yêu cầu thực hiện nghĩa vụ tài chính", "Payment required"),
         ("Công dân yêu cầu rút hồ sơ", "Withdrawn"), ("Dừng xử lý", "Stopped"), ("Đã xử lý xong", "Processed"),
         ("Đã trả kết quả", "Result returned")]
BY_CASEWORK = {"none": 1, "open": 1, "supplement": 5, "accepted": 2, "processing": 4, "refused": 3, "decided": 9, "stopped": 8,
               "withdrawn": 7}


def portal_state(row):
    """One of the ten national states, and 0 for what was rejected."""
    if row["intake"] == "rejected":
        return 0
    if row["dispatch"] in ("released", "handed_over", "delivered"):
        return 10
    if row["intake"] == "withdrawn" and row["casework"] != "decided":
        return 7
    if row["casework"] == "none" and row["fee"] == "owed":
        return 6
    return BY_CASEWORK.get(row["casework"])


def snapshot(id, row):
    """What messages/vn.dossier.status.v1.json says of a row."""
    state = portal_state(row)
    fee = None if row["fee"] == "none" else {
        "phi": row["phi"], "le_phi": row["le_phi"], "amount": row["amount"], "state": row["fee"], "order": row["fee_order"]}
    delivery = None if row["delivery"] is None else {
        "method": row["delivery"], "state": row["dispatch"], "item_code": row["item_code"]}
    return {"dossier": id, "code": row["code"], "source": row["source"], "submission": row["submission"],
            "procedure": row["procedure"], "agency": row["agency"], "state": state, "state_name_vi": NAMES[state][0],
            "state_name_en": NAMES[state][1], "received_at": row["received_at"], "accepted_at": row["accepted_at"],
            "due_at": row["due_at"], "overdue": row["overdue"], "fee": fee, "missing": row["missing"] or [],
            "delivery": delivery, "result": row["result"], "reason": row["reason"], "errors": row["errors"] or [],
            "version": row["version"], "updated_at": row["updated_at"]}


def shown(data):
    """A snapshot of the topic in the same terms; absent members are null."""
    found = dict(data)
    for name in ("received_at", "accepted_at", "due_at", "updated_at"):
        found[name] = micros(found[name]) if found.get(name) is not None else None
    if isinstance(found.get("fee"), dict):
        found["fee"] = {**dict.fromkeys(("phi", "le_phi", "amount", "order")), **found["fee"]}
    if isinstance(found.get("delivery"), dict):
        found["delivery"] = {"item_code": None, **found["delivery"]}
    return found


def newest(w):
    """{dossier: (version, offset, partition, value)} of the highest version, and the version that lies last."""
    best, last = {}, {}
    for partition, offset, key, headers, value, _ in w.shown:
        if key is None or b":" in key:
            continue
        id = text(key)
        version = next((int(v) for n, v in headers if n == b"ce_version" and v and v.isdigit()), 0)
        last[id] = version
        if id not in best or version >= best[id][0]:
            best[id] = version, offset, partition, value
    return best, last


def differing(a, b, but=()):
    return [n for n in sorted(a.keys() | b.keys()) if n not in but and a.get(n) != b.get(n)]


@rule("status-newest", "the newest snapshot of every dossier on dossier.status shows the row as it is, and lies last [5 6]")
def status(w, say):
    rows, (best, last) = fold_all(w)[0], newest(w)
    for id, row in rows.items():
        say.count(dossiers=1)
        if id not in best:
            say.wrong(f"{id}: nothing on dossier.status")
            continue
        version, offset, partition, value = best[id]
        data, where = parse(value), f"{id}: dossier.status/{partition}/{offset}"
        if not isinstance(data, dict) or data.get("version") != version or version > row["version"]:
            say.wrong(f"{where} has version {version}, {data.get('version') if isinstance(data, dict) else None} in its value, "
                      f"the row {row['version']}")
            continue
        if partition != row["home"]:
            say.wrong(f"{where} is not in its home {row['home']}")
        seen = shown(data)
        bad = differing(seen, snapshot(id, at_version(w, id, row, version)))
        if bad:
            say.wrong(f"{where} of version {version} shows another {', '.join(bad)} than that version had")
        bad = differing(seen, snapshot(id, row), ("version", "updated_at"))
        if bad and not w.waiting(id):
            say.wrong(f"{where} of version {version} shows another {', '.join(bad)} than version {row['version']}: not told since")
        tracking = w.lane_rows.get((6, row["home"]))
        if last[id] < version and tracking and tracking["claimed_at"] and tracking["claimed_at"] < w.now - RESEND:
            say.wrong(f"{id}: version {last[id]} lies behind {version} on dossier.status; compacting would leave it")
    for id in best.keys() - rows.keys():
        say.wrong(f"{id}: a snapshot, and no such dossier")


def at_version(w, id, row, version):
    if version == row["version"]:
        return row
    before = fresh()
    for e in w.by_dossier[id]:
        if e.version > version:
            break
        apply(before, e, w.moves)
    return before


# --- private -------------------------------------------------------------------------------------------------------------

PLAIN = re.compile(r"[\d:TZ.+-]{0,32}$|[0-9]{0,8}$")         # days, times, small numbers


def marked(node, name, found):
    """Names of members that the catalogue and the contracts mark as personal (x-pii)."""
    if isinstance(node, dict):
        if node.get("x-pii") is True:
            found.add(name)
        for member, value in node.items():
            if member == "properties" and isinstance(value, dict):
                for inner, schema in value.items():
                    marked(schema, inner, found)
            else:
                marked(value, name, found)
    elif isinstance(node, list):
        for value in node:
            marked(value, name, found)


def personal_names():
    found = {"name", "number", "phone", "email", "detail"}
    for path in glob.glob(os.path.join(ROOT, "schemas", "catalogue", "procedures", "*.json")) + glob.glob(
            os.path.join(ROOT, "schemas", "messages", "*.json")):
        with open(path, encoding="utf-8") as f:
            marked(json.load(f), "", found)
    return found - {"", "form"}          # a whole message, a whole form: their members say which


def personal(data, names, found, inside=False, name=""):
    """Texts that must not leave the contents: what is marked, and all that lies in it."""
    inside = inside or name in names
    if isinstance(data, dict):
        for member, value in data.items():
            if member not in ("files", "components", "declared", "officer", "document"):
                personal(value, names, found, inside, member)
    elif isinstance(data, list):
        for value in data:
            personal(value, names, found, inside, name)
    elif isinstance(data, str) and inside and len(data) >= 6 and (not PLAIN.match(data) or data.isdigit() and len(data) >= 9):
        found.add(data.encode(errors="surrogatepass"))


@rule("nothing-personal", "no name, number, telephone or address of what was sent stands in a journal or on dossier.status [13]")
def private(w, say):
    needles, names = {}, personal_names()
    for id, contents in w.contents.items():
        found = set()
        for row in contents:
            personal(parse(row["body"]), names, found)
        if found:
            needles[id] = sorted(found)
    said = collections.defaultdict(list)
    for e in w.events:
        said[e.dossier].append((e, e.packed))
    for partition, offset, key, _, _, packed in w.shown:
        said[text(key)[:36]].append((f"dossier.status/{partition}/{offset}", packed))
    for id, words in needles.items():
        say.count(messages=len(said.get(id, ())))
        for where, packed in said.get(id, ()):
            for word in words:
                if word in packed:
                    say.wrong(f"{where} of {id} tells {masked(word)} of the applicant")
    say.count(dossiers=len(needles), words=sum(map(len, needles.values())))


def masked(word):
    """Not even here."""
    shown = word.decode("utf-8", "replace")
    return f"a text of {len(shown)} characters, {shown[0]}…{shown[-1]},"
