"""YAML and JSON in and out: positions, schema checks, canonical digests, stable and atomic writing.

Begin with `load`: text becomes a `document` of `nodes` (by `events`), and is held to its schema, by the quick `gate`
or, with all its places, by `schemas`. `edit` changes a file that people write and nothing else of it. What pleoctl
keeps itself is written by `canonical` and `parts` and read back by `kept` and `versions`; bytes go through `files`.
"""
