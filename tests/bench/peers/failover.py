"""How long nobody can write after kill -9 of the leader.

From the kill on, a new write is tried through each surviving node every 10 ms, each on a connection of
its own, and no earlier one is given up: the first acknowledgement ends the gap. A client with a
connection and a time-out of its own would measure these as well.
"""

import asyncio
import random
import time

from processes import PeerError
from wire import etcd_put_body, resp_request

INTERVAL_SECONDS = 0.010
MOST_UNDER_WAY = 400  # the oldest are given up beyond that: file descriptors are finite
GIVE_UP_SECONDS = 60


async def _resp_write(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(resp_request("SET", "peers:fail-over", "1"))
        return await reader.readline() == b"+OK\r\n"
    finally:
        writer.close()


async def _etcd_write(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        body = etcd_put_body("peers:fail-over", "1")
        writer.write(
            b"POST /v3/kv/put HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n%s"
            % (len(body), body)
        )
        return (await reader.readline()).startswith(b"HTTP/1.1 200 ")
    finally:
        writer.close()


async def first_acknowledged(write, ports, interval=INTERVAL_SECONDS, give_up=GIVE_UP_SECONDS):
    """Seconds until a write through one of `ports` is acknowledged."""
    start = time.monotonic()
    acknowledged = asyncio.get_running_loop().create_future()
    under_way = []

    async def attempt(port):
        try:
            if await write(port) and not acknowledged.done():
                acknowledged.set_result(time.monotonic() - start)
        except OSError:
            pass  # refused or reset: another attempt follows

    try:
        while not acknowledged.done():
            if time.monotonic() - start > give_up:
                raise PeerError(f"no write was acknowledged within {give_up} s of the kill")
            under_way = [task for task in under_way if not task.done()]
            for task in under_way[:max(0, len(under_way) - MOST_UNDER_WAY)]:
                task.cancel()
            under_way += [asyncio.ensure_future(attempt(port)) for port in ports]
            await asyncio.wait([acknowledged], timeout=interval)
        return acknowledged.result()
    finally:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


def trial(system, draw=random.random):
    """Kills the leader of a healthy cluster, measures the gap in seconds, mends the cluster."""
    system.wait_until_serving()
    # Anywhere between two heartbeats, and with all followers caught up.
    time.sleep(0.5 + draw())
    leader = system.leader()
    survivors = [port for node, port in enumerate(system.ports) if node != leader]
    write = _etcd_write if system.protocol == "etcd" else _resp_write
    system.kill(leader)
    gap = asyncio.run(first_acknowledged(write, survivors))
    system.restart(leader)
    system.wait_until_serving()
    return gap
