"""Campaigns on Dask: many machines, the same call."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

from . import worker

_BATCH = 16


def client_of(scheduler: Any) -> tuple[Any, bool]:
    """A Dask client for an address such as `"tcp://host:8786"`, or the one given; and whether it is
    ours to close."""
    try:
        import distributed
    except ImportError as error:
        raise ImportError("scheduler: needs Debian's package python3-distributed") from error
    if isinstance(scheduler, str):
        return distributed.Client(scheduler), True
    if not isinstance(scheduler, distributed.Client):
        raise TypeError("scheduler: must be an address such as 'tcp://host:8786' or a "
                        f"distributed.Client, not {type(scheduler).__name__}")
    return scheduler, False


def run_on_dask(payload: bytes, seeds: Iterable[int], scheduler: Any) -> Iterator[dict[str, Any]]:
    """Rows of all seeds, as they come. A batch whose worker dies is tried again seed by seed, in
    the end and with nothing else under way: a seed that takes its worker along then is a finding.
    """
    import distributed

    client, ours = client_of(scheduler)
    pending: dict[Any, list[int]] = {}

    def submit(batch: list[int]) -> Any:
        future = client.submit(worker.run_batch, payload, batch, pure=False, retries=0)
        pending[future] = batch
        return future

    suspects: list[int] = []
    try:
        waiting = iter(seeds)
        ahead = 4 * max(1, len(client.scheduler_info()["workers"]))
        running = distributed.as_completed(
            [submit(batch) for batch in _batches(waiting, ahead)], loop=client.loop)
        for future in running:
            batch = pending.pop(future)
            if future.status == "finished":
                yield from future.result()
            else:
                suspects.extend(batch)
            for more in _batches(waiting, 1):
                running.add(submit(more))
        for seed in suspects:
            future = submit([seed])
            failure = future.exception()  # waits
            del pending[future]
            if failure is None:
                yield from future.result()
            else:
                yield {"seed": seed, "verdict": "violation", "violated": "crash",
                       "detail": str(failure)}
    finally:
        for future in pending:
            future.cancel()
        if ours:
            client.close()


def _batches(waiting: Iterator[int], most: int) -> Iterator[list[int]]:
    for _ in range(most):
        batch = list(itertools.islice(waiting, _BATCH))
        if not batch:
            return
        yield batch
