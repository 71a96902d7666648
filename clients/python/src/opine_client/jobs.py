"""Jobs: a manifest of up to a million items that the service asks about while the caller does something else."""

from __future__ import annotations

import json
import os
import tempfile
import time
from contextlib import closing
from http.client import HTTPException
from typing import IO, Any, Dict, Generator, Iterable, Iterator, Mapping, Optional, Tuple, Union, cast

from . import contract
from .errors import Unreachable
from .images import Image, given
from .transport import Transport

# Nothing more happens to such a job unless somebody resumes it.
AT_REST = ("paused", "cancelled", "finished")

# A manifest is spooled to disk from here on.
SPOOL_BYTES = 8 << 20

# Streams of events that end, one after the other, without anything new.
MOST_BREAKS = 5

MEDIA_TYPES = {".csv": "text/csv", ".jsonl": "application/jsonl", ".ndjson": "application/jsonl"}

Manifest = Union[str, "os.PathLike[str]", Iterable[Mapping[str, Any]]]

# The id of an event, which is a revision of the job, and the job.
Event = Tuple[str, contract.Job]


def item(image: Image, *more: Image, **fields: Any) -> contract.Manifest:
    """A line of a manifest out of one image, or out of several for operations that take several."""
    images = given([image, *more])
    line: Dict[str, Any] = {"images": images} if more else dict(images[0])
    return cast(contract.Manifest, {**line, **fields})


class Jobs:
    """The jobs of one service; `client.jobs`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def submit(
        self,
        manifest: Manifest,
        operation: contract.JobOperation,
        *,
        judge: Optional[str] = None,
        texts: Optional[Mapping[str, str]] = None,
        idempotency_key: Optional[str] = None,
        **settings: Any,
    ) -> contract.Job:
        """Sends a file (`.jsonl` or `.csv`), or lines one after the other; they are never all in memory."""
        query = {"operation": operation, "judge": judge, **{name: _plain(value) for name, value in settings.items()}}
        query.update({f"texts.{name}": text for name, text in (texts or {}).items()})
        with _opened(manifest) as file, self._transport.stream(
            "submitJob", file, media_type=_media_type(manifest), query=query, idempotency_key=idempotency_key
        ) as response:
            return cast(contract.Job, json.loads(response.read()))

    def show(self, job: str) -> contract.Job:
        return self._job("showJob", job)

    def cancel(self, job: str) -> contract.Job:
        """Stops it; what it has found stays."""
        return self._job("cancelJob", job)

    def resume(self, job: str) -> contract.Job:
        """Goes on with one that was cancelled or that the service paused."""
        return self._job("resumeJob", job)

    def delete(self, job: str) -> None:
        """Forgets it with its results."""
        self._transport.call("deleteJob", path={"id": job})

    def list(self) -> Iterator[contract.Job]:
        """The caller's jobs, the latest first."""
        before: Optional[str] = None
        while True:
            page = cast(contract.Jobs, self._transport.call("listJobs", query={"before": before}))
            yield from page["jobs"]
            before = page["next"]
            if before is None:
                return

    def events(self, job: str, after: Optional[str] = None, timeout: Optional[float] = None) -> Iterator[contract.Job]:
        """The job at once and after each change, until it rests. A stream that breaks off is taken up again."""
        for _, state in self._events(job, after, timeout):
            yield state

    def wait(self, job: str, timeout: Optional[float] = None) -> contract.Job:
        """The job when it rests: finished, cancelled, or paused with the reason in `detail`. `TimeoutError` after `timeout`."""
        last: Optional[contract.Job] = None
        for last in self.events(job, timeout=timeout):
            pass
        return last if last is not None else self.show(job)

    def results(self, job: str, *, follow: bool = True, after: Optional[int] = None) -> Iterator[contract.ResultLine]:
        """A line for each item, in their order, as they come; with `follow=False` those that are there now."""
        seen: Optional[str] = None
        while True:
            # Asked before its results are read: what rests now has no more of them afterwards.
            with closing(self._events(job, seen, None)) as events:
                seen, state = next(events, None) or (seen, self.show(job))
            is_last = not follow or state["state"] in AT_REST
            with self._transport.stream("jobResults", path={"id": job}, query={"after": after}) as response:
                for text in response:
                    line = cast(contract.ResultLine, json.loads(text))
                    after = line["item"]
                    yield line
            if is_last:
                return

    def _job(self, operation: str, job: str) -> contract.Job:
        return cast(contract.Job, self._transport.call(operation, path={"id": job}))

    def _events(self, job: str, seen: Optional[str], timeout: Optional[float]) -> Generator[Event, None, None]:
        """Each event after the one that was seen, until the job rests."""
        ends = None if timeout is None else time.monotonic() + timeout
        left = MOST_BREAKS
        while left > 0:
            left -= 1
            try:
                for event in self._one_stream(job, seen):
                    if event is not None:
                        left, seen = MOST_BREAKS, event[0]
                        yield event
                        if event[1]["state"] in AT_REST:
                            return
                    # The service writes at least every 15 seconds, so that this is looked at.
                    if ends is not None and time.monotonic() > ends:
                        break
                else:
                    # It rests and was seen to, or the service is about to end.
                    if self.show(job)["state"] in AT_REST:
                        return
            except (OSError, HTTPException):
                pass
            if ends is not None and time.monotonic() > ends:
                raise TimeoutError(f"{job} does not rest within {timeout} s")
            time.sleep(0.1)
        raise Unreachable(f"the events of {job} break off each time")

    def _one_stream(self, job: str, seen: Optional[str]) -> Iterator[Optional[Event]]:
        """The events of one answer, and None for each sign of life between them."""
        headers = {} if seen is None else {"Last-Event-ID": seen}
        with self._transport.stream("jobEvents", path={"id": job}, headers=headers) as response:
            for text in response:
                name, _, value = text.decode().rstrip("\n").partition(": ")
                if name == "id":
                    seen = value
                elif name == "data":
                    yield seen or "", cast(contract.Job, json.loads(value))
                elif name == "":
                    yield None


def _plain(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _media_type(manifest: Manifest) -> str:
    if not isinstance(manifest, (str, os.PathLike)):
        return "application/jsonl"
    ending = os.path.splitext(os.fspath(manifest))[1].lower()
    if ending not in MEDIA_TYPES:
        raise ValueError(f"a manifest is called {', '.join(MEDIA_TYPES)}, not `{ending}`")
    return MEDIA_TYPES[ending]


def _opened(manifest: Manifest) -> IO[bytes]:
    if isinstance(manifest, (str, os.PathLike)):
        return open(manifest, "rb")
    file = tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES)
    for line in manifest:
        file.write(json.dumps(line, allow_nan=False).encode() + b"\n")
    return cast("IO[bytes]", file)
