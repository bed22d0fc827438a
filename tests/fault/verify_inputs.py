"""verify_inputs - what came from outside: all of it ended, each once, kept byte for byte, answered (promises 1 3 5 8 10)."""
import hashlib

from verify_format import lp, micros, parse, text, unpack
from verify_rule import rule
from verify_states import JOURNALS, OUTSIDE, READS, STAGES

EFFECTS = {"fee": {"order", "refund"}, "dispatch": {"parcel"}, "tracking": {"sms", "email"}}
ENDS = {"registered": "dossiers", "rejected": "rejected", "repeated": "repeated", "conflict": "conflicts", "unknown": "unknown"}


def lost_to_retention(w, topic, partition, offset):
    return offset < w.seen.topics[topic][partition].low


@rule("acknowledged", "what a producer got acknowledged stands on its topic, where the broker said, and is what was sent [1]")
def acknowledged(w, say):
    for line in w.seen.acknowledged or []:
        topic, partition, offset = line["topic"], line["partition"], line["offset"]
        if topic not in OUTSIDE:
            continue
        say.count(messages=1)
        m = w.messages.get(f"{topic}/{partition}/{offset}")
        if m is None:
            if not lost_to_retention(w, topic, partition, offset):
                say.wrong(f"{topic}/{partition}/{offset} was acknowledged, and is not there")
            continue
        for name, seen in (("id", m.id), ("source", m.source), ("type", m.type)):
            if line.get(name) is not None and line[name] != text(seen):
                say.wrong(f"{m.place} was acknowledged with {name} {line[name]}, and has {text(seen)}")


def ends_of(w, m):
    """(events, job rows, dead letter) of a message."""
    return w.by_cause.get((m.stage, m.place), []), w.job_at.get((m.stage, m.place), []), w.dead.get(
        (m.topic, m.partition, m.offset))


@rule("inputs-ended", "every message from outside ended as a decision, a repeat, an answer or a dead letter, or waits with a reason [10]")
def inputs(w, say):
    for m in w.messages.values():
        say.count(messages=1)
        events, jobs, dead = ends_of(w, m)
        if not m.offset < w.position(m.stage, m.partition, m.topic):
            say.wrong(f"{m.place} is not read: {STAGES[m.stage]} is at {w.position(m.stage, m.partition, m.topic)}")
            if not events and not dead and not jobs:
                continue
        if not events and not jobs and dead is None:
            say.wrong(f"{m.place} ({text(m.type)} {text(m.id)} of {text(m.source)}, dossier {m.dossier}) was read and left no trace")
        if (bool(events) + bool(jobs) + (dead is not None)) > 1:
            say.wrong(f"{m.place} has more than one end: {', '.join(map(str, events))} {len(jobs)} jobs{', dead' if dead else ''}")
        for job in jobs:
            if job["reason"] is None and job["kind"] != 3:
                say.wrong(f"{m.place} waits without a reason")
        kind = "dead" if dead else "parked" if jobs and jobs[0]["parked"] else "waiting" if jobs else ending(
            events[0]) if events else "lost"
        say.count(**{kind: 1})


def ending(e):
    return "refused" if (STAGES[e.stage], e.kind) in ANSWERS else ENDS.get(e.kind, "done")


@rule("inputs-once", "no message was taken twice, and none of the same source and id [5]")
def once(w, say):
    for (stage, cause), events in w.by_cause.items():
        if cause == "timer" or cause.startswith("effect:"):
            continue
        say.count(causes=1)
        kinds = sorted(e.kind for e in events)
        if len(events) > 1 and kinds not in (["expired", "refund_ordered"], ["cancelled", "refund_ordered"]):
            say.wrong(f"{STAGES[stage]} answered {cause} {len(events)} times: {', '.join(map(str, events))}")
    for id, events in w.by_dossier.items():
        taken = {}
        for e in events:
            input = e.data.get("input")
            if input is not None and taken.setdefault(input, e.cause) != e.cause:
                say.wrong(f"{id}: {input} was taken twice, from {taken[input]} and {e.cause}")


@rule("repeats-true", "only the same again is answered as a repeat, and other content under the same id as a conflict [5]")
def repeats(w, say):
    for m in w.messages.values():
        for e in w.by_cause.get((m.stage, m.place), []):
            if m.topic == "dossier.submissions":
                submitted_again(w, say, m, e)
            elif e.kind == "repeated":
                say.count(repeats=1)
                if not any(o.data.get("input") == m.input for o in w.by_dossier.get(m.dossier, [])):
                    say.wrong(f"{e}: {m.place} is called a repeat, and {m.input} was never taken of {m.dossier}")


def submitted_again(w, say, m, e):
    if e.kind in ("registered", "rejected"):
        return
    first = next((c for c in w.contents.get(m.dossier, []) if c["version"] == 1), None)
    say.count(**{"repeats" if e.kind == "repeated" else "conflicts": 1})
    if first is None:
        say.wrong(f"{e}: {m.place} is called a {e.kind}, and nothing was submitted as {m.dossier} before")
    elif (first["body"] == (m.value or b"")) != (e.kind == "repeated"):
        say.wrong(f"{e}: {m.place} is called a {e.kind}, and its content is {'the same' if e.kind != 'repeated' else 'another'}")


@rule("dead-letters", "what cannot be read lies in core.deadletter byte for byte with its digest, and is told on its topic [10]")
def dead_letters(w, say):
    notices = {}
    for part in w.seen.topics["dossier.deadletter"]:
        for offset, _, packed, _ in part.messages:
            data = parse(unpack(packed)[2])
            if isinstance(data, dict):
                notices.setdefault((data.get("topic"), data.get("partition"), data.get("offset")), []).append(data)
    for place, row in w.dead_ever.items():
        say.count(dead=1)
        name = "/".join(map(str, place))
        m = w.messages.get(name)
        if m is None:
            if not lost_to_retention(w, *place):
                say.wrong(f"{name} is a dead letter, and not on the topic")
        elif row["message"] != m.packed:
            say.wrong(f"{name}: the dead letter differs from the message: {len(row['message'])} bytes, {len(m.packed)}")
        elif row["at"] != m.at or row["stage"] != m.stage:
            say.wrong(f"{name}: the dead letter has another time or stage")
        if hashlib.sha256(row["message"]).digest() != row["digest"]:
            say.wrong(f"{name}: the dead letter has another digest than its bytes")
        if not row["announced"]:
            say.wrong(f"{name}: the dead letter is not announced")
        told = notices.pop(place, [])
        if not told:
            say.wrong(f"{name}: no notice of it on dossier.deadletter")
        # Tried again in vain for another reason, it is announced anew: the last notice counts.
        for data in told[-1:]:
            say.count(notices=1)
            wanted = {"digest": row["digest"].hex(), "reason": row["reason"].split(":")[0], "stage": STAGES[row["stage"]],
                      "size": len(row["message"])}
            bad = [n for n, v in wanted.items() if data.get(n) != v]
            if bad:
                say.wrong(f"{name}: its notice has another {', '.join(bad)}")
    for place in notices:
        say.wrong(f"{'/'.join(map(str, place))}: a notice, and no dead letter")


@rule("dead-rightly", "a message is a dead letter when, and only when, its envelope breaks a rule of schemas/README.md [8 10]")
def dead_rightly(w, say):
    for m in w.messages.values():
        row = w.dead.get((m.topic, m.partition, m.offset))
        say.count(messages=1)
        if m.fault == "?" or not m.offset < w.position(m.stage, m.partition, m.topic):
            continue
        if m.fault is None and row is not None:
            say.wrong(f"{m.place} is a dead letter ({row['reason'].split(':')[0]}), though its envelope is good")
        elif m.fault is not None and row is None:
            say.wrong(f"{m.place} breaks {m.fault}, and is no dead letter")
        elif m.fault is not None and row["reason"].split(":")[0] != m.fault:
            say.wrong(f"{m.place} breaks {m.fault}, and is dead for {row['reason'].split(':')[0]}")


KEPT = {"registered": "submission", "rejected": "rejected", "supplemented": "supplement", "delivery_changed": "delivery"}


@rule("contents-exact", "what was sent is kept byte for byte, under the salted digest that the journal tells [5 13]")
def contents(w, say):
    events = {(e.dossier, e.version): e for found in w.by_dossier.values() for e in found if e.stage in (0, 4)}
    kept = {(c["dossier"], c["version"]): c for found in w.contents.values() for c in found}
    for place, e in events.items():
        if e.stage == 0 and e.kind in KEPT and place not in kept:
            say.wrong(f"{e} of {e.dossier}: its content is not kept")
    for place, row in kept.items():
        say.count(contents=1)
        e = events.get(place)
        kind = KEPT.get(e.kind) if e and e.stage == 0 else "note"
        if e is None or row["kind"] != kind:
            say.wrong(f"{place[0]}: content {row['kind']} of version {place[1]}, which is {e}")
            continue
        m = w.messages.get(e.cause)
        if m is None:
            continue
        if row["body"] != (m.value or b""):
            say.wrong(f"{e} of {e.dossier}: the content kept is not that of {m.place}")
        elif e.data.get("digest") is not None and e.data["digest"] not in digests(row["salt"], m):
            say.wrong(f"{e} of {e.dossier}: digest {e.data['digest'][:16]}… is not that of {m.place}")


def digests(salt, m):
    """SHA-256 over salt, type and value, length-prefixed; no value counts as none or as an empty one."""
    values = [lp(m.value)] if m.value is not None else [lp(None), lp(b"")]
    return {hashlib.sha256(salt + lp(m.type) + v).hexdigest() for v in values}


ARRIVALS = {("intake", "registered"): "received_at", ("intake", "rejected"): "received_at",
            ("intake", "supplemented"): "received_at", ("casework", "accepted"): "accepted_at",
            ("casework", "decided"): "decided_at"}


@rule("arrival-times", "the legal time of arrival is the broker's, and no other [8]")
def arrivals(w, say):
    for e in w.events:
        name = ARRIVALS.get((STAGES[e.stage], e.kind))
        m = w.messages.get(e.cause) if name else None
        if m is None:
            continue
        say.count(events=1)
        if micros(e.data.get(name)) != m.at:
            say.wrong(f"{e} of {e.dossier}: {name} is {e.data.get(name)}, the broker had {m.place} at {m.at} µs")


@rule("causes-true", "every event names what led to it: a message of its dossier, an event that its stage reads, a timer, an effect [14]")
def causes(w, say):
    say.count(events=len(w.events))
    for e in w.events:
        why = cause_fault(w, e)
        if why:
            say.wrong(f"{e} of {e.dossier}: {why}")


def cause_fault(w, e):
    stage = STAGES[e.stage]
    if e.cause == "timer":
        return None if stage in ("fee", "casework") else "no timer there"
    if e.cause.startswith("effect:"):
        return None if e.cause[7:] in EFFECTS.get(stage, ()) else f"no effect {e.cause[7:]} there"
    parts = e.cause.split("/")
    if len(parts) != 3 or not parts[1].isdigit() or not parts[2].isdigit():
        return f"cause {e.cause!r}"
    if parts[0] in OUTSIDE:
        return message_fault(w, e, parts)
    if parts[0] not in STAGES or JOURNALS[STAGES.index(parts[0])] not in READS[e.stage]:
        return f"cause {e.cause}, which {stage} does not read"
    before = w.by_name.get(e.cause)
    if before is None:
        return f"cause {e.cause} is in no journal"
    if before.dossier != e.dossier or before.lane != e.lane:
        return f"cause {e.cause} is of {before.dossier}, lane {before.lane}"
    return f"version {e.version}, its cause has {before.version}" if not e.answer and e.version <= before.version else None


def message_fault(w, e, parts):
    topic, partition, offset = parts[0], int(parts[1]), int(parts[2])
    m = w.messages.get(e.cause)
    if topic not in READS[e.stage]:
        return f"cause {e.cause}, which {STAGES[e.stage]} does not read"
    if m is None:
        gone = partition < len(w.seen.topics[topic]) and lost_to_retention(w, topic, partition, offset)
        return None if gone else f"cause {e.cause} is not on its topic"
    if m.dossier != e.dossier:
        return f"cause {e.cause} is about {m.dossier}"
    if e.data.get("input") not in (None, m.input):
        return f"input {e.data['input']}, its cause has {m.input}"
    return None


# Events that answer, and change nothing but the version.
ANSWERS = {("intake", "refused"): "refused", ("fee", "refused"): "refused", ("casework", "action_refused"): "refused",
           ("dispatch", "refused"): "refused"}


@rule("causes-in-order", "what a stage takes of one dossier from one partition, it answers in the order in which it lies there [3 9]")
def in_order(w, say):
    last, n = {}, 0
    for lane in w.lanes.values():
        for _, e in sorted(lane.events.items()):
            parts = e.cause.split("/")
            if len(parts) != 3 or not parts[2].isdigit() or is_redriven(w, parts):
                continue
            source, at, n = (e.stage, e.lane, e.dossier, parts[0], parts[1]), int(parts[2]), n + 1
            if at < last.get(source, (-1,))[0]:
                say.wrong(f"{e} of {e.dossier} answers {e.cause} after {last[source][1]} has answered {last[source][1].cause}")
            last[source] = at, e
    say.count(causes=n)


def is_redriven(w, parts):
    """Once a dead letter, taken when somebody had it tried again: out of its turn."""
    return parts[0] in OUTSIDE and (parts[0], int(parts[1]), int(parts[2])) in w.dead_ever


@rule("traces-handed-on", "traceparent goes from every message and event to what it causes [14]")
def traces(w, say):
    n = traced = 0
    for e in w.events:
        cause = w.messages.get(e.cause) or w.by_name.get(e.cause)
        if cause is None:
            continue
        wanted, n = cause.trace, n + 1
        traced += wanted is not None
        if e.trace != wanted:
            say.wrong(f"{e} of {e.dossier} has trace {text(e.trace)}, its cause {e.cause} has {text(wanted)}")
    say.count(events=n, traced=traced)


@rule("answers-told", "every answer of a journal stands on dossier.status under its own key, in the partition of its lane [6]")
def answers(w, say):
    told, last = {}, {}
    for partition, _, key, headers, value, _ in w.shown:
        if key is not None and b":" in key:
            said = partition, text(dict(headers).get(b"ce_id")), parse(value)
            told.setdefault(text(key), {})[said[1]] = said
            last[text(key)] = said
    mine = {}
    for e in w.events:
        kind = e.kind if e.answer else ANSWERS.get((STAGES[e.stage], e.kind))
        if kind is None:
            continue
        input = e.data.get("input")
        say.count(answers=1)
        key = f"{e.dossier}:{input}"
        mine.setdefault(key, set()).add(f"answer/{e.name}")
        if key not in told:
            say.wrong(f"{e} of {e.dossier}: nothing on dossier.status under …:{input}")
            continue
        said = told[key].get(f"answer/{e.name}")
        if said and (said[0] != e.lane or not said[2] or said[2].get("answer") != kind or
                     (e.data.get("errors") is not None and said[2].get("errors") != e.data["errors"])):
            say.wrong(f"{e} of {e.dossier}: dossier.status says {said[2] and said[2].get('answer')} in partition {said[0]}")
    for key, said in last.items():
        if said[1] not in mine.get(key, ()):
            say.wrong(f"{key}: dossier.status has an answer of {said[1]}, which no journal gave")
