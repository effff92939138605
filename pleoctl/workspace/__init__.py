"""The workspace file: find it, its settings, where each comes from, its secrets, its selection of dimensions."""

from pleoctl.workspace.workspace import Workspace

__all__ = ["Workspace"]
