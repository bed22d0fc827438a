"""proxy - stands between a client and a server, and does to the wire what a network does.

    p = proxy.Proxy(("127.0.0.1", 5432))            # or a path: a Unix socket; listens on p.port of 127.0.0.1
    p.delay = 0.2                                   # seconds, each way, each piece
    p.refuse = True                                 # new connections are closed at once
    p.cut()                                         # every connection is reset now
    p.freeze = True                                 # bytes stay where they are
    p.watch = lambda way, data, link: …             # sees every piece ("up" to the server, "down" to the client) before it goes
                                                    # on; returns the bytes to pass (b"" swallows them), or None to cut the link
"""
import socket, struct, threading, time


class Link:
    """One connection, with both its ends."""

    def __init__(self, proxy, client, server):
        self.proxy, self.client, self.server, self.state = proxy, client, server, {}
        proxy.links.add(self)           # known before it serves: what is cut at once must be found
        for way, source, sink in (("up", client, server), ("down", server, client)):
            threading.Thread(target=self.pump, args=(way, source, sink), daemon=True).start()

    def pump(self, way, source, sink):
        try:
            while True:
                data = source.recv(65536)
                if not data:
                    break
                while self.proxy.freeze and not self.proxy.closed:
                    time.sleep(0.01)
                if self.proxy.delay:
                    time.sleep(self.proxy.delay)
                if self.proxy.watch:
                    data = self.proxy.watch(way, data, self)
                    if data is None:
                        break
                if self.proxy.drip:
                    for i in range(0, len(data), self.proxy.drip[0]):
                        sink.sendall(data[i:i + self.proxy.drip[0]])
                        time.sleep(self.proxy.drip[1])
                elif data:
                    sink.sendall(data)
        except OSError:
            pass
        self.cut()

    def cut(self):
        """Reset, not closed in good order: nothing that is under way arrives."""
        for end in (self.client, self.server):
            try:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()
        self.proxy.links.discard(self)


class Proxy:
    def __init__(self, server, port=0):
        self.server, self.links = server, set()
        self.delay, self.refuse, self.freeze, self.drip, self.watch, self.closed = 0, False, False, None, None, False
        self.socket = socket.create_server(("127.0.0.1", port))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while not self.closed:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            if self.refuse:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                client.close()
                continue
            try:
                if isinstance(self.server, str):
                    server = socket.socket(socket.AF_UNIX)
                    server.connect(self.server)
                else:
                    server = socket.create_connection(self.server, 5)
                    server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError:
                client.close()
                continue
            Link(self, client, server)

    def cut(self):
        for link in list(self.links):
            link.cut()

    def close(self):
        self.closed = True
        self.socket.close()
        self.cut()
