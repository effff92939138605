"""YAML and JSON in and out: positions, schema checks, canonical digests, stable and atomic writing."""

from pleoctl.documents.canonical import canonical_bytes, canonical_text, digest, digest_rows
from pleoctl.documents.document import Document
from pleoctl.documents.files import read_bytes, write_atomically
from pleoctl.documents.load import load, load_json, parse

__all__ = [
    "Document",
    "canonical_bytes",
    "canonical_text",
    "digest",
    "digest_rows",
    "load",
    "load_json",
    "parse",
    "read_bytes",
    "write_atomically",
]
