"""Papers fetched from services on the internet. Nothing else in affil sends anything anywhere but `registry fetch`."""

from affil.fetch.collection import Fetched
from affil.fetch.crossref import fetch_crossref
from affil.fetch.dblp import fetch_dblp
from affil.fetch.openalex import fetch_openalex
from affil.fetch.openreview import fetch_openreview

__all__ = ["Fetched", "fetch_crossref", "fetch_dblp", "fetch_openalex", "fetch_openreview"]
