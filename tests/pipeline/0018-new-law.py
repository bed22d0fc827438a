#!/usr/bin/env python3
"""0018 - law that is loaded while the workers run: known to every stage as soon as a dossier comes under it."""
import json
import os
import shutil
import subprocess

import stack
from stack import check, same, submission

NEW = "1.009999"


def apply_more(w):
    """A procedure of a new code, else as the registration of births, beside what is there."""
    folder = os.path.join(w.folder, "schemas")
    shutil.copytree("schemas", folder)
    with open(f"{folder}/catalogue/procedures/1.001193.json", encoding="utf-8") as f:
        procedure = json.loads(f.read().replace("1.001193", NEW))
    with open(f"{folder}/catalogue/procedures/{NEW}.json", "w", encoding="utf-8") as f:
        json.dump(procedure, f, ensure_ascii=False, indent=2)
    done = subprocess.run([f"{stack.BUILD}/bin/dossierctl", "catalogue", "apply", "--database", w.conninfo, "--schemas", folder],
                          capture_output=True, text=True, timeout=60 * stack.SLOW)
    check(done.returncode == 0, done.stdout + done.stderr)


def test_1_unknown(w):
    """what the law does not know is rejected"""
    d = w.submit_all([submission("birth-in-time", procedure=NEW)])[0]
    row = d.wait(intake="rejected")
    check("procedure" in row["errors"], row["errors"])


def test_2_known_at_once(w):
    """loaded while the workers run, which look by themselves only once an hour: the next dossier goes all the way at once"""
    apply_more(w)
    d = w.submit_all([submission("birth-in-time", procedure=NEW)])[0]
    row = d.wait(30, casework="decided", dispatch="released")
    same(row["procedure"], NEW)
    w.quiet()


def test_3_no_longer_asked_for(w):
    """once it is known everywhere, nobody waits for it"""
    mark = {name: len(p.log()) for name, p in w.workers.items()}
    for d in w.submit_all([submission("birth-in-time", procedure=NEW) for _ in range(5)]):
        d.wait(casework="decided", dispatch="released")
    waits = [name for name, p in w.workers.items() if "reason=catalogue" in p.log()[mark[name]:]]
    same(waits, [], "waited for the law")


stack.main(__file__, globals(), simulators=["--officer", "--citizen", "--intake"], params={"*": {"catalogue.refresh": "3600000"}})
