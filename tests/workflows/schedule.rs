//! GitHub's scheduling of runs and jobs: which events start which workflows, what waits for a concurrency group, what for an
//! approval, and what is cancelled. Nothing of a job is executed: a test says how each ends.
//!
//! - A run or job that has come into its group holds it to its end, while it waits for an approval too; another waits, and the
//!   newest that waits takes the place of the one before it, unless the group has `queue: max`:
//!   <https://docs.github.com/actions/how-tos/write-workflows/choose-when-workflows-run/control-workflow-concurrency>,
//!   <https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#concurrency>
//! - That one that waits for approval holds its group is what users report (INF: GitHub's text is silent):
//!   <https://github.com/hypothesis/lms/pull/4533>
//! - `workflow_run` is about the default branch, in a run of its own; `head_branch` is the tag, where the first run was about one
//!   (INF: what workflows in public use rely on):
//!   <https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows#workflow_run>

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::expression::{Contexts, to_text};
use super::model::{self, File, called, list};
use super::release_events::Change;

/// Repository of the events.
pub(super) const REPOSITORY: &str = "specboard/doc-platform";

/// Where a job stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// Something that it needs has not ended, or its run has not begun.
    Later,
    /// Its concurrency group is held by somebody else.
    Pending,
    /// Somebody has to approve it.
    Waiting,
    Running,
    /// `success`, `failure`, `cancelled` or `skipped`.
    Ended(&'static str),
}

struct Run {
    file: File,
    contexts: Contexts,
    /// Group of the whole run.
    group: Option<Group>,
    jobs: BTreeMap<String, State>,
    /// Event, branch or tag, and repository, for runs that start after this one.
    about: (String, String, String),
    told: bool,
}

#[derive(Clone)]
struct Group {
    name: String,
    keeps_all: bool,
}

/// Who is in a group: a run, or a job of one.
type Member = (usize, Option<String>);

/// A repository on GitHub, with its workflows and its environments.
pub(super) struct GitHub {
    workflows: Vec<File>,
    /// Environments with required reviewers.
    reviewed: Vec<&'static str>,
    runs: Vec<Run>,
    /// Members by group, in the order in which they came; the first holds it.
    groups: BTreeMap<String, Vec<Member>>,
}

impl GitHub {
    /// The repository as it is, where these environments have reviewers.
    pub(super) fn new(reviewed: &[&'static str]) -> Self {
        Self::with(model::workflows().into_values().collect(), reviewed)
    }

    pub(super) fn with(workflows: Vec<File>, reviewed: &[&'static str]) -> Self {
        Self { workflows, reviewed: reviewed.to_vec(), runs: Vec::new(), groups: BTreeMap::new() }
    }

    /// Somebody changes a release. `by_token`: with the token of a job.
    pub(super) fn release(&mut self, change: Change, tag: &str, by_token: bool) {
        if by_token {
            return;
        }
        for activity in change.activities() {
            let payload = json!({ "action": activity, "release": { "tag_name": tag } });
            self.fire("release", Some(activity), tag, &format!("refs/tags/{tag}"), &payload);
        }
    }

    /// Somebody starts a workflow on main.
    pub(super) fn dispatch(&mut self, file: &str, inputs: &Value) -> usize {
        let file = self.workflows.iter().position(|it| it.name == file).unwrap();
        self.start(file, "workflow_dispatch", "main", "refs/heads/main", &json!({ "inputs": inputs }))
    }

    /// Starts the workflows that this event starts.
    fn fire(&mut self, event: &str, activity: Option<&str>, name: &str, reference: &str, payload: &Value) {
        for index in 0..self.workflows.len() {
            let on = &self.workflows[index].content["on"][event];
            let is_about_it = model::triggers(&self.workflows[index]).contains(&event);
            let types = list(&on["types"]);
            let has_type = activity.is_none_or(|activity| types.contains(&activity));
            let source = payload["workflow_run"]["name"].as_str();
            let has_source = source.is_none_or(|source| list(&on["workflows"]).contains(&source));
            let branch = payload["workflow_run"]["head_branch"].as_str();
            let branches = list(&on["branches"]);
            let has_branch = branch.is_none_or(|it| branches.is_empty() || branches.contains(&it));
            if is_about_it && has_type && has_source && has_branch {
                self.start(index, event, name, reference, payload);
            }
        }
    }

    fn start(&mut self, file: usize, event: &str, name: &str, reference: &str, payload: &Value) -> usize {
        let file = &self.workflows[file];
        let file = File::parse(&file.name, &file.text);
        let id = self.runs.len();
        let github = json!({
            "event": payload, "event_name": event, "ref": reference, "repository": REPOSITORY, "run_id": id.to_string(),
        });
        let contexts = Contexts { success: true, ..Contexts::default() }
            .with("github", github)
            .with("inputs", payload["inputs"].clone());
        let group = group(&file.content, &contexts);
        let jobs = file.jobs().keys().map(|id| (id.clone(), State::Later)).collect();
        let about = (event.to_owned(), name.to_owned(), REPOSITORY.to_owned());
        self.runs.push(Run { file, contexts, group: group.clone(), jobs, about, told: false });
        if let Some(group) = group {
            self.enter(&group, (id, None));
        }
        self.settle();
        id
    }

    /// The last run of a workflow.
    pub(super) fn last(&self, file: &str) -> Option<usize> {
        self.runs.iter().rposition(|run| run.file.name == file)
    }

    /// How many runs of a workflow there were.
    pub(super) fn count(&self, file: &str) -> usize {
        self.runs.iter().filter(|run| run.file.name == file).count()
    }

    pub(super) fn state(&self, run: usize, job: &str) -> State {
        self.runs[run].jobs[job].clone()
    }

    /// A reviewer says yes.
    pub(super) fn approve(&mut self, run: usize, job: &str) {
        assert_eq!(self.state(run, job), State::Waiting, "{job} waits for nobody");
        self.set(run, job, State::Running);
    }

    /// A reviewer says no.
    pub(super) fn reject(&mut self, run: usize, job: &str) {
        assert_eq!(self.state(run, job), State::Waiting, "{job} waits for nobody");
        self.set(run, job, State::Ended("failure"));
    }

    /// A job that runs ends well.
    pub(super) fn finish(&mut self, run: usize, job: &str) {
        assert_eq!(self.state(run, job), State::Running, "{job} does not run");
        self.set(run, job, State::Ended("success"));
    }

    fn set(&mut self, run: usize, job: &str, state: State) {
        self.runs[run].jobs.insert(job.to_owned(), state);
        self.settle();
    }

    /// Comes into a group behind its holder. Who waited is cancelled, unless the group keeps all.
    fn enter(&mut self, group: &Group, member: Member) {
        let members = self.groups.entry(group.name.clone()).or_default();
        let waiting = if group.keeps_all { Vec::new() } else { members.split_off(members.len().min(1)) };
        members.push(member);
        for (run, job) in waiting {
            let jobs: Vec<String> =
                job.map_or_else(|| self.runs[run].jobs.keys().cloned().collect(), |job| vec![job]);
            for job in jobs {
                self.runs[run].jobs.insert(job, State::Ended("cancelled"));
            }
        }
    }

    fn holds(&self, group: &Group, member: &Member) -> bool {
        self.groups.get(&group.name).and_then(|members| members.first()) == Some(member)
    }

    /// Lets everything go on that can.
    fn settle(&mut self) {
        loop {
            let mut changed = self.leave();
            for run in 0..self.runs.len() {
                let begun = self.runs[run].group.as_ref().is_none_or(|group| self.holds(group, &(run, None)));
                let ids: Vec<String> = self.runs[run].jobs.keys().cloned().collect();
                for id in ids.iter().filter(|_| begun) {
                    changed |= self.go_on(run, id);
                }
            }
            if !changed {
                break;
            }
        }
        for run in 0..self.runs.len() {
            let ended = self.runs[run].jobs.values().all(|state| matches!(state, State::Ended(_)));
            if ended && !self.runs[run].told {
                self.runs[run].told = true;
                self.tell(run);
            }
        }
    }

    /// Takes what has ended out of its groups.
    fn leave(&mut self) -> bool {
        let mut changed = false;
        let Self { groups, runs, .. } = self;
        for members in groups.values_mut() {
            let before = members.len();
            members.retain(|(run, job)| {
                let jobs = &runs[*run].jobs;
                let ended = |state: &State| matches!(state, State::Ended(_));
                !job.as_ref().map_or_else(|| jobs.values().all(ended), |job| ended(&jobs[job]))
            });
            changed |= members.len() != before;
        }
        changed
    }

    /// One step of one job; whether there was one.
    fn go_on(&mut self, run: usize, id: &str) -> bool {
        let Run { file, contexts, jobs, .. } = &self.runs[run];
        let job = &file.jobs()[id];
        let own = group(job, contexts);
        let member = (run, Some(id.to_owned()));
        let next = match &jobs[id] {
            State::Later => {
                let needs = list(&job["needs"]);
                let mut results = Map::new();
                for need in &needs {
                    let State::Ended(result) = jobs[*need] else { return false };
                    results.insert(
                        (*need).to_owned(),
                        json!({ "result": result, "outputs": { "newest": "true", "ready": "true" } }),
                    );
                }
                let success = results.values().all(|need| need["result"] == "success");
                let contexts = Contexts { success, ..contexts.clone() }.with("needs", Value::Object(results));
                if !contexts.condition(job.get("if")).unwrap() {
                    State::Ended("skipped")
                } else if let Some(own) = &own {
                    self.enter(own, member);
                    State::Pending
                } else {
                    self.admitted(run, id)
                }
            }
            State::Pending if own.is_some_and(|own| self.holds(&own, &member)) => self.admitted(run, id),
            _ => return false,
        };
        self.runs[run].jobs.insert(id.to_owned(), next);
        true
    }

    /// A job that may run, once its environment's reviewers agree.
    fn admitted(&self, run: usize, id: &str) -> State {
        let Run { file, contexts, .. } = &self.runs[run];
        let asks =
            environments(&file.jobs()[id], contexts).iter().any(|it| self.reviewed.contains(&it.as_str()));
        if asks { State::Waiting } else { State::Running }
    }

    /// A run has ended: `workflow_run`.
    fn tell(&mut self, run: usize) {
        let Run { file, jobs, about, .. } = &self.runs[run];
        let (event, branch, repository) = about;
        let failed = jobs.values().any(|state| matches!(state, State::Ended("failure" | "cancelled")));
        let payload = json!({ "action": "completed", "workflow_run": {
            "name": file.content["name"], "event": event, "conclusion": if failed { "failure" } else { "success" },
            "head_branch": branch, "head_sha": "0123456789abcdef0123456789abcdef01234567",
            "head_repository": { "full_name": repository },
        } });
        self.fire("workflow_run", Some("completed"), "main", "refs/heads/main", &payload);
    }
}

/// The concurrency group of a workflow or job. Groups have no case.
fn group(content: &Value, contexts: &Contexts) -> Option<Group> {
    let concurrency = &content["concurrency"];
    let text = concurrency.as_str().or_else(|| concurrency["group"].as_str())?;
    let name = to_text(&contexts.interpolate(text).unwrap()).to_lowercase();
    Some(Group { name, keeps_all: concurrency["queue"] == "max" })
}

/// The environments of a job, or of the jobs that it calls.
fn environments(job: &Value, contexts: &Contexts) -> Vec<String> {
    if let Some(inner) = job["uses"].as_str().and_then(called) {
        let mut inputs = json!({});
        for (name, text) in job["with"].as_object().into_iter().flatten() {
            inputs[name] = contexts.interpolate(text.as_str().unwrap()).unwrap();
        }
        let contexts = contexts.clone().with("inputs", inputs);
        return inner.jobs().values().flat_map(|job| environments(job, &contexts)).collect();
    }
    let own = job["environment"].as_str();
    own.map(|text| to_text(&contexts.interpolate(text).unwrap())).into_iter().collect()
}
