//! `dns`

use std::path::Path;

use deploy_ops::commands::{print, print_json};
use deploy_ops::confirm;
use deploy_ops::failure::Failure;
use deploy_ops::session::Session;
use ops_cli::{DnsCommand, DnsCopyArgs, Exit};

use crate::dns::copy::{self, Copied, Source};

pub(super) async fn run(command: &DnsCommand, root: &Path) -> Result<Exit, Failure> {
    match command {
        DnsCommand::Copy(args) => run_copy(args, root).await,
    }
}

async fn run_copy(args: &DnsCopyArgs, root: &Path) -> Result<Exit, Failure> {
    let source = match (&args.from_zone_file, &args.from_zone) {
        (Some(path), _) => Source::File(path.clone()),
        (None, Some(id)) => Source::Zone(id.clone()),
        // The grammar asks for one of them.
        (None, None) => Source::NameServers,
    };
    let session = Session::open(root, &args.target).await?;
    let outcome = copy_with(&session, args, source).await;
    session.target.close().await?;
    let copied = outcome?;
    if args.json {
        print_json(&copied)?;
    } else if args.plan {
        print(&copied.lines().join("\n"))?;
    } else {
        copied.lines().iter().for_each(|line| ops_cli::say!("{line}"));
    }
    Ok(Exit::Done)
}

async fn copy_with(session: &Session, args: &DnsCopyArgs, source: Source) -> Result<Copied, Failure> {
    let planned = copy::prepare(session, source).await?;
    if args.plan || planned.is_done() {
        return Ok(planned.result(false));
    }
    planned.result(false).lines().iter().for_each(|line| session.report.line(line));
    confirm::confirm(session, "Copy these records? Nothing is overwritten.", args.yes)?;
    copy::carry_out(session, &planned).await
}
