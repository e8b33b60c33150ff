//! The subcommand `replay`: recorded rounds, decided again.

use std::fs::File;
use std::io::{BufRead, BufReader, stdin, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Arg, ArgMatches, Command, value_parser};
use flinkk8soperator_runtime::replay::{Summary, json, text};

use crate::arguments::output;

/// Some rounds are decided otherwise. As with `diff`, trouble is another code.
const DIFFERENT: u8 = 1;
const TROUBLE: u8 = 2;

/// The subcommand.
pub(crate) fn command() -> Command {
    Command::new("replay")
        .about("Decides recorded rounds (--trace) again and shows what comes out otherwise")
        .after_help("Exit code: 0 nothing differs, 1 something does, 2 the recording is unreadable")
        .arg(
            Arg::new("file")
                .value_name("FILE")
                .required(true)
                .value_parser(value_parser!(PathBuf))
                .help("The recording; - is standard input"),
        )
        .arg(output().help("text, as it is found; json: a report at the end"))
}

/// Runs it.
pub(crate) fn run(matches: &ArgMatches) -> ExitCode {
    match replay(matches) {
        Ok(Summary { differ: 0, .. }) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(DIFFERENT),
        Err(error) => {
            eprintln!("flinkk8soperator: {error:#}");
            ExitCode::from(TROUBLE)
        }
    }
}

fn replay(matches: &ArgMatches) -> Result<Summary> {
    let path = matches.get_one::<PathBuf>("file").context("FILE is missing")?;
    let (recording, name): (Box<dyn BufRead>, _) = if path == Path::new("-") {
        (Box::new(stdin().lock()), "standard input".to_owned())
    } else {
        let name = path.display().to_string();
        let file = File::open(path).with_context(|| format!("cannot read {name}"))?;
        (Box::new(BufReader::new(file)), name)
    };
    let for_machines = matches.get_one::<String>("output").is_some_and(|format| format == "json");
    let replayed =
        if for_machines { json(recording, &mut stdout()) } else { text(recording, &mut stdout()) };
    replayed.context(name)
}
