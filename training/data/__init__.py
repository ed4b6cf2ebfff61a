"""Patients on disk, and the segments that training cuts from them."""
