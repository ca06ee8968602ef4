//! From configuration to CloudFormation templates, one file per layer.
