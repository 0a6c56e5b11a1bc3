"""Migrations of the package `analytics`."""
