"""YAML and JSON in and out: positions, schema checks, canonical digests, stable and atomic writing."""
