"""What plug-ins and our own tests check themselves with: conformance suites; no test framework is imported here."""
