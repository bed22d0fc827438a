"""verify_journals - what the journals promise: numbers, chains, homes, order, and that topic and table are one (promises 3 4 5)."""
from verify_format import ZERO, chain, dossier_id, text, unpack
from verify_rule import rule
from verify_states import JOURNALS, READS, STAGES


@rule("journal-numbers", "every journal partition is numbered 1, 2, 3 … without gaps, each number with one value only [4]")
def numbers(w, say):
    for lane in w.lanes.values():
        row = w.lane_rows.get((lane.stage, lane.lane), {"given": 0, "acked": 0, "acked_offset": -1})
        say.count(entries=len(lane.table), repeats=sum(len(c) - 1 for c in lane.copies.values()))
        if w.strangers:
            say.count(strangers=len(lane.dropped))
        for what in lane.torn:
            say.wrong(what)
        for offset, why in lane.foreign:
            say.wrong(f"{lane}: offset {offset} {why}")
        gaps(say, f"{lane} (table)", lane.table, row["given"])
        gaps(say, f"{lane} (topic)", lane.copies, row["acked"])
        for number, copies in lane.copies.items():
            if any(c[1:] != copies[0][1:] for c in copies):
                say.wrong(f"{lane}: {number} has two values, at offsets {[c[0] for c in copies]}")
            if number > row["given"]:
                say.wrong(f"{lane}: offset {copies[0][0]} has {number}, but only {row['given']} were ever given")
        first_seen(say, lane)
        acked(say, lane, row)


def gaps(say, where, found, last):
    missing = [n for n in range(1, last + 1) if n not in found]
    if missing:
        say.wrong(f"{where}: {len(missing)} of {last} missing: {missing[:5]}")
    beyond = [n for n in found if n > last] if "table" in where else []
    if beyond:
        say.wrong(f"{where}: has {beyond[:3]} beyond {last}")


def first_seen(say, lane):
    """Taken as a reader does, n+1 where it comes with a chain that fits, every number is found in turn, whatever comes between."""
    last = 0
    for _, number, fits in lane.in_order():
        if number == last + 1 and fits:
            last = number
    if last < max(lane.copies, default=0) and last + 1 in lane.copies and last + 1 in lane.table:
        say.wrong(f"{lane}: a reader gets no further than {last}: {last + 1} stands at offset "
                  f"{', '.join(str(c[0]) for c in lane.copies[last + 1][:3])}, before its turn or with a chain that does not fit")


def acked(say, lane, row):
    """The acknowledged prefix is on the topic, up to where the row says that it ends."""
    if row["acked"] > row["given"]:
        say.wrong(f"{lane}: {row['acked']} acknowledged of {row['given']} given")
    found = {offset: n for n, copies in lane.copies.items() for offset, _, _ in copies}.get(row["acked_offset"])
    if row["acked"] > 0 and (found is None or found > row["acked"]):
        say.wrong(f"{lane}: acknowledged up to {row['acked']} at offset {row['acked_offset']}, where {found} stands")


@rule("journal-chain", "the SHA-256 chain of every journal partition, reckoned anew, fits its headers, blocks and readers [4]")
def chains(w, say):
    for lane in w.lanes.values():
        say.count(entries=len(lane.hashes))
        row = w.lane_rows.get((lane.stage, lane.lane))
        for last, head in lane.heads.items():
            if last in lane.hashes and head != lane.hashes[last]:
                say.wrong(f"{lane}: the block that ends with {last} has head {head.hex()[:16]}…, reckoned {lane.hashes[last].hex()[:16]}…")
        for number in sorted(lane.copies):
            before = lane.hashes.get(number - 1, ZERO if number == 1 else None)
            for offset, packed, claimed in lane.copies[number] if before is not None else ():
                same = lane.table.get(number) is packed
                reckoned = lane.hashes[number] if same and number in lane.hashes else chain(before, number, packed)
                if claimed != reckoned.hex().encode():
                    say.wrong(f"{lane}: {number} at offset {offset} has chain {text(claimed)[:16]}…, reckoned {reckoned.hex()[:16]}…")
        if row and row["given_hash"] != lane.hashes.get(row["given"], ZERO if row["given"] == 0 else None):
            say.wrong(f"{lane}: core.lane has given_hash {row['given_hash'].hex()[:16]}… after {row['given']}, reckoned otherwise")
    for (stage, number), row in w.lane_rows.items():
        for k, topic in enumerate(READS[stage]):
            seen_chain(w, say, stage, number, topic, row["seen"][k], row["seen_hash"][32 * k:32 * k + 32])


def seen_chain(w, say, stage, number, topic, seen, digest):
    """What a reader remembers of a journal is the chain's value there."""
    wanted = ZERO
    if topic in JOURNALS and seen > 0:
        wanted = w.lanes[JOURNALS.index(topic), number].hashes.get(seen)
    if digest != wanted:
        say.wrong(f"{STAGES[stage]}/{number} remembers {digest.hex()[:16]}… of {topic} after {seen}, reckoned "
                  f"{wanted.hex()[:16] + '…' if wanted else 'none'}")


@rule("journal-equal", "topic and table hold the same entries byte for byte: key, headers, value [1 4]")
def equal(w, say):
    for lane in w.lanes.values():
        say.count(entries=len(lane.table), bytes=sum(map(len, lane.table.values())))
        acknowledged = w.lane_rows.get((lane.stage, lane.lane), {"acked": 0})["acked"]
        for number in sorted(lane.table.keys() | lane.copies.keys()):
            copies, stored = lane.copies.get(number), lane.table.get(number)
            if stored is None:
                say.wrong(f"{lane}: {number} is on the topic at offset {copies[0][0]}, and not in the table")
            elif copies is None:
                if number <= acknowledged:
                    say.wrong(f"{lane}: {number} is in the table, and not on the topic")
            else:
                for offset, packed, _ in copies:
                    if packed is not stored and packed != stored:
                        say.wrong(f"{lane}: {number} at offset {offset} differs from the table in {difference(packed, stored)}")


def difference(a, b):
    """Which part of two records differs."""
    try:
        (key, headers, value), (other_key, other_headers, other_value) = unpack(a), unpack(b)
    except Exception:
        return "its form"
    if key != other_key:
        return f"its key: {text(key)}, {text(other_key)}"
    for mine, theirs in zip(headers, other_headers):
        if mine != theirs:
            return f"header {text(mine[0])}"
    if len(headers) != len(other_headers):
        return "the number of its headers"
    at = next((n for n, (x, y) in enumerate(zip(value or b"", other_value or b"")) if x != y), min(len(value or b""), len(other_value or b"")))
    return f"its value, from byte {at} on"


@rule("journal-home", "every event of a dossier stands in its home partition of each journal; home is where it was submitted [3]")
def home(w, say):
    say.count(events=len(w.events))
    for e in w.events:
        row = w.dossiers.get(e.dossier)
        if e.home != e.lane:
            say.wrong(f"{e} of {e.dossier} says home {e.home}, and stands in partition {e.lane}")
        if row and e.lane != row["home"] and not is_homeless(e):
            say.wrong(f"{e} of {e.dossier}, whose home is {row['home']}, stands in partition {e.lane}")
        if e.id != e.name:
            say.wrong(f"{e} has ce_id {e.id}")
        if e.stage == 0 and e.kind in ("registered", "rejected"):
            m = w.messages.get(e.cause)
            if m is None and is_gone(w, e.cause):
                continue
            if m is None or m.dossier != e.dossier:
                say.wrong(f"{e} of {e.dossier} was caused by {e.cause}, which is no submission of it")
            elif m.partition != e.lane:
                say.wrong(f"{e} of {e.dossier}: submitted on partition {m.partition}, home {e.lane}")


def is_homeless(e):
    """Asked before there was such a dossier, the answer stands where the question was."""
    return e.answer and e.kind == "unknown"


def is_gone(w, place):
    """Did the topic expire what stood there?"""
    topic, partition, offset = place.rsplit("/", 2)
    return int(offset) < w.seen.topics[topic][int(partition)].low


@rule("journal-order", "in each journal the versions of a dossier rise with the numbers [5]")
def order(w, say):
    for lane in w.lanes.values():
        last = {}
        say.count(events=sum(not e.answer for e in lane.events.values()))
        for number, e in sorted(lane.events.items()):
            if e.answer:
                continue
            before = last.get(e.dossier)
            if before is not None and e.version <= before.version:
                say.wrong(f"{e} of {e.dossier} has version {e.version}, {before} had {before.version}")
            last[e.dossier] = e


@rule("versions-dense", "the versions of a dossier over all journals are 1, 2, 3 … each once, and the row has the last [5 6]")
def versions(w, say):
    for dossier in w.by_dossier.keys() | w.dossiers.keys():
        found = [e.version for e in w.by_dossier.get(dossier, [])]
        row = w.dossiers.get(dossier)
        say.count(dossiers=1, events=len(found))
        last = max([row["version"] if row else 0, *found])
        if found == list(range(1, last + 1)) and row:
            continue
        missing = sorted(set(range(1, last + 1)) - set(found))
        twice = sorted({v for v in found if found.count(v) > 1})
        if missing:
            say.wrong(f"{dossier}: version {missing[:5]} of {last} in no journal")
        for version in twice[:2]:
            say.wrong(f"{dossier}: version {version} is " + " and ".join(
                str(e) for e in w.by_dossier[dossier] if e.version == version))
        if row is None:
            say.wrong(f"{dossier}: {len(found)} events and no row")
        elif found and row["version"] != max(found):
            say.wrong(f"{dossier}: row has version {row['version']}, the journals {max(found)}")
        if 0 in found:
            say.wrong(f"{dossier}: an event without a version: " + str(w.by_dossier[dossier][0]))


@rule("ids-derived", "a dossier is its portal's source and id, and no other; no dossier twice, no code twice [5]")
def ids(w, say):
    codes, born = {}, {}
    for id, row in w.dossiers.items():
        say.count(dossiers=1)
        wanted = dossier_id(row["source"].encode(), row["submission"].encode())
        if id != wanted:
            say.wrong(f"{id}: {row['source']} {row['submission']} makes {wanted}")
        if row["code"] is not None and codes.setdefault(row["code"], id) != id:
            say.wrong(f"{id} and {codes[row['code']]} have one code, {row['code']}")
        if (row["code"] is None) != (w.moves["intake"].name(row["intake"]) == "rejected"):
            say.wrong(f"{id}: code {row['code']}, intake is {w.moves['intake'].name(row['intake'])}")
    given = {}
    for e in w.events:
        if e.stage != 0 or e.answer:
            continue
        if e.kind in ("registered", "rejected"):
            if born.setdefault(e.dossier, e) is not e:
                say.wrong(f"{e.dossier} came into being twice: {born[e.dossier]}, {e}")
            code = e.data.get("code")
            if code is not None and given.setdefault(code, e.dossier) != e.dossier:
                say.wrong(f"{e.dossier} and {given[code]} were given one code, {code}")
    for id in w.dossiers.keys() - born.keys():
        say.wrong(f"{id} never came into being in the journal of intake")
