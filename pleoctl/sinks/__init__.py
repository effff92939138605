"""The books as something to write to: find what stands, book, attach, and say how each call ended.

Begin with `base`, the promises of every sink, and `opening`, which leads from a workspace's section to its sink:
folders of `files` in several formats, JSON APIs described as data (`http`, a vendor's in ``presets``), `tryton`,
`programs`, or a plug-in. `keys` are the references and idempotency keys of bookings. Whether to book is decided in
`pleoctl.jobs`.
"""
