"""Companies' runs on many machines: procrastinate queues them on PostgreSQL, pleoctl's own lock excludes overlap."""
