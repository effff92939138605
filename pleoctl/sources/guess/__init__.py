"""A first ``source:`` section from a sample file: every guess is said, and the section has read the file it is for."""

from pleoctl.sources.guess.joining import joined
from pleoctl.sources.guess.proof import Draft, Folder, Sample, draft

__all__ = ["Draft", "Folder", "Sample", "draft", "joined"]
