"""One request to one service, sent again where that helps. Knows HTTP, and nothing of judges.

A request is sent again when the service says after how many seconds (429, 503, or 409 while the first one is being
answered), and when the connection broke. No request is done twice by that: each POST carries an `Idempotency-Key`.
"""

from __future__ import annotations

import json
import random
import time
import uuid
from collections import deque
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import IO, Any, Deque, Dict, Iterator, Mapping, Optional, Tuple, Union
from urllib.parse import quote, urlencode, urlsplit

from .contract import OPERATIONS, VERSION
from .errors import Problem, Unreachable

Body = Union[bytes, IO[bytes]]

# A full service, one that cannot ask the judge now, and a first request that is still being answered.
WORTH_WAITING_FOR = (409, 429, 503)


class Transport:
    """Speaks to one service; may be used by several threads at a time."""

    def __init__(self, address: str, key: Optional[str], timeout: float, tries: int, patience: float) -> None:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
            raise ValueError(f"an address is like `http://127.0.0.1:8080`, not `{address}`")
        if tries < 1:
            raise ValueError("`tries` is 1 or more")
        self._kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._host, self._port, self._folder = parts.hostname, parts.port, parts.path.rstrip("/")
        self._timeout, self._tries, self._patience = timeout, tries, patience
        self._headers = {"User-Agent": f"opine-client/{VERSION}", "Accept-Encoding": "identity"}
        if key:
            self._headers["Authorization"] = f"Bearer {key}"
        # Connections that wait for their next request. Appending and taking are atomic.
        self._idle: Deque[HTTPConnection] = deque()

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def call(
        self,
        operation: str,
        body: Any = None,
        *,
        path: Optional[Mapping[str, str]] = None,
        query: Optional[Mapping[str, Any]] = None,
        idempotency_key: Optional[str] = None,
    ) -> Any:
        """The JSON that an operation of the contract answers."""
        content = None if body is None else json.dumps(body, allow_nan=False).encode()
        media_type = None if body is None else "application/json"
        with self.stream(
            operation, content, media_type=media_type, path=path, query=query, idempotency_key=idempotency_key
        ) as response:
            return json.loads(response.read())

    @contextmanager
    def stream(
        self,
        operation: str,
        body: Optional[Body] = None,
        *,
        media_type: Optional[str] = None,
        path: Optional[Mapping[str, str]] = None,
        query: Optional[Mapping[str, Any]] = None,
        headers: Optional[Mapping[str, str]] = None,
        idempotency_key: Optional[str] = None,
    ) -> Iterator[HTTPResponse]:
        """The answer to an operation, to be read in pieces; a problem is raised."""
        method, template = OPERATIONS[operation]
        steps = {name: quote(value, safe="") for name, value in (path or {}).items()}
        target = self._folder + template.format(**steps)
        asked = {name: value for name, value in (query or {}).items() if value is not None}
        if asked:
            target += "?" + urlencode(asked)
        sent = {**self._headers, **(headers or {})}
        if media_type:
            sent["Content-Type"] = media_type
        if method == "POST":
            sent["Idempotency-Key"] = idempotency_key or str(uuid.uuid4())
        connection, response = self._answer(method, target, body, sent)
        try:
            yield response
        finally:
            # Only a connection that was read to its end can take another request.
            if response.isclosed() and not response.will_close:
                self._idle.append(connection)
            else:
                connection.close()

    def _answer(
        self, method: str, target: str, body: Optional[Body], headers: Mapping[str, str]
    ) -> Tuple[HTTPConnection, HTTPResponse]:
        patience, left = self._patience, self._tries
        while True:
            left -= 1
            try:
                connection, response = self._send(method, target, body, headers)
            except (OSError, HTTPException) as error:
                # A DELETE that was done and whose answer was lost would be answered otherwise.
                pause = random.uniform(0.05, 0.2) * 2 ** (self._tries - left)
                if left == 0 or pause > patience or method == "DELETE":
                    raise Unreachable(f"{self._host}:{self._port or ''} gives no answer: {error!r}") from error
            else:
                if response.status < 300:
                    return connection, response
                problem = _problem(response)
                connection.close()
                may_wait = problem.status in WORTH_WAITING_FOR and problem.retry_after is not None
                pause = problem.retry_after or 0.0
                if left == 0 or not may_wait or pause > patience:
                    raise problem
            patience -= pause
            time.sleep(pause)

    def _send(
        self, method: str, target: str, body: Optional[Body], headers: Mapping[str, str]
    ) -> Tuple[HTTPConnection, HTTPResponse]:
        while self._idle:
            try:
                kept = self._idle.pop()
            except IndexError:
                break
            try:
                return kept, self._exchange(kept, method, target, body, headers)
            except (OSError, HTTPException):
                # The service has closed it meanwhile. A new one tells whether that was all.
                kept.close()
        connection = self._kind(self._host, self._port, timeout=self._timeout)
        try:
            return connection, self._exchange(connection, method, target, body, headers)
        except BaseException:
            connection.close()
            raise

    def _exchange(
        self, connection: HTTPConnection, method: str, target: str, body: Optional[Body], headers: Mapping[str, str]
    ) -> HTTPResponse:
        sent: Dict[str, str] = dict(headers)
        if body is not None and not isinstance(body, bytes):
            body.seek(0, 2)
            sent["Content-Length"] = str(body.tell())
            body.seek(0)
        try:
            connection.request(method, target, body, sent)
        except (BrokenPipeError, ConnectionResetError):
            # It may have answered before it had read all of the body, and then that answer says why.
            pass
        return connection.getresponse()


def _problem(response: HTTPResponse) -> Problem:
    content = response.read()
    body: Dict[str, Any] = {}
    if response.headers.get_content_type() == "application/problem+json":
        body = json.loads(content)
    retry_after = response.headers.get("Retry-After", "")
    # The other form, a date, is one that the service never sends.
    seconds = float(retry_after) if retry_after.isdecimal() else None
    return Problem(response.status, body, response.headers.get("X-Request-Id"), seconds)
