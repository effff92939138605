"""One transport for everyone: connections, retries, rate budget, what proves who asks. No word of Pleo.

Begin with `transport`: one request and how it ended (`errors`, `waits`, `again`), within its `budget`. Below it `wire`
is one exchange, `connections` what it goes through, `deadline` and `head` how an answer is read. A `service` says who
is spoken to, `auth` who asks; `oauth` signs in.
"""
