"""A workspace: one folder that holds a project from papers to rankings."""

from affil.workspace.begin import begun
from affil.workspace.health import Health, doctor
from affil.workspace.ingest import Added
from affil.workspace.matching import Run
from affil.workspace.suggestions import Suggestion
from affil.workspace.workspace import Workspace

__all__ = ["Added", "Health", "Run", "Suggestion", "Workspace", "begun", "doctor"]
