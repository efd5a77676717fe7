"""Reports: a site of rankings in three languages, and a bulletin."""

from affil.report.names import LANGUAGES
from affil.report.report import FORMATS, Report, report

__all__ = ["FORMATS", "LANGUAGES", "Report", "report"]
