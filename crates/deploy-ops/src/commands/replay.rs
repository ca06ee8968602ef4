//! `replay`

use ops_cli::{Exit, ReplayArgs};

use super::{print, print_json};
use crate::failure::Failure;
use crate::{record, replay};

pub(super) fn run(args: &ReplayArgs) -> Result<Exit, Failure> {
    let replay = replay::replay(&record::read(&args.file)?);
    if args.json {
        print_json(&replay)?;
    } else {
        print(&replay.to_string())?;
    }
    Ok(if replay.agrees { Exit::Done } else { Exit::Differences })
}
