"""Whether a database will do as a shared state, found out before a run needs it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from pleoctl.errors import Finding, InvalidFile, PleoctlError
from pleoctl.state.postgres.layout import LAYOUT, STEPS, require_layout
from pleoctl.state.postgres.lock import require_session

if TYPE_CHECKING:
    import psycopg

    from pleoctl.state.postgres.database import Database

_TABLES: Final = ("layout", *(name for step in STEPS for name in re.findall(r"CREATE TABLE pleoctl\.(\w+)", step)))
_RIGHTS: Final = ("SELECT", "INSERT", "UPDATE", "DELETE")
_USAGE: Final = "SELECT has_schema_privilege(oid, 'USAGE') FROM pg_namespace WHERE nspname = 'pleoctl'"
_PRESENT: Final = "SELECT tablename FROM pg_tables WHERE schemaname = 'pleoctl'"
_LACKING: Final = (
    "SELECT right_name, array_agg(name ORDER BY name) FROM unnest(%s::text[]) AS name, unnest(%s::text[]) AS right_name"
    " WHERE (name <> 'layout' OR right_name = 'SELECT') AND NOT has_table_privilege('pleoctl.' || name, right_name)"
    " GROUP BY right_name ORDER BY right_name"
)


def examined(database: Database) -> str:
    """What the database is; each thing that a run needs was tried, nothing is left of it.

    Raises `StateLost` where it cannot be reached, `InvalidFile` where the tables are another version's or a pooler is
    in the way, `PleoctlError` for what is missing otherwise, with the cure.
    """
    with database.connect() as connection, database.asked():
        user = _one(connection, "SELECT current_user")
        if _one(connection, "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on'"):
            words = f"the database {database.name} takes no writes"
            raise PleoctlError(words, hint="name the primary, e.g. with target_session_attrs=read-write in the url")
        if _one(connection, _USAGE) is False:
            raise _rights(f"{user} may not use the schema pleoctl", user)
        require_layout(connection)
        _require_tables(connection, user)
        require_session(database, connection)
    return f"PostgreSQL at {database.name}, layout {LAYOUT}"


def _require_tables(connection: psycopg.Connection[Any], user: str) -> None:
    present = {name for (name,) in connection.execute(_PRESENT)}
    if missing := [name for name in _TABLES if name not in present]:
        words = f"the database says layout {LAYOUT} and lacks {', '.join(f'pleoctl.{name}' for name in missing)}"
        hint = "restore it from a backup; or DROP SCHEMA pleoctl CASCADE, then `pleoctl fleet database upgrade`"
        raise InvalidFile(words, hint=hint)
    lacking = connection.execute(_LACKING, [list(_TABLES), list(_RIGHTS)]).fetchall()
    if lacking:
        rights = "; ".join(f"{right} on {', '.join(names)}" for right, names in lacking)
        raise _rights(f"{user} lacks {rights}", user)


def _rights(words: str, user: str) -> PleoctlError:
    grants = (
        f'GRANT USAGE ON SCHEMA pleoctl TO "{user}"; '
        f'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA pleoctl TO "{user}"'
    )
    return PleoctlError.of([Finding("state-lost", words, hint=f"have its owner run: {grants}")])


def _one(connection: psycopg.Connection[Any], query: str) -> Any:
    found = connection.execute(query.encode()).fetchone()
    return None if found is None else found[0]
