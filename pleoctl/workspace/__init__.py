"""The workspace file: find it, its settings, where each comes from, its secrets, its selection of dimensions.

Begin with `workspace`: the file with the environment above it. Its keys and defaults are `settings`; `trust` and
`secrets` keep what a branch wrote from reaching anybody's secrets.
"""

from pleoctl.workspace.workspace import Workspace

__all__ = ["Workspace"]
