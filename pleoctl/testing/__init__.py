"""What plug-ins and our own tests check themselves with; no test framework is imported here.

``sources``, ``sinks`` and ``kinds`` are conformance suites (docs/plug-ins.md). ``search``, ``history`` and ``jobs``
simulate whole histories of the engine against a simulated Pleo on a simulated machine, every choice from one seed:
``search(range(3000))`` gives the first that broke a law.
"""
