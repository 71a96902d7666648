"""What can go wrong, as exceptions. A fault of one image is none of them: its result says so."""

from __future__ import annotations

from typing import Any, Mapping, Optional


class OpineError(Exception):
    """Everything that this package raises on its own account."""


class Unreachable(OpineError):
    """No answer came: the service is not there, or the connection broke each time."""


class UnscoredError(OpineError):
    """A number was asked for where there is none."""

    def __init__(self, image: str, reason: str, detail: str) -> None:
        super().__init__(f"`{image}` is unscored ({reason}): {detail}")
        self.image = image
        self.reason = reason
        self.detail = detail


class Problem(OpineError):
    """A request that the service refused or failed (RFC 9457).

    `code` is stable, and None where the answer did not come from the service but from something before it. `pointer`
    says where in the JSON body, `hint` what would have worked, and `retry_after` after how many seconds to try again.
    """

    def __init__(self, status: int, body: Mapping[str, Any], request_id: Optional[str], retry_after: Optional[float]) -> None:
        self.status = status
        self.code: Optional[str] = body.get("code")
        self.title: str = body.get("title", f"status {status}")
        self.detail: str = body.get("detail", "the answer was not one of Opine")
        self.pointer: Optional[str] = body.get("pointer")
        self.hint: Optional[str] = body.get("hint")
        self.request_id: Optional[str] = body.get("request_id", request_id)
        self.retry_after = retry_after
        super().__init__(self._text())

    def _text(self) -> str:
        place = f" (at `{self.pointer}`)" if self.pointer else ""
        hint = f"; {self.hint}" if self.hint else ""
        request = f" [request {self.request_id}]" if self.request_id else ""
        return f"{self.code or 'no_problem_body'} ({self.status}): {self.detail}{place}{hint}{request}"
