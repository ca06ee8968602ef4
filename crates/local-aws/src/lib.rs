//! The HTTP face of the simulator: AWS wire protocols, IAM callers, state on disk.
