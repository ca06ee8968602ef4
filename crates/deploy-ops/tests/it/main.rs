//! The commands as their users run them: the binary, its streams, its exit codes, the programs it starts.
#![allow(clippy::unwrap_used)]

mod doctor;
mod doctor_github;
mod faults;
mod images;
mod machine;
mod scene;
mod secrets;
