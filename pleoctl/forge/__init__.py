"""GitHub and GitLab: what their environment tells, comments, annotations, counts.

Begin with `comments`, which brings those of a pull request in line with a plan; `github` makes the requests, each a
step of `steps`.
"""
