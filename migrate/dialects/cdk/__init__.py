"""Python programs of the AWS CDK, v1 and v2."""
