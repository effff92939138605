"""The command line: one thin file per command, which parses, calls, and hands over an `Output`.

Begin with `main`, the table of commands, and `common.as_command`, which makes a command of a function; `boundary` turns
what that gives or raises into output and an exit code. What commands share stands in `shared` (options that all have),
`planning`, `applying`, `posting`, `reports` and `signing`; the process's streams and signals are `ends`, `door` and
`signals`. The work itself is other rooms', and is imported where a command does it.
"""
