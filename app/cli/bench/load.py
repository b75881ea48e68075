"""A load generator that costs little itself: a few keep-alive connections, one thread, one request in flight on each.

It runs in a process of its own (``python -m app.cli.bench.load``), reads its task as JSON from standard input and
writes what it measured, its own CPU time included, to standard output.
"""

from __future__ import annotations

import os
import selectors
import socket
import sys
import time
from dataclasses import dataclass, field

import orjson

GIVE_UP_S = 10.0


@dataclass(slots=True)
class Connection:
    """One keep-alive connection and the answer that is arriving on it."""

    socket: socket.socket
    began: float = 0.0
    received: bytearray = field(default_factory=bytearray)
    expected: int = -1


def run(port: int, requests: list[bytes], *, connections: int, seconds: float, status: int = 200) -> dict[str, float]:
    """Send the requests in turn for so long.

    Returns:
        requests answered and failed (with another status than `status`), seconds, p50 and p99 in ms, own CPU seconds.
    """
    selector = selectors.DefaultSelector()
    latencies: list[float] = []
    failed = sent = 0
    cpu, began = time.process_time(), time.perf_counter()
    for _ in range(connections):
        opened = Connection(socket.create_connection(("127.0.0.1", port), timeout=GIVE_UP_S))
        opened.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(opened.socket, selectors.EVENT_READ, opened)
        _send(opened, requests[sent % len(requests)])
        sent += 1
    end = began + seconds
    while (now := time.perf_counter()) < end:
        ready = selector.select(timeout=GIVE_UP_S)
        if not ready:
            raise TimeoutError(f"port {port} has not answered for {GIVE_UP_S:.0f} s")
        for key, _ in ready:
            connection: Connection = key.data
            answered = _receive(connection)
            if answered is None:
                continue
            now = time.perf_counter()
            latencies.append(now - connection.began)
            failed += answered != status
            _send(connection, requests[sent % len(requests)])
            sent += 1
    taken = time.perf_counter() - began
    for key in list(selector.get_map().values()):
        key.data.socket.close()
    latencies.sort()
    return {
        "requests": len(latencies),
        "failed": failed,
        "seconds": taken,
        "p50_ms": 1000 * latencies[len(latencies) // 2],
        "p99_ms": 1000 * latencies[int(len(latencies) * 0.99)],
        "own_cpu_s": time.process_time() - cpu,
    }


def _send(connection: Connection, request: bytes) -> None:
    connection.received.clear()
    connection.expected = -1
    connection.began = time.perf_counter()
    connection.socket.sendall(request)


def _receive(connection: Connection) -> int | None:
    """Take what has come; the status once the whole answer is there."""
    part = connection.socket.recv(65536)
    if not part:
        raise ConnectionError("the server closed a keep-alive connection")
    connection.received += part
    if connection.expected < 0:
        head = connection.received.find(b"\r\n\r\n")
        if head < 0:
            return None
        length = connection.received.lower().find(b"content-length:", 0, head)
        line_end = connection.received.find(b"\r\n", length)
        connection.expected = head + 4 + int(connection.received[length + 15 : line_end])
    if len(connection.received) < connection.expected:
        return None
    return int(connection.received[9:12])


def main() -> None:
    """Run the task on standard input."""
    task = orjson.loads(sys.stdin.buffer.read())
    if task["core"] is not None:
        os.sched_setaffinity(0, {task["core"]})
    requests = [request.encode() for request in task.get("requests", ())] or [
        f"GET {target} HTTP/1.1\r\nHost: bench\r\nAccept: application/json\r\n\r\n".encode()
        for target in task["targets"]
    ]
    measured = run(
        task["port"],
        requests,
        connections=task["connections"],
        seconds=task["seconds"],
        status=task.get("status", 200),
    )
    sys.stdout.buffer.write(orjson.dumps(measured))


if __name__ == "__main__":
    main()
