//! `images build|push|verify`

use std::path::Path;

use env_config::Config;
use ops_cli::{
    Exit, ImagesArgs, ImagesBuildArgs, ImagesCommand, ImagesPushArgs, ImagesVerifyArgs, TargetArgs,
};

use super::{close, deploy, print, print_json, tell};
use crate::failure::Failure;
use crate::images::docker::{self, Identity};
use crate::images::source::Source;
use crate::images::verify::{self, Verification};
use crate::images::{self, Build, ImagesError, push};
use crate::inputs;
use crate::interrupt::Interrupt;
use crate::resolve::{self, ResolveError};
use crate::session::Session;

pub(super) async fn run(command: &ImagesCommand, root: &Path) -> Result<Exit, Failure> {
    match command {
        ImagesCommand::Build(args) => build(args, root).await,
        ImagesCommand::Push(args) => push(args, root).await,
        ImagesCommand::Verify(args) => verify(args, root).await,
    }
}

/// What an `images` command is about: the commit of the source, and the builds of the services.
fn subject(root: &Path, config: &Config, args: &ImagesArgs) -> Result<(Source, Vec<Build>), ImagesError> {
    let builds = images::builds(config, &args.services)?;
    let directory = images::source_directory(root, config, args.source.as_deref());
    Ok((Source::at(&directory, args.commit.as_deref())?, builds))
}

async fn build(args: &ImagesBuildArgs, root: &Path) -> Result<Exit, Failure> {
    let config = Config::load(root)?;
    let (source, mut builds) = subject(root, &config, &args.images)?;
    let interrupt = Interrupt::listen();
    if args.missing {
        builds = without_pushed(root, builds, &source).await?;
        if builds.is_empty() {
            ops_cli::say!("the registry holds every image of commit {}", source.commit.short());
            return Ok(Exit::Done);
        }
    }
    docker::require_buildx()?;
    if args.images.commit.is_none() && source.is_dirty()? {
        ops_cli::say!(
            "warning: the source has changes that are not committed; commit {} is built without them",
            source.commit.short()
        );
    }
    let outcome = push::blocking({
        let config = config.clone();
        move || build_all(&config, &source, &builds)
    })
    .await;
    if outcome.is_err() && interrupt.requested() {
        return Err(Failure::Interrupted {
            hint: "no image was pushed; the same command starts again".to_owned(),
        });
    }
    tell(&outcome?.join("\n"));
    Ok(Exit::Done)
}

fn build_all(config: &Config, source: &Source, builds: &[Build]) -> Result<Vec<String>, ImagesError> {
    let export = source.export()?;
    export.check(&source.commit, builds)?;
    let github = &config.platform.github;
    let identity = Identity {
        commit: &source.commit,
        committed_at: source.committed_at()?,
        repository_url: format!("https://github.com/{}/{}", github.owner, github.repository),
    };
    let mut built = Vec::new();
    for build in builds {
        let references: Vec<String> = build
            .services
            .iter()
            .map(|(_, repository)| images::reference(config, repository, &source.commit))
            .collect();
        let services: Vec<&str> = build.services.iter().map(|(name, _)| name.as_str()).collect();
        ops_cli::say!("building {} of commit {}", services.join(" and "), source.commit.short());
        docker::build(build, &export.tree, &references, &identity)?;
        built.extend(
            services.iter().zip(references).map(|(service, reference)| format!("{service} {reference}")),
        );
    }
    Ok(built)
}

/// Leaves out the services whose image the registry holds.
async fn without_pushed(root: &Path, builds: Vec<Build>, source: &Source) -> Result<Vec<Build>, Failure> {
    let session = Session::open(root, &TargetArgs { local: false, faults: Vec::new() }).await?;
    let mut missing = Vec::new();
    for mut build in builds {
        let mut services = Vec::new();
        for (service, repository) in build.services {
            if resolve::image(&session.target.aws, &repository, source.commit.as_str()).await?.is_none() {
                services.push((service, repository));
            }
        }
        build.services = services;
        missing.extend((!build.services.is_empty()).then_some(build));
    }
    close(session.target).await;
    Ok(missing)
}

async fn push(args: &ImagesPushArgs, root: &Path) -> Result<Exit, Failure> {
    let session = Session::open(root, &args.target).await?;
    let outcome = push_in(&session, root, args).await;
    close(session.target).await;
    let pushed = outcome?;
    for image in &pushed {
        tell(&format!("{} {} {}", image.service, image.reference, image.digest));
        if image.already {
            ops_cli::say!("{}: was in the registry already", image.service);
        }
    }
    Ok(Exit::Done)
}

async fn push_in(
    session: &Session,
    root: &Path,
    args: &ImagesPushArgs,
) -> Result<Vec<push::Pushed>, Failure> {
    // Said first: whether the source is there does not matter then.
    if session.target.is_self_contained() {
        return Err(ImagesError::LocalRegistry.into());
    }
    let (source, builds) = subject(root, &session.config, &args.images)?;
    let outcome = push::push(session, &builds, &source.commit).await;
    if outcome.is_err() && session.interrupt.requested() {
        return Err(Failure::Interrupted {
            hint: "the same command goes on: what was pushed stays".to_owned(),
        });
    }
    Ok(outcome?)
}

async fn verify(args: &ImagesVerifyArgs, root: &Path) -> Result<Exit, Failure> {
    let wanted = deploy::wanted(&args.revision)?;
    let session = Session::open(root, &args.target).await?;
    let outcome = verify_in(&session, wanted).await;
    let command = session.command("images verify");
    close(session.target).await;
    let verification = outcome?;
    if args.json {
        print_json(&verification)?;
    } else {
        print(&verification.to_string())?;
    }
    conclude(&verification, &command)
}

async fn verify_in(session: &Session, wanted: resolve::Wanted) -> Result<Verification, Failure> {
    let repositories = inputs::repositories(&session.config);
    let (release, commit) = resolve::wanted_commit(
        &session.target.aws,
        &session.root,
        &wanted,
        session.target.tags,
        &repositories,
    )
    .await?;
    Ok(verify::verify(session, release, commit).await?)
}

/// What is missing comes first: it is built for the right platform.
fn conclude(verification: &Verification, command: &str) -> Result<Exit, Failure> {
    let repositories = verification.missing();
    if !repositories.is_empty() {
        let commit = verification.commit.clone();
        return Err(ResolveError::MissingImages { commit, repositories }.into());
    }
    let unfit: Vec<String> = verification
        .unfit()
        .iter()
        .map(|image| {
            format!("{} ({} instead of {})", image.service, image.platforms.join(", "), image.wanted_platform)
        })
        .collect();
    if unfit.is_empty() {
        return Ok(Exit::Done);
    }
    Err(Failure::Guard {
        reason: format!("images for a platform that their tasks do not run on: {}", unfit.join(", ")),
        hint: format!(
            "tags are immutable: correct `architecture` of the service, commit, build and push again; then {command}"
        ),
    })
}
