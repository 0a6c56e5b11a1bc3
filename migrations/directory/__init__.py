"""Migrations of the package `directory`."""
