//! The subcommand `simulate`: what would come of applications, or of what another operator has left
//! behind, on a simulated cluster.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::{Arg, ArgAction, ArgMatches, Command};
use flinkk8soperator_api::duration;
use flinkk8soperator_resources::text;
use flinkk8soperator_runtime::config::load;
use flinkk8soperator_simulate::trial::{self, Trial};
use flinkk8soperator_simulate::view::lines::Lines;
use flinkk8soperator_simulate::view::silent::Silent;
use flinkk8soperator_simulate::view::{self, View};
use flinkk8soperator_simulate::world::Recorded;

use crate::arguments::{config, file, output, path, sources};
use crate::offline::read;

/// The subcommand.
pub(crate) fn command() -> Command {
    Command::new("simulate")
        .about("Deploys applications on a simulated cluster and shows what comes of it")
        .arg(
            file()
                .required(false)
                .required_unless_present("world")
                .action(ArgAction::Append)
                .help("Applications; given again: applied when those before have come to rest"),
        )
        .arg(
            path("world", "Instead: what another operator has left behind, as JSON")
                .conflicts_with("file"),
        )
        .arg(config())
        .arg(output().help("text, as it happens; json: a report at the end"))
        .arg(
            Arg::new("for")
                .long("for")
                .value_name("DURATION")
                .value_parser(|text: &str| duration::parse(text))
                .help(
                    "How long to go on after everything has come to rest, e.g. 2m; with --world: from \
                     the beginning",
                ),
        )
        .arg(
            Arg::new("hold")
                .long("hold")
                .action(ArgAction::SetTrue)
                .help("In real time, and keep the cluster for kubectl until Ctrl-C"),
        )
}

/// Runs it.
pub(crate) fn run(matches: &ArgMatches) -> Result<()> {
    let world = matches.get_one::<PathBuf>("world").map(|path| Recorded::read(path)).transpose()?;
    let mut sources = sources(matches);
    if let Some(world) = world.as_ref().filter(|_| sources.file.is_none()) {
        sources.recorded.clone_from(&world.configuration);
    }
    let loaded = load(&sources)?;
    loaded.warnings.iter().for_each(|warning| eprintln!("flinkk8soperator: {warning}"));
    let paths = matches.get_many::<PathBuf>("file").into_iter().flatten();
    let applications = |path: &PathBuf| {
        let objects = text::objects(&read(path)?);
        objects.with_context(|| format!("cannot simulate {}", path.display()))
    };
    let trial = Trial {
        files: paths.map(applications).collect::<Result<_>>()?,
        world,
        settings: loaded.settings,
        lasts: matches.get_one::<Duration>("for").copied(),
        hold: matches.get_flag("hold"),
    };
    let json = matches.get_one::<String>("output").is_some_and(|format| format == "json");
    let mut view: Box<dyn View> = match (json, trial.hold) {
        (true, _) => Box::new(Silent),
        (false, true) => view::suitable(),
        // Nobody could follow a picture in virtual time.
        (false, false) => Box::new(Lines::new(io::stdout())),
    };
    let report = trial::run(&trial, view.as_mut())?;
    if json {
        let report = serde_json::to_string_pretty(&report)?;
        writeln!(io::stdout(), "{report}").context("cannot write the report")?;
    }
    match (report.good, &trial.world) {
        (true, _) => Ok(()),
        (false, None) => bail!("not every application came to run"),
        (false, Some(_)) => bail!("an invariant of the simulated world was broken"),
    }
}
