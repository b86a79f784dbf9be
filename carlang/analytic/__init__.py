"""Analytic files to metadata and sources."""
