#!/usr/bin/env python3
"""61 - one register is dead for all: its dossiers wait and are then asked for paper; the others lose nothing, measured in one run."""
import statistics, time
import fault, stack
from fault import row
from stack import check, same, until

EACH, LOSS = 250, 0.05
# Whatever else the machine does only slows a window, so the best ones are compared, and turns are added while they are not in
# reach of each other. A loss of our own is in every window and does not go away: with the two registers' connections counted
# together, as they were once, the hanging windows stood at a third of the others in every turn.
TURNS, TURNS_MOST = 5, 12
PATIENCE_MS = 5000
RULES = {"alive": [], "resets": [{"service": "population", "do": "reset"}], "hangs": [{"service": "population", "do": "hang"}]}


def window(w, dead):
    """As many dossiers of the register as others, all at once: how many of the others a second get through lookup."""
    datas = [stack.submission("enterprise-address") for _ in range(EACH)] + [stack.submission("birth-in-time") for _ in range(EACH)]
    datas = [d for pair in zip(datas[:EACH], datas[EACH:]) for d in pair]
    ids = [f"w{w.load_number()}" for _ in datas]
    others = ",".join(f"'{stack.dossier_id('/portal/test', i)}'" for i in ids[::2])
    theirs = ",".join(f"'{stack.dossier_id('/portal/test', i)}'" for i in ids[1::2])
    messages = [w.message(d, id=i) for d, i in zip(datas, ids)]
    begin = time.monotonic()
    w.produce(messages)
    until(lambda: w.sql.value(f"select count(*) from core.dossier where id in ({others}) and lookup <> 0") == EACH, 120,
          lambda: f"the others are not through: {w.troubles()}", 0.01)
    seconds = time.monotonic() - begin
    answered = w.sql.value(f"select count(*) from core.dossier where id in ({theirs}) and lookup <> 0")
    return EACH / seconds, answered, theirs


@row(61, "A32", "the population register is dead for all: resets every connection, hangs, by turns with windows in which it lives",
     "its dossiers wait, then are asked for paper; the others lose at most 5 % throughput in the same run", load=0)
def dead(w):
    rates, paper = {"alive": [], "resets": [], "hangs": []}, 0
    window(w, False)                    # everything is warm
    def loss(how):
        return 1 - max(rates[how]) / max(rates["alive"])
    turn = 0
    while turn < TURNS or (turn < TURNS_MOST and max(loss("resets"), loss("hangs")) > LOSS):
        for how in (("alive", "resets", "hangs"), ("hangs", "alive", "resets"), ("resets", "hangs", "alive"))[turn % 3]:
            # The simulator itself is dead to it: a gate would cost CPU while the register lives, and flatter the comparison.
            w.http("POST", "/behaviour", {"replace": True, "magic": False, "rules": RULES[how]})
            rate, answered, theirs = window(w, how != "alive")
            rates[how].append(rate)
            if how != "alive":
                same(answered, 0, f"{how}: answered by a dead register")
                if turn == 0:           # for as long as we have patience, and then the law: the paper
                    until(lambda: w.sql.value(f"select count(*) from core.dossier where id in ({theirs}) and lookup <> 0") == EACH, 60, "their paper is not asked for", 0.1)
                    paper += w.sql.value(f"select count(distinct dossier) from lookup.evidence where dossier in ({theirs}) and outcome = 'unavailable'")
                w.http("POST", "/behaviour", {"replace": True, "magic": False})
            until(lambda: w.sql.value("select count(*) from core.dossier where lookup = 0 and intake = 1") == 0, 90, lambda: f"not settled: {w.troubles()}", 0.1)
            w.quiet(120)
        turn += 1
    same(paper, 2 * EACH, "dossiers asked for paper")
    yield
    check(max(loss("resets"), loss("hangs")) <= LOSS, f"rates {rates}")
    told = ", ".join(f"{how} {max(r):.0f}/s (median {statistics.median(r):.0f})" for how, r in rates.items())
    return (f"{turn} windows each, {EACH} + {EACH} dossiers at once; the others, best window: {told}; that is {-100 * loss('resets'):+.1f} % and "
            f"{-100 * loss('hangs'):+.1f} %; {paper} asked for paper after {PATIENCE_MS / 1000:.0f} s")


fault.main(__file__, globals(), params={"lookup": {"lookup.timeout": "2000", "lookup.patience_ms": str(PATIENCE_MS)}})
