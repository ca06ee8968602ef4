//! `synth`: the CloudFormation templates, from configuration alone.

use std::path::PathBuf;
use std::process::ExitCode;

use cfn::Document;

use crate::failure::Failure;
use crate::project::Project;
use crate::{output, templates};

/// Arguments of `synth`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Environment, `shared` or `all`
    stack: String,
    /// How the template is written
    #[arg(long, value_enum, default_value_t = Format::Json)]
    format: Format,
    /// Write one file per stack into this folder instead of printing
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Indented JSON
    Json,
    /// YAML
    Yaml,
}

pub(crate) fn run(project: &Project, args: &Args) -> Result<ExitCode, Failure> {
    let rendered = templates::select(&project.config()?, &args.stack)?;
    let Some(folder) = &args.out else {
        let mut text = String::new();
        for template in &rendered {
            if rendered.len() > 1 {
                // Several templates on one stream: YAML documents have a separator, JSON needs none.
                text.push_str(if args.format == Format::Yaml { "---\n" } else { "" });
            }
            text.push_str(&render(template, args.format));
        }
        return output::data(&text);
    };
    std::fs::create_dir_all(folder).map_err(|error| {
        Failure::bad_input(format!("failed to create {}", folder.display())).because(error)
    })?;
    let mut written = String::new();
    for template in &rendered {
        let extension = if args.format == Format::Yaml { "yaml" } else { "json" };
        let path = folder.join(format!("{}.template.{extension}", template.stack_name()));
        std::fs::write(&path, render(template, args.format)).map_err(|error| {
            Failure::bad_input(format!("failed to write {}", path.display())).because(error)
        })?;
        written.push_str(&format!("{}\n", path.display()));
    }
    output::data(&written)
}

fn render(template: &Document, format: Format) -> String {
    match format {
        Format::Json => template.pretty(),
        Format::Yaml => template.yaml(),
    }
}
