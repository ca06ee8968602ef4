//! How far an environment has come, as AWS shows it. Nothing here changes anything.

use crate::alarm_subscription::{Standing as Heard, Subscription};
use crate::call::CallErrorKind;
use crate::delegation::{self, Found};
use crate::failure::Failure;
use crate::health::Checker;
use crate::infrastructure;
use crate::inputs;
use crate::names::CommitSha;
use crate::resolve::{self, ResolveError};
use crate::secrets::look::Recipes;
use crate::secrets::{self, SecretCheck, Standing};
use crate::session::EnvironmentSession;
use crate::stack::{self, StackView};

use super::admin::{self, Admin};
use super::{Bootstrap, Item, State, Step};

/// The checklist.
pub async fn inspect(session: &EnvironmentSession, options: &Bootstrap) -> Result<Vec<Item>, Failure> {
    let mut list = List(Vec::new());
    list.shared(session).await?;
    if list.goes_on() {
        list.environment(session, options).await?;
    }
    Ok(list.complete(session))
}

struct List(Vec<Item>);

impl List {
    fn add(&mut self, step: Step, state: State) {
        self.0.push(Item { step, state });
    }

    /// Whether everything so far is done.
    fn goes_on(&self) -> bool {
        !self.0.iter().any(|item| matches!(item.state, State::Open(_) | State::Person(_)))
    }

    /// The rest is for later.
    fn complete(mut self, session: &EnvironmentSession) -> Vec<Item> {
        for &step in Step::ALL {
            let absent = match step {
                Step::Admin => admin::task(session).is_none(),
                Step::Alarms => session.environment.alarms.email.is_none(),
                _ => false,
            };
            if !absent && !self.0.iter().any(|item| item.step == step) {
                self.add(step, State::Later);
            }
        }
        self.0
    }

    async fn shared(&mut self, session: &EnvironmentSession) -> Result<(), Failure> {
        let name = session.config.platform.shared_stack_name.as_str();
        let live = infrastructure::look(session, name).await?;
        let Some((view, template)) = &live else {
            self.add(Step::Shared, State::Open(format!("{name} does not exist")));
            return Ok(());
        };
        let certificate = infrastructure::has_certificate(&session.config.platform, template);
        if let Some(state) = not_ready(view) {
            self.add(Step::Shared, state);
            return Ok(());
        }
        let prepared = infrastructure::shared(session, live.clone(), certificate)?;
        if !prepared.is_done() {
            self.add(Step::Shared, State::Open(format!("{name} is not as configured")));
            return Ok(());
        }
        self.add(Step::Shared, State::Done(format!("{name} is as configured")));
        let delegation = delegation::of_zone(&session.config, &session.target).await?;
        let state = match &delegation.found {
            _ if delegation.is_good() => State::Done(delegation.to_string()),
            // A certificate that was issued proves that the zone was found once.
            Found::Unknown(_) if certificate => State::Attention(delegation.to_string()),
            _ => State::Person(format!("{delegation}: {}", delegation.instructions())),
        };
        self.add(Step::Delegation, state);
        if self.goes_on() {
            self.add(
                Step::Certificate,
                match &session.config.platform.certificate_arn {
                    Some(arn) => State::Done(format!("{arn} is used")),
                    None if certificate => {
                        State::Done(format!("for {0} and *.{0}", session.config.platform.hosted_zone))
                    }
                    None => State::Open("the zone is delegated now".to_owned()),
                },
            );
        }
        Ok(())
    }

    async fn environment(
        &mut self,
        session: &EnvironmentSession,
        options: &Bootstrap,
    ) -> Result<(), Failure> {
        let name = session.environment.stack_name.as_str();
        let live = infrastructure::look(session, name).await?;
        let Some((view, template)) = &live else {
            self.add(Step::Infrastructure, State::Open(format!("{name} does not exist")));
            return Ok(());
        };
        if let Some(state) = not_ready(view) {
            self.add(Step::Infrastructure, state);
            return Ok(());
        }
        let prepared = infrastructure::environment(session, live.clone()).await?;
        if !prepared.is_done() {
            self.add(Step::Infrastructure, State::Open(format!("{name} is not as configured")));
            return Ok(());
        }
        self.add(Step::Infrastructure, State::Done(format!("{name} is as configured")));
        if self.goes_on() {
            self.alarms(session).await?;
        }
        if self.goes_on() {
            let wanted = inputs::environment_template(&session.config, &session.environment)?;
            self.secrets(session, &Recipes { live: template, wanted: &wanted }).await?;
        }
        if self.goes_on() {
            self.code(session, options, view).await?;
        }
        Ok(())
    }

    async fn alarms(&mut self, session: &EnvironmentSession) -> Result<(), Failure> {
        let Some(subscription) = subscription(session) else { return Ok(()) };
        let email = subscription.email();
        let state = match subscription.standing().await {
            Ok(Heard::Confirmed) => State::Done(format!("{email} hears of them")),
            Ok(Heard::Pending) if session.target.is_self_contained() => {
                State::Done(format!("{email} is subscribed; the local account sends no mail to confirm"))
            }
            Ok(Heard::Pending) => State::Attention(format!(
                "nobody hears of an alarm yet: follow the link in the mail that AWS sent to {email}; after 48 hours AWS \
                 forgets it, and this command asks again"
            )),
            Ok(Heard::Missing) => State::Open(format!(
                "{email} is not subscribed: nobody confirmed it within 48 hours, or it was taken away"
            )),
            Ok(Heard::NoTopic) => {
                let stack = &session.environment.name;
                let drift = session.command(&format!("stack drift {stack}"));
                State::Attention(format!("the topic of the alarms is gone: {drift}"))
            }
            Err(error) if error.kind == CallErrorKind::Denied => {
                State::Attention(format!("whether {email} is subscribed is not known: {error}"))
            }
            Err(error) => return Err(error.into()),
        };
        self.add(Step::Alarms, state);
        Ok(())
    }

    async fn secrets(&mut self, session: &EnvironmentSession, recipes: &Recipes<'_>) -> Result<(), Failure> {
        let placeholders = session.target.is_self_contained();
        let checks = secrets::look::look(session, recipes, |_| true).await?;
        let open: Vec<&SecretCheck> = checks.values().filter(|check| !check.is_ready(placeholders)).collect();
        let named = |which: fn(Standing) -> bool| {
            let named = open.iter().filter(|check| which(check.standing));
            named.map(|check| format!("{} ({})", check.path, check.words())).collect::<Vec<_>>().join(", ")
        };
        let empty = named(|it| it == Standing::Empty);
        let unchecked = named(|it| matches!(it, Standing::Unchecked | Standing::OtherShape));
        let state = if open.is_empty() {
            State::Done(format!("{} have a value", session.config.platform.secrets.len()))
        } else if placeholders && !empty.is_empty() {
            State::Open(format!("placeholders for {empty}"))
        } else if !unchecked.is_empty() {
            // Who prepares an account may read values, unlike who deploys.
            State::Open(format!("a check of {unchecked}"))
        } else {
            let next = match empty.as_str() {
                "" => secrets::next(session, &open),
                _ => session.command(&format!("secrets init {}", session.environment.name)),
            };
            State::Person(format!("{}: {next}", named(|_| true)))
        };
        self.add(Step::Secrets, state);
        Ok(())
    }

    async fn code(
        &mut self,
        session: &EnvironmentSession,
        options: &Bootstrap,
        view: &StackView,
    ) -> Result<(), Failure> {
        let (aws, root) = (&session.target.aws, &session.root);
        let repositories = inputs::repositories(&session.config);
        let found = resolve::resolve(aws, root, &options.wanted, session.target.tags, &repositories).await;
        let release = match found {
            Ok(release) => release,
            Err(ResolveError::MissingImages { commit, repositories }) => {
                self.add(Step::Images, missing_images(session, &commit, &repositories));
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        let (count, commit) = (release.digests.len(), release.commit.short());
        self.add(Step::Images, State::Done(format!("{count} of commit {commit}")));
        let running = view.parameters.get("Commit").map(String::as_str);
        if !services_exist(session, view) {
            self.add(Step::Services, State::Open(format!("nothing runs yet; commit {commit} is to")));
            return Ok(());
        }
        let detail = match running {
            Some(running) if running == release.commit.as_str() => format!("commit {commit} runs"),
            // A later release is a matter of deployments.
            running => format!("commit {} runs", running.unwrap_or("unknown").get(..8).unwrap_or("unknown")),
        };
        self.add(Step::Services, State::Done(detail));
        if admin::task(session).is_some() {
            let state = admin_state(session).await?;
            self.add(Step::Admin, state);
        }
        if self.goes_on() {
            let state = match health(session, false).await? {
                None => State::Done(format!("{} answers on all public routes", session.environment.url())),
                Some(trouble) => State::Open(trouble),
            };
            self.add(Step::Health, state);
        }
        Ok(())
    }
}

/// The subscription of the environment's alarms, where it has an address for them.
pub(super) fn subscription(session: &EnvironmentSession) -> Option<Subscription> {
    Subscription::of(&session.config, &session.environment, &session.target)
}

fn missing_images(session: &EnvironmentSession, commit: &CommitSha, repositories: &[String]) -> State {
    let what = format!("commit {} has no image in {}", commit.short(), repositories.join(", "));
    if session.target.is_self_contained() {
        return State::Open(what);
    }
    let build = session.command(&format!("images build --commit {commit}"));
    State::Person(format!("{what}: wait for the build on the main branch, or {build}"))
}

async fn admin_state(session: &EnvironmentSession) -> Result<State, Failure> {
    let environment = &session.environment.name;
    if session.environment.seed_on_deploy {
        return Ok(State::Done("every deployment seeds this environment".to_owned()));
    }
    Ok(match admin::look(session).await? {
        Admin::Recorded(since) => State::Done(format!("made at {since}")),
        Admin::Seeded => State::Open("it was made, and that is not recorded yet".to_owned()),
        Admin::Running => State::Open("the seed task runs".to_owned()),
        Admin::Missing => State::Open("no seed task has succeeded".to_owned()),
        Admin::Unknown(stream) => State::Attention(format!(
            "a seed task ran more than an hour ago, and ECS has forgotten how it ended. Read its log ({stream}); \
             if the administrator exists: {}; if not: {}",
            session.command(&format!("bootstrap {environment} --admin-exists")),
            session.command(&format!("task run seed --env {environment} --allow-seed")),
        )),
    })
}

/// A stack that is being changed is settled by the step; one that failed for good is for a person.
fn not_ready(view: &StackView) -> Option<State> {
    let status = view.status.as_str();
    match view.standing() {
        stack::Standing::Ready => None,
        stack::Standing::Absent => Some(State::Open(format!("{} does not exist", view.name))),
        stack::Standing::Busy | stack::Standing::RollbackStuck => {
            Some(State::Open(format!("{} is in {status}", view.name)))
        }
        stack::Standing::CreateFailed | stack::Standing::CreateRolledBack | stack::Standing::Deleting => {
            Some(State::Open(format!(
                "{} is in {status}{}",
                view.name,
                view.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default()
            )))
        }
    }
}

fn services_exist(session: &EnvironmentSession, view: &StackView) -> bool {
    let mut services = session.config.platform.services.keys();
    services.all(|name| view.outputs.contains_key(&format!("{}ServiceArn", name.pascal_case())))
}

/// What is wrong with the public face, nothing where all is well: asked once, or patiently.
pub(super) async fn health(session: &EnvironmentSession, patiently: bool) -> Result<Option<String>, Failure> {
    let domain = session.environment.domain.as_str();
    let checker = Checker::new(session.target.front, domain)?;
    let probes = session.config.platform.probes();
    let answers = if patiently {
        checker.check(&*session.target.clock, &session.report, &probes, None).await
    } else {
        let mut answers = Vec::new();
        for probe in &probes {
            answers.push(checker.ask(probe, None).await);
        }
        answers
    };
    Ok(answers.into_iter().find_map(|answer| {
        let trouble = answer.trouble?;
        Some(format!("https://{domain}{}: {trouble}", answer.probe.path))
    }))
}
