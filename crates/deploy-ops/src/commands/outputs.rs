//! `outputs`

use std::collections::BTreeMap;
use std::path::Path;

use ops_cli::{Exit, OutputsArgs};

use super::{close, print, print_json};
use crate::failure::Failure;
use crate::session::{EnvironmentSession, Session};
use crate::stack::{self, Standing};

/// What stands for the stack of what exists once.
const SHARED: &str = "shared";

pub(super) async fn run(args: &OutputsArgs, root: &Path) -> Result<Exit, Failure> {
    let (session, stack) = if args.stack == SHARED {
        let session = Session::open(root, &args.target).await?;
        let stack = session.config.platform.shared_stack_name.to_string();
        (session, stack)
    } else {
        let session = EnvironmentSession::open(root, &args.stack, &args.target).await?;
        (session.session, session.environment.stack_name.to_string())
    };
    let outputs = read(&session, &stack, &args.stack).await;
    close(session.target).await;
    let outputs = outputs?;
    if args.json {
        print_json(&outputs)?;
    } else {
        print(&table(&outputs))?;
    }
    Ok(Exit::Done)
}

async fn read(session: &Session, stack: &str, subject: &str) -> Result<BTreeMap<String, String>, Failure> {
    let view = stack::describe(&session.target.aws, stack).await?;
    let view = view.filter(|view| view.standing() != Standing::Absent);
    view.map(|view| view.outputs).ok_or_else(|| Failure::nothing_deployed(session, stack, subject))
}

/// One line per output, the values in a column.
fn table(outputs: &BTreeMap<String, String>) -> String {
    let width = outputs.keys().map(String::len).max().unwrap_or_default();
    let lines: Vec<_> = outputs.iter().map(|(name, value)| format!("{name:<width$}  {value}")).collect();
    lines.join("\n")
}
