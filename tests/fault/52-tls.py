#!/usr/bin/env python3
"""52 - certificates: expired, of another host, of nobody we know, not yet good, weak protocols, no TLS at all."""
import os, ssl, subprocess, time, warnings
import fault, peers, stack
from fault import row
from stack import check, same, until

OPEN = ("open", "accepted", "processing", "decided")


class Authority:
    """Makes certificates in a folder, by openssl alone."""

    def __init__(self, folder, name):
        self.folder, self.name = folder, name
        os.makedirs(folder, exist_ok=True)
        self.ca = os.path.join(folder, name + ".pem")
        self.run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", self.ca + ".key", "-out", self.ca,
                 "-subj", f"/CN={name}", "-days", "30", "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")
        open(os.path.join(folder, name + ".index"), "w").close()

    def run(self, *args):
        done = subprocess.run(["openssl", *args], capture_output=True, text=True, cwd=self.folder)
        check(done.returncode == 0, f"openssl {args[0]}: {done.stderr[-400:]}")

    def context(self, name, host, since=-86400, until=86400 * 20):
        """What a server of that host speaks; since and until in seconds from now."""
        path = os.path.join(self.folder, name)
        self.run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", path + ".key", "-out", path + ".csr", "-subj", f"/CN={host}")
        with open(path + ".ext", "w") as f:
            f.write(f"subjectAltName={'IP' if host[0].isdigit() else 'DNS'}:{host}\nbasicConstraints=CA:FALSE\n")
        with open(path + ".cnf", "w") as f:
            f.write(f"[ca]\ndefault_ca=x\n[x]\ndatabase={self.name}.index\nserial={self.name}.serial\nnew_certs_dir=.\ndefault_md=sha256\npolicy=p\n"
                    "unique_subject=no\nrand_serial=yes\n[p]\ncommonName=supplied\n")
        def stamp(seconds):
            return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + seconds))
        self.run("ca", "-batch", "-config", path + ".cnf", "-cert", self.ca, "-keyfile", self.ca + ".key", "-in", path + ".csr", "-out", path + ".pem", "-notext",
                 "-extfile", path + ".ext", "-startdate", stamp(since), "-enddate", stamp(until))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path + ".pem", path + ".key")
        return context


def old_only(context):
    """TLS 1.0 and 1.1 alone: what nobody should speak any more."""
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        context.options |= ssl.OP_NO_TLSv1_2 | ssl.OP_NO_TLSv1_3
    return context


def outcomes(d):
    return [(o["registry"], o["outcome"]) for e in d.entries("lookup") for o in e["data"]["outcomes"]]


@row(52, "A43 C16", "the register's certificate is expired, not yet good, of another host, of an unknown authority, it speaks TLS 1.1 only, or no TLS",
     "nothing is sent, reason tls; with a good certificate all goes on; http.ca says whom to trust")
def certificates(w):
    folder = os.path.join(w.folder, "tls")
    ours, others = Authority(folder, "ours"), Authority(folder, "others")
    gate, plain = w.gate["population"], peers.Gate(w.port)
    good = ours.context("good", "127.0.0.1")
    bad = {"expired": ours.context("expired", "127.0.0.1", until=-3600), "not yet good": ours.context("early", "127.0.0.1", since=3600),
           "another host": ours.context("host", "register.test"), "unknown authority": others.context("unknown", "127.0.0.1"),
           "TLS 1.1 only": old_only(ours.context("old", "127.0.0.1"))}
    gate.tls = good
    address = f"127.0.0.1:{gate.port}/population"
    w.workers["lookup"].end()
    worker = w.start_worker("lookup", **{"lookup.population.url": f"https://{address}", "http.ca": ours.ca})
    w.wait_up(worker)
    d = w.submit("birth-in-time", id="tls-good")
    d.wait(30, casework=OPEN)
    same(outcomes(d), [("population", "match")], "with a good certificate")
    seen = []
    for what, context in [*bad.items(), ("no TLS", None)]:
        mark, calls = len(worker.log()), len(gate.calls)
        gate.tls = context
        gate.cut()
        x = w.submit("birth-in-time", id="tls-" + what.replace(" ", "-"))
        worker.wait_log(r"event=peer_down .*peer=population .*reason=", 30, mark)
        reason = until(lambda: [l for l in worker.log()[mark:].splitlines() if "event=peer_down" in l], 5)[-1].split("reason=")[1].split()[0]
        same((reason, x.row()["lookup"], len(gate.calls)), ("tls", "none", calls), f"{what}: reason, decision, requests that were heard")
        gate.tls = good
        x.wait(30, casework=OPEN)
        same(outcomes(x), [("population", "match")], what)
        seen.append(what)
    # Trusted by the system only: our authority is none of it.
    worker.end()
    worker = w.start_worker("lookup", **{"lookup.population.url": f"https://{address}"})
    w.wait_up(worker)
    calls = len(gate.calls)
    x = w.submit("birth-in-time", id="tls-system")
    worker.wait_log(r"event=peer_down .*peer=population .*reason=tls", 30)
    same((x.row()["lookup"], len(gate.calls)), ("none", calls), "without http.ca")
    worker.end()
    # A file of authorities that is not there: the worker says so and does not start.
    wrong = w.start_worker("lookup", "lookup-wrong", **{"http.ca": os.path.join(folder, "nowhere.pem")})
    wrong.may_die = True
    until(lambda: not wrong.is_alive(), 20, "a worker without its authorities goes on")
    w.allowed_errors.append("nowhere.pem")
    check("nowhere.pem" in wrong.tail(3) and wrong.process.returncode != 0, wrong.tail(3))
    del w.workers["lookup-wrong"]
    gate.tls = None
    w.wait_up(w.start_worker("lookup"))
    plain.shut()
    yield
    x.wait(30, casework=OPEN)
    same(outcomes(x), [("population", "match")])
    return (f"{', '.join(seen)}: reason=tls, no request heard, nothing decided; each a match with the good certificate; without http.ca not trusted; "
            f"http.ca that is not there: exit {wrong.process.returncode}")


fault.main(__file__, globals(), gates=["population"], params={"lookup": {"lookup.timeout": "3000"}})
