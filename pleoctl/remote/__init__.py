"""One transport for everyone: connections, retries, rate budget, what proves who asks. No word of Pleo."""
