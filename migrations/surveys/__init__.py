"""Migrations of the package `surveys`."""
