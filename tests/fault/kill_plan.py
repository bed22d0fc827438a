"""kill_plan - what will be done to whom, and when: all of it follows from the seed, nothing from the clock.

    events        (at, target, deed, seconds): what hits workers, broker, database and simulators from outside
    Points        for each process, at which kill point each of its lives ends
"""
import random, subprocess

# How often each deed is drawn, of a hundred. The deck is shuffled and dealt, so that none is left out.
DECK = [
    # worker
    ("worker", "kill", 33), ("worker", "stop", 14), ("worker", "restart", 14), ("workers", "kill", 4),
    # servers
    ("broker", "kill", 3), ("broker", "stop", 2), ("broker", "restart", 2),
    ("database", "kill", 3), ("database", "head", 2), ("database", "backend", 3), ("database", "stop", 2), ("database", "restart", 3),
    ("database", "mute", 3),
    ("simulators", "kill", 6), ("simulators", "stop", 3), ("simulators", "restart", 3),
]
# Beyond every time-out that matters: the session's (3 s), the one of effects (2 s), that of a trip to the database (8 s).
SECONDS = {("worker", "stop"): (4, 7), ("broker", "stop"): (4, 9), ("database", "stop"): (3, 10),
           ("database", "mute"): (10, 12), ("simulators", "stop"): (2, 5)}

# Places that only some workers have.
ONLY = {
    "inquiry.begun": ("verification", "lookup", "tracking"), "inquiry.answered": ("verification", "lookup"),
    "serial.taken": ("intake",), "snapshot.sent": ("tracking",), "snapshot.flushed": ("tracking",),
    "effect.settled": ("fee", "dispatch", "tracking"), "effect.start": ("fee", "dispatch", "tracking"),
    "effect.started": ("fee", "dispatch", "tracking"), "effect.answered": ("fee", "dispatch", "tracking"),
    "dead.sent": ("intake", "fee", "casework", "dispatch"), "dead.announced": ("intake", "fee", "casework", "dispatch"),
    "turn.stored": ("intake", "lookup", "fee", "dispatch", "tracking"),
}
# What no message brings about: armed beside the others, in turns.
SELDOM = (("commit.unsure", "commit.settled"), ("producer.spent", "producer.renewed"))
# Passed so often that the first visit is not always the one.
OFTEN = ("turn.", "fence.", "commit.sent", "commit.answered", "publish.", "snapshot.", "effect.", "inquiry.", "step.")


def names(program):
    """All kill points, as the program lists them."""
    done = subprocess.run([program], env={"DOSSIER_KILL_POINT": "list"}, capture_output=True, text=True, check=True)
    return [line.split()[0] for line in done.stdout.splitlines()]


def deal(deck, n, random_):
    """n cards: the deck again and again, shuffled each time."""
    cards = []
    while len(cards) < n:
        cards += random_.sample(deck, len(deck))
    return cards[:n]


def events(seed, n, seconds, processes):
    """n deeds spread over so many seconds."""
    r = random.Random(f"{seed}/events")
    if n >= 100:
        deck = [(target, deed) for target, deed, share in DECK for _ in range(share)]
        cards = deal(deck, n, r)
    else:
        # A short run has each of them, and then more of the frequent ones.
        cards = [(target, deed) for target, deed, _ in DECK]
        cards += r.choices(cards[:4] + [("simulators", "kill")], [6, 3, 3, 1, 1], k=n - len(cards))
        r.shuffle(cards)
    at, found = 0.0, []
    for target, deed in cards:
        at += r.expovariate(1)
        low, high = SECONDS.get((target, deed), (0, 0))
        found.append([at, r.choice(processes) if target == "worker" else target, deed, round(r.uniform(low, high), 1)])
    for e in found:
        e[0] *= seconds / at
    return [tuple(e) for e in found]


class Points:
    """Where the lives of one process end. What it died at is crossed off; what it did not reach comes again later."""

    def __init__(self, seed, process, stage, all_names, stages, per_point):
        self.random = random.Random(f"{seed}/points/{process}")
        usual = [n for n in all_names if n not in sum(SELDOM, ()) and stage in ONLY.get(n, (stage,))]
        # Every place is to be met so often by all processes that have it, two of a stage.
        once = [n for n in usual for _ in range(-(-per_point // (2 * len(ONLY.get(n, stages)))))]
        self.usual, self.left = usual, self.random.sample(once, len(once))
        self.tries, self.lives = 0, 0

    def next(self):
        """(its place, the setting) of the next life."""
        if not self.left:
            self.left = self.random.sample(self.usual, len(self.usual))
        if self.tries == 3:
            self.left.append(self.left.pop(0))
            self.tries = 0
        self.tries += 1
        self.lives += 1
        name = self.left[0]
        nth = self.random.choice((1, 1, 2, 3, 8)) if name.startswith(OFTEN) else 1
        return name, ",".join([f"{name}:{nth}", *(pair[self.lives % 2] for pair in SELDOM)])

    def died(self, name):
        if self.left and self.left[0] == name:
            self.left.pop(0)
            self.tries = 0
