"""Bound program to SQL."""
