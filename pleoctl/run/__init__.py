"""What every run needs that can be resumed, whatever it does; it knows no plan.

Begin with `settle`, the only loop that sends, looks and sends again. A run leaves a `folder` with its `journal` and its
`receipt`, the next of a `chain` that `verify` proves; `shared` brings the runs of other machines, `doubts` waits for
what an earlier run may have sent.
"""
