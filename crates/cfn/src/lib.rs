//! CloudFormation vocabulary: templates, typed references, resources.
