"""Institutions that a registry lacks, found in the strings that nothing explains."""
