"""peers - stands for a service outside: passes everything on to the simulator, until it is told to misbehave.

    g = peers.Gate(w.port)                 # listens on g.port of 127.0.0.1
    g.deed = peers.hang                    # from now on, for every request
    g.only = lambda call: call.dossier == d.id     # for these; the others pass
    g.shut(); g.open()                     # the port is closed, connections are reset; the same port again
    g.most = 2                             # no more connections at once: the others are reset
    g.tls = context                        # speaks TLS; None: plain
    g.calls                                # what came, in order: when, method, path, headers, body, dossier, whether it was passed on

A deed gets the link and the call, does what it likes to the wire, and says whether the connection may be used again.
Deeds that take settings are made by a function: peers.status(429, {"Retry-After": "3"}).
"""
import re, select, socket, ssl, struct, threading, time

UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Gone(Exception):
    """The other end has gone, or the gate was shut."""


class Call:
    def __init__(self, head, body):
        lines = head.split(b"\r\n")
        self.at = time.monotonic()
        self.method, self.path = lines[0].decode("latin-1").split(" ")[:2]
        self.headers = {n.strip().lower(): v.strip() for n, v in (l.decode("latin-1").split(":", 1) for l in lines[1:] if b":" in l)}
        self.raw, self.body, self.passed = head + b"\r\n\r\n" + body, body, False
        found = UUID.search(body) or UUID.search(head)
        self.dossier = found[0].decode() if found else None


class Link:
    """One connection of a client."""

    def __init__(self, gate, client, peer):
        self.gate, self.client, self.server, self.peer = gate, client, None, peer
        gate.links.add(self)            # before it serves: who is not among them has been cut
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        again = True
        try:
            if self.gate.tls:
                self.client.settimeout(10)
                self.client = self.gate.tls.wrap_socket(self.client, server_side=True)
                self.client.settimeout(None)
            while again:
                call = self.read()
                if call is None:
                    break
                with self.gate.lock:
                    self.gate.calls.append(call)
                deed = self.gate.deed
                if deed and (self.gate.only is None or self.gate.only(call)):
                    again = bool(deed(self, call))
                else:
                    call.passed = True
                    self.send(self.ask(call))
        except ssl.SSLError as e:
            self.gate.refused.append(str(e))
        except (OSError, Gone, ValueError):
            pass
        self.close()

    def read(self):
        data = b""
        while b"\r\n\r\n" not in data:
            piece = self.client.recv(65536)
            if not piece:
                return None
            data += piece
            if not data[:1].isalpha():      # no HTTP: a server says so and closes
                self.send(answer(400, b""))
                return None
        head, body = data.split(b"\r\n\r\n", 1)
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        while length and len(body) < int(length[1]):
            piece = self.client.recv(65536)
            if not piece:
                raise Gone
            body += piece
        return Call(head, body)

    def ask(self, call):
        """The simulator's answer, whole, as bytes."""
        with socket.create_connection(("127.0.0.1", self.gate.target), 30) as server:
            server.sendall(call.raw.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
            data = b""
            while True:
                piece = server.recv(65536)
                if not piece:
                    break
                data += piece
        if not data:
            raise Gone
        return re.sub(rb"(?i)\r\nconnection: close", b"", data, count=1)

    def send(self, data):
        self.client.sendall(data)

    def stands(self, seconds):
        """Waits; raises when the client goes, or the gate is shut."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self not in self.gate.links:
                raise Gone
            if select.select([self.client], [], [], 0.05)[0] and not self.client.recv(1, socket.MSG_PEEK):
                raise Gone

    def reset(self):
        """Not closed in good order: what is under way is lost."""
        try:
            self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except OSError:
            pass
        self.close()

    def close(self):
        self.gate.links.discard(self)
        try:
            self.client.close()
        except OSError:
            pass


class Gate:
    def __init__(self, target, port=0, host="127.0.0.1"):
        self.target, self.port, self.host = target, port, host
        self.deed = self.only = self.most = self.tls = self.socket = None
        self.links, self.calls, self.refused, self.lock = set(), [], [], threading.Lock()
        self.turned_away = self.widest = 0
        self.open()

    def open(self):
        self.socket = socket.create_server((self.host, self.port), backlog=512)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.listen, args=(self.socket,), daemon=True).start()

    def shut(self):
        listening, self.socket = self.socket, None
        if listening:
            listening.shutdown(socket.SHUT_RDWR)
            listening.close()
        self.cut()

    def cut(self):
        for link in list(self.links):
            link.gate.links.discard(link)
            try:
                link.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                link.client.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def listen(self, listening):
        while True:
            try:
                client, peer = listening.accept()
            except OSError:
                return
            try:
                self.welcome(client, peer)
            except OSError:         # gone already
                client.close()

    def welcome(self, client, peer):
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.most is not None and len(self.links) >= self.most:
            self.turned_away += 1
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()
            return
        Link(self, client, peer)
        self.widest = max(self.widest, len(self.links))

    def heal(self):
        """As at the start; what hangs is cut."""
        self.deed = self.only = self.most = None
        if self.socket is None:
            self.open()
        else:
            self.cut()

    def since(self, at, **match):
        """Calls since a moment (time.monotonic())."""
        with self.lock:
            return [c for c in self.calls if c.at >= at and all(getattr(c, k) == v for k, v in match.items())]


# --- deeds ---------------------------------------------------------------------------------------------------------------

def answer(status=200, body=b"{}", headers=None, type="application/json", length=None):
    """The bytes of an answer."""
    lines = {"Content-Type": type, "Content-Length": len(body) if length is None else length, **(headers or {})}
    head = f"HTTP/1.1 {status} X\r\n" + "".join(f"{n}: {v}\r\n" for n, v in lines.items() if v is not None)
    return head.encode() + b"\r\n" + body


def hang(link, call):
    link.stands(600)


def reset(link, call):
    link.reset()


def drop(link, call):
    """It is done, and nobody hears of it."""
    call.passed = True
    link.ask(call)
    link.reset()


def says(data, again=True):
    """Always these bytes."""
    def deed(link, call):
        link.send(data)
        return again
    return deed


def status(number, headers=None, body=b'{"error":"no"}'):
    return says(answer(number, body, headers))


def drip(link, call):
    """The right answer, one byte a second."""
    for byte in link.ask(call):
        link.send(bytes([byte]))
        link.stands(1)


def half(link, call):
    """Half of the right answer, then the connection is reset."""
    data = link.ask(call)
    link.send(data[:len(data) - len(data.split(b"\r\n\r\n", 1)[1]) // 2])
    link.stands(0.05)
    link.reset()


def flood(total, head=None, piece=b" " * 65536):
    """An answer of so many bytes; as many of them as the client takes are counted in link.gate.sent."""
    def deed(link, call):
        link.send(head or answer(length=total, body=b""))
        left = total
        link.gate.sent = 0
        while left > 0:
            link.send(piece[:left])
            left -= len(piece)
            link.gate.sent += len(piece)
        return True
    return deed


def chunks(link, call):
    """Chunks without end."""
    link.send(answer(headers={"Transfer-Encoding": "chunked"}, length=None, body=b"").replace(b"Content-Length: 0\r\n", b""))
    while True:
        link.send(b"1000\r\n" + b" " * 4096 + b"\r\n")
