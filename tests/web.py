"""A real web server on loopback that answers as a test tells it, and remembers what it was asked."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

HOST = "127.0.0.1"


class Asked(NamedTuple):
    """One request as it was seen on the wire."""

    path: str
    headers: dict[str, str]


class Reply(NamedTuple):
    """What a path answers; with an *etag* or a date, a request that has it gets 304 and no body."""

    body: bytes | str = ""
    status: int = 200
    headers: dict[str, str] = {}  # noqa: RUF012 – a NamedTuple's default
    etag: str | None = None
    modified: str | None = None


class Site:
    """Paths and their replies: a `Reply`, or a function that writes to the request's handler itself."""

    def __init__(self, port):
        self.replies = {}
        self.asked = []
        self.over = threading.Event()  # set when the server goes: whoever waits, waits for this too
        self.url = f"http://{HOST}:{port}"

    def put(self, path, body, kind="text/html; charset=utf-8", **more):
        headers = {"Content-Type": kind, **more.pop("headers", {})}
        self.replies[path] = Reply(body, headers=headers, **more)
        return self.url + path

    def paths(self, *, robots=False):
        """Return the paths that were asked for, in order."""
        return [a.path for a in self.asked if robots or a.path != "/robots.txt"]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        site = self.server.site
        site.asked.append(Asked(self.path, dict(self.headers)))
        reply = site.replies.get(self.path, Reply(status=404))
        if callable(reply):
            reply(self)
            return
        given = {"ETag": reply.etag, "Last-Modified": reply.modified}
        known = {"If-None-Match": reply.etag, "If-Modified-Since": reply.modified}
        same = any(v and self.headers.get(name) == v for name, v in known.items())
        body = reply.body.encode() if isinstance(reply.body, str) else reply.body
        self.send_response(304 if same else reply.status)
        for name, value in {**reply.headers, **{n: v for n, v in given.items() if v}}.items():
            self.send_header(name, value)
        if not same:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(b"" if same else body)

    def log_message(self, *args):
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request, client_address):
        pass  # who is asked for too much hangs up


@contextmanager
def serving():
    """Run a site as long as the block lasts."""
    with _Server((HOST, 0), _Handler) as server:
        server.site = site = Site(server.server_port)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield site
        finally:
            site.over.set()
            server.shutdown()
            thread.join()
