"""GitHub and GitLab: what their environment tells, comments, annotations, counts."""
