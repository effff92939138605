"""The url of a database, a secret: whether it can be read, and what of it people may see."""

from __future__ import annotations

from typing import Final

from pleoctl.errors import InvalidFile

_ENCODED: Final = "write what is no letter and no digit there percent-encoded, e.g. a blank as %20, % as %25, @ as %40"


def require_readable(url: str) -> None:
    """Refuse what cannot be read, or would be read otherwise than it was meant: with no word of it.

    PostgreSQL's own sentences about such a url quote the piece of the password that they stumbled over, and one that is
    not encoded becomes the name of a host or of a database, which any sentence may tell. Raises `InvalidFile`.
    """
    import psycopg  # only shared state needs it
    from psycopg.conninfo import conninfo_to_dict

    authority, _, path = url.partition("://")[2].partition("/")
    try:
        conninfo_to_dict(url)
        readable = authority.count("@") < 2 and "@" not in path.partition("?")[0]
    except psycopg.ProgrammingError:
        readable = False
    if not readable:
        words = "the url of the database cannot be read: its user, password or an option is not as a url has it"
        raise InvalidFile(words, hint=_ENCODED) from None


def shown(url: str) -> str:
    """Host and database of a url that can be read, for people."""
    from psycopg.conninfo import conninfo_to_dict

    parts = conninfo_to_dict(url)
    host, port, database = (parts.get(name) for name in ("host", "port", "dbname"))
    where = f"{host or ''}{f':{port}' if port else ''}{f'/{database}' if database else ''}"
    return where or "the database"
