//! The command that goes on where another one stopped, complete: with the release or the commit that it was about.

use crate::names::CommitSha;
use crate::resolve::Wanted;
use crate::session::Session;
use crate::stack::StackView;

/// CloudFormation's reason where a creation that goes on would have to replace what it has made (CFN:stack-failure-options; in
/// these words aws-cdk#30546).
const NO_REPLACEMENT: &str = "Replacement type updates not supported";

/// ` --release v1.2.3` or ` --commit 0123…`, as it was asked for; nothing where it was not.
#[must_use]
pub fn wanted(wanted: &Wanted) -> String {
    match wanted {
        Wanted::Tag(tag) => format!(" --release {tag}"),
        Wanted::Commit(commit) => format!(" --commit {commit}"),
        Wanted::Head => String::new(),
    }
}

/// The same of what a stack has on record; nothing where no release has come to it.
#[must_use]
pub fn on_record(view: &StackView) -> Option<String> {
    let release = view.parameters.get("Release").filter(|release| !release.is_empty())?;
    Some(match release.parse::<CommitSha>() {
        Ok(commit) => format!(" --commit {commit}"),
        Err(_) => format!(" --release {release}"),
    })
}

/// What goes on with the creation of an environment that stopped at a failure, once the reason is gone. A stack without a
/// release was begun by `bootstrap`, or is well in its hands.
#[must_use]
pub fn creation(session: &Session, environment: &str, view: &StackView) -> String {
    session.command(&match on_record(view) {
        Some(revision) => format!("deploy {environment}{revision}"),
        None => format!("bootstrap {environment}"),
    })
}

/// The command `goes_on` after a cause that is known: a creation that would have to replace something can only begin anew.
/// `subject` is `shared`, or the name of the environment.
#[must_use]
pub fn after(session: &Session, subject: &str, stack: &str, cause: Option<&str>, goes_on: String) -> String {
    match cause {
        Some(cause) if cause.contains(NO_REPLACEMENT) => {
            session.command(&format!("stack delete {subject} --confirm {stack}"))
        }
        _ => goes_on,
    }
}
