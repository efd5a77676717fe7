"""A workspace: one folder that holds a project from papers to rankings."""

from affil.workspace.workspace import Added, Run, Workspace

__all__ = ["Added", "Run", "Workspace"]
