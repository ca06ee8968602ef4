//! `simulate`

use std::path::Path;

use ops_cli::SimulateArgs;
use rollout_lab::{
    Advice, Case, Figures, LabError, Outcome, Play, Sampled, Stage, Texts, Watcher, advise, advised,
    comparison, deadline, fault_table, report, sample, sampled, svg,
};
use rollout_sim::fault::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::sources;

/// One column: a case on its stage, and how it is played.
struct Side {
    title: String,
    stage: Stage,
    case: Case,
    watcher: Watcher,
    guards: bool,
}

impl Side {
    fn new(title: &str, case: Case, watcher: Watcher) -> Result<Self, Failure> {
        let stage = Stage::set(case.clone())?;
        Ok(Self { title: title.to_owned(), stage, case, watcher, guards: false })
    }

    fn play<'a>(&self, faults: &'a [Fault]) -> Play<'a> {
        Play { guards: self.guards, ..Play::new(self.watcher, faults) }
    }
}

/// A side that was played.
struct Played {
    title: String,
    watcher: Watcher,
    outcome: Outcome,
    sampled: Option<Sampled>,
}

pub(crate) fn run(args: &SimulateArgs, root: &Path) -> Result<(), Failure> {
    if let Some(name) = &args.scenario {
        return scenario(args, root, name);
    }
    let environment = args.environment.as_deref().unwrap_or_default();
    let texts = sources::working_tree(root, environment)?;
    let case = case(&texts, environment)?;
    let faults = case.faults(&args.faults)?;
    let mut sides = vec![Side::new("with this tool", case, Watcher::Tool)?];
    match &args.compare {
        Some(name) => {
            let (other, other_environment) = sources::other(root, &texts, name)?;
            let case = self::case(&other, &other_environment).inspect_err(|_| {
                ops_cli::say!("in `{name}`, whose text stands for that of the file under infra:");
            })?;
            case.faults(&args.faults)?;
            environment.clone_into(&mut sides[0].title);
            sides.push(Side::new(name, case, Watcher::Tool)?);
        }
        None => {
            let (stage, case) = (sides[0].stage.clone(), sides[0].case.clone());
            let title = "breaker alone".to_owned();
            sides.push(Side { title, stage, case, watcher: Watcher::Nobody, guards: false });
        }
    }
    if faults.is_empty() && args.runs.is_none() && args.svg.is_none() {
        return table(args, environment, &sides);
    }
    let head = json!({ "environment": environment, "faults": args.faults });
    let title = format!("{environment}, {}", described(&args.faults));
    // The picture shows what is asked about; beside another configuration, both.
    let drawn = if args.compare.is_some() { 2 } else { 1 };
    finish(args, &head, &title, &sides, &faults, drawn)
}

fn described(faults: &[String]) -> String {
    if faults.is_empty() { "nothing broken".to_owned() } else { faults.join(" and ") }
}

fn case(texts: &Texts, environment: &str) -> Result<Case, Failure> {
    Ok(Case::new_release(texts.config(&[])?, environment))
}

fn scenario(args: &SimulateArgs, root: &Path, name: &str) -> Result<(), Failure> {
    let scenario = sources::scenario(root, name)?;
    let environment = args.environment.clone().unwrap_or_else(|| scenario.environment.to_string());
    let texts = sources::working_tree(root, &environment)?;
    let mut sides = Vec::new();
    for side in &scenario.sides {
        let case = Case::of_scenario(&scenario, side, &texts).inspect_err(|_| {
            ops_cli::say!(
                "side `{}` of the scenario; lines are those of the configuration with its settings:",
                side.name
            );
        })?;
        sides.push(Side { guards: side.guards, ..Side::new(&side.name, case, side.watcher)? });
    }
    let faults = match sides.first() {
        Some(side) => side.case.faults(&scenario.faults)?,
        None => Vec::new(),
    };
    let head = json!({
        "environment": environment,
        "scenario": name,
        "description": scenario.description,
        "faults": scenario.faults,
    });
    if !args.json {
        print(&format!("{name}: {}\n\n", scenario.description.trim()))?;
    }
    finish(args, &head, name, &sides, &faults, sides.len())
}

/// Plays every side and shows it; the picture has the first `drawn`.
fn finish(
    args: &SimulateArgs,
    head: &Value,
    title: &str,
    sides: &[Side],
    faults: &[Fault],
    drawn: usize,
) -> Result<(), Failure> {
    let mut played = Vec::new();
    for side in sides {
        let play = side.play(faults);
        let runs = args.runs.map(|runs| runs as usize);
        let sampled = runs.map(|runs| sample(&side.stage, &play, runs, args.seed)).transpose()?;
        let outcome = side.stage.play(&play)?;
        if let Some(fault) = outcome.missed.first() {
            return Err(missed(fault).into());
        }
        played.push(Played { title: side.title.clone(), watcher: side.watcher, outcome, sampled });
    }
    // The settings are those of the side that takes longest in question: the first.
    let advice = match sides.first().zip(played.first()) {
        Some((side, first)) if first.outcome.figures.verdict_secs.is_some_and(|secs| secs > 0.0) => {
            advise(&side.case, &side.play(faults), &first.outcome.figures)?
        }
        _ => Vec::new(),
    };
    if let Some(file) = &args.svg {
        let panels: Vec<(&str, &Outcome)> = played[..drawn.min(played.len())]
            .iter()
            .map(|side| (side.title.as_str(), &side.outcome))
            .filter(|(_, outcome)| !outcome.tracks.is_empty())
            .collect();
        std::fs::write(file, svg(title, &panels))
            .map_err(|source| Failure::Write { what: file.display().to_string(), source })?;
        ops_cli::say!("wrote {}", file.display());
    }
    if args.json {
        return print(&format!("{:#}\n", machine(head, &played, &advice)));
    }
    print(&people(&played, &advice))
}

/// A fault that had nothing to break says nothing about what would be if it had.
fn missed(fault: &Fault) -> LabError {
    LabError::Fault {
        message: format!("fault `{fault}` breaks nothing in this rollout: {}", fault.kind.moment()),
        allowed: "faults of what is rolled out; `cargo xtask simulate ENVIRONMENT` shows every kind"
            .to_owned(),
    }
}

fn people(played: &[Played], advice: &[Advice]) -> String {
    let mut text = String::new();
    if let Some(first) = played.first() {
        text.push_str(&report(&first.outcome));
        text.push('\n');
    }
    let columns: Vec<(&str, &Figures)> =
        played.iter().map(|side| (side.title.as_str(), &side.outcome.figures)).collect();
    text.push_str(&comparison(&columns));
    for side in played {
        if let Some(detail) = &side.outcome.figures.detail {
            text.push_str(&format!("\n{}: {detail}\n", side.title));
        }
    }
    if let Some(first) = played.first()
        && first.watcher == Watcher::Tool
    {
        text.push('\n');
        text.push_str(&deadline(&first.outcome));
    }
    if !advice.is_empty() {
        text.push('\n');
        text.push_str(&advised(advice));
    }
    for side in played {
        if let Some(sampled_figures) = &side.sampled {
            text.push_str(&format!("\n{}: {}", side.title, sampled(sampled_figures)));
        }
    }
    text
}

fn machine(head: &Value, played: &[Played], advice: &[Advice]) -> Value {
    let sides: Vec<Value> = played
        .iter()
        .map(|side| {
            let outcome = &side.outcome;
            json!({
                "name": side.title,
                "watcher": side.watcher,
                "figures": outcome.figures,
                "deadline": outcome.assessment.deadline,
                "timeline": outcome.timeline,
                "lanes": outcome.lanes,
                "tracks": outcome.tracks,
                "sampled": side.sampled,
            })
        })
        .collect();
    let mut object = head.clone();
    object["sides"] = Value::Array(sides);
    object["advice"] = json!(advice);
    object
}

/// Every kind of fault, on two sides.
fn table(args: &SimulateArgs, environment: &str, sides: &[Side]) -> Result<(), Failure> {
    let faults = FaultKind::ALL.iter().map(|&kind| Some(Fault { kind, service: None }));
    let mut rows: Vec<(String, [Figures; 2])> = Vec::new();
    for fault in [None].into_iter().chain(faults) {
        let broken: Vec<Fault> = fault.into_iter().collect();
        let figures = |side: &Side| -> Result<Figures, Failure> {
            Ok(side.stage.play(&Play { detailed: false, ..side.play(&broken) })?.figures)
        };
        let name = broken.first().map_or_else(|| "(nothing broken)".to_owned(), ToString::to_string);
        rows.push((name, [figures(&sides[0])?, figures(&sides[1])?]));
    }
    let titles = [sides[0].title.as_str(), sides[1].title.as_str()];
    if args.json {
        let rows: Vec<Value> = rows
            .iter()
            .enumerate()
            .map(|(index, (fault, figures))| {
                let sides: Vec<Value> = titles
                    .iter()
                    .zip(figures)
                    .map(|(title, figures)| json!({ "name": title, "figures": figures }))
                    .collect();
                let fault = (index > 0).then_some(fault);
                json!({ "fault": fault, "sides": sides })
            })
            .collect();
        return print(&format!("{:#}\n", json!({ "environment": environment, "rows": rows })));
    }
    let mut text = fault_table(titles, &rows);
    text.push_str(
        "\nTimes from the start of the rollout (m:ss): first visible failure, failure known, every service whole again; \
         seconds of failed requests.\n",
    );
    text.push_str(&format!(
        "One of them closely: cargo xtask simulate {environment} --fault crash-on-start\n"
    ));
    print(&text)
}

fn print(text: &str) -> Result<(), Failure> {
    ops_cli::medium::print_data(text)
        .map_err(|source| Failure::Write { what: "the answer".to_owned(), source })
}
