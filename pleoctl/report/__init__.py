"""Pure renderers: plans, receipts, findings → text, markdown, html, json. Nothing here prints.

Begin with `text` (a terminal) and `markdown` (a comment), both of which read a plan by `review`; `html` fills the pages
of ``templates``. Posting plans have the same three forms by `posting`, fleets one by `fleet`; `junit`, `sarif` and
`metrics` are for machines.
"""
