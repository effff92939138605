"""The plan as a document: built, judged, frozen, read back.

Begin with `prepare` and `build`, which read Pleo and reconcile; `warnings` and `guard` judge the changes, `artifact` is
the file, whose shape is `document` and whose logic `check`. Other beginnings of a plan are `undo` and `adopt`
(`import`), a first look is `preview`; `order` and `requests` say how it will be carried out, `approvals` who agreed.
"""
