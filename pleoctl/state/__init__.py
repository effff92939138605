"""What runs share: the lock of a company, the budget of requests, kept runs, tokens.

Begin with `base`, what a `State` can do, and `opening`, which finds a workspace's: files of this machine (`lock`,
`budget`, `vault`), one database for many machines (`postgres`), or an object store for the lock alone (`objects`).
`lease` is what the locks of the last two have in common.
"""
