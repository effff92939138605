"""The tables of the shared state, and how an older layout becomes this one.

Each step of `STEPS` makes the layout that has its number. A step that was ever released is never changed; a new layout
is one step more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pleoctl.errors import InvalidFile

if TYPE_CHECKING:
    import psycopg

_ONE: Final = """
CREATE TABLE pleoctl.lease (
  name text PRIMARY KEY,
  holder jsonb NOT NULL,
  token text NOT NULL,
  renewed timestamptz NOT NULL,
  patience double precision NOT NULL,
  released boolean NOT NULL DEFAULT false
);
CREATE TABLE pleoctl.budget (name text PRIMARY KEY, sent bigint NOT NULL);
CREATE TABLE pleoctl.sending (
  name text NOT NULL,
  number bigint NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (name, number)
);
CREATE TABLE pleoctl.run (
  company text NOT NULL,
  run text NOT NULL,
  plan bytea NOT NULL,
  receipt bytea,
  begun timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (company, run)
);
CREATE TABLE pleoctl.journal (
  company text NOT NULL,
  run text NOT NULL,
  number bigint GENERATED ALWAYS AS IDENTITY,
  lines bytea NOT NULL,
  PRIMARY KEY (company, run, number),
  FOREIGN KEY (company, run) REFERENCES pleoctl.run ON DELETE CASCADE
);
CREATE TABLE pleoctl.memory (
  company text NOT NULL,
  subject text NOT NULL,
  number bigint GENERATED ALWAYS AS IDENTITY,
  line bytea NOT NULL,
  PRIMARY KEY (company, subject, number)
);
CREATE TABLE pleoctl.note (name text PRIMARY KEY, content bytea NOT NULL);
CREATE TABLE pleoctl.vault (name text PRIMARY KEY);
CREATE TABLE pleoctl.token (name text PRIMARY KEY, content bytea NOT NULL);
CREATE FUNCTION pleoctl.take(who text, most integer, span double precision) RETURNS double precision
LANGUAGE plpgsql AS $$
DECLARE
  n bigint;
  oldest timestamptz;
  moment timestamptz;
BEGIN
  INSERT INTO pleoctl.budget (name, sent) VALUES (who, 0) ON CONFLICT DO NOTHING;
  SELECT sent INTO n FROM pleoctl.budget WHERE name = who FOR UPDATE;
  moment := clock_timestamp();
  SELECT at INTO oldest FROM pleoctl.sending WHERE name = who AND number = n - most;
  IF oldest > moment - make_interval(secs => span) AND oldest <= moment THEN
    RETURN extract(epoch FROM oldest + make_interval(secs => span) - moment);
  END IF;
  INSERT INTO pleoctl.sending (name, number, at) VALUES (who, n, moment);
  DELETE FROM pleoctl.sending WHERE name = who AND number <= n - most;
  UPDATE pleoctl.budget SET sent = n + 1 WHERE name = who;
  RETURN 0;
END
$$;
"""
_TWO: Final = """
CREATE TABLE pleoctl.fleet_last (
  fleet text NOT NULL,
  path text NOT NULL,
  command text NOT NULL,
  last bytea NOT NULL,
  PRIMARY KEY (fleet, path, command)
);
CREATE TABLE pleoctl.fleet_tick (
  fleet text NOT NULL,
  path text NOT NULL,
  command text NOT NULL,
  due timestamptz NOT NULL,
  PRIMARY KEY (fleet, path, command)
);
"""
_THREE: Final = """
DROP FUNCTION pleoctl.take(text, integer, double precision);
DELETE FROM pleoctl.sending;
CREATE INDEX sending_at ON pleoctl.sending (name, at);
CREATE FUNCTION pleoctl.answered(who text, places bigint[], ages double precision[]) RETURNS void LANGUAGE sql AS $$
  INSERT INTO pleoctl.sending (name, number, at)
  SELECT who, place, clock_timestamp() - make_interval(secs => age) FROM unnest(places, ages) AS told (place, age)
  ON CONFLICT (name, number) DO UPDATE SET at = excluded.at
$$;
CREATE FUNCTION pleoctl.take(
  who text, most integer, span double precision, held double precision, places bigint[], ages double precision[],
  OUT wait double precision, OUT place bigint
) LANGUAGE plpgsql AS $$
DECLARE
  kept integer;
  oldest timestamptz;
  moment timestamptz;
BEGIN
  INSERT INTO pleoctl.budget (name, sent) VALUES (who, 0) ON CONFLICT DO NOTHING;
  SELECT sent INTO place FROM pleoctl.budget WHERE name = who FOR UPDATE;
  PERFORM pleoctl.answered(who, places, ages);
  moment := clock_timestamp();
  DELETE FROM pleoctl.sending WHERE name = who
    AND (at <= moment - make_interval(secs => span) OR at > moment + make_interval(secs => held));
  SELECT count(*) INTO kept FROM pleoctl.sending WHERE name = who;
  IF kept >= most THEN
    SELECT at INTO oldest FROM pleoctl.sending WHERE name = who ORDER BY at OFFSET kept - most LIMIT 1;
    place := NULL;
    wait := CASE WHEN oldest > moment THEN 5 ELSE extract(epoch FROM oldest + make_interval(secs => span) - moment) END;
    RETURN;
  END IF;
  INSERT INTO pleoctl.sending (name, number, at) VALUES (who, place, moment + make_interval(secs => held));
  UPDATE pleoctl.budget SET sent = place + 1 WHERE name = who;
  wait := 0;
END
$$;
"""
STEPS: Final = (_ONE, _TWO, _THREE)
LAYOUT: Final = len(STEPS)
"""The number of the layout that this version of pleoctl knows."""
# Two upgrades at once are one after another; the number is arbitrary and pleoctl's own.
_UPGRADES: Final = 7_306_086_967_216_432


def layout_of(connection: psycopg.Connection[Any]) -> int:
    """The layout of a database; 0 where there is none."""
    found = connection.execute("SELECT to_regclass('pleoctl.layout') IS NOT NULL").fetchone()
    if found is None or not found[0]:
        return 0
    number = connection.execute("SELECT number FROM pleoctl.layout").fetchone()
    return int(number[0]) if number else 0


def require_layout(connection: psycopg.Connection[Any]) -> None:
    """Raise `InvalidFile` unless the database has exactly the layout of this version."""
    found = layout_of(connection)
    if found == LAYOUT:
        return
    if found > LAYOUT:
        words = f"the database has layout {found}; this version of pleoctl knows {LAYOUT}"
        raise InvalidFile(words, hint="use the version of pleoctl that upgraded it")
    words = f"the database has layout {found}, this version of pleoctl needs {LAYOUT}"
    raise InvalidFile(
        words if found else "the database has no tables of pleoctl", hint="run `pleoctl fleet database upgrade`"
    )


def upgrade(connection: psycopg.Connection[Any]) -> tuple[int, int]:
    """Make the tables, or bring them up to this version's layout; the layouts before and after.

    All or nothing; several at once are one after another. Raises `InvalidFile` for a newer layout.
    """
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [_UPGRADES])
        before = layout_of(connection)
        if before > LAYOUT:
            require_layout(connection)
        if before == 0:
            connection.execute("CREATE SCHEMA IF NOT EXISTS pleoctl")
            connection.execute("CREATE TABLE pleoctl.layout (number integer NOT NULL)")
            connection.execute("INSERT INTO pleoctl.layout VALUES (0)")
        for number, step in enumerate(STEPS[before:], before + 1):
            connection.execute(step.encode())
            connection.execute("UPDATE pleoctl.layout SET number = %s", [number])
    return before, LAYOUT
