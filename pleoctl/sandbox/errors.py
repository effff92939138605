"""The two errors of this room: a setting or seed that cannot be used, and an answer that refuses a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pleoctl.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

Record = dict[str, Any]


class BadInput(ValueError):
    """A seed, a setting or a fault cannot be used.

    ``file`` is the file it stands in, if any; ``field`` is the path of the wrong field, such as
    ``accounts[3].code``; ``message`` says what is wrong with it.
    """

    def __init__(self, field: str, message: str, *, file: str | None = None) -> None:
        """Keep the parts apart, so that a caller can report them its own way."""
        self.field = field
        self.message = message
        self.file = file
        place = ": ".join(part for part in (file, field) if part)
        super().__init__(f"{place}: {message}" if place else message)

    def inside(self, file: str) -> BadInput:
        """The same error, naming the file that was read."""
        return BadInput(self.field, self.message, file=file)


class ApiError(Exception):
    """An answer other than success, in the shape of ``ExceptionInfo``.

    ``violation`` says whether the caller broke the published contract, as opposed to asking for something
    that the state of the company does not allow.
    """

    def __init__(self, status: int, kind: str, message: str, *, violation: bool = False) -> None:
        """Make the error with the HTTP status and the two fields of its body."""
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.message = message
        self.violation = violation

    def body(self) -> Record:
        """The JSON body of the answer."""
        return {"type": self.kind, "message": self.message}


def not_found(what: str) -> ApiError:
    """404 for a record that the company does not have."""
    return ApiError(404, "NOT_FOUND", f"{what} not found")


def conflict(message: str) -> ApiError:
    """409 for a key that is taken or a record that is in use."""
    return ApiError(409, "CONFLICT", message)


def invalid(message: str) -> ApiError:
    """400 for a request that is well-formed but that the company's state or settings refuse."""
    return ApiError(400, "VALIDATION_FAILED", message)


def refuse_unknown(given: Iterable[str], known: Iterable[str], where: str = "") -> None:
    """Raise `BadInput` for the first name that is not known, with the nearest known one."""
    allowed = set(known)
    for name in given:
        if name not in allowed:
            raise BadInput(f"{where}.{name}" if where else str(name), unknown(name, allowed))


def unknown(name: str, known: Iterable[str]) -> str:
    """What is said of a name that is not known."""
    return f"unknown field; {did_you_mean(str(name), sorted(known), 'one of')}"
