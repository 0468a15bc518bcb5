"""Requests as bytes, whatever they are, and all that comes back."""
import contextlib
import json
import select
import socket
import time
from typing import NamedTuple

SECONDS = 20  # for an answer


class Reply(NamedTuple):
    status: int
    rule: str
    headers: dict
    body: bytes

    def __str__(self):
        return f"{self.status} {self.rule}".strip()


def said(answer):
    """An answer of the harness's client, as a Reply prints."""
    return f"{answer.status} {answer.rule or ''}".strip()


def connect(server, source="127.0.0.1"):
    return socket.create_connection(("127.0.0.1", server.port), timeout=SECONDS, source_address=(source, 0))


def parse(data):
    """The first reply in `data` and what follows it; None where it is not whole."""
    top, separator, rest = data.partition(b"\r\n\r\n")
    if not separator:
        return None
    lines = top.decode("latin-1").split("\r\n")
    status = int(lines[0].split(" ")[1])
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    length = 0 if status < 200 or status in (204, 304) else int(headers.get("content-length", 0))
    if len(rest) < length:
        return None
    try:
        rule = json.loads(rest[:length]).get("rule", "")
    except (ValueError, AttributeError):
        rule = ""
    return Reply(status, rule, headers, rest[:length]), rest[length:]


def read_reply(connection, seconds=SECONDS):
    """The next reply; None where the other side closes or is silent instead."""
    data = b""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        connection.settimeout(left)
        try:
            chunk = connection.recv(65_536)
        except (TimeoutError, ConnectionError):
            return None
        data += chunk
        if found := parse(data):
            return found[0]
        if not chunk:
            return None
    return None


def read_all(connection):
    """Every reply until the other side closes."""
    data = b""
    connection.settimeout(SECONDS)
    try:
        while chunk := connection.recv(65_536):
            data += chunk
    except (TimeoutError, ConnectionError):
        pass
    found = []
    while data and (parsed := parse(data)):
        found.append(parsed[0])
        data = parsed[1]
    return found


def exchange(server, data):
    """Sends `data` and no more: every reply, comma-separated."""
    with connect(server) as connection:
        connection.sendall(data if isinstance(data, bytes) else data.encode("latin-1"))
        connection.shutdown(socket.SHUT_WR)
        return ", ".join(map(str, read_all(connection))) or "closed"


def exchange_in_pieces(server, data, size):
    """The same in pieces that the server reads one by one."""
    with connect(server) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(ConnectionError):
            for at in range(0, len(data), size):
                connection.sendall(data[at:at + size])
                time.sleep(0.002)
            connection.shutdown(socket.SHUT_WR)
        return ", ".join(map(str, read_all(connection))) or "closed"


def ask(server, data, seconds=SECONDS):
    """Sends `data` and keeps the connection open, as if more were to come: the first reply."""
    with connect(server) as connection:
        connection.sendall(data if isinstance(data, bytes) else data.encode("latin-1"))
        reply = read_reply(connection, seconds)
        return str(reply) if reply else "nothing"


def pour(connection, piece, most):
    """Sends `piece` again and again until something comes back or `most` bytes are sent: whether it came."""
    sent = 0
    connection.setblocking(False)
    deadline = time.monotonic() + SECONDS
    try:
        while sent < most and time.monotonic() < deadline:
            readable, writable, _ = select.select([connection], [connection], [], 1)
            if readable:
                return True
            if writable:
                sent += connection.send(piece)
    except ConnectionError:
        return True
    finally:
        connection.setblocking(True)
    return False


def send_whole(connection, data):
    """As much of it as the other side takes."""
    connection.settimeout(SECONDS)
    with contextlib.suppress(OSError):
        connection.sendall(data)


def chunked(*bodies, trailers=b""):
    return b"".join(b"%x\r\n%s\r\n" % (len(b), b) for b in bodies) + b"0\r\n" + trailers + b"\r\n"
