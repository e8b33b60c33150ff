//! The `flinkk8soperator` command: without a subcommand it runs the operator.
//!
//! Reads arguments and calls libraries; holds no logic.

mod arguments;
mod offline;
mod operate;
mod preflight;
mod replay;
mod settings;
mod simulate;

use std::process::ExitCode;

fn main() -> ExitCode {
    let layered =
        arguments::layered(std::env::args_os().filter_map(|text| text.into_string().ok()));
    let matches = arguments::command(&layered).get_matches();
    let outcome = match matches.subcommand() {
        Some(("render", matches)) => offline::render(matches),
        Some(("hash", matches)) => offline::hash(matches),
        Some(("config", matches)) => settings::run(matches),
        Some(("simulate", matches)) => simulate::run(matches),
        Some(("replay", matches)) => return replay::run(matches),
        Some(("preflight", matches)) => return preflight::run(matches),
        _ => operate::run(&matches),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("flinkk8soperator: {error:#}");
            ExitCode::FAILURE
        }
    }
}
