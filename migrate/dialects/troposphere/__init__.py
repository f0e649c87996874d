"""Troposphere: Python that makes CloudFormation templates."""
