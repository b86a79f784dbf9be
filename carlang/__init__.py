"""Carlang runs the analytics of MITRE's Cyber Analytics Repository over stores of events."""
